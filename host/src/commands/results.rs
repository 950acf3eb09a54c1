//! From opened result items to the output that was asked for.

use std::path::PathBuf;
use std::pin::pin;

use casemate_wire::session::ResultItem;
use futures::{Stream, TryStreamExt};

use crate::client::check_end;
use crate::error::{HostError, Result};
use crate::output::{Destination, Format, OutputError};
use crate::progress::Progress;

/// How a result is written.
#[derive(Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// How to write the result
    #[arg(long, value_enum, default_value_t = Format::Table, help_heading = "Output")]
    pub format: Format,
    /// Write to a file, which appears complete or not at all, readable by its owner only [default: stdout]
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    pub output: Option<PathBuf>,
}

impl OutputArgs {
    /// Opens the destination: before the query runs, so that a mistyped path costs no query.
    pub(crate) fn destination(&self) -> Result<Destination> {
        let destination = Destination::new(self.output.as_deref()).map_err(OutputError::Io)?;
        if self.format.is_binary() && destination.is_terminal() {
            return Err(HostError::Usage(OutputError::Terminal.to_string()));
        }
        Ok(destination)
    }

    /// Writes the items as they come. Nothing takes the name of the output file before the authenticated end.
    pub(crate) async fn write(
        &self,
        destination: Destination,
        items: impl Stream<Item = Result<ResultItem>>,
    ) -> Result<()> {
        let progress = Progress::start("running", destination.is_terminal());
        let mut writer = self.format.writer(destination);
        let mut items = pin!(items);
        let mut rows = 0;
        while let Some(item) = items.try_next().await? {
            match item {
                ResultItem::Schema(schema) => writer.start(&schema)?,
                ResultItem::Batch(batch) => {
                    rows += batch.num_rows() as u64;
                    progress.rows(rows);
                    writer.batch(&batch)?;
                }
                ResultItem::StatementEnd(_) => writer.end()?,
                ResultItem::End(status) => check_end(status)?,
            }
        }
        let destination = writer.finish()?;
        Ok(destination.commit().map_err(OutputError::Io)?)
    }
}
