//! What an engine says to a query: rows or a refusal, as the JSON-lines interface of `casemate statements` writes them.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::value::{UnknownTimeZone, UnknownType, encode_value, spark_types, time_zone};

/// A question to an engine. Each is asked in a fresh session, in which the setup runs first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Comes back with the answer.
    pub id: Json,
    /// Statements before the query, whose results nobody looks at.
    #[serde(default)]
    pub setup: Vec<String>,
    /// The query.
    pub query: String,
}

/// The answer to a [`Request`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The id of the request.
    pub id: Json,
    /// What the engine said.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// An answer that is kept in a file beside the statements, with its query, so that it is seen when it is stale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredAnswer {
    /// See [`Query::id`](crate::statement_file::Query::id).
    pub id: String,
    /// The query that was answered.
    pub query: String,
    /// The answer.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What an engine said to a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Outcome {
    /// A result.
    Table(Table),
    /// An error.
    Refusal(Refusal),
}

/// A result.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Names and catalog strings of the columns.
    pub schema: Vec<(String, String)>,
    /// The rows; [`value`](crate::value) says how cells are written.
    pub rows: Vec<Vec<Json>>,
}

/// An error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// What went wrong, for people.
    pub error: String,
    /// Its kind, in the words of `spark_compat::ErrorKind`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// Why a result can't be written as a [`Table`].
#[derive(Clone, Debug, thiserror::Error)]
pub enum TableError {
    /// A column of a type that no Spark value has.
    #[error(transparent)]
    Type(#[from] UnknownType),
    /// The result's time zone is not known here.
    #[error(transparent)]
    Zone(#[from] UnknownTimeZone),
}

/// A line of a file of answers that is none.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the answers: {source}")]
pub struct AnswerError {
    line: usize,
    source: serde_json::Error,
}

impl Table {
    /// The rows of a result; its schema carries the Spark types and the session time zone.
    pub fn of(schema: &Schema, batches: &[RecordBatch]) -> Result<Self, TableError> {
        let zone = time_zone(schema)?;
        let names = schema.fields().iter().map(|field| field.name().clone());
        let columns = names.zip(spark_types(schema)).collect();
        let mut rows = Vec::new();
        for batch in batches {
            for row in 0..batch.num_rows() {
                let cells = batch.columns().iter().map(|column| encode_value(column.as_ref(), row, zone));
                rows.push(cells.collect::<Result<_, _>>()?);
            }
        }
        Ok(Self { schema: columns, rows })
    }
}

impl Refusal {
    /// A refusal of a known kind.
    pub fn new(kind: impl Into<String>, error: impl Into<String>) -> Self {
        Self { error: error.into(), kind: Some(kind.into()) }
    }

    /// The kind, or a word for an unknown one.
    pub fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or("unknown")
    }

    /// The first line that says something.
    pub fn headline(&self) -> &str {
        self.error.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
    }
}

/// Reads a file of stored answers, one a line.
pub fn read_answers(text: &str) -> Result<Vec<StoredAnswer>, AnswerError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| serde_json::from_str(line).map_err(|source| AnswerError { line: at + 1, source })).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_read_as_they_are_written() {
        let lines = [
            r#"{"id":"a/b#1","query":"select 1","schema":[["1","int"]],"rows":[[9223372036854775807]]}"#,
            r#"{"id":"a/b#2","query":"select x","error":"no x","kind":"analysis"}"#,
        ];
        let answers = read_answers(&lines.join("\n")).unwrap();
        assert_eq!(
            answers[0].outcome,
            Outcome::Table(Table { schema: vec![("1".into(), "int".into())], rows: vec![vec![json!(i64::MAX)]] })
        );
        assert_eq!(answers[1].outcome, Outcome::Refusal(Refusal::new("analysis", "no x")));
        assert_eq!(answers.iter().map(|a| serde_json::to_string(a).unwrap()).collect::<Vec<_>>(), lines);
    }

    #[test]
    fn a_line_that_is_no_answer_is_named() {
        assert!(read_answers("\n{\"id\":1}").unwrap_err().to_string().starts_with("line 2 of the answers"));
    }
}
