//! SET and RESET, whose arguments are free text (SparkSqlParser.visitSetConfiguration).

use datafusion::common::ScalarValue;
use sqlparser::ast::{Expr, SelectItem, SetExpr};

use super::literal;
use super::statement::{Source, Statement, parse_query};
use crate::error::{Result, SparkError};
use crate::types::SparkType;

/// `SET` takes free text: nothing, `-v`, a key, `key=value`, or `TIME ZONE ..` (SparkSqlParser.visitSetConfiguration).
pub(super) fn set(source: &Source, remainder: &str) -> Result<Statement> {
    let text = remainder.trim();
    if let Some(zone) = time_zone_text(text) {
        return time_zone(source, zone);
    }
    if text == "-v" {
        return Err(SparkError::unsupported("SET -v"));
    }
    if text.is_empty() {
        return Ok(Statement::ShowConfig { key: None });
    }
    match text.split_once('=') {
        Some((key, value)) if is_config_key(key.trim()) => {
            Ok(Statement::SetConfig { key: unquote(key.trim()), value: unquote(value.trim()) })
        }
        None if is_config_key(text) => Ok(Statement::ShowConfig { key: Some(unquote(text)) }),
        _ => Err(source.error_at(
            0,
            "Expected format is 'SET', 'SET key', or 'SET key=value'. If you want to include special characters in key, \
             please use quotes, e.g., SET `ke y`=value.",
        )),
    }
}

/// What stands behind TIME ZONE, if this is SET TIME ZONE.
fn time_zone_text(text: &str) -> Option<&str> {
    let rest = strip_word(strip_word(text, "time")?, "zone")?;
    (!rest.starts_with('=')).then_some(rest)
}

fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (first, rest) = text.split_at_checked(word.len())?;
    let whole = rest.chars().next().is_none_or(|c| c.is_whitespace() || matches!(c, '\'' | '"'));
    (first.eq_ignore_ascii_case(word) && whole).then(|| rest.trim_start())
}

/// `TIME ZONE 'zone'`, `TIME ZONE LOCAL` or `TIME ZONE INTERVAL ..`
fn time_zone(source: &Source, zone: &str) -> Result<Statement> {
    if zone.eq_ignore_ascii_case("local") {
        return Ok(Statement::SetTimeZone { zone: None });
    }
    let quoted = |quote: char| zone.len() >= 2 && zone.starts_with(quote) && zone.ends_with(quote);
    if quoted('\'') || quoted('"') {
        return Ok(Statement::SetTimeZone { zone: Some(zone.trim_matches(['\'', '"']).to_string()) });
    }
    if strip_word(zone, "interval").is_none() {
        return Err(source.error_at(0, "Invalid time zone displacement value"));
    }
    let seconds = interval_seconds(zone)?.filter(|seconds| seconds.abs() <= 18 * 3600);
    let seconds = seconds.ok_or_else(|| {
        source.error_at(0, "The interval value must be in the range of [-18, +18] hours with second precision")
    })?;
    Ok(Statement::SetTimeZone { zone: Some(offset_id(seconds)) })
}

/// The whole seconds of an interval literal.
fn interval_seconds(text: &str) -> Result<Option<i64>> {
    let query = parse_query(&format!("SELECT {text}"))?;
    let SetExpr::Select(select) = *query.body else { return Ok(None) };
    let Some(SelectItem::UnnamedExpr(Expr::Interval(interval))) = select.projection.first() else { return Ok(None) };
    let (data_type, value) = literal::interval(interval)?;
    match (data_type, value) {
        (SparkType::DayTimeInterval { .. }, ScalarValue::DurationMicrosecond(Some(micros))) => {
            Ok((micros % 1_000_000 == 0).then_some(micros / 1_000_000))
        }
        _ => Ok(None),
    }
}

/// The id of Java's `ZoneOffset.ofTotalSeconds`.
fn offset_id(seconds: i64) -> String {
    if seconds == 0 {
        return "Z".into();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let rest = seconds.abs();
    let (hours, minutes, seconds) = (rest / 3600, rest / 60 % 60, rest % 60);
    match seconds {
        0 => format!("{sign}{hours:02}:{minutes:02}"),
        _ => format!("{sign}{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

pub(super) fn reset(source: &Source, remainder: &str) -> Result<Statement> {
    let key = remainder.trim();
    if !key.is_empty() && !is_config_key(key) {
        return Err(source.error_at(
            0,
            "Expected format is 'RESET' or 'RESET key'. If you want to include special characters in key, please use quotes, \
             e.g., RESET `ke y`.",
        ));
    }
    Ok(Statement::ResetConfig { key: (!key.is_empty()).then(|| unquote(key)) })
}

fn is_config_key(text: &str) -> bool {
    let quoted = text.len() > 2 && text.starts_with('`') && text.ends_with('`');
    quoted || !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_.:\\".contains(c))
}

fn unquote(text: &str) -> String {
    let inner = text.strip_prefix('`').and_then(|t| t.strip_suffix('`'));
    inner.unwrap_or(text).to_string()
}
