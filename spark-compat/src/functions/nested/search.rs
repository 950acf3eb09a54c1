//! Looking for elements: `array_contains`, `array_position`, `array_remove`, `array_max`, `array_min`.

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Int64Array, ListArray, PrimitiveArray, UInt64Array,
    downcast_primitive_array,
};
use arrow::buffer::NullBuffer;
use arrow::row::Rows;
use datafusion::common::{Result as DataFusionResult, internal_err};
use datafusion::logical_expr::Expr;

use super::keys::{self, Equality};
use super::lists::{self, Picks};
use super::udf::{self, Kernel};
use super::{array_of, constructors, kind, mismatch, sets};
use crate::coercion;
use crate::error::Result;
use crate::functions::arguments::{Arity, Input};
use crate::functions::{Call, Function};
use crate::kernel;
use crate::resolver::Typed;
use crate::types::SparkType;

const ANY: &[Input] = &[Input::Any];

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::scalar("array_contains", Arity::Exactly(2), ANY, contains),
    Function::scalar("array_position", Arity::Exactly(2), ANY, position),
    Function::scalar("array_remove", Arity::Exactly(2), ANY, remove),
    Function::scalar("array_max", Arity::Exactly(1), ANY, |call| {
        extreme(call, "spark_array_max", |arrays, _| extreme_kernel(arrays, |new, best| new > best))
    }),
    Function::scalar("array_min", Arity::Exactly(1), ANY, |call| {
        extreme(call, "spark_array_min", |arrays, _| extreme_kernel(arrays, |new, best| new < best))
    }),
];

/// An array and a value of its element type.
fn with_value(call: Call<'_>) -> Result<(String, Typed, Typed)> {
    let (name, called, zone) = (call.name(), call.called.to_string(), call.zone);
    let [array, value] = call.take()?;
    let common = match &array.data_type {
        SparkType::Array { element, .. } => coercion::wider_type_without_strings(element, &value.data_type),
        _ => None,
    };
    let common = common.ok_or_else(|| {
        let types = format!("[{}, {}]", array.data_type, value.data_type);
        mismatch(&name, format!("Input to function {called} should have been array followed by a value with same element type, but it's {types}."))
    })?;
    kind::check_orderable(&name, &called, &common)?;
    Ok((name, array.coerced(&array_of(common.clone()), zone)?, value.coerced(&common, zone)?))
}

/// NULL if the value is not found among elements of which one is NULL.
fn contains(call: Call<'_>) -> Result<Typed> {
    if call.args.iter().skip(1).any(|value| value.data_type == SparkType::Void) {
        return Err(mismatch(&call.name(), "Null typed values cannot be used as arguments"));
    }
    let (name, array, value) = with_value(call)?;
    let expr = udf::call("spark_array_contains", &SparkType::Boolean, vec![array.expr, value.expr], |arrays, _| {
        if let Some(found) = contains_number(arrays) {
            return kernel::shared(found);
        }
        let search = Search::new(arrays)?;
        let found = |row: usize| {
            if search.is_null(row) {
                return None;
            }
            let mut elements = search.elements(row);
            if elements.any(|at| search.matches(at, row)) {
                return Some(true);
            }
            if search.elements(row).any(|at| !search.is_valid(at)) { None } else { Some(false) }
        };
        kernel::shared((0..search.lists.len()).map(found).collect::<BooleanArray>())
    });
    Ok(Typed::new(expr, SparkType::Boolean, true, name))
}

/// [`contains`] for elements that are numbers of some kind, whose bits say whether they are equal: not for floats.
fn contains_number(arrays: &[ArrayRef]) -> Option<BooleanArray> {
    fn found<T: ArrowPrimitiveType>(lists: &ListArray, elements: &PrimitiveArray<T>, value: &ArrayRef) -> BooleanArray {
        let value = value.as_primitive::<T>();
        let nulls = elements.nulls().filter(|nulls| nulls.null_count() > 0);
        let found = |row: usize| {
            if lists.is_null(row) || value.is_null(row) {
                return None;
            }
            let (mut range, wanted) = (lists::range(lists.value_offsets(), row), value.value(row));
            let Some(nulls) = nulls else {
                return Some(elements.values().get(range)?.contains(&wanted));
            };
            if range.clone().any(|at| nulls.is_valid(at) && elements.value(at) == wanted) {
                return Some(true);
            }
            if range.any(|at| nulls.is_null(at)) { None } else { Some(false) }
        };
        (0..lists.len()).map(found).collect()
    }
    let [array, value] = arrays else { return None };
    let lists = array.as_list::<i32>();
    let elements = lists.values();
    if elements.data_type() != value.data_type() || elements.data_type().is_floating() {
        return None;
    }
    downcast_primitive_array!(
        elements => Some(found(lists, elements, value)),
        _ => None
    )
}

