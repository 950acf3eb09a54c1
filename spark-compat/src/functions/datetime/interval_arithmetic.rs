//! Intervals among themselves and with numbers: sums, multiples, quotients, signs.

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::compute::try_binary;
use arrow::datatypes::{
    ArrowPrimitiveType, Decimal128Type, DurationMicrosecondType, Float64Type, Int64Type, IntervalMonthDayNanoType,
    IntervalYearMonthType, i256,
};
use arrow::error::ArrowError;
use datafusion::common::Result as DataFusionResult;

use super::arithmetic::mismatch;
use super::{failed, kernel, overflow, to_arrow};
use crate::arithmetic::ArithmeticOp;
use crate::coercion;
use crate::datetime::zone::Zone;
use crate::datetime::{CalendarInterval, MICROS_PER_DAY};
use crate::error::{Result, SparkError};
use crate::kernel::shared;
use crate::resolver::Typed;
use crate::types::{DayTimeField, SparkType, YearMonthField};

/// `left + right` and `left - right` of intervals of one kind. Calendar intervals wrap around.
pub(super) fn sum(op: ArithmeticOp, left: Typed, right: Typed, zone: Zone) -> Result<Typed> {
    let name = format!("({} {} {})", left.name, op.symbol(), right.name);
    let nullable = left.nullable || right.nullable;
    let to =
        coercion::tightest_common_type(&left.data_type, &right.data_type).ok_or_else(|| mismatch(op, &left, &right))?;
    // Intervals of one kind are held alike whatever their fields are.
    let side = |side: Typed| if side.data_type == SparkType::Void { side.coerced(&to, zone) } else { Ok(side) };
    let args = [side(left)?.expr, side(right)?.expr];
    let minus = op == ArithmeticOp::Subtract;
    let kind = to.clone();
    let expr = kernel::binary("spark_sum_of_intervals", op.symbol(), &to, args, move |left, right| match kind {
        SparkType::YearMonthInterval { .. } => {
            let (left, right) =
                (left.as_primitive::<IntervalYearMonthType>(), right.as_primitive::<IntervalYearMonthType>());
            shared(try_binary::<_, _, _, IntervalYearMonthType>(left, right, |a, b| {
                let total = if minus { a.checked_sub(b) } else { a.checked_add(b) };
                total.ok_or_else(|| overflow("integer"))
            })?)
        }
        SparkType::DayTimeInterval { .. } => {
            let (left, right) =
                (left.as_primitive::<DurationMicrosecondType>(), right.as_primitive::<DurationMicrosecondType>());
            shared(try_binary::<_, _, _, DurationMicrosecondType>(left, right, |a, b| {
                let total = if minus { a.checked_sub(b) } else { a.checked_add(b) };
                total.ok_or_else(|| overflow("long"))
            })?)
        }
        _ => {
            let (left, right) =
                (left.as_primitive::<IntervalMonthDayNanoType>(), right.as_primitive::<IntervalMonthDayNanoType>());
            shared(try_binary::<_, _, _, IntervalMonthDayNanoType>(left, right, |a, b| {
                let (a, b) = (CalendarInterval::from_arrow(a), CalendarInterval::from_arrow(b));
                let sign = if minus { -1 } else { 1 };
                to_arrow(CalendarInterval {
                    months: a.months.wrapping_add(b.months.wrapping_mul(sign)),
                    days: a.days.wrapping_add(b.days.wrapping_mul(sign)),
                    micros: a.micros.wrapping_add(b.micros.wrapping_mul(sign.into())),
                })
            })?)
        }
    });
    Ok(Typed::new(expr, to, nullable, name))
}

/// The sum of calendar intervals, an error where a part of it overflows (`IntervalUtils.addExact`).
pub(crate) fn exact_sum(left: Typed, right: Typed) -> Typed {
    let name = format!("({} + {})", left.name, right.name);
    let nullable = left.nullable || right.nullable;
    let to = SparkType::CalendarInterval;
    let args = [left.expr, right.expr];
    let expr = kernel::binary("spark_exact_sum_of_intervals", "+", &to, args, |left, right| {
        let (left, right) =
            (left.as_primitive::<IntervalMonthDayNanoType>(), right.as_primitive::<IntervalMonthDayNanoType>());
        shared(try_binary::<_, _, _, IntervalMonthDayNanoType>(left, right, |a, b| {
            let (a, b) = (CalendarInterval::from_arrow(a), CalendarInterval::from_arrow(b));
            to_arrow(CalendarInterval {
                months: a.months.checked_add(b.months).ok_or_else(|| overflow("integer"))?,
                days: a.days.checked_add(b.days).ok_or_else(|| overflow("integer"))?,
                micros: a.micros.checked_add(b.micros).ok_or_else(|| overflow("long"))?,
            })
        })?)
    });
    Typed::new(expr, to, nullable, name)
}

