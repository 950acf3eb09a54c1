//! Functions that make maps and take them apart. No key of a map may be NULL or stand twice (Spark's `ArrayBasedMapBuilder`
//! under its policy EXCEPTION).

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, StringViewBuilder, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::concat as concat_arrays;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{Result as DataFusionResult, internal_err};

use super::keys::{self, Equality};
use super::lists::{self, Picks};
use super::{array_of, kind, map_of, mismatch, requires, sets, type_list, udf};
use crate::coercion;
use crate::error::{Result, SparkError};
use crate::functions::arguments::{Arity, Input};
use crate::functions::{Call, Function};
use crate::java_regex::{JavaRegex, between};
use crate::resolver::{Typed, evaluate_constant};
use crate::types::{SparkType, StructField};

const ANY: &[Input] = &[Input::Any];

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::scalar("map_keys", Arity::Exactly(1), ANY, map_keys),
    Function::scalar("map_values", Arity::Exactly(1), ANY, map_values),
    Function::scalar("map_entries", Arity::Exactly(1), ANY, map_entries),
    Function::scalar("map_concat", Arity::AtLeast(0), ANY, map_concat),
    Function::scalar("map_from_arrays", Arity::Exactly(2), ANY, map_from_arrays),
    Function::scalar("map_from_entries", Arity::Exactly(1), ANY, map_from_entries),
    Function::scalar("str_to_map", Arity::Between(1, 3), ANY, str_to_map),
];

/// Refuses maps as keys.
pub(super) fn check_key_type(whole: &str, key: &SparkType) -> Result<()> {
    if kind::contains_map(key) {
        return Err(mismatch(whole, "The key of map cannot be/contain map."));
    }
    Ok(())
}

/// An array of type `result`, which is a map type, whose keys are checked. Entries of rows that are NULL must be empty.
pub(super) fn checked(
    result: &DataType,
    offsets: OffsetBuffer<i32>,
    keys: &ArrayRef,
    values: &ArrayRef,
    nulls: Option<NullBuffer>,
) -> DataFusionResult<ArrayRef> {
    let key_nulls = keys.logical_nulls();
    let used = offsets.first().copied().unwrap_or(0) as usize..offsets.last().copied().unwrap_or(0) as usize;
    if key_nulls.is_some_and(|nulls| used.clone().any(|at| nulls.is_null(at))) {
        return Err(SparkError::execution("Cannot use null as map key!").into());
    }
    let rows = keys::rows(keys, Equality::Boxed)?;
    let mut seen = HashSet::new();
    for row in 0..offsets.len().saturating_sub(1) {
        seen.clear();
        for at in lists::range(&offsets, row) {
            if !seen.insert(rows.row(at)) {
                return Err(duplicate(keys, at));
            }
        }
    }
    lists::map(result, offsets, keys, values, nulls)
}

fn duplicate(keys: &ArrayRef, at: usize) -> datafusion::error::DataFusionError {
    let options = FormatOptions::default();
    let key = ArrayFormatter::try_new(keys.as_ref(), &options).map(|formatter| formatter.value(at).to_string());
    SparkError::execution(format!(
        "Duplicate map key {} was found, please check the input data. If you want to remove the duplicated keys, you can set \
         spark.sql.mapKeyDedupPolicy to LAST_WIN so that the key inserted at last takes precedence.",
        key.unwrap_or_default()
    ))
    .into()
}

/// A map argument as a map; NULL becomes one.
pub(super) fn as_map(map: Typed, key: &SparkType, value: &SparkType) -> Result<Typed> {
    match map.data_type {
        SparkType::Map { .. } => Ok(map),
        _ => map.coerced(&map_of(key.clone(), value.clone()), crate::datetime::zone::Zone::UTC),
    }
}

fn map_keys(call: Call<'_>) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let [map] = call.take()?;
    let (key, value) = kind::entry(&name, 1, &map)?;
    let map = as_map(map, &key, &value)?;
    let data_type = array_of(key);
    let expr = udf::call("spark_map_keys", &data_type, vec![map.expr], |arrays, result| {
        let map = only_map(arrays)?;
        lists::list(result, map.offsets().clone(), Arc::clone(map.keys()), map.nulls().cloned())
    });
    Ok(Typed::new(expr, data_type, nullable, name))
}

fn map_values(call: Call<'_>) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let [map] = call.take()?;
    let (key, value) = kind::entry(&name, 1, &map)?;
    let map = as_map(map, &key, &value)?;
    let data_type = array_of(value);
    let expr = udf::call("spark_map_values", &data_type, vec![map.expr], |arrays, result| {
        let map = only_map(arrays)?;
        lists::list(result, map.offsets().clone(), Arc::clone(map.values()), map.nulls().cloned())
    });
    Ok(Typed::new(expr, data_type, nullable, name))
}

/// `array<struct<key,value>>`
fn map_entries(call: Call<'_>) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let [map] = call.take()?;
    let (key, value) = kind::entry(&name, 1, &map)?;
    let map = as_map(map, &key, &value)?;
    let data_type = entries_of(key, value);
    let expr = udf::call("spark_map_entries", &data_type, vec![map.expr], |arrays, result| {
        let map = only_map(arrays)?;
        lists::list(result, map.offsets().clone(), Arc::new(map.entries().clone()), map.nulls().cloned())
    });
    Ok(Typed::new(expr, data_type, nullable, name))
}

