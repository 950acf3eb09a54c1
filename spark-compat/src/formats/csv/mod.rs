//! CSV files, read as Spark reads them: line by line, each line split by the rules of its parser, each value parsed by the rules
//! of its column's type, and NULL where that fails (mode PERMISSIVE).
//!
//! DataFusion lists the files and finds the lines (in parallel, also within a file). What a line means is decided here, since
//! Arrow's reader differs in quotes, escapes, ragged lines and empty values.

pub(crate) mod infer;
pub(crate) mod line;
pub(crate) mod value;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use datafusion::common::config::CsvOptions;
use datafusion::common::{Column, TableReference};
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::logical_plan::{Filter, TableScanBuilder};
use datafusion::logical_expr::{Expr, LogicalPlan};
use object_store::{ObjectMeta, ObjectStoreExt};

use self::line::Separator;
use super::listing::{self, Files};
use super::{FileRelation, Storage, schema};
use crate::error::{Result, SparkError};
use crate::resolver::{Table, TableColumn};
use crate::types::SparkType;

/// The only column of the lines.
const LINE: &str = "line";

/// Bytes that no UTF-8 text has: as separator and quote they make the reader of lines split nothing.
const NEVER: (u8, u8) = (0xff, 0xfe);

/// A header longer than this is refused.
const MAX_HEADER_BYTES: u64 = 1 << 20;

/// Names by which files say that they are compressed.
const COMPRESSED: &[&str] = &[".gz", ".bz2", ".deflate", ".lz4", ".snappy", ".zst", ".xz"];

/// The options of Spark's CSV reader that are supported.
#[derive(Clone, Copy, Debug)]
struct Options {
    separator: Separator,
    header: bool,
    infer_schema: bool,
}

/// The table of a CSV file or a directory of such. Its columns are those that the statement declares, or those of the first
/// line of the first file, all strings unless their types are to be inferred.
pub(super) async fn open(storage: Storage<'_>, relation: FileRelation<'_>) -> Result<Table> {
    let options = Options::read(relation.options)?;
    let files = listing::find(storage, relation.path).await?;
    if let Some(file) = files.objects.iter().find(|f| COMPRESSED.iter().any(|end| f.location.as_ref().ends_with(end))) {
        return Err(SparkError::unsupported(format!("compressed CSV files such as {}", file.location)));
    }
    let first = first_line(&files, options.header).await?;
    let rows = lines(storage, &files, options.header)?;
    let columns: Vec<TableColumn> = match relation.columns {
        Some(declared) => declared
            .iter()
            .map(|f| TableColumn { name: f.name.clone(), data_type: f.data_type.clone(), nullable: true })
            .collect(),
        None => {
            let names = column_names(&first, options)?;
            let types = match options.infer_schema {
                true => infer::types(storage.state, &rows, options.separator, names.len()).await?,
                false => vec![SparkType::String; names.len()],
            };
            let columns = names.into_iter().zip(types);
            columns.map(|(name, data_type)| TableColumn { name, data_type, nullable: true }).collect()
        }
    };
    schema::refuse_duplicates(&columns)?;
    let fields = line::fields(line_column(), options.separator, columns.len());
    let definitions = columns.iter().enumerate().map(|(at, column)| value::parsed(&fields, at, &column.data_type));
    let definitions = definitions.collect::<Result<_>>()?;
    Ok(Table { rows, columns, definitions })
}

impl Options {
    fn read(options: &[(String, String)]) -> Result<Self> {
        let mut read = Self { separator: Separator::COMMA, header: false, infer_schema: false };
        for (name, value) in options {
            match name.to_lowercase().as_str() {
                "sep" | "delimiter" => read.separator = Separator::parse(value)?,
                "header" => read.header = boolean(name, value)?,
                "inferschema" => read.infer_schema = boolean(name, value)?,
                _ => return Err(SparkError::unsupported(format!("the option {name} of CSV files"))),
            }
        }
        Ok(read)
    }
}

fn boolean(name: &str, value: &str) -> Result<bool> {
    match value.to_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(SparkError::illegal_argument(format!("{name} flag can be true or false, but is {value}"))),
    }
}

fn line_column() -> Expr {
    Expr::Column(Column::new(Some(TableReference::bare("csv")), LINE))
}

