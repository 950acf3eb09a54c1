//! The rows of CSV files (Spark's `UnivocityParser` and `FailureSafeParser`).

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::Result as DataFusionResult;

use super::options::CsvOptions;
use super::row::{self, MALFORMED, ValueRules};
use super::tokenizer::{LineEnd, Tokenizer, Values, values_of};
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::formats::columns::Columns;
use crate::formats::text::{Records, RowReader, TextFormat};
use crate::formats::{Mode, schema};
use crate::json::columns::{Column, Leaf};
use crate::json::times;
use crate::resolver::TableColumn;
use crate::types::SparkType;

/// CSV files with their columns.
#[derive(Clone, Debug)]
pub(super) struct CsvFiles {
    options: Arc<CsvOptions>,
    /// The columns that the schema has of the files.
    columns: Vec<FileColumn>,
    /// How many values a good record has.
    width: usize,
}

/// A column of a table's schema.
#[derive(Clone, Debug)]
struct FileColumn {
    column: TableColumn,
    /// The place of its values in records; `None` for the column that bad records go to.
    at: Option<usize>,
}

impl CsvFiles {
    /// Files with these columns.
    ///
    /// # Errors
    ///
    /// A column has a type that CSV does not hold.
    pub fn new(options: CsvOptions, columns: &Columns) -> Result<Self> {
        let is_corrupt = |column: &&TableColumn| column.name == options.corrupt_name;
        columns.of_files.iter().try_for_each(check_type)?;
        let of_records: Vec<&TableColumn> = columns.data.iter().filter(|column| !is_corrupt(column)).collect();
        let columns = columns.of_files.iter().map(|column| FileColumn {
            at: of_records.iter().position(|other| *other == column),
            column: column.clone(),
        });
        Ok(Self { width: of_records.len(), columns: columns.collect(), options: Arc::new(options) })
    }

    fn schema(&self, columns: &[usize]) -> SchemaRef {
        let fields = columns.iter().filter_map(|at| self.columns.get(*at)).map(|column| schema::field(&column.column));
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }
}

impl TextFormat for CsvFiles {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn records(&self) -> Records {
        records(&self.options)
    }

    fn reader(&self, columns: &[usize], at_start: bool) -> Result<Box<dyn RowReader>> {
        let schema = self.schema(columns);
        let chosen: Vec<FileColumn> = columns.iter().filter_map(|at| self.columns.get(*at).cloned()).collect();
        let corrupt = chosen.iter().position(|column| column.at.is_none());
        let options = Arc::clone(&self.options);
        Ok(Box::new(CsvReader {
            rules: ValueRules {
                numbers: options.numbers.clone(),
                times: options.times.clone(),
                null_value: options.format.null_value.clone(),
            },
            times: options.times.parser(),
            line_end: options.line_end(),
            // Of records of which not all values are wanted, the number does not matter.
            width: (chosen.len() - usize::from(corrupt.is_some()) == self.width).then_some(self.width),
            awaits_header: options.header && at_start,
            values: empty(&chosen),
            rows: 0,
            options,
            chosen,
            corrupt,
            schema,
        }))
    }

    fn check_columns(&self, columns: &[usize]) -> Result<()> {
        let Some(corrupt) = self.columns.iter().position(|column| column.at.is_none()) else { return Ok(()) };
        let is_string = self.columns.get(corrupt).is_some_and(|column| column.column.data_type == SparkType::String);
        check_corrupt_column(is_string, columns == [corrupt])
    }

    fn in_zone(&self, zone: Zone) -> Option<Arc<dyn TextFormat>> {
        if self.options.has_zone || self.options.times.zone == zone {
            return None;
        }
        let mut options = CsvOptions::clone(&self.options);
        options.times.zone = zone;
        Some(Arc::new(Self { options: Arc::new(options), ..self.clone() }))
    }
}

/// How files come apart by the options.
pub(super) fn records(options: &CsvOptions) -> Records {
    match &options.line_separator {
        _ if options.multi_line => Records::Whole,
        Some(separator) => Records::Separated(separator.clone().into_bytes()),
        None => Records::Lines,
    }
}