/// The type of a map's entries as an array.
pub(crate) fn entries_of(key: SparkType, value: SparkType) -> SparkType {
    let field = |name: &str, data_type| StructField { name: name.into(), data_type, nullable: true };
    array_of(SparkType::Struct(vec![field("key", key), field("value", value)]))
}

fn only_map(arrays: &[ArrayRef]) -> DataFusionResult<&MapArray> {
    match arrays {
        [map] => Ok(map.as_map()),
        _ => internal_err!("the function takes one map"),
    }
}

/// The entries of all maps, which must have no key in common; NULL if one of them is.
fn map_concat(call: Call<'_>) -> Result<Typed> {
    let (name, nullable, zone) = (call.name(), call.any_nullable(), call.zone);
    if call.args.is_empty() {
        return crate::functions::call("map", Vec::new(), zone).map(|empty| {
            let data_type = map_of(SparkType::String, SparkType::String);
            empty.coerced(&data_type, zone).map(|empty| empty.named(name))
        })?;
    }
    let types: Vec<_> = call.args.iter().map(|arg| arg.data_type.clone()).collect();
    let all_maps = types.iter().all(|t| matches!(t, SparkType::Map { .. }));
    if !all_maps {
        let types = type_list(&call.args);
        return Err(mismatch(
            &name,
            format!("input to function map_concat should all be of type map, but it's {types}"),
        ));
    }
    let common = coercion::wider_common_type(&types).ok_or_else(|| {
        let types = type_list(&call.args);
        mismatch(&name, format!("input to function map_concat should all be the same type, but it's {types}"))
    })?;
    let args = call.args.into_iter().map(|arg| Ok(arg.coerced(&common, zone)?.expr)).collect::<Result<Vec<_>>>()?;
    let expr = udf::call("spark_map_concat", &common, args, |arrays, result| {
        let maps: Vec<_> = arrays.iter().map(|array| array.as_map()).collect();
        let all = |part: fn(&MapArray) -> &ArrayRef| {
            let parts: Vec<&dyn Array> = maps.iter().map(|map| part(map).as_ref()).collect();
            concat_arrays(&parts)
        };
        let (keys, values) = (all(MapArray::keys)?, all(MapArray::values)?);
        let rows = maps.first().map_or(0, |map| map.len());
        let mut picks = Picks::new(rows);
        for row in 0..rows {
            if maps.iter().any(|map| map.is_null(row)) {
                picks.end_null();
                continue;
            }
            let mut offset = 0;
            for map in &maps {
                let places = lists::range(map.value_offsets(), row);
                picks.pick_all(places.start + offset..places.end + offset);
                offset += map.keys().len();
            }
            picks.end()?;
        }
        let (offsets, nulls, places) = picks.into_parts();
        checked(result, offsets, &lists::taken(&keys, &places)?, &lists::taken(&values, &places)?, nulls)
    });
    Ok(Typed::new(expr, common, nullable, name))
}

fn map_from_arrays(call: Call<'_>) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let [keys, values] = call.take()?;
    let (key, value) = (kind::element(&name, 1, &keys)?, kind::element(&name, 2, &values)?);
    check_key_type(&name, &key)?;
    let args = vec![sets::as_array(keys, &key)?.expr, sets::as_array(values, &value)?.expr];
    let data_type = map_of(key, value);
    let expr = udf::call("spark_map_from_arrays", &data_type, args, |arrays, result| {
        let [keys, values] = arrays else { return internal_err!("map_from_arrays takes two arrays") };
        let (keys, values) = (keys.as_list::<i32>(), values.as_list::<i32>());
        let (mut of_keys, mut of_values) = (Picks::new(keys.len()), Picks::new(keys.len()));
        for row in 0..keys.len() {
            if keys.is_null(row) || values.is_null(row) {
                of_keys.end_null();
                of_values.end_null();
                continue;
            }
            if keys.value_length(row) != values.value_length(row) {
                let message = "The key array and value array of MapData must have the same length.";
                return Err(SparkError::execution(message).into());
            }
            of_keys.pick_all(lists::range(keys.value_offsets(), row));
            of_keys.end()?;
            of_values.pick_all(lists::range(values.value_offsets(), row));
            of_values.end()?;
        }
        let (offsets, nulls, key_places) = of_keys.into_parts();
        let (_, _, value_places) = of_values.into_parts();
        let (keys, values) = (lists::taken(keys.values(), &key_places)?, lists::taken(values.values(), &value_places)?);
        checked(result, offsets, &keys, &values, nulls)
    });
    Ok(Typed::new(expr, data_type, nullable, name))
}

