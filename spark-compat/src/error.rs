//! The crate's error: what went wrong, in Spark's terms, and where in the SQL text.

use std::fmt;
use std::sync::Arc;

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use sqlparser::tokenizer::Location;

/// A result whose error is a [`SparkError`].
pub type Result<T, E = SparkError> = std::result::Result<T, E>;

/// What a [`SparkError`] is about; clients see [`ErrorKind::name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The text is not Spark SQL.
    Parse,
    /// The statement does not resolve: unknown names, mismatched types.
    Analysis,
    /// Arithmetic that Spark refuses at run time.
    Arithmetic,
    /// A function was called with a value it does not take.
    IllegalArgument,
    /// A date, time, zone or pattern that Spark refuses.
    DateTime,
    /// Valid Spark SQL that this crate does not do yet.
    Unsupported,
    /// Any other failure while a query runs.
    Execution,
    /// The query needs more memory (or spill space) than it may have.
    Resources,
    /// A file or object could not be read.
    Storage,
    /// A defect of this crate or of a library below it.
    Internal,
}

impl ErrorKind {
    /// The kind's name in lower case, stable for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Analysis => "analysis",
            Self::Arithmetic => "arithmetic",
            Self::IllegalArgument => "illegal argument",
            Self::DateTime => "datetime",
            Self::Unsupported => "unsupported",
            Self::Execution => "execution",
            Self::Resources => "memory",
            Self::Storage => "storage",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A place in an SQL text, counted as Spark's messages count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line number, from 1.
    pub line: u64,
    /// Characters before the place in its line, from 0 (Spark's `pos`).
    pub column: u64,
}

impl Position {
    /// The position of an sqlparser location; `None` for its empty location.
    pub fn from_location(location: Location) -> Option<Self> {
        (location.line > 0).then(|| Self { line: location.line, column: location.column.saturating_sub(1) })
    }
}

/// An error of parsing, resolving or running Spark SQL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SparkError {
    /// What kind of error this is.
    pub kind: ErrorKind,
    /// What went wrong and, where it helps, what to do; for parse errors with the text and a caret below it.
    pub message: String,
    /// Where in the SQL text, if known.
    pub position: Option<Position>,
}

impl SparkError {
    /// An error of the given kind without a position.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), position: None }
    }

    /// A parse error at `position` of `sql`: Spark's form, the message followed by the text with a caret under the place.
    pub fn parse(message: impl fmt::Display, sql: &str, position: Position) -> Self {
        let Position { line, column } = position;
        let mut text = format!("{message} (line {line}, pos {column})\n\n== SQL ==\n");
        let caret = format!("{}^^^\n", "-".repeat(usize::try_from(column).unwrap_or(0).min(MAX_CARET_INDENT)));
        let mut caret_done = false;
        for (number, sql_line) in (1u64..).zip(sql.split('\n')) {
            text.push_str(sql_line);
            text.push('\n');
            if number == line {
                text.push_str(&caret);
                caret_done = true;
            }
        }
        if !caret_done {
            text.push_str(&caret);
        }
        Self { kind: ErrorKind::Parse, message: text, position: Some(position) }
    }

    /// An [`ErrorKind::Analysis`] error.
    pub fn analysis(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Analysis, message)
    }

    /// An [`ErrorKind::Arithmetic`] error.
    pub fn arithmetic(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Arithmetic, message)
    }

    /// An [`ErrorKind::IllegalArgument`] error.
    pub fn illegal_argument(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::IllegalArgument, message)
    }

    /// An [`ErrorKind::DateTime`] error.
    pub fn date_time(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::DateTime, message)
    }

    /// An [`ErrorKind::Unsupported`] error; `what` names the construct, for example `LATERAL subqueries`.
    pub fn unsupported(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Unsupported, format!("{what}: not supported yet"))
    }

    /// An [`ErrorKind::Execution`] error.
    pub fn execution(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Execution, message)
    }

    /// An [`ErrorKind::Storage`] error.
    pub fn storage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Storage, message)
    }

    /// An [`ErrorKind::Internal`] error.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// The same error with the position of `location`, unless it has one already or the location is empty.
    pub fn at(mut self, location: Location) -> Self {
        self.position = self.position.or_else(|| Position::from_location(location));
        self
    }
}

/// A caret further right than this helps no reader.
const MAX_CARET_INDENT: usize = 10_000;

