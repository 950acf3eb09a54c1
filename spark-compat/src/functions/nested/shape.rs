//! Sizes and shapes: `size`, `concat` of arrays, `flatten`, `reverse`, `slice`, `array_repeat`, `arrays_zip`, `array_join`.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewBuilder, Int32Array, StringViewBuilder, StructArray, UInt64Array,
};
use arrow::compute::concat as concat_arrays;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::{Result as DataFusionResult, internal_err};
use datafusion::functions::expr_fn;

use super::lists::{self, Picks};
use super::{array_of, kind, mismatch, requires, sets, type_list, udf};
use crate::coercion;
use crate::error::{Result, SparkError};
use crate::functions::arguments::{Arity, Input};
use crate::functions::{Call, Function};
use crate::kernel;
use crate::resolver::Typed;
use crate::types::{SparkType, StructField};

const ANY: &[Input] = &[Input::Any];

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::scalar("size", Arity::Exactly(1), ANY, size).with_aliases(&["cardinality"]),
    Function::scalar("flatten", Arity::Exactly(1), ANY, flatten),
    Function::scalar("reverse", Arity::Exactly(1), ANY, reverse),
    Function::scalar("slice", Arity::Exactly(3), &[Input::Any, Input::Int], slice),
    Function::scalar("array_repeat", Arity::Exactly(2), ANY, repeat),
    Function::scalar("arrays_zip", Arity::AtLeast(0), ANY, zip_by_place),
    Function::scalar("array_join", Arity::Between(2, 3), &[Input::Any, Input::String], join),
];

/// The number of elements or entries; -1 for NULL.
fn size(call: Call<'_>) -> Result<Typed> {
    let name = call.name();
    let [value] = call.take()?;
    if value.data_type == SparkType::Void {
        return Ok(Typed::literal((-1i32).into(), SparkType::Int, name));
    }
    if !matches!(value.data_type, SparkType::Array { .. } | SparkType::Map { .. }) {
        return Err(requires(&name, 1, "(array or map)", &value));
    }
    let expr = udf::call("spark_size", &SparkType::Int, vec![value.expr], |arrays, _| {
        let [array] = arrays else { return internal_err!("size is of one value") };
        let offsets = match array.data_type() {
            DataType::Map(..) => array.as_map().offsets().clone(),
            _ => array.as_list::<i32>().offsets().clone(),
        };
        let sizes = offsets.lengths().enumerate().map(|(row, size)| if array.is_null(row) { -1 } else { size as i32 });
        kernel::shared(sizes.map(Some).collect::<Int32Array>())
    });
    Ok(Typed::new(expr, SparkType::Int, false, name))
}

/// `concat` of arrays: NULL if one of them is.
pub(in crate::functions) fn concat(call: Call<'_>) -> Result<Typed> {
    let (name, nullable, zone) = (call.name(), call.any_nullable(), call.zone);
    let types: Vec<_> = call.args.iter().map(|arg| arg.data_type.clone()).collect();
    let all_arrays = types.iter().all(|t| matches!(t, SparkType::Array { .. }));
    let common = if all_arrays { coercion::wider_common_type(&types) } else { None };
    let common = common.ok_or_else(|| {
        let types = type_list(&call.args);
        mismatch(&name, format!("input to function concat should all be the same type, but it's {types}"))
    })?;
    let args = call.args.into_iter().map(|arg| Ok(arg.coerced(&common, zone)?.expr)).collect::<Result<Vec<_>>>()?;
    let expr = udf::call("spark_concat_arrays", &common, args, |arrays, result| {
        let lists: Vec<_> = arrays.iter().map(|array| array.as_list::<i32>()).collect();
        let values: Vec<&dyn Array> = lists.iter().map(|list| list.values().as_ref()).collect();
        let elements = concat_arrays(&values)?;
        let rows = lists.first().map_or(0, |list| list.len());
        let mut picks = Picks::new(rows);
        for row in 0..rows {
            if lists.iter().any(|list| list.is_null(row)) {
                picks.end_null();
                continue;
            }
            let mut offset = 0;
            for list in &lists {
                let places = lists::range(list.value_offsets(), row);
                picks.pick_all(places.start + offset..places.end + offset);
                offset += list.values().len();
            }
            picks.end()?;
        }
        picks.finish(&elements, result)
    });
    Ok(Typed::new(expr, common, nullable, name))
}

