//! Arrays as sets: `array_distinct`, `array_except`, `array_intersect`, `array_union`, `arrays_overlap`.
//!
//! NULL is one element like any other, except in `arrays_overlap`. Rules: Spark's `collectionOperations.scala`.

use std::collections::HashSet;
use std::ops::Range;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, ListArray, PrimitiveArray, downcast_primitive_array,
};
use arrow::compute::concat;
use arrow::datatypes::DataType;
use arrow::row::{Row, Rows};
use datafusion::common::{Result as DataFusionResult, internal_err};

use super::keys::{self, Equality};
use super::lists::{self, Picks};
use super::udf::{self, Kernel};
use super::{array_of, kind, mismatch};
use crate::coercion;
use crate::error::Result;
use crate::functions::arguments::{Arity, Input};
use crate::functions::{Call, Function};
use crate::kernel;
use crate::resolver::Typed;
use crate::types::SparkType;

const ANY: &[Input] = &[Input::Any];

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::scalar("array_distinct", Arity::Exactly(1), ANY, distinct),
    Function::scalar("array_except", Arity::Exactly(2), ANY, |call| {
        of_two(call, "spark_array_except", |arrays, result| two_sets(arrays, result, except))
    }),
    Function::scalar("array_intersect", Arity::Exactly(2), ANY, |call| {
        of_two(call, "spark_array_intersect", |arrays, result| two_sets(arrays, result, intersect))
    }),
    Function::scalar("array_union", Arity::Exactly(2), ANY, |call| {
        of_two(call, "spark_array_union", |arrays, result| two_sets(arrays, result, union))
    }),
    Function::scalar("arrays_overlap", Arity::Exactly(2), ANY, overlap),
];

fn distinct(call: Call<'_>) -> Result<Typed> {
    let (name, nullable) = (call.name(), call.any_nullable());
    let [array] = call.take()?;
    let element = kind::element(&name, 1, &array)?;
    kind::check_orderable(&name, "array_distinct", &element)?;
    let array = as_array(array, &element)?;
    let data_type = array.data_type.clone();
    let expr = udf::call("spark_array_distinct", &data_type, vec![array.expr], |arrays, result| {
        let [array] = arrays else { return internal_err!("array_distinct takes one array") };
        let lists = array.as_list::<i32>();
        let picks = match distinct_numbers(lists)? {
            Some(picks) => picks,
            None => {
                let keys = keys::rows(lists.values(), Equality::Boxed)?;
                distinct_picks(lists, |range, picks| {
                    let mut seen = HashSet::with_capacity(range.len());
                    picks.pick_all(range.filter(|at| seen.insert(keys.row(*at))));
                })?
            }
        };
        picks.finish(lists.values(), result)
    });
    Ok(Typed::new(expr, data_type, nullable, name))
}

/// Lists up to this length are compared element by element: hashing costs more.
const SHORT: usize = 16;

/// What is picked of short lists of numbers whose bits say whether they are equal: not of floats.
fn distinct_numbers(lists: &ListArray) -> DataFusionResult<Option<Picks>> {
    fn of_numbers<T: ArrowPrimitiveType>(lists: &ListArray, elements: &PrimitiveArray<T>) -> DataFusionResult<Picks> {
        let values = elements.values();
        let same = |a: usize, b: usize| match elements.nulls() {
            Some(nulls) if nulls.is_null(a) || nulls.is_null(b) => nulls.is_null(a) && nulls.is_null(b),
            _ => values[a] == values[b],
        };
        distinct_picks(lists, |range, picks| {
            let start = range.start;
            picks.pick_all(range.filter(|at| !(start..*at).any(|before| same(before, *at))));
        })
    }
    let elements = lists.values();
    let are_short = lists.offsets().lengths().all(|length| length <= SHORT);
    if !are_short || elements.data_type().is_floating() {
        return Ok(None);
    }
    downcast_primitive_array!(
        elements => of_numbers(lists, elements).map(Some),
        _ => Ok(None)
    )
}

/// What `pick` picks of the places of each list that is not NULL.
fn distinct_picks(lists: &ListArray, pick: impl Fn(Range<usize>, &mut Picks)) -> DataFusionResult<Picks> {
    let mut picks = Picks::new(lists.len());
    for row in 0..lists.len() {
        if lists.is_null(row) {
            picks.end_null();
        } else {
            pick(lists::range(lists.value_offsets(), row), &mut picks);
            picks.end()?;
        }
    }
    Ok(picks)
}

/// An array argument as an array of `element`; NULL becomes one.
pub(super) fn as_array(array: Typed, element: &SparkType) -> Result<Typed> {
    match array.data_type {
        SparkType::Array { .. } => Ok(array),
        _ => array.coerced(&array_of(element.clone()), crate::datetime::zone::Zone::UTC),
    }
}

