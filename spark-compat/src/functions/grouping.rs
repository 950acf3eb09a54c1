//! `grouping` and `grouping_id`: which keys of GROUPING SETS, ROLLUP or CUBE a row was not grouped by.
//!
//! They lower to a marker among the aggregate functions, in whose place the resolver of GROUP BY puts bits of the number that the
//! aggregation gives to each set.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::DataType;
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Expr, Signature, Volatility};

use super::arguments::{Arity, Input};
use super::{AggregateCall, Function};
use crate::error::Result;
use crate::resolver::{Typed, call_name};
use crate::types::SparkType;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::aggregate("grouping", Arity::Exactly(1), &[Input::Any], |call| {
        Ok(marked(call, &GROUPING, SparkType::Byte))
    }),
    Function::aggregate("grouping_id", Arity::AtLeast(0), &[Input::Any], |call| {
        Ok(marked(call, &GROUPING_ID, SparkType::Long))
    }),
];

/// What a marker stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum GroupingFunction {
    /// `grouping(key)`: 1 if the row was not grouped by the key, else 0.
    Grouping,
    /// `grouping_id(keys ..)`: the bits of all keys, the first one highest.
    GroupingId,
}

impl GroupingFunction {
    /// The function and its arguments, if `expr` is a marker.
    pub fn of(expr: &Expr) -> Option<(Self, &[Expr])> {
        let Expr::AggregateFunction(AggregateFunction { func, params }) = expr else { return None };
        let marker = func.inner().downcast_ref::<Marker>()?;
        Some((marker.function, &params.args))
    }

    /// The function's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grouping => "grouping",
            Self::GroupingId => "grouping_id",
        }
    }
}

/// The column `grouping__id`, which is `grouping_id()` by another name.
pub(crate) fn hive_grouping_id() -> Result<Typed> {
    Ok(Typed::new(marker(&GROUPING_ID, vec![]), SparkType::Long, false, "grouping__id"))
}

static GROUPING: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| Marker::udaf(GroupingFunction::Grouping));
static GROUPING_ID: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| Marker::udaf(GroupingFunction::GroupingId));

fn marked(call: AggregateCall<'_>, function: &Arc<AggregateUDF>, result: SparkType) -> Typed {
    let name = call_name(call.called, &call.args);
    let args = call.args.into_iter().map(|arg| arg.expr).collect();
    Typed::new(marker(function, args), result, false, name)
}

fn marker(function: &Arc<AggregateUDF>, args: Vec<Expr>) -> Expr {
    Expr::AggregateFunction(AggregateFunction::new_udf(Arc::clone(function), args, false, None, vec![], None))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Marker {
    function: GroupingFunction,
    signature: Signature,
}

impl Marker {
    fn udaf(function: GroupingFunction) -> Arc<AggregateUDF> {
        let signature = Signature::variadic_any(Volatility::Immutable);
        Arc::new(AggregateUDF::from(Self { function, signature }))
    }
}

impl AggregateUDFImpl for Marker {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(match self.function {
            GroupingFunction::Grouping => DataType::Int8,
            GroupingFunction::GroupingId => DataType::Int64,
        })
    }

    fn accumulator(&self, _args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        datafusion::common::internal_err!("{} is replaced before a plan is made", self.name())
    }
}