/// The map of an array of pairs; NULL if one of the pairs is.
fn map_from_entries(call: Call<'_>) -> Result<Typed> {
    let name = call.name();
    let [entries] = call.take()?;
    let refused = || {
        let what = "map_from_entries accepts only arrays of pair structs.";
        mismatch(&name, format!("'{}' is of {} type. {what}", entries.name, entries.data_type))
    };
    let SparkType::Array { element, .. } = &entries.data_type else { return Err(refused()) };
    let SparkType::Struct(fields) = element.as_ref() else { return Err(refused()) };
    let [key, value] = &fields[..] else { return Err(refused()) };
    check_key_type(&name, &key.data_type)?;
    let data_type = map_of(key.data_type.clone(), value.data_type.clone());
    let expr = udf::call("spark_map_from_entries", &data_type, vec![entries.expr], |arrays, result| {
        let [array] = arrays else { return internal_err!("map_from_entries takes one array") };
        let pairs = array.as_list::<i32>();
        let structs: &StructArray = pairs.values().as_struct();
        let [keys, values] = structs.columns() else { return internal_err!("an entry is a pair") };
        let mut picks = Picks::new(pairs.len());
        for row in 0..pairs.len() {
            let places = lists::range(pairs.value_offsets(), row);
            if pairs.is_null(row) || places.clone().any(|at| structs.is_null(at)) {
                picks.end_null();
            } else {
                picks.pick_all(places);
                picks.end()?;
            }
        }
        let (offsets, nulls, places) = picks.into_parts();
        checked(result, offsets, &lists::taken(keys, &places)?, &lists::taken(values, &places)?, nulls)
    });
    Ok(Typed::new(expr, data_type, true, name))
}

/// `str_to_map(text[, delimiter of pairs[, delimiter of keys and values]])`: both are regular expressions.
fn str_to_map(call: Call<'_>) -> Result<Typed> {
    let mut args = call.args;
    for default in [",", ":"].iter().skip(args.len().saturating_sub(1)) {
        args.push(Typed::literal(
            datafusion::common::ScalarValue::Utf8View(Some((*default).into())),
            SparkType::String,
            *default,
        ));
    }
    let name = crate::resolver::call_name("str_to_map", &args);
    for (at, arg) in args.iter().enumerate() {
        if !matches!(arg.data_type, SparkType::String | SparkType::Void) {
            return Err(requires(&name, at + 1, "string", arg));
        }
    }
    for delimiter in args.iter().skip(1) {
        evaluate_constant(&delimiter.expr).map_err(|_| mismatch(&name, "str_to_map's delimiters must be foldable."))?;
    }
    let strings = args.into_iter().map(|arg| Ok(arg.coerced(&SparkType::String, call.zone)?.expr));
    let strings = strings.collect::<Result<Vec<_>>>()?;
    let data_type = map_of(SparkType::String, SparkType::String);
    let expr = udf::call("spark_str_to_map", &data_type, strings, str_to_map_kernel);
    Ok(Typed::new(expr, data_type, true, name))
}

/// The parts of a text between matches, `most` at most, as Java's `Pattern.split` gives them.
fn split<'t>(text: &'t str, delimiter: &JavaRegex, most: usize) -> Result<Vec<Cow<'t, str>>> {
    let (mut from, mut parts) = (0, Vec::new());
    let mut matches = delimiter.searches(text);
    while parts.len() + 1 < most
        && let Some(found) = matches.next()?
    {
        // An empty match at the start makes no empty part.
        if from == 0 && found.start() == 0 && found.end() == 0 {
            continue;
        }
        parts.push(between(text, from, found.start()));
        from = found.end();
    }
    parts.push(between(text, from, text.len()));
    Ok(parts)
}

fn str_to_map_kernel(arrays: &[ArrayRef], result: &DataType) -> DataFusionResult<ArrayRef> {
    let [texts, pair_ends, key_ends] = arrays else { return internal_err!("str_to_map takes three strings") };
    let (texts, pair_ends, key_ends) = (texts.as_string_view(), pair_ends.as_string_view(), key_ends.as_string_view());
    let (mut keys, mut values) = (StringViewBuilder::new(), StringViewBuilder::new());
    let mut offsets: Vec<i32> = Vec::with_capacity(texts.len() + 1);
    let mut total = 0usize;
    offsets.push(0);
    let is_null = |row: usize| texts.is_null(row) || pair_ends.is_null(row) || key_ends.is_null(row);
    for row in 0..texts.len() {
        if !is_null(row) {
            let pair_end = JavaRegex::compiled(pair_ends.value(row))?;
            let key_end = JavaRegex::compiled(key_ends.value(row))?;
            for pair in split(texts.value(row), &pair_end, usize::MAX)? {
                let parts = split(&pair, &key_end, 2)?;
                keys.append_value(parts.first().map_or("", AsRef::as_ref));
                values.append_option(parts.get(1));
                total += 1;
            }
        }
        lists::check_elements(total)?;
        offsets.push(total as i32);
    }
    let nulls: NullBuffer = (0..texts.len()).map(|row| !is_null(row)).collect();
    let (keys, values): (ArrayRef, ArrayRef) = (Arc::new(keys.finish()), Arc::new(values.finish()));
    checked(result, OffsetBuffer::new(ScalarBuffer::from(offsets)), &keys, &values, Some(nulls))
}
