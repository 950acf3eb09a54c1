//! Checks of IPC metadata that `arrow-ipc` leaves to its caller: what it assumes, it answers with a panic.
//!
//! The flatbuffer verifier has already seen that every offset stays inside the message. What is checked here: types
//! are of the kinds that results have and carry sensible parameters; a batch has exactly the nodes and buffers that
//! its schema needs; buffers lie inside the body and are long enough for their bitmaps; nothing is compressed.

use arrow::datatypes::{DataType, Field, Fields};
use arrow_ipc as ipc;

use super::{MAX_BATCH_ROWS, MAX_TYPE_DEPTH};
use crate::{Error, Result};

/// The largest number of values in any array of a batch: bits in the largest body.
const MAX_VALUES: i64 = 8 * (16 << 20);

fn refuse<T>(problem: &'static str) -> Result<T> {
    Err(Error::Malformed(problem))
}

/// Checks a schema before it is converted.
pub(super) fn schema(schema: ipc::Schema<'_>) -> Result<()> {
    if schema.endianness() != ipc::Endianness::Little {
        return refuse("a result schema is not little endian");
    }
    let Some(fields) = schema.fields() else { return refuse("a result schema has no fields") };
    fields.iter().try_for_each(|field| schema_field(field, 0))
}

fn schema_field(field: ipc::Field<'_>, depth: usize) -> Result<()> {
    if depth > MAX_TYPE_DEPTH {
        return refuse("a result type is nested too deeply");
    }
    if let Some(dictionary) = field.dictionary() {
        let nested = field.children().is_some_and(|children| !children.is_empty());
        if nested || !dictionary.indexType().is_some_and(integer_width_is_known) {
            return refuse("a result dictionary has an unknown index or value type");
        }
    }
    let children = field.children().map_or(0, |children| children.len());
    let expected_children = match field.type_type() {
        ipc::Type::List | ipc::Type::LargeList | ipc::Type::Map => 1,
        ipc::Type::Struct_ => children,
        _ => 0,
    };
    if !type_is_known(field) || children != expected_children {
        return refuse("a result column has an unknown type");
    }
    if field.type_type() == ipc::Type::Map && !entries_are_pairs(field) {
        return refuse("a map column has no pairs as its entries");
    }
    field.children().into_iter().flatten().try_for_each(|child| schema_field(child, depth + 1))
}

/// The type's table is there, and holds parameters that the conversion knows.
fn type_is_known(field: ipc::Field<'_>) -> bool {
    match field.type_type() {
        ipc::Type::Null | ipc::Type::Bool | ipc::Type::Utf8 | ipc::Type::LargeUtf8 => true,
        ipc::Type::Binary | ipc::Type::LargeBinary => true,
        ipc::Type::List | ipc::Type::LargeList | ipc::Type::Struct_ => true,
        ipc::Type::Map => field.type_as_map().is_some(),
        ipc::Type::Int => field.type_as_int().is_some_and(integer_width_is_known),
        ipc::Type::FloatingPoint => field
            .type_as_floating_point()
            .is_some_and(|float| matches!(float.precision(), ipc::Precision::SINGLE | ipc::Precision::DOUBLE)),
        ipc::Type::Date => field.type_as_date().is_some_and(|date| date.unit() == ipc::DateUnit::DAY),
        ipc::Type::Timestamp => field.type_as_timestamp().is_some_and(|timestamp| unit_is_known(timestamp.unit())),
        ipc::Type::Duration => field.type_as_duration().is_some_and(|duration| unit_is_known(duration.unit())),
        ipc::Type::Interval => field.type_as_interval().is_some_and(|interval| {
            let unit = interval.unit();
            [ipc::IntervalUnit::YEAR_MONTH, ipc::IntervalUnit::DAY_TIME, ipc::IntervalUnit::MONTH_DAY_NANO]
                .contains(&unit)
        }),
        ipc::Type::Decimal => field.type_as_decimal().is_some_and(|decimal| {
            decimal.bitWidth() == 128
                && (1..=38).contains(&decimal.precision())
                && (-38..=decimal.precision()).contains(&decimal.scale())
        }),
        _ => false,
    }
}

fn integer_width_is_known(int: ipc::Int<'_>) -> bool {
    matches!(int.bitWidth(), 8 | 16 | 32 | 64)
}

