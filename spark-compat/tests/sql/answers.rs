//! Statements against the answers of a real Spark 3.2.0 that lie beside them; `make-answers` makes them anew.

use serde::Deserialize;
use serde_json::Value;
use spark_compat::ErrorKind;

use crate::support::{Answer, run, session};

/// What Spark 3.2.0 answered to a query.
#[derive(Debug, Deserialize)]
struct Expected {
    query: String,
    schema: Option<Vec<(String, String)>>,
    rows: Option<Vec<Vec<Value>>>,
    error: Option<String>,
}

/// What Spark 3.2.0 refuses for a reason of its own, and answers here: its parser, or a check that has no need.
const ACCEPTED: &[&str] = &[];

/// What is not supported yet. A statement that comes to be supported must leave this list.
const UNSUPPORTED: &[&str] = &[];

macro_rules! answers {
    ($($name:ident)*) => {$(
        #[tokio::test]
        async fn $name() {
            check(stringify!($name), include_str!(concat!("statements/", stringify!($name), ".sql")),
                include_str!(concat!("statements/", stringify!($name), ".jsonl"))).await;
        }
    )*};
}

answers!(dates functions grouping joins order select set_operations subqueries);

async fn check(name: &str, statements: &str, answers: &str) {
    let statements: Vec<&str> =
        statements.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("--")).collect();
    let expected: Vec<Expected> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let queries: Vec<&str> = expected.iter().map(|expected| expected.query.as_str()).collect();
    assert_eq!(statements, queries, "the answers of {name} are stale: run make-answers");

    let mut wrong = Vec::new();
    for expected in &expected {
        let (session, _) = session();
        let outcome = run(&session, &expected.query).await;
        if let Some(difference) = difference(expected, outcome) {
            wrong.push(format!("{}\n    {difference}", expected.query));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), expected.len(), wrong.join("\n"));
}

/// How an outcome differs from Spark's, if it does.
fn difference(expected: &Expected, outcome: Result<Answer, spark_compat::SparkError>) -> Option<String> {
    let query = expected.query.as_str();
    match (outcome, &expected.error) {
        (Ok(answer), Some(error)) => {
            let known = ACCEPTED.contains(&query);
            (!known).then(|| format!("gave {:?}\n    but Spark says {error}", answer.rows))
        }
        (Err(error), None) if error.kind == ErrorKind::Unsupported && UNSUPPORTED.contains(&query) => None,
        (Err(error), None) => Some(format!("{}: {}", error.kind, error.message)),
        (Err(_), Some(_)) => {
            ACCEPTED.contains(&query).then(|| "is refused by both now: remove it from ACCEPTED".into())
        }
        (Ok(_), None) if UNSUPPORTED.contains(&query) => Some("is supported now: remove it from UNSUPPORTED".into()),
        (Ok(answer), None) => {
            let schema = expected.schema.as_ref().expect("an answer has a schema");
            if answer.schema != *schema {
                return Some(format!("has columns {:?}\n    and not {schema:?}", answer.schema));
            }
            let rows = expected.rows.as_ref().expect("an answer has rows");
            let (mut got, mut wanted) = (texts(&answer.rows), texts(rows));
            if !is_ordered(query) {
                got.sort();
                wanted.sort();
            }
            (got != wanted).then(|| format!("gave {got:?}\n    and not {wanted:?}"))
        }
    }
}

/// Rows as texts; floats by their value.
fn texts(rows: &[Vec<Value>]) -> Vec<String> {
    rows.iter().map(|row| Value::Array(row.clone()).to_string()).collect()
}

/// Whether the outermost query has an ORDER BY. The keys of these statements leave no ties.
fn is_ordered(query: &str) -> bool {
    let query = query.to_lowercase();
    let mut depth = 0;
    query.char_indices().any(|(at, character)| {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0 && query[at..].starts_with(" order by ")
    })
}
