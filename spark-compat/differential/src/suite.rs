//! Directories of statement files, and the answers that are stored beside them.
//!
//! The answers of `statements/SUBJECT/NAME.sql` are `answers/SUBJECT/NAME.jsonl`, one line a query.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::answer::{AnswerError, Outcome, read_answers};
use crate::statement_file::{Query, StatementFile, StatementFileError};

/// A statement file and where it lies.
#[derive(Clone, Debug)]
pub struct SuiteFile {
    /// Where it was read from.
    pub path: PathBuf,
    /// What stands in it.
    pub file: StatementFile,
}

/// A query and the reference's answer.
#[derive(Clone, Debug)]
pub struct Case {
    /// The query.
    pub query: Query,
    /// The reference's answer.
    pub expected: Outcome,
}

/// Why statements, or their answers, can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// A file or directory can't be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A statement file.
    #[error(transparent)]
    Statements(#[from] StatementFileError),
    /// A file of answers.
    #[error("{path}: {source}")]
    Answers {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: AnswerError,
    },
    /// A query that was not answered, or an answer whose query is gone.
    #[error("{path}: stale answers, make them anew: {what}")]
    Stale {
        /// The file of answers.
        path: PathBuf,
        /// The first query or answer without its other half.
        what: String,
    },
}

impl SuiteFile {
    /// Reads a statement file.
    pub fn read(path: &Path) -> Result<Self, SuiteError> {
        let file = StatementFile::parse(&name_of(path), &read_text(path)?)?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Where its stored answers are.
    pub fn answers_path(&self) -> PathBuf {
        let root = self.path.ancestors().nth(3).unwrap_or(Path::new(""));
        root.join("answers").join(format!("{}.jsonl", self.file.name))
    }

    /// The queries with their stored answers, which must be there for each query and for nothing else.
    pub fn stored_cases(&self) -> Result<Vec<Case>, SuiteError> {
        let path = self.answers_path();
        let answers =
            read_answers(&read_text(&path)?).map_err(|source| SuiteError::Answers { path: path.clone(), source })?;
        let mut by_id: HashMap<String, _> = answers.into_iter().map(|answer| (answer.id.clone(), answer)).collect();
        let mut cases = Vec::with_capacity(self.file.queries.len());
        for query in &self.file.queries {
            match by_id.remove(&query.id).filter(|answer| answer.query == query.text) {
                Some(answer) => cases.push(Case { query: query.clone(), expected: answer.outcome }),
                None => {
                    let what = format!("{} has no answer: {}", query.id, query.text);
                    return Err(SuiteError::Stale { path, what });
                }
            }
        }
        match by_id.into_values().min_by(|a, b| a.id.cmp(&b.id)) {
            Some(extra) => {
                let what = format!("{} is the answer of no query: {}", extra.id, extra.query);
                Err(SuiteError::Stale { path, what })
            }
            None => Ok(cases),
        }
    }
}

/// The statement files at and below `path`, sorted by path.
pub fn statement_files(path: &Path) -> Result<Vec<SuiteFile>, SuiteError> {
    let mut paths = Vec::new();
    collect(path, &mut paths)?;
    paths.sort();
    paths.iter().map(|path| SuiteFile::read(path)).collect()
}

/// A file's subject and its own name, `joins/outer`.
fn name_of(path: &Path) -> String {
    let text = |part: Option<&std::ffi::OsStr>| part.map(|text| text.to_string_lossy().into_owned());
    let name = text(path.file_stem()).unwrap_or_default();
    match text(path.parent().and_then(Path::file_name)) {
        Some(subject) => format!("{subject}/{name}"),
        None => name,
    }
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), SuiteError> {
    let failed = |source| SuiteError::Io { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "sql") {
            collect(&path, found)?;
        }
    }
    Ok(())
}

fn read_text(path: &Path) -> Result<String, SuiteError> {
    fs::read_to_string(path).map_err(|source| SuiteError::Io { path: path.to_owned(), source })
}
