//! Dates and intervals: fields of a date, days and months added to one.

use datafusion::common::ScalarValue;
use datafusion::functions::expr_fn;
use datafusion::logical_expr::{Expr, Operator, binary_expr, cast, lit};

use arrow::datatypes::DataType;

use super::arguments::{Arity, Input};
use super::{Call, Function, Support};
use crate::arithmetic::ArithmeticOp;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::resolver::Typed;
use crate::types::{DayTimeField, SparkType};

const DATE: &[Input] = &[Input::Date];
const DATE_AND_DAYS: &[Input] = &[Input::Date, Input::Any];
const FIELDS_OF_DATES: Support =
    Support::Partial("fields of dates; not hours, minutes, seconds, not fields of intervals");

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("year", Arity::Exactly(1), DATE, |call| field_of_date(call, Field::Year)),
    Function::scalar("quarter", Arity::Exactly(1), DATE, |call| field_of_date(call, Field::Quarter)),
    Function::scalar("month", Arity::Exactly(1), DATE, |call| field_of_date(call, Field::Month)),
    Function::scalar("day", Arity::Exactly(1), DATE, |call| field_of_date(call, Field::Day))
        .with_aliases(&["dayofmonth"]),
    Function::scalar("dayofyear", Arity::Exactly(1), DATE, |call| field_of_date(call, Field::DayOfYear)),
    Function::scalar("dayofweek", Arity::Exactly(1), DATE, |call| field_of_date(call, Field::DayOfWeek)),
    Function::scalar("weekday", Arity::Exactly(1), DATE, |call| field_of_date(call, Field::Weekday)),
    Function::scalar("weekofyear", Arity::Exactly(1), DATE, |call| field_of_date(call, Field::Week)),
    Function::scalar("date_part", Arity::Exactly(2), &[Input::Any], date_part).with_support(FIELDS_OF_DATES),
    Function::scalar("date_add", Arity::Exactly(2), DATE_AND_DAYS, |call| add_days_call(call, Operator::Plus)),
    Function::scalar("date_sub", Arity::Exactly(2), DATE_AND_DAYS, |call| add_days_call(call, Operator::Minus)),
    Function::scalar("datediff", Arity::Exactly(2), DATE, datediff),
];

/// A field of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Year,
    Quarter,
    Month,
    Day,
    DayOfYear,
    /// From 1, Sunday.
    DayOfWeek,
    /// From 0, Monday.
    Weekday,
    /// From 1, Monday.
    IsoDayOfWeek,
    /// The ISO week.
    Week,
}

impl Field {
    /// The field that EXTRACT and `date_part` know by this name (Spark's `DatePart.parseExtractField`).
    fn named(name: &str) -> Option<Self> {
        Some(match name.to_uppercase().as_str() {
            "YEAR" | "Y" | "YEARS" | "YR" | "YRS" => Self::Year,
            "QUARTER" | "QTR" => Self::Quarter,
            "MONTH" | "MON" | "MONS" | "MONTHS" => Self::Month,
            "WEEK" | "W" | "WEEKS" => Self::Week,
            "DAY" | "D" | "DAYS" => Self::Day,
            "DAYOFWEEK" | "DOW" => Self::DayOfWeek,
            "DAYOFWEEK_ISO" | "DOW_ISO" => Self::IsoDayOfWeek,
            "DOY" => Self::DayOfYear,
            _ => return None,
        })
    }

    /// The field of a Date32, an Int32.
    fn of(self, date: Expr) -> Expr {
        let part = |name: &str| expr_fn::date_part(lit(ScalarValue::Utf8View(Some(name.into()))), date.clone());
        let sunday_first = || part("dow");
        match self {
            Self::Year => part("year"),
            Self::Quarter => part("quarter"),
            Self::Month => part("month"),
            Self::Day => part("day"),
            Self::DayOfYear => part("doy"),
            Self::Week => part("week"),
            Self::DayOfWeek => binary_expr(sunday_first(), Operator::Plus, lit(1i32)),
            Self::Weekday => {
                let shifted = binary_expr(sunday_first(), Operator::Plus, lit(6i32));
                binary_expr(shifted, Operator::Modulo, lit(7i32))
            }
            Self::IsoDayOfWeek => {
                let shifted = binary_expr(sunday_first(), Operator::Plus, lit(6i32));
                let monday_first = binary_expr(shifted, Operator::Modulo, lit(7i32));
                binary_expr(monday_first, Operator::Plus, lit(1i32))
            }
        }
    }
}

fn field_of_date(call: Call<'_>, field: Field) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let [date] = call.take()?;
    Ok(Typed::new(field.of(date.expr), SparkType::Int, nullable, name))
}

/// `EXTRACT(field FROM source)`.
pub(crate) fn extract(field: &str, source: Typed, zone: Zone) -> Result<Typed> {
    let known = Field::named(field);
    let is_date =
        matches!(source.data_type, SparkType::Date | SparkType::Timestamp | SparkType::String | SparkType::Void);
    let (Some(known), true) = (known, is_date) else {
        return Err(SparkError::unsupported(format!("the field {field} of {}", source.data_type)));
    };
    let date = source.coerced(&SparkType::Date, zone)?;
    Ok(Typed::new(known.of(date.expr), SparkType::Int, date.nullable, date.name))
}

