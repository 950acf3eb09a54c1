//! CSV files, read as Spark reads them: split into records and values by the rules of its parser, each value parsed by the rules of
//! its column's type, and what does not fit dealt with by the mode.

pub(crate) mod infer;
pub(crate) mod options;
mod reader;
pub(crate) mod row;
pub(crate) mod tokenizer;
pub(crate) mod value;

use std::cmp::Reverse;
use std::sync::Arc;

use object_store::ObjectMeta;

use self::options::CsvOptions;
pub(in crate::formats) use self::reader::check_corrupt_column;
use self::reader::{CsvFiles, holds_values};
use self::tokenizer::{Tokenizer, Values, values_of};
use super::columns::Columns;
use super::listing::{self, Found};
use super::text::{TextContents, Wanted, refuse_compressed, see_records};
use super::{FileRelation, Storage, schema};
use crate::error::Result;
use crate::resolver::{Table, TableColumn};
use crate::types::SparkType;

/// Spark reads files of more bytes in parts.
const MAX_PART_BYTES: u64 = 128 << 20;

/// The table of a CSV file or a folder of such. Its columns are those that the statement declares, or those of the first
/// record, all strings unless their types are to be inferred.
pub(super) async fn open(storage: Storage<'_>, relation: FileRelation<'_>) -> Result<Table> {
    let options = CsvOptions::of_files(relation.options, storage.partitions.zone)?;
    let found = listing::find(storage, relation).await?;
    refuse_compressed(&found.all)?;
    let columns = match relation.columns {
        Some(declared) => Columns::declared(declared, &found.partitions)?,
        None if found.all.is_empty() => return Err(schema::unknown("CSV")),
        None => Columns::of_files(inferred(&found, &options).await?, &found.partitions)?,
    };
    let files = CsvFiles::new(options, &columns)?;
    Ok(columns.table(found, "csv", Arc::new(TextContents(Arc::new(files)))))
}

/// The columns by the files: named by the first record if it is a header.
async fn inferred(found: &Found, options: &CsvOptions) -> Result<Vec<TableColumn>> {
    // Of files of lines the largest is the first that Spark reads, or its first part is; of others any may be.
    let mut files: Vec<&ObjectMeta> = found.all.iter().filter(|file| file.size > 0).collect();
    if !options.multi_line {
        files.sort_by_key(|file| Reverse(file.size.min(MAX_PART_BYTES)));
    }
    let Some(first) = first_record(found, &files, options).await? else { return Ok(Vec::new()) };
    let names = column_names(&first.values, options);
    let types = match options.infer_schema {
        true => infer::types(found, &files, options, &first.line, names.len()).await?,
        false => vec![SparkType::String; names.len()],
    };
    let columns = names.into_iter().zip(types);
    Ok(columns.map(|(name, data_type)| TableColumn { name, data_type, nullable: true }).collect())
}

/// The first record of the files.
struct FirstRecord {
    /// The line that it stands in, unless records may have several.
    line: String,
    values: Vec<String>,
}

async fn first_record(found: &Found, files: &[&ObjectMeta], options: &CsvOptions) -> Result<Option<FirstRecord>> {
    let mut first = None;
    for file in files {
        let mut see = |text: &str| {
            let (values, line) = match options.multi_line {
                true => (Tokenizer::of_file(text, &options.format, options.line_end()).next_record()?, ""),
                false if !holds_values(text, options) => return Ok(Wanted::More),
                false => (values_of(text, &options.format, options.line_end())?, text),
            };
            let values = values.map(|values: Values<'_>| values.into_iter().map(String::from).collect());
            first = values.map(|values| FirstRecord { line: line.to_string(), values });
            Ok(if first.is_some() { Wanted::Nothing } else { Wanted::More })
        };
        see_records(&found.files, file, &reader::records(options), &mut see).await?;
        if first.is_some() {
            break;
        }
    }
    Ok(first)
}

/// The names of the columns by the first record: its values if it is a header, `_c0`, `_c1`, .. otherwise
/// (Spark's `CSVUtils.makeSafeHeader`).
fn column_names(first: &[String], options: &CsvOptions) -> Vec<String> {
    let is_name = |value: &&String| !value.is_empty() && **value != options.format.null_value;
    let repeated = |name: &str| {
        let lower = name.to_lowercase();
        first.iter().filter(is_name).filter(|other| other.to_lowercase() == lower).count() > 1
    };
    let names = first.iter().enumerate().map(|(at, value)| match Some(value).filter(is_name) {
        Some(name) if options.header && repeated(name) => format!("{name}{at}"),
        Some(name) if options.header => name.clone(),
        _ => format!("_c{at}"),
    });
    names.collect()
}
