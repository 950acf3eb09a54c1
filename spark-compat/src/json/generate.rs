//! Values as JSON texts (Spark's `JacksonGenerator`).
//!
//! Leaves are turned into texts column by column, by the casts to strings where those agree with Jackson.

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use arrow::datatypes::{Date32Type, DurationMicrosecondType, IntervalYearMonthType, TimestampMicrosecondType};
use datafusion::common::Result as DataFusionResult;

use super::times::Formatter;
use super::write::Generator;
use crate::cast;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::types::SparkType;

/// What texts are made with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options<'o> {
    pub zone: Zone,
    pub times: &'o Formatter,
    /// Whether fields of structs that are NULL are left away.
    pub ignore_null_fields: bool,
}

/// An error if values of the type are not written. Keys with parts are written as Java prints what Spark holds, which depends
/// on where they come from: known are those of a `constant`.
pub(crate) fn check(data_type: &SparkType, constant: bool) -> Result<()> {
    match data_type {
        SparkType::Array { element, .. } => check(element, constant),
        SparkType::Struct(fields) => fields.iter().try_for_each(|field| check(&field.data_type, constant)),
        SparkType::Map { key, value, .. } if has_java_text(key, constant) => check(value, constant),
        SparkType::Map { key, .. } => {
            Err(SparkError::unsupported(format!("to_json of maps with keys of type {key} that are not constant")))
        }
        _ => Ok(()),
    }
}

/// Whether it is known how Java prints what Spark holds of the type: of what has parts, only for a `constant`.
pub(crate) fn has_java_text(data_type: &SparkType, constant: bool) -> bool {
    match data_type {
        // Java prints an address.
        SparkType::Binary | SparkType::Map { .. } => false,
        SparkType::Array { element, .. } => constant && has_java_text(element, constant),
        SparkType::Struct(fields) => constant && fields.iter().all(|field| has_java_text(&field.data_type, constant)),
        _ => true,
    }
}

/// Writes the value of a row.
pub(crate) type Writer<'a> = Box<dyn Fn(usize, &mut Generator) + 'a>;

/// How the values of an array are written; NULL is `null`.
pub(crate) fn writer<'a>(
    array: &'a ArrayRef,
    data_type: &'a SparkType,
    options: Options<'_>,
) -> DataFusionResult<Writer<'a>> {
    use SparkType as T;
    let of_values: Writer<'a> = match data_type {
        T::Void => return Ok(Box::new(|_, out| out.raw("null"))),
        T::Boolean | T::Byte | T::Short | T::Int | T::Long | T::Decimal { .. } => {
            let texts = texts(array, data_type, options.zone)?;
            Box::new(move |row, out| out.raw(texts.value(row)))
        }
        T::Float | T::Double => {
            let texts = texts(array, data_type, options.zone)?;
            Box::new(move |row, out| out.double(texts.value(row)))
        }
        T::Timestamp | T::Date => {
            let texts = times(array, options.times)?;
            Box::new(move |row, out| out.string(texts.value(row)))
        }
        T::Binary => {
            let values = array.as_binary_view();
            Box::new(move |row, out| out.string(&base64(values.value(row))))
        }
        T::String | T::YearMonthInterval { .. } | T::DayTimeInterval { .. } | T::CalendarInterval => {
            let texts = texts(array, data_type, options.zone)?;
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
            let (keys, member) = (java_texts(map.keys(), key, options.zone)?, writer(map.values(), value, options)?);
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
            let ignore_null_fields = options.ignore_null_fields;
            Box::new(move |row, out| {
                out.open('{');
                for (name, nulls, member) in &members {
                    let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
                    if !(is_null && ignore_null_fields) {
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

fn texts(array: &ArrayRef, data_type: &SparkType, zone: Zone) -> DataFusionResult<StringViewArray> {
    Ok(cast::array(array, data_type, &SparkType::String, zone)?.as_string_view().clone())
}

/// Dates or timestamps as their formats write them.
pub(crate) fn times(array: &ArrayRef, formatter: &Formatter) -> DataFusionResult<StringViewArray> {
    let mut out = StringViewBuilder::with_capacity(array.len());
    let mut text = String::new();
    let dates = array.as_primitive_opt::<Date32Type>();
    let timestamps = array.as_primitive_opt::<TimestampMicrosecondType>();
    for row in 0..array.len() {
        text.clear();
        match (dates, timestamps) {
            _ if array.is_null(row) => {
                out.append_null();
                continue;
            }
            (Some(days), _) => formatter.write_date(&mut text, days.value(row))?,
            (_, Some(micros)) => formatter.write_timestamp(&mut text, micros.value(row))?,
            _ => return datafusion::common::internal_err!("{} is no time", array.data_type()),
        }
        out.append_value(&text);
    }
    Ok(out.finish())
}

/// Values as Java prints what Spark holds, for example the keys of maps: a date is its day, a timestamp its microsecond, and lists and structs
/// are their parts in brackets.
pub(crate) fn java_texts(array: &ArrayRef, data_type: &SparkType, zone: Zone) -> DataFusionResult<StringViewArray> {
    let numbers = |numbers: Vec<Option<i64>>| numbers.into_iter().map(|n| n.map(|n| n.to_string())).collect();
    Ok(match data_type {
        SparkType::Date => numbers(array.as_primitive::<Date32Type>().iter().map(|day| day.map(i64::from)).collect()),
        SparkType::Timestamp => numbers(array.as_primitive::<TimestampMicrosecondType>().iter().collect()),
        SparkType::YearMonthInterval { .. } => {
            numbers(array.as_primitive::<IntervalYearMonthType>().iter().map(|m| m.map(i64::from)).collect())
        }
        SparkType::DayTimeInterval { .. } => numbers(array.as_primitive::<DurationMicrosecondType>().iter().collect()),
        SparkType::Array { element, .. } => {
            let lists = array.as_list::<i32>();
            let elements = java_texts(lists.values(), element, zone)?;
            let parts =
                |row: usize| range(lists.value_offsets(), row).map(|at| part(&elements, at)).collect::<Vec<_>>();
            in_brackets(array, parts)
        }
        SparkType::Struct(fields) => {
            let columns = array.as_struct().columns().iter().zip(fields);
            let columns = columns.map(|(column, field)| java_texts(column, &field.data_type, zone));
            let columns: Vec<StringViewArray> = columns.collect::<DataFusionResult<_>>()?;
            in_brackets(array, |row| columns.iter().map(|column| part(column, row)).collect())
        }
        _ => texts(array, data_type, zone)?,
    })
}

fn part(texts: &StringViewArray, at: usize) -> &str {
    if texts.is_null(at) { "null" } else { texts.value(at) }
}

fn in_brackets<'t>(array: &ArrayRef, parts: impl Fn(usize) -> Vec<&'t str>) -> StringViewArray {
    (0..array.len()).map(|row| array.is_valid(row).then(|| format!("[{}]", parts(row).join(",")))).collect()
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
