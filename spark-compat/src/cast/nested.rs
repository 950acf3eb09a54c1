//! Casts of arrays, maps and structs: member by member, or to a string.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StringViewArray, StringViewBuilder, StructArray};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result as DataFusionResult;

use crate::datetime::zone::Zone;
use crate::kernel;
use crate::types::SparkType;

/// How the members are cast.
type Each = fn(&ArrayRef, &SparkType, &SparkType, Zone) -> DataFusionResult<ArrayRef>;

pub(super) fn cast(array: &ArrayRef, from: &SparkType, to: &SparkType, zone: Zone) -> DataFusionResult<ArrayRef> {
    cast_by(array, from, to, zone, super::array)
}

pub(super) fn cast_by(
    array: &ArrayRef,
    from: &SparkType,
    to: &SparkType,
    zone: Zone,
    each: Each,
) -> DataFusionResult<ArrayRef> {
    use SparkType as T;
    match (from, to) {
        (_, T::String) => to_string(array, from, zone),
        (T::Array { element: e1, .. }, T::Array { element: e2, .. }) => {
            let list = array.as_list::<i32>();
            let values = each(list.values(), e1, e2, zone)?;
            let DataType::List(field) = to.to_arrow() else { return super::no_kernel(from, to) };
            kernel::shared(ListArray::try_new(field, list.offsets().clone(), values, list.nulls().cloned())?)
        }
        (T::Map { key: k1, value: v1, .. }, T::Map { key: k2, value: v2, .. }) => {
            let map = array.as_map();
            let keys = each(map.keys(), k1, k2, zone)?;
            let values = each(map.values(), v1, v2, zone)?;
            let DataType::Map(entries, ordered) = to.to_arrow() else { return super::no_kernel(from, to) };
            let DataType::Struct(fields) = entries.data_type().clone() else { return super::no_kernel(from, to) };
            let members = StructArray::try_new(fields, vec![keys, values], None)?;
            let entries: FieldRef = entries;
            kernel::shared(MapArray::try_new(entries, map.offsets().clone(), members, map.nulls().cloned(), ordered)?)
        }
        (T::Struct(f1), T::Struct(f2)) => {
            let structs = array.as_struct();
            let DataType::Struct(fields) = to.to_arrow() else { return super::no_kernel(from, to) };
            let members = structs.columns().iter().zip(f1.iter().zip(f2));
            let columns = members.map(|(column, (f, t))| each(column, &f.data_type, &t.data_type, zone));
            let columns = columns.collect::<DataFusionResult<_>>()?;
            let nulls = structs.nulls().cloned();
            kernel::shared(StructArray::try_new_with_length(fields, columns, nulls, structs.len())?)
        }
        _ => super::no_kernel(from, to),
    }
}

/// `[1, null]`, `{k -> v}`, `{a, null}`: members by their own casts, `null` for NULL.
fn to_string(array: &ArrayRef, from: &SparkType, zone: Zone) -> DataFusionResult<ArrayRef> {
    let text = |members: &ArrayRef, t: &SparkType| -> DataFusionResult<Arc<StringViewArray>> {
        let texts = super::array(members, t, &SparkType::String, zone)?;
        Ok(Arc::new(texts.as_string_view().clone()))
    };
    let mut out = StringViewBuilder::with_capacity(array.len());
    match from {
        SparkType::Array { element, .. } => {
            let list = array.as_list::<i32>();
            let members = text(list.values(), element)?;
            rows(&mut out, array, list.value_offsets(), |out, range| {
                bracketed(out, ['[', ']'], range.map(|at| member(&members, at)));
            });
        }
        SparkType::Map { key, value, .. } => {
            let map = array.as_map();
            let (keys, values) = (text(map.keys(), key)?, text(map.values(), value)?);
            rows(&mut out, array, map.value_offsets(), |out, range| {
                let entries = range.map(|at| format!("{} -> {}", member(&keys, at), member(&values, at)));
                bracketed(out, ['{', '}'], entries);
            });
        }
        SparkType::Struct(fields) => {
            let columns = array.as_struct().columns().iter().zip(fields);
            let columns: Vec<_> = columns.map(|(c, f)| text(c, &f.data_type)).collect::<DataFusionResult<_>>()?;
            let mut row = String::new();
            for at in 0..array.len() {
                if array.is_null(at) {
                    out.append_null();
                } else {
                    row.clear();
                    bracketed(&mut row, ['{', '}'], columns.iter().map(|c| member(c, at)));
                    out.append_value(&row);
                }
            }
        }
        _ => return super::no_kernel(from, &SparkType::String),
    }
    kernel::shared(out.finish())
}

fn rows(
    out: &mut StringViewBuilder,
    array: &ArrayRef,
    offsets: &[i32],
    write: impl Fn(&mut String, std::ops::Range<usize>),
) {
    let mut row = String::new();
    for (at, bounds) in offsets.windows(2).enumerate() {
        match bounds {
            [from, to] if array.is_valid(at) => {
                row.clear();
                write(&mut row, *from as usize..*to as usize);
                out.append_value(&row);
            }
            _ => out.append_null(),
        }
    }
}

fn bracketed(out: &mut String, brackets: [char; 2], members: impl Iterator<Item = impl AsRef<str>>) {
    let [open, close] = brackets;
    out.push(open);
    for (at, text) in members.enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        out.push_str(text.as_ref());
    }
    out.push(close);
}

fn member(texts: &StringViewArray, at: usize) -> &str {
    if texts.is_valid(at) { texts.value(at) } else { "null" }
}
