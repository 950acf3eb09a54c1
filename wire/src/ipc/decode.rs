//! From the contents of records back to schemas and record batches. Hostile contents are errors, never panics.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::buffer::Buffer;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow_ipc as ipc;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::{RecordBatchDecoder, read_dictionary};

use super::audit;
use crate::frame::FrameType;
use crate::{Error, Result};

/// What one record holds.
pub(crate) enum Message {
    Schema(SchemaRef),
    Dictionary,
    Batch(RecordBatch),
}

/// Decodes the results of one stream, statement after statement.
#[derive(Default)]
pub(crate) struct Decoder {
    schema: Option<SchemaRef>,
    dictionaries: HashMap<i64, ArrayRef>,
}

impl Decoder {
    /// Decodes the content of a record of type `kind`.
    pub(crate) fn decode(&mut self, kind: FrameType, content: Vec<u8>) -> Result<Message> {
        let content = Buffer::from_vec(content);
        let (body_len, message) = split(&content)?;
        let message = ipc::root_as_message(message)
            .map_err(|_| Error::Malformed("a result record holds no valid Arrow message"))?;
        if message.version() != ipc::MetadataVersion::V5 || message.bodyLength() != body_len as i64 {
            return Err(Error::Malformed("a result record has another Arrow version or body length than it says"));
        }
        let body = content.slice_with_length(0, body_len);
        match kind {
            FrameType::ResultSchema => self.schema(message),
            FrameType::ResultDictionary => self.dictionary(message, &body),
            FrameType::ResultBatch => self.batch(message, &body),
            other => Err(Error::Unexpected(other)),
        }
    }

    fn schema(&mut self, message: ipc::Message<'_>) -> Result<Message> {
        let schema = message.header_as_schema().ok_or(OTHER_HEADER)?;
        audit::schema(schema)?;
        let schema = Arc::new(fb_to_schema(schema));
        self.dictionaries.clear();
        self.schema = Some(schema.clone());
        Ok(Message::Schema(schema))
    }

    fn dictionary(&mut self, message: ipc::Message<'_>, body: &Buffer) -> Result<Message> {
        let dictionary = message.header_as_dictionary_batch().ok_or(OTHER_HEADER)?;
        let schema = self.schema.as_ref().ok_or(NO_SCHEMA)?;
        let values = dictionary.data().filter(|_| !dictionary.isDelta());
        let values = values.ok_or(Error::Malformed("a dictionary has no values of its own"))?;
        audit::batch(values, &value_field(schema, dictionary.id())?, body.len())?;
        read_dictionary(body, dictionary, schema, &mut self.dictionaries, &message.version())?;
        Ok(Message::Dictionary)
    }

    fn batch(&mut self, message: ipc::Message<'_>, body: &Buffer) -> Result<Message> {
        let batch = message.header_as_record_batch().ok_or(OTHER_HEADER)?;
        let schema = self.schema.as_ref().ok_or(NO_SCHEMA)?;
        audit::batch(batch, schema.fields(), body.len())?;
        let version = message.version();
        let decoder = RecordBatchDecoder::try_new(body, batch, schema.clone(), &self.dictionaries, &version)?;
        Ok(Message::Batch(decoder.with_require_alignment(false).read_record_batch()?))
    }
}

const OTHER_HEADER: Error = Error::Malformed("a result record holds another Arrow message than it says");
const NO_SCHEMA: Error = Error::Malformed("a result record comes before its schema");

/// Body length and metadata of a content: `body || message || message_len u32`.
fn split(content: &[u8]) -> Result<(usize, &[u8])> {
    let parts = || {
        let (rest, message_len) = content.split_last_chunk::<4>()?;
        let body_len = rest.len().checked_sub(u32::from_be_bytes(*message_len) as usize)?;
        Some((body_len, rest.get(body_len..)?))
    };
    parts().ok_or(Error::Malformed("a result record is too short for its Arrow message"))
}

/// The one field that a batch of a dictionary's values has.
#[expect(deprecated, reason = "arrow-ipc finds a dictionary's type in the same way, and offers no other")]
fn value_field(schema: &Schema, id: i64) -> Result<Fields> {
    match schema.fields_with_dict_id(id).first().map(|field| field.data_type()) {
        Some(DataType::Dictionary(_, value)) => Ok(Fields::from(vec![Field::new("", (**value).clone(), true)])),
        _ => Err(Error::Malformed("a dictionary belongs to no column")),
    }
}