/// The interval with the other sign, of its own type.
pub(crate) fn negate(interval: Typed, name: String) -> Result<Typed> {
    let kind = interval.data_type.clone();
    let to = kind.clone();
    let expr = kernel::unary("spark_negate_interval", "", &to, interval.expr, move |array| match kind {
        SparkType::YearMonthInterval { .. } => {
            let months = array.as_primitive::<IntervalYearMonthType>();
            let negated: PrimitiveArray<IntervalYearMonthType> =
                months.try_unary(|m| m.checked_neg().ok_or_else(|| overflow("integer")))?;
            shared(negated)
        }
        SparkType::DayTimeInterval { .. } => {
            let micros = array.as_primitive::<DurationMicrosecondType>();
            let negated: PrimitiveArray<DurationMicrosecondType> =
                micros.try_unary(|m| m.checked_neg().ok_or_else(|| overflow("long")))?;
            shared(negated)
        }
        _ => {
            let intervals = array.as_primitive::<IntervalMonthDayNanoType>();
            let negated: PrimitiveArray<IntervalMonthDayNanoType> = intervals.try_unary(|i| {
                let CalendarInterval { months, days, micros } = CalendarInterval::from_arrow(i);
                let (months, days) = (months.wrapping_neg(), days.wrapping_neg());
                to_arrow(CalendarInterval { months, days, micros: micros.wrapping_neg() })
            })?;
            shared(negated)
        }
    });
    Ok(Typed::new(expr, to, interval.nullable, name))
}

/// `interval * number` and `number * interval`.
pub(super) fn multiply(left: Typed, right: Typed, zone: Zone) -> Result<Typed> {
    let is_interval = |t: &SparkType| {
        matches!(
            t,
            SparkType::YearMonthInterval { .. } | SparkType::DayTimeInterval { .. } | SparkType::CalendarInterval
        )
    };
    // The interval stands first, in the name, too; a calendar interval before the others.
    let swap = right.data_type == SparkType::CalendarInterval && left.data_type != SparkType::CalendarInterval
        || !is_interval(&left.data_type);
    let (interval, number) = if swap { (right, left) } else { (left, right) };
    if !is_interval(&interval.data_type) {
        return Err(mismatch(ArithmeticOp::Multiply, &number, &interval));
    }
    scale(ArithmeticOp::Multiply, interval, number, zone)
}

/// `interval / number`.
pub(super) fn divide(left: Typed, right: Typed, zone: Zone) -> Result<Typed> {
    match left.data_type {
        SparkType::YearMonthInterval { .. } | SparkType::DayTimeInterval { .. } | SparkType::CalendarInterval => {
            scale(ArithmeticOp::Divide, left, right, zone)
        }
        _ => Err(mismatch(ArithmeticOp::Divide, &left, &right)),
    }
}

fn scale(op: ArithmeticOp, interval: Typed, number: Typed, zone: Zone) -> Result<Typed> {
    let name = format!("({} {} {})", interval.name, op.symbol(), number.name);
    let number_type = match &number.data_type {
        t if t.is_integral() => SparkType::Long,
        decimal @ SparkType::Decimal { .. } => decimal.clone(),
        SparkType::Float | SparkType::Double | SparkType::String | SparkType::Void => SparkType::Double,
        other => {
            return Err(SparkError::analysis(format!(
                "cannot resolve '{name}' due to data type mismatch: argument 2 requires numeric type, however, '{}' is of {other} \
                 type.",
                number.name
            )));
        }
    };
    if interval.data_type == SparkType::CalendarInterval {
        return scale_calendar(op, interval, number, zone);
    }
    let nullable = interval.nullable || number.nullable || number.data_type == SparkType::String;
    let number = number.coerced(&number_type, zone)?;
    let months = matches!(interval.data_type, SparkType::YearMonthInterval { .. });
    let to = if months {
        SparkType::YearMonthInterval { start: YearMonthField::Year, end: YearMonthField::Month }
    } else {
        SparkType::DayTimeInterval { start: DayTimeField::Day, end: DayTimeField::Second }
    };
    let args = [interval.expr, number.expr];
    let expr = kernel::binary("spark_scale_interval", op.symbol(), &to, args, move |intervals, numbers| {
        if months {
            let intervals = intervals.as_primitive::<IntervalYearMonthType>();
            let narrow = |total: i128| i32::try_from(total).map_err(|_| overflow("integer"));
            return scaled(op, intervals, numbers, &number_type, narrow);
        }
        let intervals = intervals.as_primitive::<DurationMicrosecondType>();
        scaled(op, intervals, numbers, &number_type, |total| i64::try_from(total).map_err(|_| overflow("long")))
    });
    Ok(Typed::new(expr, to, nullable, name))
}

