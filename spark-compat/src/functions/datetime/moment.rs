//! The moment and the place of the query: `current_date()`, `current_timestamp()`, `now()`, `current_timezone()`.
//!
//! They have one value in a whole query.

use datafusion::common::ScalarValue;

use super::super::Function;
use super::super::arguments::Arity;
use crate::datetime::zone::{Zone, split_days};
use crate::error::Result;
use crate::resolver::{Facts, Typed};
use crate::types::SparkType;

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::moment("current_date", Arity::Exactly(0), current_date),
    Function::moment("current_timestamp", Arity::Exactly(0), |facts, _| current_timestamp(facts, "current_timestamp")),
    Function::moment("now", Arity::Exactly(0), |facts, _| current_timestamp(facts, "now")),
    Function::moment("current_timezone", Arity::Exactly(0), current_timezone),
];

fn current_date(facts: Facts, _: &str) -> Result<Typed> {
    let (days, _) = split_days(facts.zone.to_local(facts.now));
    Ok(Typed::literal(ScalarValue::Date32(Some(days)), SparkType::Date, "current_date()"))
}

fn current_timestamp(facts: Facts, called: &str) -> Result<Typed> {
    let now = ScalarValue::TimestampMicrosecond(Some(facts.now), Some("UTC".into()));
    Ok(Typed::literal(now, SparkType::Timestamp, format!("{called}()")))
}

/// The setting's own text; in a view that was made in another zone, the id of that.
fn current_timezone(facts: Facts, zone_name: &str) -> Result<Typed> {
    let is_of_session = Zone::parse(zone_name) == Some(facts.zone);
    let name = if is_of_session { zone_name.to_owned() } else { facts.zone.to_string() };
    Ok(Typed::literal(ScalarValue::Utf8View(Some(name)), SparkType::String, "current_timezone()"))
}
