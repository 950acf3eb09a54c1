//! Arrays, maps and structs: constructors, access, and the functions over them.
//!
//! A kernel works on the flattened elements of a whole batch: it picks places of them ([`lists::Picks`]) or compares them by
//! keys ([`keys`]) and puts the lists together again. Results may always hold NULLs inside: whether they do shows in no answer.

pub(crate) mod access;
mod comparator_sort;
pub(crate) mod constructors;
mod evaluation;
pub(crate) mod generators;
pub(crate) mod higher_order;
mod json_tuple;
pub(crate) mod keys;
pub(crate) mod kind;
mod lambda;
pub(super) mod lists;
pub(super) mod maps;
pub(super) mod search;
pub(super) mod sequence;
pub(super) mod sets;
pub(crate) mod shape;
pub(super) mod sort;
mod udf;

use crate::error::SparkError;
use crate::resolver::Typed;
use crate::types::SparkType;

/// `array<element>` of elements that may be NULL.
pub(crate) fn array_of(element: SparkType) -> SparkType {
    SparkType::Array { element: Box::new(element), contains_null: true }
}

/// `map<key,value>` of values that may be NULL.
pub(crate) fn map_of(key: SparkType, value: SparkType) -> SparkType {
    SparkType::Map { key: Box::new(key), value: Box::new(value), value_contains_null: true }
}

/// Spark's error for operands of types that do not fit.
pub(super) fn mismatch(whole: &str, what: impl std::fmt::Display) -> SparkError {
    SparkError::analysis(format!("cannot resolve '{whole}' due to data type mismatch: {what}"))
}

/// Spark's error for an argument, counted from 1, that is not of the required type.
pub(super) fn requires(whole: &str, place: usize, required: &str, arg: &Typed) -> SparkError {
    let found =
        format!("argument {place} requires {required} type, however, '{}' is of {} type.", arg.name, arg.data_type);
    mismatch(whole, found)
}

/// The types of arguments as messages list them.
pub(super) fn type_list(args: &[Typed]) -> String {
    let types: Vec<_> = args.iter().map(|arg| arg.data_type.to_string()).collect();
    format!("[{}]", types.join(", "))
}