/// Rounded half up, away from zero; what does not fit is an error.
fn scaled<I>(
    op: ArithmeticOp,
    intervals: &PrimitiveArray<I>,
    numbers: &ArrayRef,
    number_type: &SparkType,
    narrow: impl Fn(i128) -> Result<I::Native, ArrowError>,
) -> DataFusionResult<ArrayRef>
where
    I: ArrowPrimitiveType,
    I::Native: Into<i64>,
{
    let multiply = op == ArithmeticOp::Multiply;
    let by_zero = || failed(SparkError::arithmetic("/ by zero"));
    let result: PrimitiveArray<I> = match number_type {
        SparkType::Long => try_binary(intervals, numbers.as_primitive::<Int64Type>(), |interval, number| {
            let (interval, number): (i64, i128) = (interval.into(), number.into());
            if multiply {
                return narrow(i128::from(interval) * number);
            }
            if number == 0 { Err(by_zero()) } else { narrow(divided(interval.into(), number)) }
        })?,
        SparkType::Decimal { scale, .. } => {
            let power = i256::from_i128(10).wrapping_pow(u32::from(*scale));
            try_binary(intervals, numbers.as_primitive::<Decimal128Type>(), |interval, number| {
                let interval: i64 = interval.into();
                let (interval, number) = (i256::from_i128(interval.into()), i256::from_i128(number));
                let (dividend, divisor) = if multiply {
                    (interval.wrapping_mul(number), power)
                } else {
                    (interval.wrapping_mul(power), number)
                };
                if divisor == i256::ZERO {
                    return Err(by_zero());
                }
                rounded_quotient(dividend, divisor).ok_or_else(|| overflow("long")).and_then(&narrow)
            })?
        }
        _ => try_binary(intervals, numbers.as_primitive::<Float64Type>(), |interval, number| {
            let interval = Into::<i64>::into(interval) as f64;
            let exact = if multiply { interval * number } else { interval / number };
            if !exact.is_finite() {
                return Err(failed(SparkError::arithmetic("input is infinite or NaN")));
            }
            let rounded = exact.round();
            if rounded.abs() > i64::MAX as f64 {
                return Err(failed(SparkError::arithmetic("not in range")));
            }
            narrow(rounded as i128)
        })?,
    };
    shared(result)
}

fn divided(dividend: i128, divisor: i128) -> i128 {
    let quotient = dividend / divisor;
    let rest = dividend % divisor;
    let away = if (dividend < 0) == (divisor < 0) { 1 } else { -1 };
    if rest.unsigned_abs() * 2 >= divisor.unsigned_abs() { quotient + away } else { quotient }
}

fn rounded_quotient(dividend: i256, divisor: i256) -> Option<i128> {
    let quotient = dividend.checked_div(divisor)?;
    let rest = dividend.checked_rem(divisor)?;
    let away = if dividend.is_negative() == divisor.is_negative() { 1 } else { -1 };
    let up = rest.wrapping_abs().wrapping_mul(i256::from_i128(2)) >= divisor.wrapping_abs();
    let quotient = if up { quotient.wrapping_add(i256::from_i128(away)) } else { quotient };
    quotient.to_i128()
}

/// Multiples of calendar intervals count in doubles; the part of a day that is left over goes to the time. Division by zero is
/// NULL (`IntervalUtils.fromDoubles`).
fn scale_calendar(op: ArithmeticOp, interval: Typed, number: Typed, zone: Zone) -> Result<Typed> {
    let divides = op == ArithmeticOp::Divide;
    let called = if divides { "divide_interval" } else { "multiply_interval" };
    let name = format!("{called}({}, {})", interval.name, number.name);
    let number = number.coerced(&SparkType::Double, zone)?;
    let args = [interval.expr, number.expr];
    let to = SparkType::CalendarInterval;
    let expr = kernel::binary("spark_scale_calendar_interval", called, &to, args, move |intervals, numbers| {
        let intervals = intervals.as_primitive::<IntervalMonthDayNanoType>();
        let numbers = numbers.as_primitive::<Float64Type>();
        let scaled = intervals.iter().zip(numbers).map(|(interval, number)| {
            let (Some(interval), Some(number)) = (interval, number) else { return Ok(None) };
            if divides && number == 0.0 {
                return Ok(None);
            }
            to_arrow(scaled_calendar(CalendarInterval::from_arrow(interval), number, divides)).map(Some)
        });
        shared(scaled.collect::<Result<PrimitiveArray<IntervalMonthDayNanoType>, ArrowError>>()?)
    });
    Ok(Typed::new(expr, to, true, name))
}

fn scaled_calendar(interval: CalendarInterval, number: f64, divides: bool) -> CalendarInterval {
    let scaled = |amount: f64| if divides { amount / number } else { amount * number };
    let (months, days) = (scaled(interval.months.into()), scaled(interval.days.into()));
    let whole_days = days as i32;
    let micros = scaled(interval.micros as f64) + MICROS_PER_DAY as f64 * (days - f64::from(whole_days));
    CalendarInterval { months: months as i32, days: whole_days, micros: (micros + 0.5).floor() as i64 }
}
