//! From an error of a query to what its client is told, sealed.

use casemate_wire::session::QueryFailure;
use spark_compat::error::{Position, SparkError};

use crate::datasets::Datasets;
use crate::keyring::Keyring;
use crate::memory::SessionPool;

/// The longest text of an error that is sent; some messages quote a whole plan.
const MAX_MESSAGE_CHARS: usize = 16 << 10;

/// What `error` means to the client whose session `memory`, `keyring` and `datasets` belong to.
///
/// Libraries flatten errors to text on their way up, so the causes that need words of their own (memory,
/// keys, tables that are refused) are recorded where they happen and recognised here by their text.
pub fn query_failure(error: &SparkError, memory: &SessionPool, keyring: &Keyring, datasets: &Datasets) -> QueryFailure {
    let denial = memory.take_denial().map(|denial| denial.to_string());
    let sealed = keyring.take_problem().map(|problem| (kind_of(&problem), problem.to_string()));
    let refusal = datasets.take_problem();
    let mentions = |text: &String| error.message.contains(text.as_str());

    let (kind, message) = match (denial, sealed, refusal) {
        (Some(denial), ..) if error.kind.name() == MEMORY || mentions(&denial) => (MEMORY, denial),
        (_, Some((kind, problem)), _) if mentions(&problem) => (kind.unwrap_or(error.kind.name()), problem),
        (.., Some(refusal)) if mentions(&refusal) => ("dataset", refusal),
        _ => (error.kind.name(), error.message.clone()),
    };
    // The protocol counts columns from 1, Spark from 0.
    let column = |position: Position| position.column.saturating_add(1);
    let position = error.position.map(|position| (to_u32(position.line), to_u32(column(position))));
    QueryFailure { kind: kind.to_owned(), message: cut(message), position }
}

/// What a client is told about a defect of the engine: nothing that could quote data.
pub fn internal_failure() -> QueryFailure {
    QueryFailure {
        kind: "internal".to_owned(),
        message: "the query hit a defect of the engine; the session can go on. Please report the statement".to_owned(),
        position: None,
    }
}

/// What a client is told about a result that no record can carry.
pub fn unsendable(error: &casemate_wire::Error) -> QueryFailure {
    QueryFailure { kind: "unsupported".to_owned(), message: error.to_string(), position: None }
}

/// The name of the kind that exhausted memory has.
const MEMORY: &str = "memory";

/// The kind of failures that a client can mend with keys, if this is one.
fn kind_of(problem: &sealed_parquet::Error) -> Option<&'static str> {
    use sealed_parquet::Error::{AadPrefix, Column, Key, WrongFooterKey};
    matches!(problem, Key(_) | Column { .. } | WrongFooterKey { .. } | AadPrefix(_)).then_some("key")
}

fn to_u32(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn cut(message: String) -> String {
    match message.char_indices().nth(MAX_MESSAGE_CHARS) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Budget, BudgetKind};
    use casemate_wire::data_policy::DataPolicy;
    use casemate_wire::keys::DataKeys;
    use datafusion::common::DataFusionError;
    use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool};
    use sealed_parquet::KeyError;
    use std::sync::Arc;

    fn surroundings() -> (Arc<SessionPool>, Arc<Keyring>, Arc<Datasets>) {
        let pool = Arc::new(SessionPool::new(Budget::new(BudgetKind::Engine, 10), None));
        (pool, Keyring::new(DataKeys::new()), Datasets::new(DataPolicy::default()))
    }

    fn refused(pool: &Arc<SessionPool>) -> DataFusionError {
        let pool: Arc<dyn MemoryPool> = Arc::clone(pool) as _;
        MemoryConsumer::new("test").register(&pool).try_grow(11).unwrap_err()
    }

    #[test]
    fn exhausted_memory_names_the_limit_and_what_to_do_however_it_was_wrapped() {
        let (pool, keyring, datasets) = surroundings();
        let direct = SparkError::from(refused(&pool).context("while sorting"));
        let failure = query_failure(&direct, &pool, &keyring, &datasets);
        assert_eq!(failure.kind, "memory");
        assert!(failure.message.contains("--memory-limit"), "{}", failure.message);

        let flattened = SparkError::storage(format!("Failed to fetch metadata: {}", refused(&pool)));
        assert_eq!(query_failure(&flattened, &pool, &keyring, &datasets).kind, "memory");
    }

    #[test]
    fn an_old_refusal_does_not_explain_a_new_error() {
        let (pool, keyring, datasets) = surroundings();
        drop(refused(&pool));
        let failure = query_failure(&SparkError::analysis("no such table"), &pool, &keyring, &datasets);
        assert_eq!((failure.kind.as_str(), failure.message.as_str()), ("analysis", "no such table"));
        assert_eq!(pool.take_denial(), None);
    }

    #[test]
    fn a_missing_key_is_named_without_the_words_around_it() {
        let (pool, keyring, datasets) = surroundings();
        let problem = sealed_parquet::Error::Key(KeyError::Missing { id: "k9".into() });
        keyring.report(&problem);
        let text = format!("Failed to fetch metadata for file x: {problem}");
        let failure = query_failure(&SparkError::storage(text), &pool, &keyring, &datasets);
        assert_eq!(failure.kind, "key");
        assert!(failure.message.starts_with("the table is encrypted with the key 'k9'"), "{}", failure.message);
    }

    #[test]
    fn a_damaged_file_is_no_matter_of_keys() {
        let (pool, keyring, datasets) = surroundings();
        let problem = sealed_parquet::Error::Altered { part: "a data page" };
        keyring.report(&problem);
        let failure = query_failure(&SparkError::storage(format!("Generic: {problem}")), &pool, &keyring, &datasets);
        assert_eq!((failure.kind.as_str(), failure.message), ("storage", problem.to_string()));
    }

    #[test]
    fn a_huge_message_is_cut() {
        let (pool, keyring, datasets) = surroundings();
        let failure = query_failure(&SparkError::internal("é".repeat(1 << 20)), &pool, &keyring, &datasets);
        assert_eq!(failure.message.chars().count(), MAX_MESSAGE_CHARS + 1);
    }
}
