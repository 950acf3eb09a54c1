//! Fields of structs, elements of arrays, values of maps (Spark's `ExtractValue`), and `element_at`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt64Array};
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use datafusion::common::{Result as DataFusionResult, ScalarValue, internal_err};
use datafusion::logical_expr::{Expr, lit};

use super::keys::{self, Equality};
use super::{array_of, lists, map_of, mismatch, requires, udf};
use crate::coercion;
use crate::datetime::zone::Zone;
use crate::error::{ErrorKind, Result, SparkError};
use crate::functions::arguments::{Arity, Input};
use crate::functions::{Call, Function};
use crate::resolver::{Typed, same_name};
use crate::types::{SparkType, StructField};

pub(in crate::functions) const FUNCTIONS: &[Function] =
    &[Function::scalar("element_at", Arity::Exactly(2), &[Input::Any], element_at)];

/// `base.field`: a field of a struct, that field of all structs of an array, or the value of a map's key.
pub(crate) fn field(base: Typed, field: &str, zone: Zone) -> Result<Typed> {
    let name = format!("{}.{field}", base.name);
    match &base.data_type {
        SparkType::Struct(fields) => {
            let (at, found) = find(fields, field)?;
            let data_type = found.data_type.clone();
            let nullable = base.nullable || found.nullable;
            let expr = udf::call("spark_field", &data_type, vec![base.expr, lit(at)], struct_field);
            Ok(Typed::new(expr, data_type, nullable, name))
        }
        SparkType::Array { element, .. } if let SparkType::Struct(fields) = element.as_ref() => {
            let (at, found) = find(fields, field)?;
            let data_type = array_of(found.data_type.clone());
            let expr = udf::call("spark_array_field", &data_type, vec![base.expr, lit(at)], array_field);
            Ok(Typed::new(expr, data_type, base.nullable, name))
        }
        SparkType::Map { .. } => {
            let key = Typed::literal(ScalarValue::Utf8View(Some(field.into())), SparkType::String, field);
            item(base, key, zone)
        }
        other => Err(SparkError::analysis(format!(
            "Can't extract value from {}: need struct type but got {other}",
            base.name
        ))),
    }
}

/// `base[key]`.
pub(crate) fn item(base: Typed, key: Typed, zone: Zone) -> Result<Typed> {
    let name = format!("{}[{}]", base.name, key.name);
    match &base.data_type {
        SparkType::Map { key: of_keys, value, .. } => {
            let data_type = value.as_ref().clone();
            let to = coercion::implicit_cast(&key.data_type, of_keys)
                .ok_or_else(|| requires(&name, 2, &of_keys.to_string(), &key))?;
            if !super::kind::is_orderable(&to) {
                return Err(mismatch(&name, format!("GetMapValue does not support ordering on type {to}")));
            }
            value_of(base, key.coerced(&to, zone)?, data_type, name)
        }
        SparkType::Struct(_) => field(base, field_name(&key)?, zone),
        SparkType::Array { element, .. } => {
            if let (SparkType::Struct(_), Some(ScalarValue::Utf8View(Some(name)))) =
                (element.as_ref(), key.as_literal())
            {
                let name = name.clone();
                return field(base, &name, zone);
            }
            let data_type = element.as_ref().clone();
            let place = match key.data_type {
                SparkType::Void => key.coerced(&SparkType::Int, zone)?,
                ref integral if integral.is_integral() => key,
                _ => return Err(requires(&name, 2, "integral", &key)),
            };
            let place = place.coerced(&SparkType::Long, zone)?;
            let expr = udf::call("spark_item", &data_type, vec![base.expr, place.expr], list_item);
            Ok(Typed::new(expr, data_type, true, name))
        }
        other => Err(SparkError::analysis(format!(
            "Can't extract value from {}: need struct type but got {other}",
            base.name
        ))),
    }
}

fn field_name(key: &Typed) -> Result<&str> {
    match key.as_literal() {
        Some(ScalarValue::Utf8View(Some(name))) => Ok(name),
        _ => Err(SparkError::analysis(format!("Field name should be String Literal, but it's {}", key.name))),
    }
}

