//! TRY_CAST: the casts of ANSI mode, with NULL where they fail (Spark's `TryCast`). Integers don't wrap, floats don't saturate, a
//! text with a fraction is no integer. A member of an array, map or struct that fails is NULL by itself.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int64Type, IntervalYearMonthType,
};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::from_string::parse_int;
use super::nested;
use crate::datetime::interval;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::kernel;
use crate::types::SparkType;

/// TRY_CAST of `expr` from one Spark type to another; literals are cast at once. The zone is the session's.
pub fn lower_try(expr: Expr, from: &SparkType, to: &SparkType, zone: Zone) -> Result<Expr> {
    if from == to {
        return Ok(expr);
    }
    if !can_try_cast(from, to) {
        return Err(SparkError::analysis(format!("cannot cast {from} to {to}")));
    }
    if let Expr::Literal(value, metadata) = &expr {
        let array = array(&value.to_array()?, from, to, zone)?;
        return Ok(Expr::Literal(ScalarValue::try_from_array(&array, 0)?, metadata.clone()));
    }
    let signature = Signature::any(1, Volatility::Immutable);
    Ok(ScalarUDF::from(TryCast { from: from.clone(), to: to.clone(), zone, signature }).call(vec![expr]))
}

/// Whether Spark has a TRY_CAST between the types (`AnsiCast.canCast`): times are no numbers in ANSI mode.
pub fn can_try_cast(from: &SparkType, to: &SparkType) -> bool {
    super::can_cast(from, to) && !is_refused(from, to)
}

fn is_refused(from: &SparkType, to: &SparkType) -> bool {
    use SparkType as T;
    let is_number = |t: &T| t.is_numeric() || *t == T::Boolean;
    match (from, to) {
        (T::Array { element: e1, .. }, T::Array { element: e2, .. }) => is_refused(e1, e2),
        (T::Map { key: k1, value: v1, .. }, T::Map { key: k2, value: v2, .. }) => {
            is_refused(k1, k2) || is_refused(v1, v2)
        }
        (T::Struct(f1), T::Struct(f2)) => f1.iter().zip(f2).any(|(a, b)| is_refused(&a.data_type, &b.data_type)),
        (T::Date | T::Timestamp, other) => is_number(other),
        (other, T::Timestamp) => is_number(other),
        (integral, T::Binary) => integral.is_integral(),
        _ => false,
    }
}

/// Casts an array whose Arrow type is that of `from` in plans.
fn array(array: &ArrayRef, from: &SparkType, to: &SparkType, zone: Zone) -> DataFusionResult<ArrayRef> {
    use SparkType as T;
    match (from, to) {
        (T::Array { .. }, T::Array { .. }) | (T::Map { .. }, T::Map { .. }) | (T::Struct(_), T::Struct(_)) => {
            nested::cast_by(array, from, to, zone, self::array)
        }
        (T::String, integral) if integral.is_integral() => {
            let texts = array.as_string_view().iter();
            let whole = texts.map(|text| text.filter(|text| !text.contains('.')).and_then(parse_int));
            narrowed(&whole.collect::<PrimitiveArray<Int64Type>>(), integral)
        }
        (T::String, T::YearMonthInterval { start, end }) => {
            let texts = array.as_string_view().iter();
            let months = texts.map(|text| text.and_then(|text| interval::year_month(text, *start, *end).ok()));
            kernel::shared(months.collect::<PrimitiveArray<IntervalYearMonthType>>())
        }
        (T::String, T::DayTimeInterval { start, end }) => {
            let texts = array.as_string_view().iter();
            let micros = texts.map(|text| text.and_then(|text| interval::day_time(text, *start, *end).ok()));
            kernel::shared(micros.collect::<PrimitiveArray<DurationMicrosecondType>>())
        }
        (number, integral) if number.is_integral() && integral.is_integral() => narrowed(array, integral),
        (T::Float, integral) if integral.is_integral() => {
            of_floats(array.as_primitive::<Float32Type>(), integral, f64::from)
        }
        (T::Double, integral) if integral.is_integral() => {
            of_floats(array.as_primitive::<Float64Type>(), integral, |value| value)
        }
        (T::Decimal { scale, .. }, integral) if integral.is_integral() => {
            let one = 10i128.pow(u32::from(*scale));
            let whole = array.as_primitive::<Decimal128Type>().unary_opt::<_, Int64Type>(|v| (v / one).try_into().ok());
            narrowed(&whole, integral)
        }
        _ => super::array(array, from, to, zone),
    }
}

/// Integers as those of another type; NULL where they don't fit.
fn narrowed(integers: &dyn Array, to: &SparkType) -> DataFusionResult<ArrayRef> {
    let options = CastOptions { safe: true, ..Default::default() };
    Ok(cast_with_options(integers, &to.to_arrow(), &options)?)
}

/// Floats without their fractions. A double can't tell the largest bigint from the number behind it, which becomes that bigint.
fn of_floats<T: ArrowPrimitiveType>(
    values: &PrimitiveArray<T>,
    to: &SparkType,
    wide: impl Fn(T::Native) -> f64,
) -> DataFusionResult<ArrayRef> {
    let (low, high) = match to.to_arrow() {
        DataType::Int8 => (i8::MIN.into(), i8::MAX.into()),
        DataType::Int16 => (i16::MIN.into(), i16::MAX.into()),
        DataType::Int32 => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN as f64, i64::MAX as f64),
    };
    let whole = values.unary_opt::<_, Int64Type>(|value| {
        let value = wide(value);
        (value.floor() <= high && value.ceil() >= low).then_some(value as i64)
    });
    narrowed(&whole, to)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TryCast {
    from: SparkType,
    to: SparkType,
    zone: Zone,
    signature: Signature,
}

impl ScalarUDFImpl for TryCast {
    fn name(&self) -> &str {
        "spark_try_cast"
    }

    fn schema_name(&self, args: &[Expr]) -> DataFusionResult<String> {
        let args: Vec<String> = args.iter().map(|arg| arg.schema_name().to_string()).collect();
        Ok(format!("spark_try_cast({}, {}, {})", args.join(", "), self.from, self.to))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.to.to_arrow())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        kernel::evaluate(&args, |arrays| match arrays {
            [values] => array(values, &self.from, &self.to, self.zone),
            _ => datafusion::common::internal_err!("a cast takes one value"),
        })
    }
}
