//! Functions that give every row another value: `rand`, `randn`, `uuid`, `monotonically_increasing_id`.
//!
//! Their state goes from batch to batch. All rows are taken for one partition of Spark's, which is what they are where a query
//! reads one batch or one file.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, Float64Array, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::functions::expr_fn;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, cast, lit,
};

use super::arguments::{Arity, Input};

use super::{Call, Function, Support};
use crate::error::{Result, SparkError};
use crate::hash::murmur3;
use crate::resolver::{Typed, evaluate_constant};
use crate::types::SparkType;

const ONE_PARTITION: Support = Support::Partial("all rows are numbered as one partition");

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("rand", Arity::Between(0, 1), &[Input::Any], |call| random(call, "rand", Draw::Uniform))
        .with_aliases(&["random"])
        .with_support(ONE_PARTITION),
    Function::scalar("randn", Arity::Between(0, 1), &[Input::Any], |call| random(call, "randn", Draw::Normal))
        .with_support(ONE_PARTITION),
    Function::scalar("uuid", Arity::Exactly(0), &[], uuid),
    Function::scalar("monotonically_increasing_id", Arity::Exactly(0), &[], |call| {
        let expr = stateful(Draw::Count, State { seed: 0, next_normal: None });
        Ok(Typed::new(expr, SparkType::Long, false, call.name()))
    })
    .with_support(ONE_PARTITION),
    Function::scalar("spark_partition_id", Arity::Exactly(0), &[], |_| {
        Ok(Typed::new(lit(0i32), SparkType::Int, false, "SPARK_PARTITION_ID()"))
    })
    .with_support(ONE_PARTITION),
];

fn uuid(call: Call<'_>) -> Result<Typed> {
    Ok(Typed::new(cast(expr_fn::uuid(), DataType::Utf8View), SparkType::String, false, call.name()))
}

fn random(call: Call<'_>, shown: &'static str, draw: Draw) -> Result<Typed> {
    let (seed, name) = match &call.args[..] {
        [] => (RandomState::new().build_hasher().finish() as i64, format!("{shown}()")),
        [seed, ..] => (constant_seed(shown, seed)?, format!("{shown}({})", seed.name)),
    };
    let state = State { seed: hashed_seed(seed), next_normal: None };
    Ok(Typed::new(stateful(draw, state), SparkType::Double, false, name))
}

/// The seed: an int or a bigint that is the same for all rows; NULL is 0.
fn constant_seed(shown: &str, seed: &Typed) -> Result<i64> {
    if !matches!(seed.data_type, SparkType::Int | SparkType::Long | SparkType::Void) {
        return Err(SparkError::analysis(format!(
            "cannot resolve '{shown}({0})' due to data type mismatch: argument 1 requires (int or bigint) type, however, '{0}' \
             is of {1} type.",
            seed.name, seed.data_type
        )));
    }
    match evaluate_constant(&seed.expr) {
        Ok(ScalarValue::Int32(seed)) => Ok(seed.unwrap_or(0).into()),
        Ok(ScalarValue::Int64(seed)) => Ok(seed.unwrap_or(0)),
        Ok(ScalarValue::Null) => Ok(0),
        _ => Err(SparkError::analysis(format!("Input argument to {shown} must be a constant."))),
    }
}

/// What is made of the state for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Draw {
    Uniform,
    Normal,
    Count,
}

/// Spark's `XORShiftRandom`, or a counter.
#[derive(Debug)]
struct State {
    seed: i64,
    /// `nextGaussian` makes two values at a time.
    next_normal: Option<f64>,
}

/// `XORShiftRandom.hashSeed`: seeds that are near each other start far apart.
fn hashed_seed(seed: i64) -> i64 {
    /// Scala's `MurmurHash3.arraySeed`.
    const ARRAY_SEED: i32 = 0x3c07_4a61;
    let bytes = seed.to_be_bytes();
    let (words, _) = bytes.as_chunks::<4>();
    let low = murmur3::standard(words, ARRAY_SEED);
    let high = murmur3::standard(words, low);
    (i64::from(high) << 32) | (i64::from(low) & 0xffff_ffff)
}

impl State {
    fn bits(&mut self, count: u32) -> i64 {
        let mut next = self.seed ^ (self.seed << 21);
        next ^= ((next as u64) >> 35) as i64;
        next ^= next << 4;
        self.seed = next;
        next & ((1 << count) - 1)
    }

    /// `java.util.Random.nextDouble`
    fn uniform(&mut self) -> f64 {
        let (high, low) = (self.bits(26), self.bits(27));
        ((high << 27) + low) as f64 / (1i64 << 53) as f64
    }

    /// `java.util.Random.nextGaussian`
    fn normal(&mut self) -> f64 {
        if let Some(next) = self.next_normal.take() {
            return next;
        }
        loop {
            let (a, b) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = a * a + b * b;
            if square < 1.0 && square != 0.0 {
                let factor = (-2.0 * square.ln() / square).sqrt();
                self.next_normal = Some(b * factor);
                return a * factor;
            }
        }
    }

    fn count(&mut self) -> i64 {
        let count = self.seed;
        self.seed += 1;
        count
    }

    fn rows(&mut self, draw: Draw, rows: usize) -> ArrayRef {
        match draw {
            Draw::Uniform => Arc::new(Float64Array::from_iter_values((0..rows).map(|_| self.uniform()))),
            Draw::Normal => Arc::new(Float64Array::from_iter_values((0..rows).map(|_| self.normal()))),
            Draw::Count => Arc::new(Int64Array::from_iter_values((0..rows).map(|_| self.count()))),
        }
    }
}

fn stateful(draw: Draw, state: State) -> Expr {
    let signature = Signature::nullary(Volatility::Volatile);
    ScalarUDF::from(Stateful { draw, state: Arc::new(Mutex::new(state)), signature }).call(vec![])
}

/// A function of no arguments whose calls share a state. Each place in a query has its own.
struct Stateful {
    draw: Draw,
    state: Arc<Mutex<State>>,
    signature: Signature,
}

impl fmt::Debug for Stateful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}@{:p}", self.draw, self.state)
    }
}

impl PartialEq for Stateful {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }
}

impl Eq for Stateful {}

impl Hash for Stateful {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.state).hash(state);
    }
}

impl ScalarUDFImpl for Stateful {
    fn name(&self) -> &str {
        "spark_random"
    }

    fn schema_name(&self, _args: &[Expr]) -> DataFusionResult<String> {
        Ok(format!("spark_random {self:?}"))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(match self.draw {
            Draw::Uniform | Draw::Normal => DataType::Float64,
            Draw::Count => DataType::Int64,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(ColumnarValue::Array(state.rows(self.draw, args.number_rows)))
    }
}