/// The place of the field called `name`, and the field.
fn find<'a>(fields: &'a [StructField], name: &str) -> Result<(u64, &'a StructField)> {
    let mut found = (0u64..).zip(fields).filter(|(_, field)| same_name(&field.name, name));
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => {
            let candidates = fields.iter().filter(|field| same_name(&field.name, name));
            let candidates: Vec<_> =
                candidates.map(|field| format!("StructField({},{})", field.name, field.data_type)).collect();
            Err(SparkError::analysis(format!("Ambiguous reference to fields {}", candidates.join(", "))))
        }
        (None, _) => {
            let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
            Err(SparkError::analysis(format!("No such struct field {name} in {}", names.join(", "))))
        }
    }
}

fn constant_place(array: &ArrayRef) -> usize {
    let places = array.as_primitive::<arrow::datatypes::UInt64Type>();
    places.values().first().map_or(0, |place| *place as usize)
}

/// The field's column, NULL where the struct is.
fn struct_field(arrays: &[ArrayRef], result: &DataType) -> DataFusionResult<ArrayRef> {
    let [structs, place] = arrays else { return internal_err!("a field is of one struct") };
    let structs = structs.as_struct();
    match structs.columns().get(constant_place(place)) {
        Some(column) => lists::relabelled(&lists::masked(column, structs.nulls())?, result),
        // A batch without rows has no place either.
        None => Ok(arrow::array::new_empty_array(result)),
    }
}

fn array_field(arrays: &[ArrayRef], result: &DataType) -> DataFusionResult<ArrayRef> {
    let [array, place] = arrays else { return internal_err!("a field is of one array") };
    let structs = array.as_list::<i32>();
    let DataType::List(element) = result else { return internal_err!("{result} is not a list") };
    let fields = struct_field(&[Arc::clone(structs.values()), Arc::clone(place)], element.data_type())?;
    lists::list(result, structs.offsets().clone(), fields, structs.nulls().cloned())
}

/// The element at a place counted from 0; NULL outside the list.
fn list_item(arrays: &[ArrayRef], _: &DataType) -> DataFusionResult<ArrayRef> {
    let [array, places] = arrays else { return internal_err!("an element is of one array") };
    let (lists, places) = (array.as_list::<i32>(), places.as_primitive::<Int64Type>());
    let picked = |row: usize| {
        if lists.is_null(row) || places.is_null(row) {
            return None;
        }
        let elements = lists::range(lists.value_offsets(), row);
        let place = usize::try_from(places.value(row)).ok()?;
        (place < elements.len()).then(|| (elements.start + place) as u64)
    };
    take_at(lists.values(), (0..lists.len()).map(picked))
}

fn take_at(values: &ArrayRef, places: impl Iterator<Item = Option<u64>>) -> DataFusionResult<ArrayRef> {
    lists::taken(values, &places.collect::<UInt64Array>())
}

fn value_of(map: Typed, key: Typed, data_type: SparkType, name: String) -> Result<Typed> {
    let expr = udf::call("spark_map_value", &data_type, vec![map.expr, key.expr], map_value);
    Ok(Typed::new(expr, data_type, true, name))
}

/// The value of the first key that equals the one asked for; NULL if there is none.
fn map_value(arrays: &[ArrayRef], _: &DataType) -> DataFusionResult<ArrayRef> {
    let [map, wanted] = arrays else { return internal_err!("a value is of one map") };
    let maps = map.as_map();
    let of_maps = keys::rows(maps.keys(), Equality::Ordering)?;
    let wanted_keys = keys::rows(&lists::relabelled(wanted, maps.keys().data_type())?, Equality::Ordering)?;
    let found = |row: usize| {
        if maps.is_null(row) || wanted.is_null(row) {
            return None;
        }
        let wanted = wanted_keys.row(row);
        lists::range(maps.value_offsets(), row).find(|at| of_maps.row(*at) == wanted).map(|at| at as u64)
    };
    take_at(maps.values(), (0..maps.len()).map(found))
}