impl From<SparkError> for DataFusionError {
    fn from(error: SparkError) -> Self {
        Self::External(Box::new(error))
    }
}

impl From<SparkError> for ArrowError {
    fn from(error: SparkError) -> Self {
        Self::ExternalError(Box::new(error))
    }
}

impl From<ArrowError> for SparkError {
    fn from(error: ArrowError) -> Self {
        from_arrow(&error)
    }
}

impl From<DataFusionError> for SparkError {
    fn from(error: DataFusionError) -> Self {
        from_datafusion(&error)
    }
}

fn from_datafusion(error: &DataFusionError) -> SparkError {
    use DataFusionError as E;
    let with = |kind| SparkError::new(kind, error.strip_backtrace());
    match error {
        E::External(source) => from_external(source.as_ref()),
        E::ArrowError(source, _) => from_arrow(source),
        E::Context(_, source) | E::Diagnostic(_, source) => from_datafusion(source),
        E::Shared(source) => from_datafusion(source),
        E::Collection(sources) => sources.first().map_or_else(|| with(ErrorKind::Internal), from_datafusion),
        E::ResourcesExhausted(message) => {
            SparkError::new(ErrorKind::Resources, format!("the query needs more memory than it may use: {message}"))
        }
        E::ObjectStore(_) | E::IoError(_) | E::ParquetError(_) => with(ErrorKind::Storage),
        E::NotImplemented(_) => with(ErrorKind::Unsupported),
        E::SQL(..) => with(ErrorKind::Parse),
        E::Plan(_) | E::SchemaError(..) => with(ErrorKind::Analysis),
        E::Configuration(_) => with(ErrorKind::IllegalArgument),
        E::Execution(_) | E::ExecutionJoin(_) => with(ErrorKind::Execution),
        E::Internal(_) | E::Substrait(_) | E::Ffi(_) => with(ErrorKind::Internal),
    }
}

fn from_arrow(error: &ArrowError) -> SparkError {
    use ArrowError as E;
    let with = |kind| SparkError::new(kind, error.to_string());
    match error {
        E::ExternalError(source) => from_external(source.as_ref()),
        E::DivideByZero | E::ArithmeticOverflow(_) => with(ErrorKind::Arithmetic),
        E::IoError(..) | E::ParquetError(_) | E::CsvError(_) | E::JsonError(_) => with(ErrorKind::Storage),
        E::MemoryError(_) => with(ErrorKind::Resources),
        E::NotYetImplemented(_) => with(ErrorKind::Unsupported),
        _ => with(ErrorKind::Execution),
    }
}

/// Finds a [`SparkError`] however deep other libraries wrapped it.
fn from_external(error: &(dyn std::error::Error + Send + Sync + 'static)) -> SparkError {
    if let Some(found) = error.downcast_ref::<SparkError>() {
        found.clone()
    } else if let Some(inner) = error.downcast_ref::<DataFusionError>() {
        from_datafusion(inner)
    } else if let Some(inner) = error.downcast_ref::<Arc<DataFusionError>>() {
        from_datafusion(inner)
    } else if let Some(inner) = error.downcast_ref::<ArrowError>() {
        from_arrow(inner)
    } else if error.is::<object_store::Error>() || error.is::<std::io::Error>() {
        SparkError::storage(error.to_string())
    } else {
        SparkError::execution(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parse_error_shows_the_text_and_a_caret_below_the_place() {
        let error =
            SparkError::parse("no viable alternative", "select 1\nfrom from\nx", Position { line: 2, column: 5 });
        assert_eq!(
            error.message,
            "no viable alternative (line 2, pos 5)\n\n== SQL ==\nselect 1\nfrom from\n-----^^^\nx\n"
        );
        assert_eq!(error.position, Some(Position { line: 2, column: 5 }));
    }

    #[test]
    fn a_spark_error_survives_the_way_through_datafusion() {
        let error = SparkError::illegal_argument("duplicate map key 1");
        let wrapped = DataFusionError::from(error.clone()).context("while projecting");
        let twice = DataFusionError::from(ArrowError::ExternalError(Box::new(wrapped)));
        assert_eq!(SparkError::from(DataFusionError::Shared(Arc::new(twice))), error);
    }

    #[test]
    fn exhausted_memory_is_its_own_kind() {
        let error = SparkError::from(DataFusionError::ResourcesExhausted("sort".into()));
        assert_eq!(error.kind.name(), "memory");
    }
}
