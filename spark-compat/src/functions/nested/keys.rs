//! Keys of values: byte strings that compare as Spark orders the values.
//!
//! Inside arrays and structs NULL equals NULL and comes first, a shorter array before its continuations; floats are ordered as
//! [`crate::functions::float_keys`] says. Arrow's row format has this order once floats are normalized. Rule: Spark's
//! `InterpretedOrdering`, and `SQLOpenHashSet` for [`Equality::Boxed`].

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, ListArray, MapArray, StructArray};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::Expr;

use super::udf;
use crate::functions::float_keys;
use crate::types::SparkType;

/// When two values are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Equality {
    /// As `=` says.
    Ordering,
    /// As Java's boxed values say, which sets of atomic values and keys of maps are made of: 0.0 and -0.0 differ.
    Boxed,
}

/// The keys of an array's values.
pub(super) fn rows(array: &ArrayRef, equality: Equality) -> DataFusionResult<Rows> {
    let normalized = match (equality, array.data_type()) {
        (Equality::Boxed, DataType::Float32 | DataType::Float64) => with_one_nan(array),
        _ => normalized(array)?,
    };
    let options = SortOptions { descending: false, nulls_first: true };
    let field = SortField::new_with_options(normalized.data_type().clone(), options);
    Ok(RowConverter::new(vec![field])?.convert_columns(&[normalized])?)
}

/// The array with equal floats made equal in their bits, at any depth.
pub(crate) fn normalized(array: &ArrayRef) -> DataFusionResult<ArrayRef> {
    Ok(match array.data_type() {
        DataType::Float32 => {
            Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(float_keys::normalize_f32))
        }
        DataType::Float64 => {
            Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(float_keys::normalize_f64))
        }
        DataType::List(field) => {
            let lists = array.as_list::<i32>();
            let elements = normalized(lists.values())?;
            Arc::new(ListArray::try_new(Arc::clone(field), lists.offsets().clone(), elements, lists.nulls().cloned())?)
        }
        DataType::Struct(fields) => {
            let structs = array.as_struct();
            let columns = structs.columns().iter().map(normalized).collect::<DataFusionResult<Vec<_>>>()?;
            let nulls = structs.nulls().cloned();
            Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, structs.len())?)
        }
        DataType::Map(entries, ordered) => {
            let maps = array.as_map();
            let entry: ArrayRef = Arc::new(maps.entries().clone());
            let entry = normalized(&entry)?.as_struct().clone();
            let (offsets, nulls) = (maps.offsets().clone(), maps.nulls().cloned());
            Arc::new(MapArray::try_new(Arc::clone(entries), offsets, entry, nulls, *ordered)?)
        }
        _ => Arc::clone(array),
    })
}

/// All NaNs with the same bits; zeros keep their sign.
fn with_one_nan(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Float32 => {
            let one_nan = |v: f32| if v.is_nan() { f32::NAN } else { v };
            Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(one_nan))
        }
        _ => {
            let one_nan = |v: f64| if v.is_nan() { f64::NAN } else { v };
            Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(one_nan))
        }
    }
}

/// An expression whose binary values compare as the values of `expr` do; NULL for NULL.
pub(crate) fn order_key(expr: Expr) -> Expr {
    udf::call("spark_order_key", &SparkType::Binary, vec![expr], |arrays, result| match arrays {
        [array] => {
            let keys: BinaryArray = rows(array, Equality::Ordering)?.try_into_binary()?;
            let keys = BinaryArray::try_new(keys.offsets().clone(), keys.values().clone(), array.logical_nulls())?;
            Ok(arrow::compute::cast(&keys, result)?)
        }
        _ => datafusion::common::internal_err!("an order key is of one value"),
    })
}

/// The expression of a nested type with equal floats made equal in their bits.
pub(crate) fn normalized_nested(expr: Expr, data_type: &SparkType) -> Expr {
    udf::call("spark_nested_key", data_type, vec![expr], |arrays, _| match arrays {
        [array] => normalized(array),
        _ => datafusion::common::internal_err!("only one value can be normalized"),
    })
}