/// Two arrays of one type, after Spark's widening without strings.
fn pair(call: Call<'_>) -> Result<(String, [Typed; 2], SparkType)> {
    let (name, called, zone) = (call.name(), call.called.to_string(), call.zone);
    let [left, right] = call.take()?;
    let common = match (&left.data_type, &right.data_type) {
        (SparkType::Array { element: l, .. }, SparkType::Array { element: r, .. }) => {
            coercion::wider_type_without_strings(l, r)
        }
        _ => None,
    };
    let common = common.ok_or_else(|| {
        let types = format!("[{}, {}]", left.data_type, right.data_type);
        let what =
            format!("input to function {called} should have been two arrays with same element type, but it's {types}");
        mismatch(&name, what)
    })?;
    kind::check_orderable(&name, &called, &common)?;
    let data_type = array_of(common);
    let sides = [left.coerced(&data_type, zone)?, right.coerced(&data_type, zone)?];
    Ok((name, sides, data_type))
}

fn of_two(call: Call<'_>, kernel_name: &'static str, kernel: Kernel) -> Result<Typed> {
    let nullable = call.any_nullable();
    let (name, sides, data_type) = pair(call)?;
    let expr = udf::call(kernel_name, &data_type, sides.map(|side| side.expr).into(), kernel);
    Ok(Typed::new(expr, data_type, nullable, name))
}

/// What is picked of two lists, whose places are ranges in one array of keys.
type SetRule = fn(&mut Picks, &Rows, Range<usize>, Range<usize>);

fn two_sets(arrays: &[ArrayRef], result: &DataType, rule: SetRule) -> DataFusionResult<ArrayRef> {
    let [left, right] = arrays else { return internal_err!("a set operation takes two arrays") };
    let (left, right) = (left.as_list::<i32>(), right.as_list::<i32>());
    let offset = left.values().len();
    let elements = concat(&[left.values(), right.values()])?;
    let keys = keys::rows(&elements, Equality::Boxed)?;
    let mut picks = Picks::new(left.len());
    for row in 0..left.len() {
        if left.is_null(row) || right.is_null(row) {
            picks.end_null();
            continue;
        }
        let second = lists::range(right.value_offsets(), row);
        rule(&mut picks, &keys, lists::range(left.value_offsets(), row), second.start + offset..second.end + offset);
        picks.end()?;
    }
    picks.finish(&elements, result)
}

fn except(picks: &mut Picks, keys: &Rows, left: Range<usize>, right: Range<usize>) {
    let mut seen: HashSet<Row<'_>> = right.map(|at| keys.row(at)).collect();
    picks.pick_all(left.filter(|at| seen.insert(keys.row(*at))));
}

fn intersect(picks: &mut Picks, keys: &Rows, left: Range<usize>, right: Range<usize>) {
    let mut wanted: HashSet<Row<'_>> = right.map(|at| keys.row(at)).collect();
    picks.pick_all(left.filter(|at| wanted.remove(&keys.row(*at))));
}

fn union(picks: &mut Picks, keys: &Rows, left: Range<usize>, right: Range<usize>) {
    let mut seen = HashSet::new();
    picks.pick_all(left.chain(right).filter(|at| seen.insert(keys.row(*at))));
}

/// True if an element that is not NULL is in both; else NULL if neither is empty and one has a NULL.
fn overlap(call: Call<'_>) -> Result<Typed> {
    let (name, sides, _) = pair(call)?;
    let args = sides.map(|side| side.expr).into();
    let expr = udf::call("spark_arrays_overlap", &SparkType::Boolean, args, overlap_kernel);
    Ok(Typed::new(expr, SparkType::Boolean, true, name))
}

fn overlap_kernel(arrays: &[ArrayRef], _: &DataType) -> DataFusionResult<ArrayRef> {
    let [left, right] = arrays else { return internal_err!("arrays_overlap takes two arrays") };
    let (left, right) = (left.as_list::<i32>(), right.as_list::<i32>());
    let (left_keys, right_keys) =
        (keys::rows(left.values(), Equality::Boxed)?, keys::rows(right.values(), Equality::Boxed)?);
    let (left_nulls, right_nulls) = (left.values().logical_nulls(), right.values().logical_nulls());
    let is_valid = |nulls: &Option<arrow::buffer::NullBuffer>, at: usize| nulls.as_ref().is_none_or(|n| n.is_valid(at));
    let overlaps = |row: usize| {
        if left.is_null(row) || right.is_null(row) {
            return None;
        }
        let (l, r) = (lists::range(left.value_offsets(), row), lists::range(right.value_offsets(), row));
        let present: HashSet<Row<'_>> =
            l.clone().filter(|at| is_valid(&left_nulls, *at)).map(|at| left_keys.row(at)).collect();
        let mut among = r.clone().filter(|at| is_valid(&right_nulls, *at));
        if among.any(|at| present.contains(&right_keys.row(at))) {
            return Some(true);
        }
        let some_null =
            l.clone().any(|at| !is_valid(&left_nulls, at)) || r.clone().any(|at| !is_valid(&right_nulls, at));
        if some_null && !l.is_empty() && !r.is_empty() { None } else { Some(false) }
    };
    kernel::shared((0..left.len()).map(overlaps).collect::<BooleanArray>())
}