/// `concat` of binaries: NULL if one of them is.
pub(in crate::functions) fn concat_binaries(call: Call<'_>) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let args = call.args.into_iter().map(|arg| arg.expr).collect();
    let expr = udf::call("spark_concat_binaries", &SparkType::Binary, args, |arrays, _| {
        let parts: Vec<_> = arrays.iter().map(|array| array.as_binary_view()).collect();
        let rows = parts.first().map_or(0, |part| part.len());
        let mut out = BinaryViewBuilder::with_capacity(rows);
        let mut joined = Vec::new();
        for row in 0..rows {
            if parts.iter().any(|part| part.is_null(row)) {
                out.append_null();
                continue;
            }
            joined.clear();
            parts.iter().for_each(|part| joined.extend_from_slice(part.value(row)));
            lists::check_text(joined.len())?;
            out.append_value(&joined);
        }
        kernel::shared(out.finish())
    });
    Ok(Typed::new(expr, SparkType::Binary, nullable, name))
}

/// The elements of an array's arrays; NULL if one of them is.
fn flatten(call: Call<'_>) -> Result<Typed> {
    let name = call.name();
    let [array] = call.take()?;
    let inner = match &array.data_type {
        SparkType::Array { element, .. } if matches!(**element, SparkType::Array { .. }) => element.as_ref().clone(),
        other => {
            let what = format!("The argument should be an array of arrays, but '{}' is of {other} type.", array.name);
            return Err(mismatch(&name, what));
        }
    };
    let expr = udf::call("spark_flatten", &inner, vec![array.expr], |arrays, result| {
        let [array] = arrays else { return internal_err!("flatten takes one array") };
        let outer = array.as_list::<i32>();
        let inner = outer.values().as_list::<i32>();
        let mut picks = Picks::new(outer.len());
        for row in 0..outer.len() {
            let members = lists::range(outer.value_offsets(), row);
            if outer.is_null(row) || members.clone().any(|member| inner.is_null(member)) {
                picks.end_null();
                continue;
            }
            for member in members {
                picks.pick_all(lists::range(inner.value_offsets(), member));
            }
            picks.end()?;
        }
        picks.finish(inner.values(), result)
    });
    Ok(Typed::new(expr, inner, true, name))
}

/// The elements of an array, or the characters of a string, from the last to the first.
fn reverse(call: Call<'_>) -> Result<Typed> {
    let (name, nullable, zone) = (call.name(), call.any_nullable(), call.zone);
    let [value] = call.take()?;
    let data_type = value.data_type.clone();
    match data_type {
        SparkType::Array { .. } => {
            let expr = udf::call("spark_reverse_array", &data_type, vec![value.expr], |arrays, result| {
                let [array] = arrays else { return internal_err!("reverse takes one array") };
                let lists = array.as_list::<i32>();
                let mut picks = Picks::new(lists.len());
                for row in 0..lists.len() {
                    if lists.is_null(row) {
                        picks.end_null();
                    } else {
                        picks.pick_all(lists::range(lists.value_offsets(), row).rev());
                        picks.end()?;
                    }
                }
                picks.finish(lists.values(), result)
            });
            Ok(Typed::new(expr, data_type, nullable, name))
        }
        ref atomic if coercion::is_atomic(atomic) || *atomic == SparkType::Void => {
            let text = value.coerced(&SparkType::String, zone)?;
            Ok(Typed::new(expr_fn::reverse(text.expr), SparkType::String, nullable, name))
        }
        _ => Err(requires(&name, 1, "(string or array)", &value)),
    }
}

/// `slice(array, start, length)`; a negative start counts from the end.
fn slice(call: Call<'_>) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let [array, start, length] = call.take()?;
    let element = kind::element(&name, 1, &array)?;
    let array = sets::as_array(array, &element)?;
    let data_type = array.data_type.clone();
    let args = vec![array.expr, start.expr, length.expr];
    let expr = udf::call("spark_slice", &data_type, args, slice_kernel);
    Ok(Typed::new(expr, data_type, nullable, name))
}