/// `element_at(array, place)`, counted from 1, or from the end by negative places; `element_at(map, key)`.
fn element_at(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let [base, key] = call.take()?;
    let types = format!("it's [{}, {}].", base.data_type, key.data_type);
    match &base.data_type {
        SparkType::Array { element, .. } => {
            if !matches!(key.data_type, SparkType::Byte | SparkType::Short | SparkType::Int) {
                return Err(mismatch(
                    &name,
                    format!("Input to function element_at should have been array followed by a int, but {types}"),
                ));
            }
            let data_type = element.as_ref().clone();
            let place = key.coerced(&SparkType::Int, zone)?;
            let expr = udf::call("spark_element_at", &data_type, vec![base.expr, place.expr], element_kernel);
            Ok(Typed::new(expr, data_type, true, name))
        }
        SparkType::Map { key: of_keys, value, .. } => {
            let common = coercion::tightest_common_type(of_keys, &key.data_type).ok_or_else(|| {
                let what =
                    "Input to function element_at should have been map followed by a value of same key type, but";
                mismatch(&name, format!("{what} {types}"))
            })?;
            super::kind::check_orderable(&name, "element_at", &common)?;
            let data_type = value.as_ref().clone();
            let map_type = map_of(common.clone(), data_type.clone());
            value_of(base.coerced(&map_type, zone)?, key.coerced(&common, zone)?, data_type, name)
        }
        _ => Err(requires(&name, 1, "(array or map)", &base)),
    }
}

fn element_kernel(arrays: &[ArrayRef], _: &DataType) -> DataFusionResult<ArrayRef> {
    let [array, places] = arrays else { return internal_err!("an element is of one array") };
    let (lists, places): (&ListArray, _) = (array.as_list(), places.as_primitive::<Int32Type>());
    let mut picked = Vec::with_capacity(lists.len());
    for row in 0..lists.len() {
        picked.push(if lists.is_null(row) || places.is_null(row) {
            None
        } else {
            let elements = lists::range(lists.value_offsets(), row);
            let place = places.value(row);
            if place == 0 {
                return Err(SparkError::new(ErrorKind::Execution, "SQL array indices start at 1").into());
            }
            if place == i32::MIN {
                // It has no absolute value, and Spark reads outside of the array.
                return Err(SparkError::execution("ArrayIndexOutOfBoundsException: the least int is no place").into());
            }
            let distance = place.unsigned_abs() as usize;
            let inside = distance <= elements.len();
            let at = if place > 0 {
                (elements.start + distance).wrapping_sub(1)
            } else {
                elements.end.wrapping_sub(distance)
            };
            inside.then_some(at as u64)
        });
    }
    take_at(lists.values(), picked.into_iter())
}

/// The fields of a struct, as `base.*` lists them.
pub(crate) fn all_fields(base: &Typed, zone: Zone) -> Result<Vec<(String, Typed)>> {
    let SparkType::Struct(fields) = &base.data_type else {
        return Err(SparkError::analysis(format!(
            "Can only star expand struct data types. Attribute: `{}`",
            base.name
        )));
    };
    let names = fields.iter().map(|field| field.name.clone());
    names.enumerate().map(|(at, name)| Ok((name.clone(), nth_field(base.clone(), at, &name, zone)?))).collect()
}

/// The field at a place, whatever others are called.
fn nth_field(base: Typed, at: usize, name: &str, zone: Zone) -> Result<Typed> {
    match &base.data_type {
        SparkType::Struct(fields) if let Some(found) = fields.get(at) => {
            let data_type = found.data_type.clone();
            let expr: Expr = udf::call("spark_field", &data_type, vec![base.expr, lit(at as u64)], struct_field);
            Ok(Typed::new(expr, data_type, true, format!("{}.{name}", base.name)))
        }
        _ => field(base, name, zone),
    }
}