/// An error if the column of bad records is no string, or if a query asks for nothing else.
pub(in crate::formats) fn check_corrupt_column(is_string: bool, is_alone: bool) -> Result<()> {
    if !is_string {
        return Err(SparkError::analysis("The field for corrupt records must be string type and nullable"));
    }
    if is_alone {
        return Err(SparkError::analysis(
            "Since Spark 2.3, the queries from raw JSON/CSV files are disallowed when the referenced columns only include the \
             internal corrupt record column (named _corrupt_record by default).",
        ));
    }
    Ok(())
}

fn empty(columns: &[FileColumn]) -> Vec<Column> {
    columns.iter().map(|column| Column::new(&column.column.data_type)).collect()
}

struct CsvReader {
    options: Arc<CsvOptions>,
    rules: ValueRules,
    times: times::Parser,
    line_end: LineEnd,
    schema: SchemaRef,
    chosen: Vec<FileColumn>,
    corrupt: Option<usize>,
    /// How many values a good record has, if that matters.
    width: Option<usize>,
    awaits_header: bool,
    values: Vec<Column>,
    rows: usize,
}

impl RowReader for CsvReader {
    fn read(&mut self, text: &str) -> Result<()> {
        let options = Arc::clone(&self.options);
        if !options.multi_line {
            return self.line(text, &options);
        }
        let mut records = Tokenizer::of_file(text, &options.format, self.line_end);
        while let Some(values) = records.next_record()? {
            if !std::mem::take(&mut self.awaits_header) {
                self.row(Some(&values), records.text_of_record())?;
            }
        }
        Ok(())
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn take_batch(&mut self) -> DataFusionResult<RecordBatch> {
        let columns = std::mem::replace(&mut self.values, empty(&self.chosen)).into_iter().zip(&self.chosen);
        let columns = columns.map(|(values, column)| values.finish(&column.column.data_type));
        let rows = RecordBatchOptions::new().with_row_count(Some(std::mem::take(&mut self.rows)));
        let columns = columns.collect::<DataFusionResult<_>>()?;
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &rows)?)
    }
}

impl CsvReader {
    fn line(&mut self, line: &str, options: &CsvOptions) -> Result<()> {
        if !holds_values(line, options) || std::mem::take(&mut self.awaits_header) {
            return Ok(());
        }
        if self.chosen.is_empty() {
            self.rows += 1;
            return Ok(());
        }
        let values = values_of(line, &options.format, self.line_end)?;
        self.row(values.as_ref(), line)
    }

    /// Adds a record with these values, whose text is `record`.
    fn row(&mut self, values: Option<&Values<'_>>, record: &str) -> Result<()> {
        let mut good = values.is_some_and(|values| self.width.is_none_or(|width| width == values.len()));
        for (column, into) in self.chosen.iter().zip(&mut self.values) {
            let Some(at) = column.at else { continue };
            let leaf = match values.and_then(|values| values.get(at)) {
                Some(value) => self.rules.leaf(value, &column.column.data_type, &mut self.times)?,
                None => Some(Leaf::Null),
            };
            good &= leaf.is_some();
            into.push(leaf.unwrap_or(Leaf::Null));
        }
        self.rows += 1;
        match (good, self.options.mode) {
            (false, Mode::FailFast) => return Err(SparkError::execution(MALFORMED)),
            (false, Mode::DropMalformed) => {
                self.rows -= 1;
                self.values.iter_mut().for_each(|column| column.truncate(self.rows));
                return Ok(());
            }
            _ => {}
        }
        if let Some(corrupt) = self.corrupt.and_then(|at| self.values.get_mut(at)) {
            corrupt.push(if good { Leaf::Null } else { Leaf::Text(record) });
        }
        Ok(())
    }
}

fn is_blank(line: &str) -> bool {
    line.chars().all(|character| character <= ' ')
}

/// Whether a line is neither blank nor a comment.
pub(super) fn holds_values(line: &str, options: &CsvOptions) -> bool {
    !is_blank(line) && !options.format.comment.is_some_and(|comment| line.starts_with(comment))
}

/// An error if the column's type is none that CSV files hold.
fn check_type(column: &TableColumn) -> Result<()> {
    match &column.data_type {
        data_type @ (SparkType::Array { .. } | SparkType::Map { .. } | SparkType::Struct(_)) => {
            Err(SparkError::analysis(format!("CSV data source does not support {data_type} data type.")))
        }
        other => row::check_type(other, "in CSV files columns of type"),
    }
}
