//! Fields of dates, timestamps and intervals: `year(d)`, `EXTRACT(field FROM source)`, `date_part('field', source)`.

use arrow::array::{ArrayRef, AsArray, Decimal128Array};
use arrow::datatypes::{
    Date32Type, Decimal128Type, DurationMicrosecondType, Int8Type, Int32Type, IntervalMonthDayNanoType,
    IntervalYearMonthType, TimestampMicrosecondType,
};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::Expr;

use super::super::arguments::{Arity, Input};
use super::super::{Call, Function};
use super::kernel;
use crate::datetime::calendar::{self, date_from_days, days_from_date};
use crate::datetime::zone::{Zone, split_days};
use crate::datetime::{MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND};
use crate::error::{Result, SparkError};
use crate::kernel::shared;
use crate::resolver::{Typed, evaluate_constant};
use crate::types::{DayTimeField, SparkType, YearMonthField};

const DATE: &[Input] = &[Input::Date];
const TIMESTAMP: &[Input] = &[Input::Timestamp];

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::scalar("year", Arity::Exactly(1), DATE, |call| field(call, Field::Year)),
    Function::scalar("quarter", Arity::Exactly(1), DATE, |call| field(call, Field::Quarter)),
    Function::scalar("month", Arity::Exactly(1), DATE, |call| field(call, Field::Month)),
    Function::scalar("day", Arity::Exactly(1), DATE, |call| field(call, Field::Day)).with_aliases(&["dayofmonth"]),
    Function::scalar("dayofyear", Arity::Exactly(1), DATE, |call| field(call, Field::DayOfYear)),
    Function::scalar("dayofweek", Arity::Exactly(1), DATE, |call| field(call, Field::DayOfWeek)),
    Function::scalar("weekday", Arity::Exactly(1), DATE, |call| field(call, Field::Weekday)),
    Function::scalar("weekofyear", Arity::Exactly(1), DATE, |call| field(call, Field::Week)),
    Function::scalar("hour", Arity::Exactly(1), TIMESTAMP, |call| field(call, Field::Hour)),
    Function::scalar("minute", Arity::Exactly(1), TIMESTAMP, |call| field(call, Field::Minute)),
    Function::scalar("second", Arity::Exactly(1), TIMESTAMP, |call| field(call, Field::WholeSecond)),
    Function::scalar("date_part", Arity::Exactly(2), &[Input::Any], date_part),
];

/// A field of a date or a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Year,
    /// The year that the ISO week belongs to.
    YearOfWeek,
    Quarter,
    Month,
    /// The ISO week.
    Week,
    Day,
    DayOfYear,
    /// From 1, Sunday.
    DayOfWeek,
    /// From 0, Monday.
    Weekday,
    /// From 1, Monday.
    IsoDayOfWeek,
    Hour,
    Minute,
    /// With its fraction.
    Second,
    WholeSecond,
}

