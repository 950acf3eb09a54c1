//! Values as JSON texts (Spark's `JacksonGenerator`).
//!
//! Leaves are turned into texts column by column, by the casts to strings where those agree with Jackson.

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use datafusion::common::Result as DataFusionResult;

use super::write::Generator;
use crate::cast;
use crate::datetime::zone::Zone;
use crate::datetime::{MICROS_PER_SECOND, format};
use crate::error::{Result, SparkError};
use crate::types::SparkType;

/// What texts are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Options {
    pub zone: Zone,
    /// Whether fields of structs that are NULL are left away.
    pub ignore_null_fields: bool,
}

/// An error if values of the type are not written.
pub(crate) fn check(data_type: &SparkType) -> Result<()> {
    match data_type {
        SparkType::Array { element, .. } => check(element),
        SparkType::Struct(fields) => fields.iter().try_for_each(|field| check(&field.data_type)),
        SparkType::Map { key, value, .. } => match key.as_ref() {
            SparkType::Array { .. } | SparkType::Map { .. } | SparkType::Struct(_) | SparkType::Binary => {
                Err(SparkError::unsupported(format!("to_json of maps with keys of type {key}")))
            }
            _ => check(value),
        },
        _ => Ok(()),
    }
}

/// Writes the value of a row.
pub(crate) type Writer<'a> = Box<dyn Fn(usize, &mut Generator) + 'a>;

/// How the values of an array are written; NULL is `null`.
pub(crate) fn writer<'a>(
    array: &'a ArrayRef,
    data_type: &'a SparkType,
    options: Options,
) -> DataFusionResult<Writer<'a>> {
    use SparkType as T;
    let of_values: Writer<'a> = match data_type {
        T::Void => return Ok(Box::new(|_, out| out.raw("null"))),
        T::Boolean | T::Byte | T::Short | T::Int | T::Long | T::Decimal { .. } => {
            let texts = texts(array, data_type, options)?;
            Box::new(move |row, out| out.raw(texts.value(row)))
        }
        T::Float | T::Double => {
            let texts = texts(array, data_type, options)?;
            Box::new(move |row, out| out.double(texts.value(row)))
        }
        T::Timestamp => {
            let micros = array.as_primitive::<TimestampMicrosecondType>();
            Box::new(move |row, out| out.string(&timestamp(micros.value(row), &options.zone)))
        }
        T::Binary => {
            let values = array.as_binary_view();
            Box::new(move |row, out| out.string(&base64(values.value(row))))
        }
        T::String | T::Date | T::YearMonthInterval { .. } | T::DayTimeInterval { .. } | T::CalendarInterval => {
            let texts = texts(array, data_type, options)?;
            Box::new(move |row, out| out.string(texts.value(row)))
        }
        T::Array { element, .. } => {
            let lists = array.as_list::<i32>();
            let (member, offsets) = (writer(lists.values(), element, options)?, lists.value_offsets());
            Box::new(move |row, out| {
                out.open('[');
                range(offsets, row).for_each(|at| member(at, out));
                out.close(']');
            })
        }
        T::Map { key, value, .. } => {
            let map = array.as_map();
            let (keys, member) = (keys(map.keys(), key, options)?, writer(map.values(), value, options)?);
            let offsets = map.value_offsets();
            Box::new(move |row, out| {
                out.open('{');
                for at in range(offsets, row) {
                    out.name(keys.value(at));
                    member(at, out);
                }
                out.close('}');
            })
        }
        T::Struct(fields) => {
            let columns = array.as_struct().columns();
            let members = columns.iter().zip(fields).map(|(column, field)| {
                Ok((field.name.as_str(), column.logical_nulls(), writer(column, &field.data_type, options)?))
            });
            let members: Vec<_> = members.collect::<DataFusionResult<_>>()?;
            Box::new(move |row, out| {
                out.open('{');
                for (name, nulls, member) in &members {
                    let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
                    if !(is_null && options.ignore_null_fields) {
                        out.name(name);
                        member(row, out);
                    }
                }
                out.close('}');
            })
        }
    };
    Ok(match array.logical_nulls() {
        Some(nulls) => Box::new(move |row, out| if nulls.is_null(row) { out.raw("null") } else { of_values(row, out) }),
        None => of_values,
    })
}

fn range(offsets: &[i32], row: usize) -> std::ops::Range<usize> {
    match offsets.get(row..row + 2) {
        Some([from, to]) => *from as usize..*to as usize,
        _ => 0..0,
    }
}

fn texts(array: &ArrayRef, data_type: &SparkType, options: Options) -> DataFusionResult<StringViewArray> {
    Ok(cast::array(array, data_type, &SparkType::String, options.zone)?.as_string_view().clone())
}

/// The keys of maps as Java prints what Spark holds: a date is its day, a timestamp its microsecond.
fn keys(array: &ArrayRef, data_type: &SparkType, options: Options) -> DataFusionResult<StringViewArray> {
    let numbers = |numbers: Vec<Option<i64>>| numbers.into_iter().map(|n| n.map(|n| n.to_string())).collect();
    Ok(match data_type {
        SparkType::Date => numbers(array.as_primitive::<Date32Type>().iter().map(|day| day.map(i64::from)).collect()),
        SparkType::Timestamp => numbers(array.as_primitive::<TimestampMicrosecondType>().iter().collect()),
        SparkType::YearMonthInterval { .. } => numbers(
            array.as_primitive::<arrow::datatypes::IntervalYearMonthType>().iter().map(|m| m.map(i64::from)).collect(),
        ),
        SparkType::DayTimeInterval { .. } => {
            numbers(array.as_primitive::<arrow::datatypes::DurationMicrosecondType>().iter().collect())
        }
        _ => texts(array, data_type, options)?,
    })
}

/// The pattern `yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]`: milliseconds, and the offset without its seconds.
fn timestamp(micros: i64, zone: &Zone) -> String {
    let whole = micros.div_euclid(MICROS_PER_SECOND) * MICROS_PER_SECOND;
    let millis = micros.rem_euclid(MICROS_PER_SECOND) / 1000;
    let clock = format::timestamp(whole, zone).replace(' ', "T");
    let offset = zone.offset_at(micros);
    let minutes = offset.abs() / 60;
    let sign = if offset < 0 { '-' } else { '+' };
    match offset {
        0 => format!("{clock}.{millis:03}Z"),
        _ => format!("{clock}.{millis:03}{sign}{:02}:{:02}", minutes / 60, minutes % 60),
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let sextet = bits >> (18 - 6 * at) & 63;
            text.push(if at <= group.len() { char::from(ALPHABET[sextet as usize]) } else { '=' });
        }
    }
    text
}