/// The place of the value, counted from 1; 0 if it is not there.
fn position(call: Call<'_>) -> Result<Typed> {
    let (name, array, value) = with_value(call)?;
    let expr = udf::call("spark_array_position", &SparkType::Long, vec![array.expr, value.expr], |arrays, _| {
        let search = Search::new(arrays)?;
        let found = |row: usize| {
            if search.is_null(row) {
                return None;
            }
            let place = search.elements(row).position(|at| search.matches(at, row));
            Some(place.map_or(0, |place| place as i64 + 1))
        };
        kernel::shared((0..search.lists.len()).map(found).collect::<Int64Array>())
    });
    Ok(Typed::new(expr, SparkType::Long, true, name))
}

/// The array without the elements that equal the value; NULLs stay.
fn remove(call: Call<'_>) -> Result<Typed> {
    let (name, array, value) = with_value(call)?;
    let data_type = array.data_type.clone();
    let expr = udf::call("spark_array_remove", &data_type, vec![array.expr, value.expr], |arrays, result| {
        let search = Search::new(arrays)?;
        let mut picks = Picks::new(search.lists.len());
        for row in 0..search.lists.len() {
            if search.is_null(row) {
                picks.end_null();
            } else {
                picks.pick_all(search.elements(row).filter(|at| !search.matches(*at, row)));
                picks.end()?;
            }
        }
        picks.finish(search.lists.values(), result)
    });
    Ok(Typed::new(expr, data_type, true, name))
}

/// Lists, and one value for each to look for.
struct Search<'a> {
    lists: &'a ListArray,
    value_nulls: Option<NullBuffer>,
    element_nulls: Option<NullBuffer>,
    elements: Rows,
    values: Rows,
}

impl<'a> Search<'a> {
    fn new(arrays: &'a [ArrayRef]) -> DataFusionResult<Self> {
        let [array, value] = arrays else { return internal_err!("a search is in one array for one value") };
        let lists = array.as_list::<i32>();
        let value = lists::relabelled(value, lists.values().data_type())?;
        Ok(Self {
            lists,
            value_nulls: value.logical_nulls(),
            element_nulls: lists.values().logical_nulls(),
            elements: keys::rows(lists.values(), Equality::Ordering)?,
            values: keys::rows(&value, Equality::Ordering)?,
        })
    }

    fn is_null(&self, row: usize) -> bool {
        self.lists.is_null(row) || self.value_nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    fn elements(&self, row: usize) -> std::ops::Range<usize> {
        lists::range(self.lists.value_offsets(), row)
    }

    fn is_valid(&self, at: usize) -> bool {
        self.element_nulls.as_ref().is_none_or(|nulls| nulls.is_valid(at))
    }

    fn matches(&self, at: usize, row: usize) -> bool {
        self.is_valid(at) && self.elements.row(at) == self.values.row(row)
    }
}

/// The least or greatest element that is not NULL.
fn extreme(call: Call<'_>, kernel_name: &'static str, kernel: Kernel) -> Result<Typed> {
    let (name, called) = (call.name(), call.called.to_string());
    let [array] = call.take()?;
    let element = kind::element(&name, 1, &array)?;
    kind::check_orderable(&name, &called, &element)?;
    let array = sets::as_array(array, &element)?;
    let expr = udf::call(kernel_name, &element, vec![array.expr], kernel);
    Ok(Typed::new(expr, element, true, name))
}

/// The greatest or least of values of a nested type that are not NULL.
pub(in crate::functions) fn extreme_of(values: Vec<Expr>, data_type: &SparkType, greatest: bool) -> Expr {
    let array = constructors::array_of_exprs(values, data_type);
    if greatest {
        udf::call("spark_array_max", data_type, vec![array], |arrays, _| extreme_kernel(arrays, |new, best| new > best))
    } else {
        udf::call("spark_array_min", data_type, vec![array], |arrays, _| extreme_kernel(arrays, |new, best| new < best))
    }
}

fn extreme_kernel(
    arrays: &[ArrayRef],
    is_better: impl Fn(arrow::row::Row<'_>, arrow::row::Row<'_>) -> bool,
) -> DataFusionResult<ArrayRef> {
    let [array] = arrays else { return internal_err!("one array has an extreme") };
    let lists = array.as_list::<i32>();
    let keys = keys::rows(lists.values(), Equality::Ordering)?;
    let nulls = lists.values().logical_nulls();
    let best = |row: usize| {
        if lists.is_null(row) {
            return None;
        }
        let valid = |at: &usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*at));
        let elements = lists::range(lists.value_offsets(), row).filter(valid);
        let best = elements.reduce(|best, at| if is_better(keys.row(at), keys.row(best)) { at } else { best });
        best.map(|at| at as u64)
    };
    let places: UInt64Array = (0..lists.len()).map(best).collect();
    lists::taken(lists.values(), &places)
}