fn date_part(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let [field, source] = call.take()?;
    match field.as_literal().and_then(ScalarValue::try_as_str).flatten() {
        Some(field) => Ok(extract(field, source, zone)?.named(name)),
        None => Err(SparkError::analysis("The field parameter needs to be a foldable string value.")),
    }
}

fn add_days_call(call: Call<'_>, op: Operator) -> Result<Typed> {
    let (name, nullable, zone) = (call.name(), call.any_nullable(), call.zone);
    let [date, days] = call.take()?;
    let days = match days.data_type {
        SparkType::Byte | SparkType::Short | SparkType::Int | SparkType::Void => days.coerced(&SparkType::Int, zone)?,
        SparkType::String => {
            return Err(SparkError::unsupported(format!("{name} with a string as the number of days")));
        }
        other => {
            return Err(SparkError::analysis(format!(
                "cannot resolve '{name}' due to data type mismatch: argument 2 requires (int or smallint or tinyint) type, \
                 however, '{}' is of {other} type.",
                days.name
            )));
        }
    };
    Ok(Typed::new(add_days(date.expr, op, days.expr), SparkType::Date, nullable, name))
}

/// A Date32 and an Int32 of days; like Java's ints, days wrap around.
fn add_days(date: Expr, op: Operator, days: Expr) -> Expr {
    cast(binary_expr(cast(date, DataType::Int32), op, days), DataType::Date32)
}

fn datediff(call: Call<'_>) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let [end, start] = call.take()?;
    let days = binary_expr(cast(end.expr, DataType::Int32), Operator::Minus, cast(start.expr, DataType::Int32));
    Ok(Typed::new(days, SparkType::Int, nullable, name))
}

/// `left op right` where one side is a date, a timestamp or an interval (Spark's `ResolveBinaryArithmetic`); `None` for
/// numbers.
pub(crate) fn arithmetic(op: ArithmeticOp, left: &Typed, right: &Typed, zone: Zone) -> Result<Option<Typed>> {
    use SparkType as T;
    let is_temporal = |typed: &Typed| {
        matches!(
            typed.data_type,
            T::Date | T::Timestamp | T::YearMonthInterval { .. } | T::DayTimeInterval { .. } | T::CalendarInterval
        )
    };
    if !is_temporal(left) && !is_temporal(right) {
        return Ok(None);
    }
    let nullable = left.nullable || right.nullable;
    let date = |expr: Expr, name: String| Ok(Some(Typed::new(expr, T::Date, nullable, name)));
    let days_only =
        |t: &SparkType| matches!(t, T::DayTimeInterval { start: DayTimeField::Day, end: DayTimeField::Day });
    match (op, &left.data_type, &right.data_type) {
        (ArithmeticOp::Add, T::Date, T::YearMonthInterval { .. }) => {
            let name = format!("{} + {}", left.name, right.name);
            date(binary_expr(left.expr.clone(), Operator::Plus, right.expr.clone()), name)
        }
        (ArithmeticOp::Add, T::YearMonthInterval { .. }, T::Date) => arithmetic(op, right, left, zone),
        (ArithmeticOp::Subtract, T::Date, T::YearMonthInterval { .. }) => {
            let name = format!("{} - {}", left.name, right.name);
            date(binary_expr(left.expr.clone(), Operator::Minus, right.expr.clone()), name)
        }
        (ArithmeticOp::Add, T::Date, interval) if days_only(interval) => {
            let name = format!("date_add({}, extractansiintervaldays({}))", left.name, right.name);
            date(add_days(left.expr.clone(), Operator::Plus, whole_days(right.expr.clone())?), name)
        }
        (ArithmeticOp::Add, interval, T::Date) if days_only(interval) => arithmetic(op, right, left, zone),
        (ArithmeticOp::Subtract, T::Date, interval) if days_only(interval) => {
            let name = format!("date_add({}, (- extractansiintervaldays({})))", left.name, right.name);
            date(add_days(left.expr.clone(), Operator::Minus, whole_days(right.expr.clone())?), name)
        }
        (ArithmeticOp::Add, T::Date, T::Byte | T::Short | T::Int) => {
            super::call("date_add", vec![left.clone(), right.clone()], zone).map(Some)
        }
        (ArithmeticOp::Add, T::Byte | T::Short | T::Int, T::Date) => {
            super::call("date_add", vec![right.clone(), left.clone()], zone).map(Some)
        }
        (ArithmeticOp::Subtract, T::Date, T::Byte | T::Short | T::Int) => {
            super::call("date_sub", vec![left.clone(), right.clone()], zone).map(Some)
        }
        _ => Err(SparkError::unsupported(format!("{} {} {}", left.data_type, op.symbol(), right.data_type))),
    }
}

/// The days of a literal `interval day`, an Int32.
fn whole_days(interval: Expr) -> Result<Expr> {
    const MICROS_PER_DAY: i64 = 86_400_000_000;
    match interval {
        Expr::Literal(ScalarValue::DurationMicrosecond(Some(micros)), _) => Ok(lit((micros / MICROS_PER_DAY) as i32)),
        _ => Err(SparkError::unsupported("an interval of days that is not a literal, added to a date")),
    }
}
