//! `sort_array`, and `array_sort` in its own order.

use std::sync::Arc;

use arrow::array::builder::NullBufferBuilder;
use arrow::array::{
    Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, AsArray, ListArray, PrimitiveArray,
    downcast_primitive_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::DataType;
use datafusion::common::{Result as DataFusionResult, ScalarValue, internal_err};
use datafusion::logical_expr::Expr;

use super::keys::{self, Equality};
use super::lists::{self, Picks};
use super::udf::{self, Kernel};
use super::{kind, mismatch};
use crate::error::Result;
use crate::functions::arguments::{Arity, Input};
use crate::functions::{Call, Function};
use crate::resolver::Typed;
use crate::types::SparkType;

pub(in crate::functions) const FUNCTIONS: &[Function] =
    &[Function::scalar("sort_array", Arity::Between(1, 2), &[Input::Any], sort_array)];

/// Ascending with NULLs first, or descending with NULLs last.
fn sort_array(call: Call<'_>) -> Result<Typed> {
    let mut args = call.args.into_iter();
    let Some(array) = args.next() else { return Err(mismatch("sort_array()", "an array is missing")) };
    let ascending = args.next().unwrap_or_else(|| Typed::literal(true.into(), SparkType::Boolean, "true"));
    let name = format!("sort_array({}, {})", array.name, ascending.name);
    let element = match &array.data_type {
        SparkType::Array { element, .. } => element.as_ref().clone(),
        _ => return Err(mismatch(&name, "sort_array only supports array input.")),
    };
    if !kind::is_orderable(&element) {
        let what = format!("sort_array does not support sorting array of type {element} which is not orderable");
        return Err(mismatch(&name, what));
    }
    // Nothing but the words themselves will do. A cast of a literal has become one by now, its name has not.
    let (kernel_name, kernel): (_, Kernel) = match (ascending.as_literal(), ascending.name.as_str()) {
        (Some(ScalarValue::Boolean(Some(true))), "true") => ("spark_sort_ascending", |arrays, result| {
            sorted(arrays, result, Order { descending: false, nulls_last: false })
        }),
        (Some(ScalarValue::Boolean(Some(false))), "false") => ("spark_sort_descending", |arrays, result| {
            sorted(arrays, result, Order { descending: true, nulls_last: true })
        }),
        _ => return Err(mismatch(&name, "Sort order in second argument requires a boolean literal.")),
    };
    let data_type = array.data_type.clone();
    let expr = udf::call(kernel_name, &data_type, vec![array.expr], kernel);
    Ok(Typed::new(expr, data_type, array.nullable, name))
}

/// `array_sort` without a comparator: ascending with NULLs last.
pub(super) fn nulls_last(array: Expr, data_type: &SparkType) -> Expr {
    udf::call("spark_array_sort", data_type, vec![array], |arrays, result| {
        sorted(arrays, result, Order { descending: false, nulls_last: true })
    })
}

#[derive(Clone, Copy)]
struct Order {
    descending: bool,
    nulls_last: bool,
}

/// Equal elements keep their order.
fn sorted(arrays: &[ArrayRef], result: &DataType, order: Order) -> DataFusionResult<ArrayRef> {
    let [array] = arrays else { return internal_err!("one array is sorted") };
    let lists = array.as_list::<i32>();
    if let Some((offsets, elements)) = sorted_numbers(lists, order)? {
        return lists::list(result, offsets, elements, lists.nulls().cloned());
    }
    let keys = keys::rows(lists.values(), Equality::Ordering)?;
    let nulls = lists.values().logical_nulls();
    let is_null = |at: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(at));
    let mut picks = Picks::new(lists.len());
    let mut places: Vec<usize> = Vec::new();
    for row in 0..lists.len() {
        if lists.is_null(row) {
            picks.end_null();
            continue;
        }
        places.clear();
        places.extend(lists::range(lists.value_offsets(), row));
        places.sort_by(|a, b| {
            let by_null = is_null(*a).cmp(&is_null(*b));
            let by_null = if order.nulls_last { by_null } else { by_null.reverse() };
            let by_key = keys.row(*a).cmp(&keys.row(*b));
            by_null.then(if order.descending { by_key.reverse() } else { by_key })
        });
        picks.pick_all(places.iter().copied());
        picks.end()?;
    }
    picks.finish(lists.values(), result)
}

/// The lists sorted, as offsets and elements, where these are numbers of some kind that are ordered as they are: not floats.
fn sorted_numbers(lists: &ListArray, order: Order) -> DataFusionResult<Option<(OffsetBuffer<i32>, ArrayRef)>> {
    let elements = lists.values();
    if elements.data_type().is_floating() {
        return Ok(None);
    }
    downcast_primitive_array!(
        elements => sort_numbers(lists, elements, order).map(Some),
        _ => Ok(None)
    )
}

fn sort_numbers<T: ArrowPrimitiveType>(
    lists: &ListArray,
    elements: &PrimitiveArray<T>,
    order: Order,
) -> DataFusionResult<(OffsetBuffer<i32>, ArrayRef)> {
    let mut lengths = Vec::with_capacity(lists.len());
    let mut sorted: Vec<T::Native> = Vec::with_capacity(elements.len());
    let mut valid = NullBufferBuilder::new(elements.len());
    for row in 0..lists.len() {
        let range = if lists.is_null(row) { 0..0 } else { lists::range(lists.value_offsets(), row) };
        lengths.push(range.len());
        lists::check_elements(sorted.len() + range.len())?;
        let nulls = elements.nulls().map_or(0, |nulls| range.clone().filter(|at| nulls.is_null(*at)).count());
        if !order.nulls_last {
            sorted.extend(std::iter::repeat_n(T::Native::default(), nulls));
            valid.append_n_nulls(nulls);
        }
        let start = sorted.len();
        match elements.nulls() {
            None => sorted.extend_from_slice(elements.values().get(range.clone()).unwrap_or_default()),
            Some(valid) => {
                sorted.extend(range.clone().filter(|at| valid.is_valid(*at)).map(|at| elements.value(at)));
            }
        }
        let numbers = sorted.get_mut(start..).unwrap_or_default();
        match order.descending {
            true => numbers.sort_unstable_by(|a, b| b.compare(*a)),
            false => numbers.sort_unstable_by(|a, b| a.compare(*b)),
        }
        valid.append_n_non_nulls(range.len() - nulls);
        if order.nulls_last {
            sorted.extend(std::iter::repeat_n(T::Native::default(), nulls));
            valid.append_n_nulls(nulls);
        }
    }
    let elements =
        PrimitiveArray::<T>::try_new(sorted.into(), valid.finish())?.with_data_type(elements.data_type().clone());
    Ok((OffsetBuffer::from_lengths(lengths), Arc::new(elements)))
}