/// The lines of the files that are not blank, without the header of each.
fn lines(storage: Storage<'_>, files: &Files, header: bool) -> Result<LogicalPlan> {
    let options = CsvOptions { delimiter: NEVER.0, quote: NEVER.1, ..CsvOptions::default() };
    let format = CsvFormat::default().with_options(options).with_has_header(header);
    let listing = ListingOptions::new(Arc::new(format)).with_file_extension("");
    let schema = Arc::new(Schema::new(vec![Field::new(LINE, DataType::Utf8View, true)]));
    let config =
        ListingTableConfig::new_with_multi_paths(files.urls.clone()).with_listing_options(listing).with_schema(schema);
    let cache = storage.state.runtime_env().cache_manager.get_file_statistic_cache();
    let table = ListingTable::try_new(config)?.with_cache(cache);
    let scan = TableScanBuilder::new("csv", provider_as_source(Arc::new(table))).build()?;
    let filter = Filter::try_new(line::is_not_blank(line_column()), Arc::new(LogicalPlan::TableScan(scan)))?;
    Ok(LogicalPlan::Filter(filter))
}

/// How a file begins.
struct Beginning {
    /// The first line that is not blank; empty if there is none.
    line: String,
    /// Whether lines of blanks stand before it. (Empty lines don't count.)
    after_blanks: bool,
}

/// The beginnings of the files that tell the columns: of all of them if they have headers, otherwise up to the first that
/// is not empty.
async fn first_line(files: &Files, header: bool) -> Result<String> {
    let mut first = String::new();
    for file in &files.objects {
        let beginning = beginning(files, file).await?;
        if header && beginning.after_blanks {
            // Spark looks behind the blanks for the header, DataFusion takes them for it.
            return Err(SparkError::unsupported(format!("{}: a line of blanks before the header", file.location)));
        }
        if first.is_empty() {
            first = beginning.line;
        }
        if !header && !first.is_empty() {
            break;
        }
    }
    Ok(first)
}

async fn beginning(files: &Files, file: &ObjectMeta) -> Result<Beginning> {
    let mut wanted = 4096;
    loop {
        let end = file.size.min(wanted);
        let bytes = match end {
            0 => Bytes::new(),
            _ => files
                .store
                .get_range(&file.location, 0..end)
                .await
                .map_err(|error| SparkError::storage(format!("cannot read {}: {error}", file.location)))?,
        };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        if let Some(beginning) = beginning_of(bytes, end == file.size) {
            let line = String::from_utf8(beginning.0.to_vec())
                .map_err(|_| SparkError::storage(format!("{} is not UTF-8", file.location)))?;
            return Ok(Beginning { line, after_blanks: beginning.1 });
        }
        if end >= MAX_HEADER_BYTES {
            return Err(SparkError::unsupported("CSV files whose first line is longer than 1 MiB"));
        }
        wanted = end * 16;
    }
}

/// The first line that is not blank, and whether lines of blanks stand before it; `None` if the bytes, which are not the
/// `whole` file, end before that is known.
fn beginning_of(bytes: &[u8], whole: bool) -> Option<(&[u8], bool)> {
    let mut after_blanks = false;
    let mut lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).peekable();
    while let Some(line) = lines.next() {
        if lines.peek().is_none() && !whole {
            return None;
        }
        if line.iter().any(|byte| *byte > b' ') {
            return Some((line, after_blanks));
        }
        after_blanks |= !line.is_empty();
    }
    Some((&[], after_blanks))
}

/// The names of the columns by the first line: its values if it is a header, `_c0`, `_c1`, .. otherwise
/// (Spark's `CSVUtils.makeSafeHeader`).
fn column_names(first: &str, options: Options) -> Result<Vec<String>> {
    if line::is_blank(first) {
        return Ok(Vec::new());
    }
    let values: Vec<Option<String>> = line::split(first, options.separator)?.into_iter().collect();
    let lower = |name: &Option<String>| name.as_ref().map(|name| name.to_lowercase());
    let names = values.iter().enumerate().map(|(at, value)| match value {
        Some(name) if options.header => {
            let repeated = values.iter().filter(|other| lower(other) == lower(value)).count() > 1;
            if repeated { format!("{name}{at}") } else { name.clone() }
        }
        _ => format!("_c{at}"),
    });
    Ok(names.collect())
}
