//! Functions of numbers of several types: `nanvl`, `isnan`, `factorial`, `width_bucket`, `div`, `try_add`, `try_divide`.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Int64Array, PrimitiveArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::Expr;

use super::arguments::{Arity, Input};
use super::scalar::{self, arguments};
use super::{Call, Function, datetime, lenient};
use crate::arithmetic::{self, ArithmeticOp};
use crate::coercion;
use crate::error::Result;
use crate::kernel;
use crate::resolver::Typed;
use crate::types::SparkType;

const FLOAT: &[Input] = &[Input::OneOf(&[Input::Double, Input::Float])];
const BUCKET: &[Input] = &[Input::Double, Input::Double, Input::Double, Input::Long];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("nanvl", Arity::Exactly(2), FLOAT, nanvl),
    Function::scalar("isnan", Arity::Exactly(1), FLOAT, isnan),
    Function::scalar("factorial", Arity::Exactly(1), &[Input::Int], |call| {
        scalar::lower_nullable(call, "factorial", "spark_factorial", SparkType::Long, factorial)
    }),
    Function::scalar("width_bucket", Arity::Exactly(4), BUCKET, |call| {
        scalar::lower_nullable(call, "width_bucket", "spark_width_bucket", SparkType::Long, width_bucket)
    }),
    Function::scalar("div", Arity::Exactly(2), &[Input::Any], integral_divide),
    Function::scalar("try_add", Arity::Exactly(2), &[Input::Any], try_add),
    Function::scalar("try_divide", Arity::Exactly(2), &[Input::Any], |call| lenient(ArithmeticOp::Divide, call)),
];

/// The first value, or the second where the first is NaN; both are doubles unless both are floats.
fn nanvl(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let [value, other] = call.take()?;
    let common = match (&value.data_type, &other.data_type) {
        (SparkType::Float, SparkType::Float) => SparkType::Float,
        _ => SparkType::Double,
    };
    let nullable = value.nullable || other.nullable;
    let args = vec![value.coerced(&common, zone)?.expr, other.coerced(&common, zone)?.expr];
    Ok(Typed::new(scalar::plain("spark_nanvl", numbers_or_else, &common, args), common, nullable, name))
}

fn numbers_or_else(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [value, other] = arguments(arrays)?;
    let number = not_nan(value);
    Ok(arrow::compute::kernels::zip::zip(&number, value, other)?)
}

/// Whether each value is a number or NULL.
fn not_nan(array: &ArrayRef) -> BooleanArray {
    let mut numbers = match array.data_type() {
        DataType::Float32 => BooleanArray::from_unary(array.as_primitive::<Float32Type>(), |v| !v.is_nan()),
        _ => BooleanArray::from_unary(array.as_primitive::<Float64Type>(), |v| !v.is_nan()),
    };
    if let Some(nulls) = array.nulls() {
        let values = numbers.values() | &!nulls.inner();
        numbers = BooleanArray::new(values, None);
    }
    numbers
}

/// Never NULL: NULL is not NaN.
fn isnan(call: Call<'_>) -> Result<Typed> {
    let typed = scalar::lower(call, "isnan", "spark_isnan", SparkType::Boolean, |arrays| {
        let [array] = arguments(arrays)?;
        kernel::shared(BooleanArray::new(!not_nan(array).values(), None))
    })?;
    Ok(Typed { nullable: false, ..typed })
}

fn factorial(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [array] = arguments(arrays)?;
    let products: Int64Array = kernel::unary(array.as_primitive::<Int32Type>(), |n| {
        (0..=20).contains(&n).then(|| (1..=i64::from(n)).product())
    });
    kernel::shared(products)
}

fn width_bucket(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [value, low, high, count] = arguments(arrays)?;
    let doubles = |array: &ArrayRef| array.as_primitive::<Float64Type>().clone();
    let (value, low, high, count) = (doubles(value), doubles(low), doubles(high), count.as_primitive::<Int64Type>());
    let buckets = value.iter().zip(&low).zip(&high).zip(count);
    kernel::shared(
        buckets.map(|(((value, low), high), count)| bucket(value?, low?, high?, count?)).collect::<Int64Array>(),
    )
}

/// Rule: `WidthBucket.computeBucketNumber`.
fn bucket(value: f64, low: f64, high: f64, count: i64) -> Option<i64> {
    if count <= 0 || count == i64::MAX || value.is_nan() || low == high || !low.is_finite() || !high.is_finite() {
        return None;
    }
    let (low, high, value) = if low < high { (low, high, value) } else { (-low, -high, -value) };
    Some(if value < low {
        0
    } else if value >= high {
        count + 1
    } else {
        ((count as f64 * (value - low) / (high - low)) as i64).wrapping_add(1)
    })
}

