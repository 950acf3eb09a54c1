//! The kernels of functions with lambdas.

use std::cmp::Ordering;
use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, ListArray, MapArray, UInt64Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::interleave;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::{Result as DataFusionResult, internal_err};

use super::higher_order::Kind;
use super::keys::{self, Equality};
use super::lambda::Lambda;
use super::lists::{self, Picks};
use super::{maps, shape};
use crate::error::{ErrorKind, SparkError};
use crate::kernel;

/// A call over a batch.
#[derive(Debug)]
pub(super) struct Evaluation<'a> {
    /// The lambdas.
    pub lambdas: &'a [Lambda],
    /// The values before the lambdas.
    pub values: &'a [ArrayRef],
    /// What the lambdas captured.
    pub captured: &'a [ArrayRef],
    /// The type of the result.
    pub result: &'a DataType,
}

/// The elements of lists or entries of maps, one after the other.
struct Flat {
    /// Their places in the array of all elements.
    places: UInt64Array,
    /// The row that each belongs to.
    rows: UInt64Array,
    /// Where each row's elements are.
    offsets: OffsetBuffer<i32>,
    /// The rows that are NULL, which have no elements.
    nulls: Option<NullBuffer>,
}

impl Flat {
    fn new(offsets: &[i32], nulls: Option<&NullBuffer>) -> DataFusionResult<Self> {
        let count = offsets.len().saturating_sub(1);
        let mut picks = Picks::new(count);
        let mut rows = Vec::new();
        for row in 0..count {
            if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                picks.end_null();
            } else {
                let places = lists::range(offsets, row);
                rows.extend(std::iter::repeat_n(row as u64, places.len()));
                picks.pick_all(places);
                picks.end()?;
            }
        }
        let (offsets, nulls, places) = picks.into_parts();
        Ok(Self { places, rows: UInt64Array::from(rows), offsets, nulls })
    }

    /// The place of each element in its own list.
    fn positions(&self) -> ArrayRef {
        let positions = self.offsets.lengths().flat_map(|length| 0..length as i32);
        std::sync::Arc::new(Int32Array::from_iter_values(positions))
    }

    fn elements(&self, of: &ArrayRef) -> DataFusionResult<ArrayRef> {
        lists::taken(of, &self.places)
    }
}

