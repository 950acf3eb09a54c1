//! DataFusion's side of a session: which of its rules run, and with which settings.

use std::sync::Arc;

use datafusion::common::config::{ConfigNonZeroUsize, ConfigOptions};
use datafusion::execution::SessionState;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::SessionConfig;

use super::options::SparkSessionOptions;
use super::row_order::RowsInOrder;
use crate::error::Result;
use crate::formats::ReadAhead;

/// The state that statements are planned in.
///
/// The analyzer has no rules. The resolver leaves nothing to them: every cast is in the plan, and there is no
/// `grouping()` to expand. DataFusion's `TypeCoercion` would find operands of equal types only (a test holds the
/// resolver to that), and a plan that needed it would have another meaning than Spark's: a missing cast is better an error of
/// planning. No catalog, no SQL planner and no function registry are there either: plans hold what they use.
///
/// The optimizer and the reading of Parquet are DataFusion's own, but that row groups may be read ahead: its settings are the
/// ones that its defaults are measured with. One rule of ours comes after its own, [`RowsInOrder`].
pub(super) fn session_state(options: &SparkSessionOptions) -> Result<SessionState> {
    let mut config = ConfigOptions::new();
    let partitions = options.target_partitions.max(1);
    config.execution.target_partitions = partitions;
    config.execution.planning_concurrency = partitions;
    config.execution.batch_size = ConfigNonZeroUsize::try_new(options.batch_size)?;
    config.execution.parquet.metadata_size_hint = options.parquet_metadata_size_hint;
    let config = SessionConfig::from(config).with_create_default_catalog_and_schema(false);
    let mut builder = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(Arc::clone(&options.runtime))
        .with_analyzer_rules(vec![])
        .with_physical_optimizer_rule(Arc::new(RowsInOrder));
    if options.read_ahead_bytes > 0 {
        let read_ahead = ReadAhead::new(Arc::clone(&options.runtime), options.read_ahead_bytes);
        builder = builder.with_physical_optimizer_rule(Arc::new(read_ahead));
    }
    Ok(builder.build())
}