fn unit_is_known(unit: ipc::TimeUnit) -> bool {
    use ipc::TimeUnit;
    [TimeUnit::SECOND, TimeUnit::MILLISECOND, TimeUnit::MICROSECOND, TimeUnit::NANOSECOND].contains(&unit)
}

/// A map's one child is a struct of two that cannot be null itself.
fn entries_are_pairs(map: ipc::Field<'_>) -> bool {
    let Some(entries) = map.children().and_then(|children| children.iter().next()) else { return false };
    entries.type_type() == ipc::Type::Struct_
        && !entries.nullable()
        && entries.dictionary().is_none()
        && entries.children().is_some_and(|pair| pair.len() == 2 && !pair.get(0).nullable())
}

/// Checks a batch against the fields that it must have, before it is read.
pub(super) fn batch(batch: ipc::RecordBatch<'_>, fields: &Fields, body_len: usize) -> Result<()> {
    if batch.compression().is_some() || batch.variadicBufferCounts().is_some_and(|counts| !counts.is_empty()) {
        return refuse("a result batch is compressed or has view buffers");
    }
    if !(0..=MAX_BATCH_ROWS as i64).contains(&batch.length()) {
        return refuse("a result batch has too many rows");
    }
    let (Some(nodes), Some(buffers)) = (batch.nodes(), batch.buffers()) else {
        return refuse("a result batch has no buffers");
    };
    let mut walk = Walk { nodes: nodes.iter(), buffers: buffers.iter(), body_len: body_len as i64 };
    fields.iter().try_for_each(|field| walk.field(field))?;
    if walk.nodes.next().is_some() || walk.buffers.next().is_some() {
        return refuse("a result batch has more buffers than its schema");
    }
    Ok(())
}

/// Goes through nodes and buffers in the order in which `arrow-ipc` takes them.
struct Walk<N, B> {
    nodes: N,
    buffers: B,
    body_len: i64,
}

impl<'a, N, B> Walk<N, B>
where
    N: Iterator<Item = &'a ipc::FieldNode>,
    B: Iterator<Item = &'a ipc::Buffer>,
{
    fn field(&mut self, field: &Field) -> Result<()> {
        let Some(node) = self.nodes.next() else { return refuse("a result batch has fewer columns than its schema") };
        let (values, nulls) = (node.length(), node.null_count());
        if !(0..=MAX_VALUES).contains(&values) || !(0..=values).contains(&nulls) {
            return refuse("a result column has an impossible length");
        }
        if *field.data_type() == DataType::Null {
            return Ok(());
        }
        let validity = self.buffer(1)?;
        if nulls > 0 && validity.saturating_mul(8) < values {
            return refuse("a result column has too short a validity bitmap");
        }
        match field.data_type() {
            DataType::Utf8 | DataType::Binary => {
                self.buffer(4)?;
                self.buffer(1)?;
            }
            DataType::LargeUtf8 | DataType::LargeBinary => {
                self.buffer(8)?;
                self.buffer(1)?;
            }
            DataType::List(child) | DataType::Map(child, _) => {
                self.buffer(4)?;
                self.field(child)?;
            }
            DataType::LargeList(child) => {
                self.buffer(8)?;
                self.field(child)?;
            }
            DataType::Struct(children) => children.iter().try_for_each(|child| self.field(child))?,
            DataType::Dictionary(key, _) => {
                self.buffer(key.primitive_width().unwrap_or(1))?;
            }
            other => {
                self.buffer(other.primitive_width().unwrap_or(1))?;
            }
        }
        Ok(())
    }

    /// The length of the next buffer, which lies inside the body and holds values of `width` bytes.
    fn buffer(&mut self, width: usize) -> Result<i64> {
        let Some(buffer) = self.buffers.next() else {
            return refuse("a result batch has fewer buffers than its schema");
        };
        let (offset, len) = (buffer.offset(), buffer.length());
        let end = offset.checked_add(len).filter(|&end| end <= self.body_len);
        if offset < 0 || len < 0 || end.is_none() || len % width as i64 != 0 {
            return refuse("a buffer of a result batch lies outside of it or cuts a value");
        }
        Ok(len)
    }
}
