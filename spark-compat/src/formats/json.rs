//! JSON files, a text a line or one in a file, read as Spark reads them (`JacksonParser` and `FailureSafeParser`).

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::Result as DataFusionResult;

use super::columns::Columns;
use super::csv::check_corrupt_column;
use super::listing::{self, Found};
use super::text::{Records, RowReader, TextContents, TextFormat, Wanted, refuse_compressed, see_records};
use super::{FileRelation, Storage, schema};
use crate::datetime::zone::Zone;
use crate::error::Result;
use crate::json::columns::Column;
use crate::json::infer::Inference;
use crate::json::options::JsonOptions;
use crate::json::read::Reader;
use crate::json::times;
use crate::resolver::{Table, TableColumn};
use crate::types::{SparkType, StructField};

/// The table of a JSON file or a folder of such. Its columns are those that the statement declares, or all fields of all
/// objects.
pub(super) async fn open(storage: Storage<'_>, relation: FileRelation<'_>) -> Result<Table> {
    let options = JsonOptions::of_files(relation.options, storage.partitions.zone)?;
    let found = listing::find(storage, relation).await?;
    refuse_compressed(&found.all)?;
    let columns = match relation.columns {
        Some(declared) => Columns::declared(declared, &found.partitions)?,
        None if found.all.is_empty() => return Err(schema::unknown("JSON")),
        None => Columns::of_files(inferred(&found, &options).await?, &found.partitions)?,
    };
    let files = JsonFiles::new(options, &columns)?;
    Ok(columns.table(found, "json", Arc::new(TextContents(Arc::new(files)))))
}

async fn inferred(found: &Found, options: &JsonOptions) -> Result<Vec<TableColumn>> {
    let inference = Inference::new(options)?;
    let mut table = inference.table();
    for file in found.all.iter().filter(|file| file.size > 0) {
        let mut see = |text: &str| {
            table.see(text, options.mode, &options.corrupt_name)?;
            Ok(Wanted::More)
        };
        see_records(&found.files, file, &records(options), &mut see).await?;
    }
    let columns = table.columns(options.mode, &options.corrupt_name)?.into_iter();
    Ok(columns.map(|StructField { name, data_type, .. }| TableColumn { name, data_type, nullable: true }).collect())
}

fn records(options: &JsonOptions) -> Records {
    match &options.line_separator {
        _ if options.multi_line => Records::Whole,
        Some(separator) => Records::Separated(separator.clone().into_bytes()),
        None => Records::Lines,
    }
}

/// JSON files with their columns.
#[derive(Clone, Debug)]
struct JsonFiles {
    options: Arc<JsonOptions>,
    columns: Vec<TableColumn>,
}

impl JsonFiles {
    fn new(options: JsonOptions, columns: &Columns) -> Result<Self> {
        let columns = columns.of_files.clone();
        for column in &columns {
            Reader::check(&column.data_type, "in JSON files columns of type")?;
        }
        Ok(Self { options: Arc::new(options), columns })
    }
}

impl TextFormat for JsonFiles {
    fn name(&self) -> &'static str {
        "json"
    }

    fn records(&self) -> Records {
        records(&self.options)
    }

    fn reader(&self, columns: &[usize], _at_start: bool) -> Result<Box<dyn RowReader>> {
        let chosen: Vec<TableColumn> = columns.iter().filter_map(|at| self.columns.get(*at).cloned()).collect();
        let fields = chosen.iter().map(|column| StructField {
            name: column.name.clone(),
            data_type: column.data_type.clone(),
            nullable: true,
        });
        let reader = Reader {
            data_type: SparkType::Struct(fields.collect()),
            leniency: self.options.leniency,
            times: self.options.times.clone(),
            corrupt_field: chosen.iter().position(|column| column.name == self.options.corrupt_name),
            mode: self.options.mode,
        };
        Ok(Box::new(JsonReader {
            times: reader.times.parser(),
            rows: Column::new(&reader.data_type),
            schema: Arc::new(Schema::new(chosen.iter().map(schema::field).collect::<Vec<_>>())),
            reader,
        }))
    }

    fn check_columns(&self, columns: &[usize]) -> Result<()> {
        let is_corrupt = |column: &TableColumn| column.name == self.options.corrupt_name;
        let Some(corrupt) = self.columns.iter().position(is_corrupt) else { return Ok(()) };
        let is_string = self.columns.get(corrupt).is_some_and(|column| column.data_type == SparkType::String);
        check_corrupt_column(is_string, columns == [corrupt])
    }

    fn in_zone(&self, zone: Zone) -> Option<Arc<dyn TextFormat>> {
        if self.options.has_zone || self.options.times.zone == zone {
            return None;
        }
        let mut options = JsonOptions::clone(&self.options);
        options.times.zone = zone;
        Some(Arc::new(Self { options: Arc::new(options), ..self.clone() }))
    }
}

struct JsonReader {
    reader: Reader,
    times: times::Parser,
    /// The rows as structs of the columns.
    rows: Column,
    schema: SchemaRef,
}

impl RowReader for JsonReader {
    fn read(&mut self, text: &str) -> Result<()> {
        self.reader.read_rows(text, &mut self.times, &mut self.rows)
    }

    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn take_batch(&mut self) -> DataFusionResult<RecordBatch> {
        let empty = Column::new(&self.reader.data_type);
        let rows = std::mem::replace(&mut self.rows, empty).finish(&self.reader.data_type)?;
        let count = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let columns = rows.as_struct().columns().to_vec();
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &count)?)
    }
}
