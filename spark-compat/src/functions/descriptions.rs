//! What `DESCRIBE FUNCTION` says: Spark's own texts, written to `descriptions.jsonl` by
//! `differential/reference/describe-functions`.

use serde::Deserialize;

use crate::error::{Result, SparkError};

const DESCRIPTIONS: &str = include_str!("descriptions.jsonl");

/// A line of the file.
#[derive(Deserialize)]
struct Description {
    name: String,
    /// The rows of `DESCRIBE FUNCTION`.
    rows: Vec<String>,
    /// The rows that `DESCRIBE FUNCTION EXTENDED` has after them.
    more: Vec<String>,
}

/// The rows that describe the function or operator with this name in lower case; `None` if Spark has none of that name.
///
/// # Errors
/// When the file is not what the command writes.
pub(crate) fn description(name: &str, extended: bool) -> Result<Option<Vec<String>>> {
    for line in DESCRIPTIONS.lines() {
        let found: Description =
            serde_json::from_str(line).map_err(|error| SparkError::internal(format!("descriptions.jsonl: {error}")))?;
        if found.name == name {
            let more = found.more.into_iter().filter(|_| extended);
            return Ok(Some(found.rows.into_iter().chain(more).collect()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::names_of_spark;

    #[test]
    fn every_function_of_spark_is_described_and_no_other() {
        for name in names_of_spark() {
            let rows = description(name, false).unwrap().unwrap_or_else(|| panic!("{name} has no description"));
            assert_eq!(rows[0], format!("Function: {name}"));
            assert!(description(name, true).unwrap().unwrap().starts_with(&rows));
        }
        assert_eq!(DESCRIPTIONS.lines().count(), names_of_spark().count());
        assert_eq!(description("nosuchfunction", true).unwrap(), None);
    }
}