fn slice_kernel(arrays: &[ArrayRef], result: &DataType) -> DataFusionResult<ArrayRef> {
    let [array, start, length] = arrays else { return internal_err!("slice takes three arguments") };
    let lists = array.as_list::<i32>();
    let (starts, lengths) = (start.as_primitive::<Int32Type>(), length.as_primitive::<Int32Type>());
    let mut picks = Picks::new(lists.len());
    for row in 0..lists.len() {
        if lists.is_null(row) || starts.is_null(row) || lengths.is_null(row) {
            picks.end_null();
            continue;
        }
        let places = lists::range(lists.value_offsets(), row);
        let size = places.len();
        let first = match starts.value(row) {
            0 => return refused("Unexpected value for start in function slice: SQL array indices start at 1."),
            forward @ 1.. => Some(forward as usize - 1),
            backward => size.checked_sub(backward.unsigned_abs() as usize),
        };
        let Ok(length) = usize::try_from(lengths.value(row)) else {
            return refused(
                "Unexpected value for length in function slice: length must be greater than or equal to 0.",
            );
        };
        if let Some(first) = first.filter(|first| *first < size) {
            let last = first.saturating_add(length).min(size);
            picks.pick_all(places.start + first..places.start + last);
        }
        picks.end()?;
    }
    picks.finish(lists.values(), result)
}

fn refused<T>(message: &str) -> DataFusionResult<T> {
    Err(SparkError::execution(message).into())
}

/// `array_repeat(element, count)`.
fn repeat(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let [element, count] = call.take()?;
    let nullable = count.nullable;
    if !matches!(count.data_type, SparkType::Int | SparkType::Void) {
        return Err(requires(&name, 2, "int", &count));
    }
    let count = count.coerced(&SparkType::Int, zone)?;
    let data_type = array_of(element.data_type);
    let expr = udf::call("spark_array_repeat", &data_type, vec![element.expr, count.expr], |arrays, result| {
        let [element, count] = arrays else { return internal_err!("array_repeat takes two arguments") };
        let counts = count.as_primitive::<Int32Type>();
        let mut picks = Picks::new(counts.len());
        let mut total = 0usize;
        for row in 0..counts.len() {
            if counts.is_null(row) {
                picks.end_null();
                continue;
            }
            let count = usize::try_from(counts.value(row)).unwrap_or(0);
            total = total.saturating_add(count);
            lists::check_elements(total)?;
            picks.pick_all(std::iter::repeat_n(row, count));
            picks.end()?;
        }
        picks.finish(element, result)
    });
    Ok(Typed::new(expr, data_type, nullable, name))
}

/// `arrays_zip` of arrays without names.
fn zip_by_place(call: Call<'_>) -> Result<Typed> {
    let names = (0..call.args.len()).map(|at| at.to_string()).collect();
    zip(call.name(), call.args, names)
}

/// `arrays_zip(a, b, ..)`: structs of elements at one place, as many as the longest array has. `names` are those of the fields.
pub(crate) fn zip(name: String, args: Vec<Typed>, names: Vec<String>) -> Result<Typed> {
    if args.is_empty() {
        return Err(SparkError::unsupported("structs without fields"));
    }
    let nullable = args.iter().any(|arg| arg.nullable);
    let mut fields = Vec::with_capacity(args.len());
    let mut exprs = Vec::with_capacity(args.len());
    for (at, (arg, field)) in args.into_iter().zip(names).enumerate() {
        let element = kind::element(&name, at + 1, &arg)?;
        exprs.push(sets::as_array(arg, &element)?.expr);
        fields.push(StructField { name: field, data_type: element, nullable: true });
    }
    let data_type = array_of(SparkType::Struct(fields));
    let expr = udf::call("spark_arrays_zip", &data_type, exprs, zip_kernel);
    Ok(Typed::new(expr, data_type, nullable, name))
}

fn zip_kernel(arrays: &[ArrayRef], result: &DataType) -> DataFusionResult<ArrayRef> {
    let lists: Vec<_> = arrays.iter().map(|array| array.as_list::<i32>()).collect();
    let rows = lists.first().map_or(0, |list| list.len());
    let aligned = aligned(&lists.iter().map(|list| (list.value_offsets(), list.nulls())).collect::<Vec<_>>(), rows)?;
    let DataType::List(field) = result else { return internal_err!("{result} is not a list") };
    let DataType::Struct(fields) = field.data_type() else { return internal_err!("{result} has no structs") };
    let columns = lists
        .iter()
        .zip(&aligned.places)
        .zip(fields)
        .map(|((list, places), field)| lists::relabelled(&lists::taken(list.values(), places)?, field.data_type()));
    let columns = columns.collect::<DataFusionResult<Vec<_>>>()?;
    let structs = Arc::new(StructArray::try_new(fields.clone(), columns, None)?);
    lists::list(result, aligned.offsets, structs, aligned.nulls)
}

