//! Answers as typed JSON, golden files of them, and how two answers compare.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value as Json;

/// The answer to a statement.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Answer {
    /// Name and Spark type of each column.
    pub schema: Vec<(String, String)>,
    /// The values of each row, written as `casemate statements` does.
    pub rows: Vec<Vec<Json>>,
}

#[derive(Deserialize)]
struct GoldenHeader {
    spark: String,
    scale_factor: String,
    schema: Vec<(String, String)>,
    rows: usize,
}

/// Queries over the tables of a benchmark, with Spark's answers to them: a folder of the repository.
#[derive(Debug, Clone, Copy)]
pub struct Suite {
    /// The folder below `tests`.
    name: &'static str,
    /// The scale factor of the tables that the answers are made on.
    pub scale_factor: f64,
}

/// TPC-H's own 22 queries.
pub const TPCH: Suite = Suite { name: "tpch", scale_factor: 0.1 };

/// The project's own statements over TPC-DS's tables.
pub const TPCDS: Suite = Suite { name: "tpcds", scale_factor: 0.01 };

impl Suite {
    /// Name and text of each query, by name.
    ///
    /// # Panics
    /// When a file can't be read.
    pub fn queries(&self) -> Vec<(String, String)> {
        let folder = self.folder().join("queries");
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut queries: Vec<_> = entries
            .map(|entry| {
                let path = entry.expect("a folder of ours can be listed").path();
                let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
                (name, fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
            })
            .collect();
        queries.sort();
        queries
    }

    /// What Spark 3.2.0 answered to a query.
    ///
    /// # Panics
    /// When the file is not there or not complete.
    pub fn golden(&self, query: &str) -> Answer {
        let path = self.folder().join("golden").join(format!("{query}.jsonl"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut lines = text.lines();
        let header: GoldenHeader = serde_json::from_str(lines.next().unwrap_or_default()).expect("a header line");
        let rows: Vec<Vec<Json>> = lines.map(|line| serde_json::from_str(line).expect("a row")).collect();
        assert_eq!(header.spark, "3.2.0", "{}", path.display());
        assert_eq!(header.scale_factor, self.scale_factor.to_string(), "{}", path.display());
        assert_eq!(header.rows, rows.len(), "{} is not complete", path.display());
        Answer { schema: header.schema, rows }
    }

    /// How the answers to some of the queries differ from Spark's, a line or more for each that does.
    ///
    /// # Panics
    /// When there is no answer of Spark's to one of them.
    pub fn differences(&self, queries: &[(String, String)], answers: &[Result<Answer, String>]) -> String {
        let mut differences = String::new();
        for ((name, sql), answer) in queries.iter().zip(answers) {
            let expected = self.golden(name);
            let found = match answer {
                Ok(actual) => difference(&expected, actual, &sort_columns(sql, &expected.schema)),
                Err(error) => Some(format!("error: {error}")),
            };
            differences.extend(found.map(|found| format!("{name}: {found}\n")));
        }
        differences
    }

    fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(self.name)
    }
}

/// The columns of the outermost ORDER BY of a query, if it has one. It sorts by names of the output, as TPC-H's do.
///
/// # Panics
/// When it names something else.
pub fn sort_columns(sql: &str, schema: &[(String, String)]) -> Vec<usize> {
    let Some((_, keys)) = sql.rsplit_once("order by") else { return Vec::new() };
    let keys = keys.split("limit").next().unwrap_or_default();
    keys.split(',')
        .map(|key| key.split_whitespace().next().unwrap_or_default())
        .map(|key| schema.iter().position(|(name, _)| name == key).unwrap_or_else(|| panic!("no column {key}")))
        .collect()
}

/// How `actual` differs from `expected`: nothing, or a text for people.
///
/// Names, types and values must be equal; rows may come in any order, but the sequence of their `sort` columns must be
/// the expected one. Values of the types float and double are equal within a relative 1e-12.
pub fn difference(expected: &Answer, actual: &Answer, sort: &[usize]) -> Option<String> {
    if expected.schema != actual.schema {
        return Some(format!("columns\n  expected {:?}\n  actual   {:?}", expected.schema, actual.schema));
    }
    if expected.rows.len() != actual.rows.len() {
        return Some(format!("{} rows instead of {}", actual.rows.len(), expected.rows.len()));
    }
    let columns: Vec<Column> = expected.schema.iter().map(|(_, kind)| Column::of(kind)).collect();
    let pairs = expected.rows.iter().zip(&actual.rows);
    let mut sorted = pairs.map(|(a, b)| sort.iter().all(|&at| columns[at].same(&a[at], &b[at])));
    if let Some(at) = sorted.position(|same| !same) {
        return Some(format!(
            "row {at}, in order\n  expected {:?}\n  actual   {:?}",
            expected.rows[at], actual.rows[at]
        ));
    }
    multiset_difference(&columns, &expected.rows, &actual.rows)
}

/// How the values of a column compare.
#[derive(Clone, Copy, PartialEq)]
enum Column {
    Exact,
    Approximate,
}

impl Column {
    fn of(spark_type: &str) -> Self {
        if matches!(spark_type, "float" | "double") { Column::Approximate } else { Column::Exact }
    }

    fn same(self, a: &Json, b: &Json) -> bool {
        let number = |value: &Json| value.as_str().and_then(|text| text.parse::<f64>().ok());
        let close = || match (self, number(a), number(b)) {
            (Column::Approximate, Some(a), Some(b)) => (a - b).abs() <= 1e-12 * a.abs().max(b.abs()),
            _ => false,
        };
        // The text comes first: NaN is equal to itself here.
        a == b || close()
    }
}

fn multiset_difference(columns: &[Column], expected: &[Vec<Json>], actual: &[Vec<Json>]) -> Option<String> {
    // Rows that could be equal have equal values in the exact columns, and are looked for among those only.
    let exact = |row: &Vec<Json>| {
        let values = row.iter().zip(columns).filter(|(_, column)| **column == Column::Exact);
        values.map(|(value, _)| value.to_string()).collect::<Vec<_>>()
    };
    let mut missing: BTreeMap<Vec<String>, Vec<&Vec<Json>>> = BTreeMap::new();
    for row in expected {
        missing.entry(exact(row)).or_default().push(row);
    }
    for row in actual {
        let candidates = missing.entry(exact(row)).or_default();
        let same = |candidate: &&Vec<Json>| {
            candidate.iter().zip(row).zip(columns).all(|((expected, actual), column)| column.same(expected, actual))
        };
        match candidates.iter().position(same) {
            Some(at) => drop(candidates.swap_remove(at)),
            None => {
                let other = candidates.first().copied().or_else(|| missing.values().flatten().next().copied());
                return Some(format!("a row is not among the expected ones\n  actual {row:?}\n  missing {other:?}"));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(kinds: &[&str], rows: Json) -> Answer {
        let schema = kinds.iter().map(|kind| ("c".to_owned(), (*kind).to_owned())).collect();
        Answer { schema, rows: serde_json::from_value(rows).unwrap() }
    }

    #[test]
    fn rows_may_come_in_any_order_unless_they_are_sorted() {
        let expected = answer(&["int", "string"], json!([[1, "a"], [1, "b"], [2, "c"]]));
        let ties_swapped = answer(&["int", "string"], json!([[1, "b"], [1, "a"], [2, "c"]]));
        let reversed = answer(&["int", "string"], json!([[2, "c"], [1, "b"], [1, "a"]]));
        assert_eq!(difference(&expected, &ties_swapped, &[0]), None);
        assert_eq!(difference(&expected, &reversed, &[]), None);
        assert!(difference(&expected, &reversed, &[0]).unwrap().starts_with("row 0, in order"));
    }

    #[test]
    fn a_row_too_many_too_few_or_twice_is_a_difference() {
        let expected = answer(&["int"], json!([[1], [2]]));
        for rows in [json!([[1]]), json!([[1], [1]]), json!([[1], [2], [2]]), json!([[1], [null]])] {
            assert!(difference(&expected, &answer(&["int"], rows), &[]).is_some());
        }
    }

    #[test]
    fn types_and_every_digit_of_a_decimal_count() {
        let expected = answer(&["decimal(38,2)"], json!([["12345678901234567890123456789.01"]]));
        let other_digit = answer(&["decimal(38,2)"], json!([["12345678901234567890123456789.02"]]));
        let other_type = answer(&["decimal(37,2)"], json!([["12345678901234567890123456789.01"]]));
        assert!(difference(&expected, &other_digit, &[]).is_some());
        assert!(difference(&expected, &other_type, &[]).unwrap().starts_with("columns"));
    }

    #[test]
    fn doubles_are_equal_within_their_rounding() {
        let expected = answer(&["double", "int"], json!([["0.1", 1], ["NaN", 2]]));
        let rounded = answer(&["double", "int"], json!([["NaN", 2], ["0.10000000000000002", 1]]));
        let wrong = answer(&["double", "int"], json!([["0.1000001", 1], ["NaN", 2]]));
        assert_eq!(difference(&expected, &rounded, &[]), None);
        assert!(difference(&expected, &wrong, &[]).is_some());
    }

    #[test]
    fn sort_columns_are_those_of_the_outermost_order_by() {
        let schema = [("a".to_owned(), "int".to_owned()), ("b".to_owned(), "int".to_owned())];
        assert_eq!(sort_columns("select a, b from t order by\n b desc,\n a\nlimit 3\n", &schema), [1, 0]);
        assert!(sort_columns("select a, b from t", &schema).is_empty());
    }

    #[test]
    fn all_golden_answers_are_there_and_complete() {
        for (suite, count) in [(TPCH, 22), (TPCDS, 66)] {
            let queries = suite.queries();
            assert_eq!(queries.len(), count, "{suite:?}");
            for (name, _) in queries {
                let answer = suite.golden(&name);
                assert!(!answer.rows.is_empty(), "{name}");
                assert!(answer.rows.iter().all(|row| row.len() == answer.schema.len()));
            }
        }
    }
}
