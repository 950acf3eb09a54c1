//! The names that Spark gives to expressions (`toPrettySQL`): operators in parentheses, literals without quotes, implicit
//! casts invisible.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;

use super::Facts;
use super::expr::evaluate_constant;
use super::typed::Typed;
use crate::cast;
use crate::datetime::format;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::types::SparkType;

/// The name of a literal: its value as a string, with the keyword in front for dates, timestamps and intervals.
pub(super) fn literal(data_type: &SparkType, value: &ScalarValue, facts: Facts) -> Result<String> {
    use ScalarValue as V;
    Ok(match (data_type, value) {
        (_, value) if value.is_null() => "NULL".into(),
        (_, V::Boolean(Some(value))) => value.to_string(),
        (_, V::Int8(Some(value))) => value.to_string(),
        (_, V::Int16(Some(value))) => value.to_string(),
        (_, V::Int32(Some(value))) => value.to_string(),
        (_, V::Int64(Some(value))) => value.to_string(),
        (_, V::Utf8View(Some(value))) => value.clone(),
        (_, V::BinaryView(Some(bytes))) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("X'{digits}'")
        }
        (_, V::Date32(Some(days))) => format!("DATE '{}'", format::date(*days)),
        (_, V::TimestampMicrosecond(Some(micros), _)) => {
            format!("TIMESTAMP '{}'", format::timestamp(*micros, &facts.zone))
        }
        (SparkType::YearMonthInterval { start, end }, V::IntervalYearMonth(Some(months))) => {
            format::year_month_interval(*months, *start, *end)
        }
        (SparkType::DayTimeInterval { start, end }, V::DurationMicrosecond(Some(micros))) => {
            format::day_time_interval(*micros, *start, *end)
        }
        (SparkType::Float | SparkType::Double | SparkType::Decimal { .. }, value) => number(data_type, value)?,
        (other, _) => return Err(SparkError::internal(format!("a literal of type {other} has no name"))),
    })
}

/// Floats and decimals are named as they are cast to strings.
fn number(data_type: &SparkType, value: &ScalarValue) -> Result<String> {
    let literal = Expr::Literal(value.clone(), None);
    let text = evaluate_constant(&cast::lower(literal, data_type, &SparkType::String, Zone::UTC)?)?;
    match text.try_as_str() {
        Some(Some(text)) => Ok(text.to_string()),
        _ => Err(SparkError::internal("a number has no string")),
    }
}

/// `(left op right)`
pub(super) fn infix(left: &str, operator: &str, right: &str) -> String {
    format!("({left} {operator} {right})")
}

/// `(op operand)`
pub(super) fn prefix(operator: &str, operand: &str) -> String {
    format!("({operator} {operand})")
}

/// `CAST(operand AS TYPE)`; casts to nested types don't show (`Cast.sql`).
pub(super) fn cast(operand: &str, to: &SparkType) -> String {
    match to {
        SparkType::Array { .. } | SparkType::Map { .. } | SparkType::Struct(_) => operand.to_string(),
        _ => format!("CAST({operand} AS {})", to.sql()),
    }
}

/// `TRY_CAST(operand AS TYPE)`
pub(super) fn try_cast(operand: &str, to: &SparkType) -> String {
    format!("TRY_CAST({operand} AS {})", to.sql())
}

/// `name(a, b)`
pub(crate) fn call_name(name: &str, args: &[Typed]) -> String {
    let args: Vec<_> = args.iter().map(|arg| arg.name.as_str()).collect();
    format!("{name}({})", args.join(", "))
}

/// `CASE WHEN a THEN b ELSE c END`
pub(super) fn case_when(conditions: &[Typed], results: &[Typed], otherwise: Option<&Typed>) -> String {
    let mut name = String::from("CASE");
    for (condition, result) in conditions.iter().zip(results) {
        name.push_str(&format!(" WHEN {} THEN {}", condition.name, result.name));
    }
    if let Some(otherwise) = otherwise {
        name.push_str(&format!(" ELSE {}", otherwise.name));
    }
    name.push_str(" END");
    name
}