/// Lists brought side by side: for each of them the places of its elements, missing where it is shorter than the longest.
pub(super) struct Aligned {
    pub offsets: arrow::buffer::OffsetBuffer<i32>,
    pub nulls: Option<arrow::buffer::NullBuffer>,
    pub places: Vec<UInt64Array>,
}

/// Aligns lists, of which the offsets and NULLs are given; a row is NULL if it is in any of them.
pub(super) fn aligned(
    lists: &[(&[i32], Option<&arrow::buffer::NullBuffer>)],
    rows: usize,
) -> DataFusionResult<Aligned> {
    let is_null = |row: usize| lists.iter().any(|(_, nulls)| nulls.is_some_and(|nulls| nulls.is_null(row)));
    let mut places: Vec<Vec<Option<u64>>> = vec![Vec::new(); lists.len()];
    let mut lengths = Vec::with_capacity(rows);
    let mut total = 0usize;
    for row in 0..rows {
        if is_null(row) {
            lengths.push(0);
            continue;
        }
        let longest = lists.iter().map(|(offsets, _)| lists::range(offsets, row).len()).max().unwrap_or(0);
        total = total.saturating_add(longest);
        lists::check_elements(total.saturating_mul(lists.len()))?;
        lengths.push(longest);
        for ((offsets, _), places) in lists.iter().zip(&mut places) {
            let own = lists::range(offsets, row);
            let missing = longest - own.len();
            places.extend(own.map(|at| Some(at as u64)).chain(std::iter::repeat_n(None, missing)));
        }
    }
    let nulls: arrow::buffer::NullBuffer = (0..rows).map(|row| !is_null(row)).collect();
    Ok(Aligned {
        offsets: arrow::buffer::OffsetBuffer::from_lengths(lengths),
        nulls: (nulls.null_count() > 0).then_some(nulls),
        places: places.into_iter().map(UInt64Array::from).collect(),
    })
}

/// `array_join(array, delimiter[, replacement of NULLs])`; without a replacement NULLs are left out.
fn join(call: Call<'_>) -> Result<Typed> {
    let (name, nullable, zone) = (call.name(), call.any_nullable(), call.zone);
    let mut args = call.args.into_iter();
    let Some(array) = args.next() else { return Err(SparkError::internal("array_join without an array")) };
    let strings = array_of(SparkType::String);
    let joined = coercion::implicit_cast(&array.data_type, &strings);
    if joined.is_none() {
        return Err(requires(&name, 1, "array<string>", &array));
    }
    let mut exprs = vec![array.coerced(&strings, zone)?.expr];
    exprs.extend(args.map(|arg| arg.expr));
    let expr = udf::call("spark_array_join", &SparkType::String, exprs, join_kernel);
    Ok(Typed::new(expr, SparkType::String, nullable, name))
}

fn join_kernel(arrays: &[ArrayRef], _: &DataType) -> DataFusionResult<ArrayRef> {
    let [array, delimiter, rest @ ..] = arrays else { return internal_err!("array_join takes two or three arguments") };
    let (lists, delimiters) = (array.as_list::<i32>(), delimiter.as_string_view());
    let replacements = rest.first().map(|replacement| replacement.as_string_view());
    let texts = lists.values().as_string_view();
    let mut out = StringViewBuilder::with_capacity(lists.len());
    let mut joined = String::new();
    for row in 0..lists.len() {
        let no_replacement = replacements.is_some_and(|replacements| replacements.is_null(row));
        if lists.is_null(row) || delimiters.is_null(row) || no_replacement {
            out.append_null();
            continue;
        }
        joined.clear();
        let mut first = true;
        for at in lists::range(lists.value_offsets(), row) {
            let text = match replacements {
                _ if texts.is_valid(at) => texts.value(at),
                Some(replacements) => replacements.value(row),
                None => continue,
            };
            if !std::mem::take(&mut first) {
                joined.push_str(delimiters.value(row));
            }
            joined.push_str(text);
            lists::check_text(joined.len())?;
        }
        out.append_value(&joined);
    }
    kernel::shared(out.finish())
}
