//! Files of statements.
//!
//! A statement ends with `;` at the end of a line. `--SET key=value` is a setting of the whole file, other lines that start
//! with `--` between statements are comments. The statements at the start of the file that begin with CREATE, SET or
//! CACHE are the setup of every query; each statement from the first other one on is a query of its own, asked in a fresh
//! session after the setup.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

/// What a setting of the file starts with.
const SETTING: &str = "--SET ";

/// Statements at the start of a file that begin with one of these words are its setup.
const SETUP_WORDS: [&str; 3] = ["CREATE", "SET", "CACHE"];

/// Characters of a query's hash in its id.
const HASH_DIGITS: usize = 8;

/// A file of statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementFile {
    /// Its subject and its own name, `joins/outer`.
    pub name: String,
    /// What runs before each query.
    pub setup: Vec<String>,
    /// The queries in order.
    pub queries: Vec<Query>,
}

/// A query of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The file's name, `#`, and the first hexadecimal digits of the SHA-256 of the query's text: it stays the same when
    /// other queries come and go.
    pub id: String,
    /// The query, without the semicolon.
    pub text: String,
}

/// Why a text is no file of statements.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementFileError {
    /// The last statement has no semicolon at the end of a line.
    #[error("{file}: the statement that starts on line {line} has no `;` at the end of a line")]
    Unterminated {
        /// The file's name.
        file: String,
        /// From 1.
        line: usize,
    },
    /// Two queries are the same.
    #[error("{file}: a query stands twice in the file: {query}")]
    Twice {
        /// The file's name.
        file: String,
        /// The query.
        query: String,
    },
}

impl StatementFile {
    /// Reads the text of the file with this name.
    pub fn parse(name: &str, text: &str) -> Result<Self, StatementFileError> {
        let settings = text.lines().filter_map(|line| line.strip_prefix(SETTING));
        let mut setup: Vec<String> = settings.map(|setting| format!("SET {}", setting.trim())).collect();
        let mut queries = Vec::new();
        for statement in split(name, text)? {
            if queries.is_empty() && is_setup(&statement) {
                setup.push(statement);
            } else {
                queries.push(Query { id: query_id(name, &statement), text: statement });
            }
        }
        let mut seen = HashSet::new();
        if let Some(twice) = queries.iter().find(|query| !seen.insert(query.text.as_str())) {
            return Err(StatementFileError::Twice { file: name.to_owned(), query: twice.text.clone() });
        }
        Ok(Self { name: name.to_owned(), setup, queries })
    }
}

/// The id of a query in the file with this name.
pub fn query_id(file: &str, query: &str) -> String {
    let mut hash = hex::encode(Sha256::digest(query));
    hash.truncate(HASH_DIGITS);
    format!("{file}#{hash}")
}

/// The statements of a text, without comments between them.
fn split(name: &str, text: &str) -> Result<Vec<String>, StatementFileError> {
    let mut statements = Vec::new();
    let mut current: Vec<&str> = Vec::new();
    let mut start = 0;
    for (at, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if current.is_empty() {
            if trimmed.is_empty() || trimmed.starts_with("--") {
                continue;
            }
            start = at + 1;
        }
        current.push(line);
        if trimmed.ends_with(';') {
            let statement = current.join("\n");
            let statement = statement.trim();
            statements.push(statement.strip_suffix(';').unwrap_or(statement).trim_end().to_owned());
            current.clear();
        }
    }
    if current.is_empty() {
        Ok(statements)
    } else {
        Err(StatementFileError::Unterminated { file: name.to_owned(), line: start })
    }
}

fn is_setup(statement: &str) -> bool {
    let word = statement.split_whitespace().next().unwrap_or_default();
    SETUP_WORDS.iter().any(|setup| setup.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_settings_setup_and_queries() {
        let text = "-- A comment.\n--SET a.b=c\ncreate temporary view v as\n  select ';' a;\n\nselect a -- note\nfrom v;\n\
                    -- Another.\nSET x=y;\nselect 2 ;\n";
        let file = StatementFile::parse("s/f", text).unwrap();
        assert_eq!(file.setup, ["SET a.b=c", "create temporary view v as\n  select ';' a"]);
        let queries: Vec<_> = file.queries.iter().map(|query| query.text.as_str()).collect();
        assert_eq!(queries, ["select a -- note\nfrom v", "SET x=y", "select 2"]);
    }

    #[test]
    fn an_id_is_the_name_and_the_hash_of_the_text() {
        assert_eq!(query_id("a/b", "select 1"), "a/b#822ae07d");
    }

    #[test]
    fn a_statement_without_an_end_and_a_query_that_stands_twice_are_refused() {
        let unterminated = StatementFile::parse("s/f", "select 1;\nselect 2").unwrap_err();
        assert_eq!(unterminated, StatementFileError::Unterminated { file: "s/f".into(), line: 2 });
        let twice = StatementFile::parse("s/f", "select 1;\nselect 1;").unwrap_err();
        assert_eq!(twice, StatementFileError::Twice { file: "s/f".into(), query: "select 1".into() });
    }
}