impl Evaluation<'_> {
    /// Runs the call.
    pub fn run(&self, kind: Kind) -> DataFusionResult<ArrayRef> {
        match kind {
            Kind::Transform => self.transform(),
            Kind::Filter => self.filter(),
            Kind::Exists => self.quantified(true),
            Kind::Forall => self.quantified(false),
            Kind::Aggregate => self.aggregate(),
            Kind::ZipWith => self.zip_with(),
            Kind::MapFilter => self.map_filter(),
            Kind::MapZipWith => self.map_zip_with(),
            Kind::TransformKeys => self.transform_map(true),
            Kind::TransformValues => self.transform_map(false),
            Kind::ArraySort => self.array_sort(),
        }
    }

    fn value(&self, at: usize) -> DataFusionResult<&ArrayRef> {
        match self.values.get(at) {
            Some(value) => Ok(value),
            None => internal_err!("a value is missing before the lambda"),
        }
    }

    fn list(&self, at: usize) -> DataFusionResult<&ListArray> {
        Ok(self.value(at)?.as_list::<i32>())
    }

    fn map(&self, at: usize) -> DataFusionResult<&MapArray> {
        Ok(self.value(at)?.as_map())
    }

    /// Evaluates the `nth` lambda; parameters that it does not have are left out.
    fn lambda(&self, nth: usize, mut params: Vec<ArrayRef>, rows: &UInt64Array) -> DataFusionResult<ArrayRef> {
        match self.lambdas.get(nth) {
            Some(lambda) => {
                params.truncate(lambda.arity());
                lambda.evaluate(params, self.captured, rows)
            }
            None => internal_err!("a lambda is missing"),
        }
    }

    /// The lambda over the elements of the first value.
    fn over_elements(&self) -> DataFusionResult<(Flat, ArrayRef)> {
        let list = self.list(0)?;
        let flat = Flat::new(list.value_offsets(), list.nulls())?;
        let results = self.lambda(0, vec![flat.elements(list.values())?, flat.positions()], &flat.rows)?;
        Ok((flat, results))
    }

    fn transform(&self) -> DataFusionResult<ArrayRef> {
        let (flat, results) = self.over_elements()?;
        lists::list(self.result, flat.offsets, results, flat.nulls)
    }

    fn filter(&self) -> DataFusionResult<ArrayRef> {
        let (flat, results) = self.over_elements()?;
        let picks = kept(&flat, results.as_boolean())?;
        picks.finish(self.list(0)?.values(), self.result)
    }

    /// `exists` (whose sought value is true) and `forall` (false): the sought value if it is there, else NULL if a NULL is.
    fn quantified(&self, sought: bool) -> DataFusionResult<ArrayRef> {
        let (flat, results) = self.over_elements()?;
        let results = results.as_boolean();
        let quantify = |row: usize| {
            if flat.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                return None;
            }
            let mut elements = lists::range(&flat.offsets, row);
            if elements.clone().any(|at| results.is_valid(at) && results.value(at) == sought) {
                return Some(sought);
            }
            if elements.any(|at| results.is_null(at)) { None } else { Some(!sought) }
        };
        let rows = flat.offsets.len() - 1;
        kernel::shared((0..rows).map(quantify).collect::<BooleanArray>())
    }

    /// Folds all lists at once: the n-th step merges the n-th elements of the lists that have one.
    fn aggregate(&self) -> DataFusionResult<ArrayRef> {
        let list = self.list(0)?;
        let flat = Flat::new(list.value_offsets(), list.nulls())?;
        let elements = flat.elements(list.values())?;
        let mut active: Vec<usize> = (0..list.len()).collect();
        let mut current = ArrayRef::clone(self.value(1)?);
        // The arrays in which folds have ended, and for each row which of them and where in it.
        let mut ended: Vec<ArrayRef> = Vec::new();
        let mut places: Vec<(usize, usize)> = vec![(0, 0); list.len()];
        for step in 0usize.. {
            let goes_on = |row: usize| lists::range(&flat.offsets, row).len() > step;
            let mut kept = Vec::new();
            let mut remaining = Vec::new();
            for (at, row) in active.iter().enumerate() {
                if goes_on(*row) {
                    kept.push(at as u64);
                    remaining.push(*row);
                } else if let Some(place) = places.get_mut(*row) {
                    *place = (ended.len(), at);
                }
            }
            if remaining.len() < active.len() {
                ended.push(ArrayRef::clone(&current));
                current = lists::taken(&current, &UInt64Array::from(kept))?;
            }
            if remaining.is_empty() {
                break;
            }
            let nth = remaining.iter().map(|row| (lists::range(&flat.offsets, *row).start + step) as u64);
            let nth = lists::taken(&elements, &UInt64Array::from_iter_values(nth))?;
            let rows = UInt64Array::from_iter_values(remaining.iter().map(|row| *row as u64));
            current = self.lambda(0, vec![current, nth], &rows)?;
            check_state(&current)?;
            active = remaining;
        }
        let folded = if ended.is_empty() {
            current
        } else {
            let ended: Vec<&dyn Array> = ended.iter().map(AsRef::as_ref).collect();
            interleave(&ended, &places)?
        };
        let finished = match self.lambdas.len() {
            0 | 1 => folded,
            _ => {
                let rows = UInt64Array::from_iter_values((0..list.len()).map(|row| row as u64));
                self.lambda(1, vec![folded], &rows)?
            }
        };
        lists::relabelled(&lists::masked(&finished, flat.nulls.as_ref())?, self.result)
    }

    fn zip_with(&self) -> DataFusionResult<ArrayRef> {
        let (left, right) = (self.list(0)?, self.list(1)?);
        let sides = [(left.value_offsets(), left.nulls()), (right.value_offsets(), right.nulls())];
        let aligned = shape::aligned(&sides, left.len())?;
        let [left_places, right_places] = &aligned.places[..] else { return internal_err!("two arrays are zipped") };
        let params = vec![lists::taken(left.values(), left_places)?, lists::taken(right.values(), right_places)?];
        let results = self.lambda(0, params, &rows_of(&aligned.offsets))?;
        lists::list(self.result, aligned.offsets, results, aligned.nulls)
    }

    /// The entries of the first value, and the lambda over them.
    fn over_entries(&self) -> DataFusionResult<(Flat, [ArrayRef; 2], ArrayRef)> {
        let map = self.map(0)?;
        let flat = Flat::new(map.value_offsets(), map.nulls())?;
        let (keys, values) = (flat.elements(map.keys())?, flat.elements(map.values())?);
        let results = self.lambda(0, vec![ArrayRef::clone(&keys), ArrayRef::clone(&values)], &flat.rows)?;
        Ok((flat, [keys, values], results))
    }

    fn map_filter(&self) -> DataFusionResult<ArrayRef> {
        let (flat, _, results) = self.over_entries()?;
        let (offsets, nulls, places) = kept(&flat, results.as_boolean())?.into_parts();
        let map = self.map(0)?;
        let (keys, values) = (lists::taken(map.keys(), &places)?, lists::taken(map.values(), &places)?);
        lists::map(self.result, offsets, &keys, &values, nulls)
    }

    fn transform_map(&self, of_keys: bool) -> DataFusionResult<ArrayRef> {
        let (flat, [keys, values], results) = self.over_entries()?;
        if of_keys {
            return maps::checked(self.result, flat.offsets, &results, &values, flat.nulls);
        }
        lists::map(self.result, flat.offsets, &keys, &results, flat.nulls)
    }

    /// The keys of both maps, those of the first one first, each with its values in both.
    fn map_zip_with(&self) -> DataFusionResult<ArrayRef> {
        let (left, right) = (self.map(0)?, self.map(1)?);
        let offset = left.keys().len();
        let all_keys = arrow::compute::concat(&[left.keys().as_ref(), right.keys().as_ref()])?;
        let keys = keys::rows(&all_keys, Equality::Boxed)?;
        let mut picks = Picks::new(left.len());
        let (mut left_places, mut right_places): (Vec<Option<u64>>, Vec<Option<u64>>) = (Vec::new(), Vec::new());
        for row in 0..left.len() {
            if left.is_null(row) || right.is_null(row) {
                picks.end_null();
                continue;
            }
            let mut known = HashMap::new();
            for at in lists::range(left.value_offsets(), row) {
                known.entry(keys.row(at)).or_insert(left_places.len());
                picks.pick(at);
                left_places.push(Some(at as u64));
                right_places.push(None);
            }
            for at in lists::range(right.value_offsets(), row) {
                match known.get(&keys.row(at + offset)).and_then(|place| right_places.get_mut(*place)) {
                    Some(place) => *place = Some(at as u64),
                    None => {
                        known.insert(keys.row(at + offset), left_places.len());
                        picks.pick(at + offset);
                        left_places.push(None);
                        right_places.push(Some(at as u64));
                    }
                }
            }
            picks.end()?;
        }
        let (offsets, nulls, places) = picks.into_parts();
        let keys = lists::taken(&all_keys, &places)?;
        let left_values = lists::taken(left.values(), &UInt64Array::from(left_places))?;
        let right_values = lists::taken(right.values(), &UInt64Array::from(right_places))?;
        let params = vec![ArrayRef::clone(&keys), left_values, right_values];
        let results = self.lambda(0, params, &rows_of(&offsets))?;
        lists::map(self.result, offsets, &keys, &results, nulls)
    }

    /// Sorts by a comparator; equal elements keep their order.
    fn array_sort(&self) -> DataFusionResult<ArrayRef> {
        let list = self.list(0)?;
        let mut picks = Picks::new(list.len());
        for row in 0..list.len() {
            if list.is_null(row) {
                picks.end_null();
                continue;
            }
            let places = lists::range(list.value_offsets(), row);
            let order = self.sorted(list.values(), places.clone(), row)?;
            picks.pick_all(order.into_iter().map(|at| places.start + at));
            picks.end()?;
        }
        picks.finish(list.values(), self.result)
    }

    fn sorted(&self, values: &ArrayRef, places: std::ops::Range<usize>, row: usize) -> DataFusionResult<Vec<usize>> {
        let count = places.len();
        let elements = values.slice(places.start, count);
        if count < super::comparator_sort::SHORT {
            // All comparisons that a sort could ask for, at once.
            let pairs = (0..count as u64).flat_map(|a| (0..count as u64).map(move |b| (a, b)));
            let (a, b): (Vec<u64>, Vec<u64>) = pairs.unzip();
            let compared = self.compared(&elements, &UInt64Array::from(a), &UInt64Array::from(b), row)?;
            return super::comparator_sort::short(count, |a, b| Ok(sign(&compared, a * count + b)));
        }
        super::comparator_sort::long(count, |a, b| {
            let place = |at: usize| UInt64Array::from(vec![at as u64]);
            let compared = self.compared(&elements, &place(a), &place(b), row)?;
            Ok(sign(&compared, 0))
        })
    }

    fn compared(
        &self,
        elements: &ArrayRef,
        a: &UInt64Array,
        b: &UInt64Array,
        row: usize,
    ) -> DataFusionResult<Int32Array> {
        let rows = UInt64Array::from(vec![row as u64; a.len()]);
        let params = vec![lists::taken(elements, a)?, lists::taken(elements, b)?];
        Ok(self.lambda(0, params, &rows)?.as_primitive::<Int32Type>().clone())
    }
}

