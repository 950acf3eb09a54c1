//! From schemas and record batches to the contents of records.

use std::collections::VecDeque;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use arrow_ipc::writer::{DictionaryTracker, EncodedData, IpcDataGenerator, IpcWriteContext, IpcWriteOptions};

use super::{MAX_BATCH_ROWS, MAX_TYPE_DEPTH};
use crate::frame::FrameType;
use crate::record::MAX_CONTENT;
use crate::{Error, Result};

/// One record's content, not yet sealed.
pub(crate) struct Encoded {
    pub(crate) kind: FrameType,
    pub(crate) content: Vec<u8>,
}

/// Encodes the results of one stream, statement after statement.
pub(crate) struct Encoder {
    generator: IpcDataGenerator,
    options: IpcWriteOptions,
    dictionaries: DictionaryTracker,
    context: IpcWriteContext,
}

/// What a slice of a large batch is made to hold: far from the limit, since columns differ from row to row.
const TARGET_CONTENT: usize = MAX_CONTENT / 4;

impl Encoder {
    pub(crate) fn new() -> Self {
        let mut context = IpcWriteContext::default();
        // A buffer of the last batch's size is ready for the next one.
        context.set_reserve_scratch(true);
        Self {
            generator: IpcDataGenerator::default(),
            options: IpcWriteOptions::default(),
            dictionaries: DictionaryTracker::new(false),
            context,
        }
    }

    /// Begins a statement's result; its dictionaries start afresh.
    pub(crate) fn schema(&mut self, schema: &Schema) -> Result<Encoded> {
        for field in schema.fields() {
            check_type(field.name(), field.data_type(), 0)?;
        }
        self.dictionaries = DictionaryTracker::new(false);
        let data =
            self.generator.schema_to_bytes_with_dictionary_tracker(schema, &mut self.dictionaries, &self.options);
        encoded(FrameType::ResultSchema, data)
    }

    /// The slices of a batch, each of which most likely fits into a record.
    pub(crate) fn slices(batch: &RecordBatch) -> Result<VecDeque<RecordBatch>> {
        let rows = batch.num_rows();
        let mut bytes = 0_usize;
        for column in batch.columns() {
            bytes = bytes.saturating_add(encoded_size(column.as_ref())?);
        }
        let of_bytes = if bytes <= MAX_CONTENT / 2 { 1 } else { bytes.div_ceil(TARGET_CONTENT) };
        let count = of_bytes.max(rows.div_ceil(MAX_BATCH_ROWS)).clamp(1, rows.max(1));
        let step = rows.div_ceil(count).max(1);
        let starts = (0..rows.max(1)).step_by(step);
        Ok(starts.map(|start| batch.slice(start, step.min(rows - start))).collect())
    }

    /// The records of the first slice: its new dictionaries and itself. A slice that turns out too large is cut in
    /// two, and its halves are put back in front.
    pub(crate) fn next_slice(&mut self, slices: &mut VecDeque<RecordBatch>) -> Result<Vec<Encoded>> {
        let Some(batch) = slices.pop_front() else { return Ok(Vec::new()) };
        let (dictionaries, data) =
            self.generator.encode(&batch, &mut self.dictionaries, &self.options, &mut self.context)?;
        let mut records = Vec::with_capacity(dictionaries.len() + 1);
        for dictionary in dictionaries {
            records.push(encoded(FrameType::ResultDictionary, dictionary)?);
        }
        let (rows, half) = (batch.num_rows(), batch.num_rows() / 2);
        if content_len(&data) > MAX_CONTENT && half > 0 {
            slices.push_front(batch.slice(half, rows - half));
            slices.push_front(batch.slice(0, half));
        } else {
            records.push(encoded(FrameType::ResultBatch, data)?);
        }
        Ok(records)
    }
}

fn content_len(data: &EncodedData) -> usize {
    data.arrow_data.len() + data.ipc_message.len() + 4
}

fn encoded(kind: FrameType, data: EncodedData) -> Result<Encoded> {
    let len = content_len(&data);
    if len > MAX_CONTENT {
        return Err(Error::RowTooLarge(len));
    }
    let EncodedData { ipc_message, arrow_data: mut content } = data;
    content.extend_from_slice(&ipc_message);
    content.extend_from_slice(&(ipc_message.len() as u32).to_be_bytes());
    Ok(Encoded { kind, content })
}

/// Bytes of a column's own rows; a dictionary travels apart.
fn encoded_size(column: &dyn Array) -> Result<usize> {
    match column.data_type() {
        DataType::Dictionary(key, _) => Ok(column.len() * key.primitive_width().unwrap_or(8)),
        _ => Ok(column.to_data().get_slice_memory_size()?),
    }
}

/// The types that results may have. Views and the like are converted by whoever makes the result.
fn check_type(name: &str, data_type: &DataType, depth: usize) -> Result<()> {
    use DataType::*;
    let unsupported = |problem: &str| {
        let message = format!("column '{name}' of type {data_type} cannot be sent: {problem}");
        Err(Error::Arrow(ArrowError::NotYetImplemented(message)))
    };
    if depth > MAX_TYPE_DEPTH {
        return unsupported("it is nested too deeply");
    }
    match data_type {
        Null | Boolean | Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64 | Float32 | Float64 => Ok(()),
        Utf8 | LargeUtf8 | Binary | LargeBinary | Date32 | Timestamp(..) | Duration(_) | Interval(_) => Ok(()),
        Decimal128(..) => Ok(()),
        Dictionary(_, value) if !value.is_nested() && !matches!(**value, Dictionary(..)) => {
            check_type(name, value, depth + 1)
        }
        List(field) | LargeList(field) | Map(field, _) => check_type(name, field.data_type(), depth + 1),
        Struct(fields) => fields.iter().try_for_each(|field| check_type(name, field.data_type(), depth + 1)),
        _ => unsupported("it is not a type of Spark's results"),
    }
}