impl Field {
    /// The field that EXTRACT and `date_part` know by this name (Spark's `DatePart.parseExtractField`).
    fn named(name: &str) -> Option<Self> {
        Some(match name.to_uppercase().as_str() {
            "YEAR" | "Y" | "YEARS" | "YR" | "YRS" => Self::Year,
            "YEAROFWEEK" => Self::YearOfWeek,
            "QUARTER" | "QTR" => Self::Quarter,
            "MONTH" | "MON" | "MONS" | "MONTHS" => Self::Month,
            "WEEK" | "W" | "WEEKS" => Self::Week,
            "DAY" | "D" | "DAYS" => Self::Day,
            "DAYOFWEEK" | "DOW" => Self::DayOfWeek,
            "DAYOFWEEK_ISO" | "DOW_ISO" => Self::IsoDayOfWeek,
            "DOY" => Self::DayOfYear,
            "HOUR" | "H" | "HOURS" | "HR" | "HRS" => Self::Hour,
            "MINUTE" | "M" | "MIN" | "MINS" | "MINUTES" => Self::Minute,
            "SECOND" | "S" | "SEC" | "SECONDS" | "SECS" => Self::Second,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Year => "spark_year",
            Self::YearOfWeek => "spark_year_of_week",
            Self::Quarter => "spark_quarter",
            Self::Month => "spark_month",
            Self::Week => "spark_week",
            Self::Day => "spark_day",
            Self::DayOfYear => "spark_day_of_year",
            Self::DayOfWeek => "spark_day_of_week",
            Self::Weekday => "spark_weekday",
            Self::IsoDayOfWeek => "spark_iso_day_of_week",
            Self::Hour => "spark_hour",
            Self::Minute => "spark_minute",
            Self::Second => "spark_second_with_fraction",
            Self::WholeSecond => "spark_second",
        }
    }

    fn is_of_time(self) -> bool {
        matches!(self, Self::Hour | Self::Minute | Self::Second | Self::WholeSecond)
    }

    /// The field of a Date32, or of a timestamp where it is one of the time.
    fn of(self, source: Expr, zone: Zone) -> (Expr, SparkType) {
        let int = SparkType::Int;
        if self == Self::Second {
            let seconds = SparkType::decimal(8, 6);
            let expr = kernel::unary(self.name(), format!("{zone:?}"), &seconds, source, move |array| {
                decimal_seconds(array.as_primitive::<TimestampMicrosecondType>().unary(|micros| {
                    let (_, time) = split_days(zone.to_local(micros));
                    i128::from(time % MICROS_PER_MINUTE)
                }))
            });
            return (expr, seconds);
        }
        if self.is_of_time() {
            let expr = kernel::unary(self.name(), format!("{zone:?}"), &int, source, move |array| {
                let times = array.as_primitive::<TimestampMicrosecondType>();
                shared(times.unary::<_, Int32Type>(|micros| self.of_time(split_days(zone.to_local(micros)).1)))
            });
            return (expr, int);
        }
        let expr = kernel::unary(self.name(), "", &int, source, move |array| {
            shared(array.as_primitive::<Date32Type>().unary::<_, Int32Type>(|days| self.of_days(days)))
        });
        (expr, int)
    }

    /// The field of the microseconds of a day.
    fn of_time(self, time: i64) -> i32 {
        let value = match self {
            Self::Hour => time / MICROS_PER_HOUR,
            Self::Minute => time % MICROS_PER_HOUR / MICROS_PER_MINUTE,
            _ => time % MICROS_PER_MINUTE / MICROS_PER_SECOND,
        };
        value as i32
    }

    fn of_days(self, days: i32) -> i32 {
        let (year, month, day) = date_from_days(days);
        let weekday = || calendar::weekday(days) as i32;
        match self {
            Self::Year => year,
            Self::Quarter => (month as i32 - 1) / 3 + 1,
            Self::Month => month as i32,
            Self::Day => day as i32,
            Self::DayOfYear => days_from_date(year, 1, 1).map_or(0, |first| days.wrapping_sub(first) + 1),
            Self::Weekday => weekday(),
            Self::IsoDayOfWeek => weekday() + 1,
            Self::DayOfWeek => (weekday() + 1) % 7 + 1,
            Self::Week | Self::YearOfWeek => {
                let (year, week) = calendar::iso_week(days);
                if self == Self::Week { week } else { year }
            }
            _ => 0,
        }
    }
}

fn field(call: Call<'_>, field: Field) -> Result<Typed> {
    let (name, nullable, zone) = (call.name(), call.any_nullable(), call.zone);
    let [source] = call.take()?;
    let (expr, data_type) = field.of(source.expr, zone);
    Ok(Typed::new(expr, data_type, nullable, name))
}

/// `EXTRACT(field FROM source)`; the name of the result is that of the source.
pub(crate) fn extract(field: &str, source: Typed, zone: Zone) -> Result<Typed> {
    use SparkType as T;
    let unknown = || {
        SparkError::analysis(format!(
            "Literals of type '{field}' are currently not supported for the {} type.",
            source.data_type
        ))
    };
    let known = Field::named(field).ok_or_else(unknown)?;
    let (expr, data_type) = match &source.data_type {
        T::YearMonthInterval { start, end } => {
            let fits = match known {
                Field::Year => *start == YearMonthField::Year,
                Field::Month => *end == YearMonthField::Month,
                _ => false,
            };
            fits.then(|| of_months(known, source.expr.clone())).ok_or_else(unknown)?
        }
        T::DayTimeInterval { start, end } => {
            let fits = match known {
                Field::Day => *start == DayTimeField::Day,
                Field::Hour => *start <= DayTimeField::Hour && *end >= DayTimeField::Hour,
                Field::Minute => *start <= DayTimeField::Minute && *end >= DayTimeField::Minute,
                Field::Second => *end == DayTimeField::Second,
                _ => false,
            };
            fits.then(|| of_micros(known, source.expr.clone())).ok_or_else(unknown)?
        }
        T::CalendarInterval => of_calendar_interval(known, source.expr.clone()).ok_or_else(unknown)?,
        _ => {
            let to = if known.is_of_time() { T::Timestamp } else { T::Date };
            let accepted = matches!(source.data_type, T::Date | T::Timestamp | T::String | T::Void);
            if !accepted {
                return Err(SparkError::analysis(format!(
                    "cannot resolve 'extract({field} FROM {})' due to data type mismatch: argument 1 requires {to} type, however, \
                     '{}' is of {} type.",
                    source.name, source.name, source.data_type
                )));
            }
            let source = source.coerced(&to, zone)?;
            let (expr, data_type) = known.of(source.expr, zone);
            return Ok(Typed::new(expr, data_type, source.nullable, source.name));
        }
    };
    Ok(Typed::new(expr, data_type, source.nullable, source.name))
}

fn date_part(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let [field, source] = call.take()?;
    let not_constant = || SparkError::analysis("The field parameter needs to be a foldable string value.");
    if field.data_type != SparkType::String && field.data_type != SparkType::Void {
        return Err(not_constant());
    }
    let value = evaluate_constant(&field.expr).map_err(|_| not_constant())?;
    match value.try_as_str() {
        Some(Some(field)) => Ok(extract(field, source, zone)?.named(name)),
        _ => Ok(Typed::literal(ScalarValue::Float64(None), SparkType::Double, name)),
    }
}

/// A field of an interval in months.
fn of_months(field: Field, interval: Expr) -> (Expr, SparkType) {
    let months = |array: &ArrayRef| array.as_primitive::<IntervalYearMonthType>().clone();
    if field == Field::Year {
        let years = move |array: &ArrayRef| shared(months(array).unary::<_, Int32Type>(|m| m / 12));
        return (kernel::unary("spark_interval_years", "", &SparkType::Int, interval, years), SparkType::Int);
    }
    let rest = move |array: &ArrayRef| shared(months(array).unary::<_, Int8Type>(|m| (m % 12) as i8));
    (kernel::unary("spark_interval_months", "", &SparkType::Byte, interval, rest), SparkType::Byte)
}

/// A field of an interval in microseconds.
fn of_micros(field: Field, interval: Expr) -> (Expr, SparkType) {
    let result = match field {
        Field::Day => SparkType::Int,
        Field::Second => SparkType::decimal(8, 6),
        _ => SparkType::Byte,
    };
    let expr = kernel::unary("spark_interval_field", field.name(), &result, interval, move |array| {
        let micros = array.as_primitive::<DurationMicrosecondType>();
        match field {
            Field::Day => shared(micros.unary::<_, Int32Type>(|m| (m / MICROS_PER_DAY) as i32)),
            Field::Second => decimal_seconds(micros.unary(|m| i128::from(m % MICROS_PER_MINUTE))),
            _ => shared(micros.unary::<_, Int8Type>(|m| of_clock(field, m))),
        }
    });
    (expr, result)
}

/// The hour or the minute of an amount of microseconds, without its days.
fn of_clock(field: Field, micros: i64) -> i8 {
    match field {
        Field::Hour => (micros % MICROS_PER_DAY / MICROS_PER_HOUR) as i8,
        _ => (micros % MICROS_PER_HOUR / MICROS_PER_MINUTE) as i8,
    }
}

fn of_calendar_interval(field: Field, interval: Expr) -> Option<(Expr, SparkType)> {
    let result = match field {
        Field::Year | Field::Day => SparkType::Int,
        Field::Month | Field::Hour | Field::Minute => SparkType::Byte,
        Field::Second => SparkType::decimal(8, 6),
        _ => return None,
    };
    let expr = kernel::unary("spark_calendar_interval_field", field.name(), &result, interval, move |array| {
        let intervals = array.as_primitive::<IntervalMonthDayNanoType>();
        match field {
            Field::Year => shared(intervals.unary::<_, Int32Type>(|i| i.months / 12)),
            Field::Month => shared(intervals.unary::<_, Int8Type>(|i| (i.months % 12) as i8)),
            // Spark counts the whole days in the hours, too.
            Field::Day => shared(
                intervals
                    .unary::<_, Int32Type>(|i| i.days.wrapping_add((i.nanoseconds / 1000 / MICROS_PER_DAY) as i32)),
            ),
            Field::Second => decimal_seconds(intervals.unary(|i| i128::from(i.nanoseconds / 1000 % MICROS_PER_MINUTE))),
            _ => shared(intervals.unary::<_, Int8Type>(|i| of_clock(field, i.nanoseconds / 1000))),
        }
    });
    Some((expr, result))
}

/// Microseconds below a minute as seconds of type decimal(8, 6).
fn decimal_seconds(micros: arrow::array::PrimitiveArray<Decimal128Type>) -> DataFusionResult<ArrayRef> {
    let seconds: Decimal128Array = micros.with_precision_and_scale(8, 6)?;
    shared(seconds)
}
