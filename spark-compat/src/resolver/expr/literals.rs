//! Literals: numbers with their suffixes, strings, typed strings and intervals.

use sqlparser::ast;

use crate::error::{Result, SparkError};
use crate::parse::literal;
use crate::resolver::typed::Typed;
use crate::resolver::{Facts, names, refuse};

pub(super) fn value(value: &ast::ValueWithSpan, facts: Facts) -> Result<Typed> {
    typed(literal::value(&value.value).map_err(|error| error.at(value.span.start))?, facts)
}

pub(super) fn typed_string(string: &ast::TypedString, facts: Facts) -> Result<Typed> {
    let ast::TypedString { data_type, value, uses_odbc_syntax } = string;
    refuse(*uses_odbc_syntax, "ODBC literals")?;
    let text = self::string(value)?;
    let literal = literal::typed(data_type, text, &facts.zone, facts.now);
    typed(literal.map_err(|error| error.at(value.span.start))?, facts)
}

pub(super) fn interval(interval: &ast::Interval, facts: Facts) -> Result<Typed> {
    typed(literal::interval(interval)?, facts)
}

fn typed((data_type, value): literal::Literal, facts: Facts) -> Result<Typed> {
    let name = names::literal(&data_type, &value, facts)?;
    Ok(Typed::literal(value, data_type, name))
}

/// The text of a string literal.
pub(super) fn string(value: &ast::ValueWithSpan) -> Result<&str> {
    match &value.value {
        ast::Value::SingleQuotedString(text) => Ok(text),
        other => {
            Err(SparkError::analysis(format!("expected a string literal, but found {other}")).at(value.span.start))
        }
    }
}
