//! What a nested type is made of.

use super::{mismatch, requires};
use crate::error::Result;
use crate::resolver::Typed;
use crate::types::SparkType;

/// The element type of an argument that must be an array; NULL is an array of NULLs.
pub(super) fn element(whole: &str, place: usize, arg: &Typed) -> Result<SparkType> {
    match &arg.data_type {
        SparkType::Array { element, .. } => Ok(element.as_ref().clone()),
        SparkType::Void => Ok(SparkType::Void),
        _ => Err(requires(whole, place, "array", arg)),
    }
}

/// Key and value type of an argument that must be a map; NULL is a map of NULLs.
pub(super) fn entry(whole: &str, place: usize, arg: &Typed) -> Result<(SparkType, SparkType)> {
    match &arg.data_type {
        SparkType::Map { key, value, .. } => Ok((key.as_ref().clone(), value.as_ref().clone())),
        SparkType::Void => Ok((SparkType::Void, SparkType::Void)),
        _ => Err(requires(whole, place, "map", arg)),
    }
}

/// Whether values of the type can be ordered (Spark's `RowOrdering.isOrderable`).
pub(crate) fn is_orderable(t: &SparkType) -> bool {
    match t {
        SparkType::Map { .. } | SparkType::CalendarInterval => false,
        SparkType::Array { element, .. } => is_orderable(element),
        SparkType::Struct(fields) => fields.iter().all(|field| is_orderable(&field.data_type)),
        _ => true,
    }
}

/// Refuses elements that a function would have to compare and cannot.
pub(super) fn check_orderable(whole: &str, called: &str, t: &SparkType) -> Result<()> {
    if is_orderable(t) {
        return Ok(());
    }
    Err(mismatch(whole, format!("function {called} does not support ordering on type {t}")))
}

/// Whether the type is a map or has one inside.
pub(crate) fn contains_map(t: &SparkType) -> bool {
    match t {
        SparkType::Map { .. } => true,
        SparkType::Array { element, .. } => contains_map(element),
        SparkType::Struct(fields) => fields.iter().any(|field| contains_map(&field.data_type)),
        _ => false,
    }
}