/// A fold whose state takes more bytes than this is refused: it may double with every element.
const MAX_STATE: usize = 1 << 28;

fn check_state(state: &ArrayRef) -> DataFusionResult<()> {
    if state.get_array_memory_size() > MAX_STATE {
        let message = format!("the state of aggregate takes more than {MAX_STATE} bytes");
        return Err(SparkError::new(ErrorKind::Resources, message).into());
    }
    Ok(())
}

/// What a comparator's result says; NULL is 0.
fn sign(compared: &Int32Array, at: usize) -> Ordering {
    if compared.is_null(at) { Ordering::Equal } else { compared.value(at).cmp(&0) }
}

/// The elements for which the predicate is true.
fn kept(flat: &Flat, predicate: &BooleanArray) -> DataFusionResult<Picks> {
    let rows = flat.offsets.len() - 1;
    let mut picks = Picks::new(rows);
    for row in 0..rows {
        if flat.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            picks.end_null();
            continue;
        }
        let kept = lists::range(&flat.offsets, row).filter(|at| predicate.is_valid(*at) && predicate.value(*at));
        picks.pick_all(kept.map(|at| flat.places.value(at) as usize));
        picks.end()?;
    }
    Ok(picks)
}

/// The row that each element belongs to.
fn rows_of(offsets: &OffsetBuffer<i32>) -> UInt64Array {
    let rows = offsets.lengths().enumerate().flat_map(|(row, length)| std::iter::repeat_n(row as u64, length));
    UInt64Array::from_iter_values(rows)
}
