//! `array(..)`, `map(..)`, `named_struct(..)`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StructArray, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::interleave;
use arrow::datatypes::DataType;
use datafusion::common::{Result as DataFusionResult, ScalarValue, internal_err};
use datafusion::logical_expr::Expr;

use super::{array_of, lists, map_of, maps, mismatch, type_list, udf};
use crate::coercion;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::functions::arguments::{Arity, Input};
use crate::functions::{Call, Function};
use crate::resolver::{Typed, call_name, evaluate_constant};
use crate::types::{SparkType, StructField};

const ANY: &[Input] = &[Input::Any];

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::scalar("array", Arity::AtLeast(0), ANY, array),
    Function::scalar("map", Arity::AtLeast(0), ANY, map),
    Function::scalar("named_struct", Arity::AtLeast(0), ANY, named_struct),
    Function::scalar("struct", Arity::AtLeast(0), ANY, unnamed_struct),
];

fn array(call: Call<'_>) -> Result<Typed> {
    let name = call.name();
    let problem = format!("input to function array should all be the same type, but it's {}", type_list(&call.args));
    let (elements, element) = to_common(call.args, call.zone, &name, &problem)?;
    let data_type = array_of(element);
    if elements.is_empty() {
        let none =
            lists::list(&data_type.to_arrow(), OffsetBuffer::new_zeroed(1), new_empty_array(&DataType::Null), None)?;
        return Ok(Typed::literal(ScalarValue::try_from_array(&none, 0)?, data_type, name));
    }
    let expr = udf::call("spark_array", &data_type, elements, array_kernel);
    Ok(Typed::new(expr, data_type, false, name))
}

/// The values cast to their common type, and that type; the error says `problem` if they have none.
fn to_common(args: Vec<Typed>, zone: Zone, whole: &str, problem: &str) -> Result<(Vec<Expr>, SparkType)> {
    let types: Vec<_> = args.iter().map(|arg| arg.data_type.clone()).collect();
    let common = coercion::wider_common_type(&types).ok_or_else(|| mismatch(whole, problem))?;
    let cast = args.into_iter().map(|arg| Ok(arg.coerced(&common, zone)?.expr)).collect::<Result<Vec<_>>>()?;
    Ok((cast, common))
}

/// An array of values of one type.
pub(super) fn array_of_exprs(values: Vec<Expr>, data_type: &SparkType) -> Expr {
    udf::call("spark_array", &array_of(data_type.clone()), values, array_kernel)
}

/// One list a row, of the values of all arrays in that row.
fn array_kernel(arrays: &[ArrayRef], result: &DataType) -> DataFusionResult<ArrayRef> {
    let rows = arrays.first().map_or(0, |first| first.len());
    lists::check_elements(rows.saturating_mul(arrays.len()))?;
    let elements = side_by_side(arrays, rows)?;
    lists::list(result, OffsetBuffer::from_lengths(std::iter::repeat_n(arrays.len(), rows)), elements, None)
}

/// The values of all arrays, row by row.
fn side_by_side(arrays: &[ArrayRef], rows: usize) -> DataFusionResult<ArrayRef> {
    let places: Vec<(usize, usize)> =
        (0..rows).flat_map(|row| (0..arrays.len()).map(move |array| (array, row))).collect();
    let sources: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    Ok(interleave(&sources, &places)?)
}

/// `map(key, value, ..)`; no key may be NULL or stand twice.
fn map(call: Call<'_>) -> Result<Typed> {
    let name = call.name();
    if call.args.len() % 2 == 1 {
        return Err(mismatch(&name, "map expects a positive even number of arguments."));
    }
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    for (at, arg) in call.args.into_iter().enumerate() {
        if at % 2 == 0 { keys.push(arg) } else { values.push(arg) }
    }
    let differing = |what: &str, args: &[Typed]| {
        format!("The given {what} of function map should all be the same type, but they are {}", type_list(args))
    };
    let (of_keys, of_values) = (differing("keys", &keys), differing("values", &values));
    let (keys, key) = to_common(keys, call.zone, &name, &of_keys)?;
    maps::check_key_type(&name, &key)?;
    let (values, value) = to_common(values, call.zone, &name, &of_values)?;
    let data_type = map_of(key, value);
    if keys.is_empty() {
        let nothing = new_empty_array(&DataType::Null);
        let none = lists::map(&data_type.to_arrow(), OffsetBuffer::new_zeroed(1), &nothing, &nothing, None)?;
        return Ok(Typed::literal(ScalarValue::try_from_array(&none, 0)?, data_type, name));
    }
    let entries = keys.into_iter().chain(values).collect();
    let expr = udf::call("spark_map", &data_type, entries, map_kernel);
    Ok(Typed::new(expr, data_type, false, name))
}

/// One map a row; the first half of the arrays are keys.
fn map_kernel(arrays: &[ArrayRef], result: &DataType) -> DataFusionResult<ArrayRef> {
    let (keys, values) = arrays.split_at(arrays.len() / 2);
    let rows = keys.first().map_or(0, |first| first.len());
    lists::check_elements(rows.saturating_mul(keys.len()))?;
    let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(keys.len(), rows));
    maps::checked(result, offsets, &side_by_side(keys, rows)?, &side_by_side(values, rows)?, None)
}

fn named_struct(call: Call<'_>) -> Result<Typed> {
    let name = call.name();
    if call.args.len() % 2 == 1 || call.args.is_empty() {
        return Err(mismatch(&name, "named_struct expects an even number of arguments."));
    }
    let mut fields = Vec::with_capacity(call.args.len() / 2);
    let mut args = call.args.into_iter();
    while let (Some(field), Some(value)) = (args.next(), args.next()) {
        fields.push((constant_string(&name, &field)?, value));
    }
    structure(fields, name)
}

fn constant_string(whole: &str, field: &Typed) -> Result<String> {
    let refused = || {
        let what = "Only foldable string expressions are allowed to appear at odd position, got";
        mismatch(whole, format!("{what}: {}", field.name))
    };
    if field.data_type != SparkType::String {
        return Err(refused());
    }
    match evaluate_constant(&field.expr).map_err(|_| refused())?.try_as_str() {
        Some(Some(text)) => Ok(text.to_string()),
        _ => Err(refused()),
    }
}

/// `struct(a, b)` over values without names of their own.
fn unnamed_struct(call: Call<'_>) -> Result<Typed> {
    let name = call_name("struct", &call.args);
    let fields = call.args.into_iter().enumerate().map(|(at, value)| (format!("col{}", at + 1), value)).collect();
    structure(fields, name)
}

/// A struct of the given fields, called `name`.
pub(crate) fn structure(fields: Vec<(String, Typed)>, name: String) -> Result<Typed> {
    if fields.is_empty() {
        return Err(SparkError::unsupported("structs without fields"));
    }
    let mut members = Vec::with_capacity(fields.len());
    let mut values = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        members.push(StructField { name, data_type: value.data_type, nullable: true });
        values.push(value.expr);
    }
    let data_type = SparkType::Struct(members);
    let expr = udf::call("spark_struct", &data_type, values, |arrays, result| {
        let DataType::Struct(fields) = result else { return internal_err!("{result} is not a struct") };
        let columns = arrays.iter().zip(fields).map(|(array, field)| lists::relabelled(array, field.data_type()));
        let columns = columns.collect::<DataFusionResult<Vec<_>>>()?;
        Ok(Arc::new(StructArray::try_new(fields.clone(), columns, None)?))
    });
    Ok(Typed::new(expr, data_type, false, name))
}