/// `div(a, b)` is `a div b`, and shown as that.
fn integral_divide(call: Call<'_>) -> Result<Typed> {
    let [left, right] = call.take()?;
    let name = format!("({} div {})", left.name, right.name);
    let sides = ((left.expr, left.data_type), (right.expr, right.data_type));
    let (expr, data_type) = arithmetic::lower_binary(ArithmeticOp::IntegralDivide, sides.0, sides.1, &name)?;
    Ok(Typed::new(expr, data_type, true, name))
}

/// `a + b`, NULL where an integer overflows.
fn try_add(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let types = call.args.iter().map(|arg| arg.data_type.clone()).collect::<Vec<_>>();
    let integral = match &types[..] {
        [left, right] => coercion::arithmetic_operands(coercion::BinaryKind::Arithmetic, left, right)
            .filter(|(left, right)| left == right && left.is_integral()),
        _ => None,
    };
    let Some((common, _)) = integral else { return lenient(ArithmeticOp::Add, call) };
    let args = call.args.into_iter().map(|arg| Ok(arg.coerced(&common, zone)?.expr)).collect::<Result<Vec<Expr>>>()?;
    Ok(Typed::new(scalar::plain("spark_try_add", checked_sums, &common, args), common, true, name))
}

fn checked_sums(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    fn sums<T: ArrowPrimitiveType>(
        left: &ArrayRef,
        right: &ArrayRef,
        add: fn(T::Native, T::Native) -> Option<T::Native>,
    ) -> DataFusionResult<ArrayRef> {
        let sums: PrimitiveArray<T> = kernel::binary(left.as_primitive::<T>(), right.as_primitive::<T>(), add);
        kernel::shared(sums)
    }
    let [left, right] = arguments(arrays)?;
    match left.data_type() {
        DataType::Int8 => sums::<Int8Type>(left, right, i8::checked_add),
        DataType::Int16 => sums::<Int16Type>(left, right, i16::checked_add),
        DataType::Int32 => sums::<Int32Type>(left, right, i32::checked_add),
        _ => sums::<Int64Type>(left, right, i64::checked_add),
    }
}

/// An operator that is NULL where it fails: by itself on decimals, doubles, and for a zero divisor; made so on dates and intervals.
fn lenient(op: ArithmeticOp, call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let [left, right] = call.take()?;
    let calendar = SparkType::CalendarInterval;
    let temporal = if op == ArithmeticOp::Add && left.data_type == calendar && right.data_type == calendar {
        // The operator itself does not fail: it wraps around.
        Some(datetime::exact_sum(left.clone(), right.clone()))
    } else {
        datetime::arithmetic(op, &left, &right, zone)?
    };
    if let Some(temporal) = temporal {
        return Ok(Typed { expr: lenient::null_where_it_fails(temporal.expr), nullable: true, name, ..temporal });
    }
    let sides = ((left.expr, left.data_type), (right.expr, right.data_type));
    let (expr, data_type) = arithmetic::lower_binary(op, sides.0, sides.1, &name)?;
    Ok(Typed::new(expr, data_type, true, name))
}

/// The greatest or least of floats: NaN is the largest, and of equal values (0.0 and -0.0) the first one stays.
pub(super) fn extreme_of_floats(greatest: bool, data_type: &SparkType, args: Vec<Expr>) -> Expr {
    let run: scalar::Run = if greatest { |arrays| extremes(arrays, true) } else { |arrays| extremes(arrays, false) };
    scalar::plain(if greatest { "spark_greatest" } else { "spark_least" }, run, data_type, args)
}

fn extremes(arrays: &[ArrayRef], greatest: bool) -> DataFusionResult<ArrayRef> {
    let Some((first, rest)) = arrays.split_first() else {
        return datafusion::common::internal_err!("no values to compare");
    };
    let mut best = first.clone();
    for array in rest {
        best = match array.data_type() {
            DataType::Float32 => kernel::shared(better::<Float32Type>(&best, array, greatest))?,
            _ => kernel::shared(better::<Float64Type>(&best, array, greatest))?,
        };
    }
    Ok(best)
}

fn better<T>(best: &ArrayRef, array: &ArrayRef, greatest: bool) -> PrimitiveArray<T>
where
    T: ArrowPrimitiveType<Native: Into<f64>>,
{
    let above = |a: T::Native, b: T::Native| {
        let (a, b): (f64, f64) = (a.into(), b.into());
        a > b || a.is_nan() && !b.is_nan()
    };
    let pairs = best.as_primitive::<T>().iter().zip(array.as_primitive::<T>());
    let chosen = pairs.map(|pair| match pair {
        (Some(best), Some(other)) => {
            let replace = if greatest { above(other, best) } else { above(best, other) };
            Some(if replace { other } else { best })
        }
        (best, other) => best.or(other),
    });
    chosen.collect()
}
