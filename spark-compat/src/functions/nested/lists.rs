//! Taking lists apart and putting them together.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, UInt64Array, make_array};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result as DataFusionResult, internal_err};
use datafusion::logical_expr::ColumnarValue;

use crate::error::{ErrorKind, SparkError};

/// More elements than this in the lists of one batch are refused.
const MAX_ELEMENTS: usize = 1 << 26;

/// A string longer than this, in bytes, is refused.
const MAX_TEXT: usize = 1 << 28;

/// The places of the elements of the list in `row`.
pub(super) fn range(offsets: &[i32], row: usize) -> Range<usize> {
    match offsets.get(row..row + 2) {
        Some([from, to]) => *from as usize..*to as usize,
        _ => 0..0,
    }
}

/// An error of kind memory if lists of one batch would get more elements than any sane query has.
pub(super) fn check_elements(count: usize) -> DataFusionResult<()> {
    if count > MAX_ELEMENTS {
        let message = format!("the arrays of one batch would have more than {MAX_ELEMENTS} elements");
        return Err(SparkError::new(ErrorKind::Resources, message).into());
    }
    Ok(())
}

/// An error of kind memory if a string would be longer than any sane query's.
pub(super) fn check_text(length: usize) -> DataFusionResult<()> {
    if length > MAX_TEXT {
        let message = format!("a string would have more than {MAX_TEXT} bytes");
        return Err(SparkError::new(ErrorKind::Resources, message).into());
    }
    Ok(())
}

/// Lists under construction, as places in an array of elements; a place may be missing, which gives NULL.
#[derive(Debug)]
pub(super) struct Picks {
    offsets: Vec<i32>,
    places: Vec<Option<u64>>,
    valid: Vec<bool>,
}

impl Picks {
    /// No lists yet, with room for `rows` of them.
    pub fn new(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self { offsets, places: Vec::new(), valid: Vec::with_capacity(rows) }
    }

    /// Adds the element at `place` to the current list.
    pub fn pick(&mut self, place: usize) {
        self.places.push(Some(place as u64));
    }

    /// Adds NULL to the current list.
    pub fn pick_null(&mut self) {
        self.places.push(None);
    }

    /// Adds the elements at `places` to the current list.
    pub fn pick_all(&mut self, places: impl Iterator<Item = usize>) {
        self.places.extend(places.map(|place| Some(place as u64)));
    }

    /// Ends the current list.
    pub fn end(&mut self) -> DataFusionResult<()> {
        check_elements(self.places.len())?;
        self.offsets.push(self.places.len() as i32);
        self.valid.push(true);
        Ok(())
    }

    /// Ends the current list, which is to be NULL and must be empty.
    pub fn end_null(&mut self) {
        self.offsets.push(self.places.len() as i32);
        self.valid.push(false);
    }

    /// The lists of type `result` with their elements out of `elements`.
    pub fn finish(self, elements: &ArrayRef, result: &DataType) -> DataFusionResult<ArrayRef> {
        let (offsets, nulls, places) = self.into_parts();
        let elements = taken(elements, &places)?;
        list(result, offsets, elements, nulls)
    }

    /// Offsets, NULLs and places.
    pub fn into_parts(self) -> (OffsetBuffer<i32>, Option<NullBuffer>, UInt64Array) {
        let nulls = NullBuffer::from(self.valid);
        let nulls = (nulls.null_count() > 0).then_some(nulls);
        (OffsetBuffer::new(ScalarBuffer::from(self.offsets)), nulls, UInt64Array::from(self.places))
    }
}

/// The values at the given places, an error of kind memory if that would repeat nested values beyond any sane query.
pub(super) fn taken(values: &ArrayRef, places: &UInt64Array) -> DataFusionResult<ArrayRef> {
    if let Some(weights) = weights(values) {
        let mut total = 0usize;
        for place in places.iter().flatten() {
            let weight = usize::try_from(place).ok().and_then(|place| weights.get(place)).copied().unwrap_or(0);
            total = total.saturating_add(weight);
        }
        check_elements(total)?;
    }
    Ok(take(values, places, None)?)
}

/// How many values each value of an array holds, at any depth; `None` for an array without lists inside.
fn weights(values: &ArrayRef) -> Option<Vec<usize>> {
    let of_ranges = |offsets: &[i32], inner: Option<Vec<usize>>| {
        let sums: Option<Vec<usize>> = inner.map(|inner| {
            let mut sum = 0usize;
            std::iter::once(0)
                .chain(inner.into_iter().map(|weight| {
                    sum = sum.saturating_add(weight);
                    sum
                }))
                .collect()
        });
        let rows = offsets.len().saturating_sub(1);
        (0..rows)
            .map(|row| {
                let range = range(offsets, row);
                match &sums {
                    Some(sums) => {
                        let at = |place: usize| sums.get(place).copied().unwrap_or(usize::MAX);
                        at(range.end).saturating_sub(at(range.start))
                    }
                    None => range.len(),
                }
            })
            .collect()
    };
    match values.data_type() {
        DataType::List(_) => {
            let lists = values.as_list::<i32>();
            Some(of_ranges(lists.value_offsets(), weights(lists.values())))
        }
        DataType::Map(..) => {
            let maps = values.as_map();
            let entries: ArrayRef = Arc::new(maps.entries().clone());
            Some(of_ranges(maps.value_offsets(), weights(&entries)))
        }
        DataType::Struct(_) => {
            let columns: Vec<Vec<usize>> = values.as_struct().columns().iter().filter_map(weights).collect();
            if columns.is_empty() {
                return None;
            }
            let sum = |row: usize| {
                columns.iter().filter_map(|column| column.get(row)).fold(1usize, |a, b| a.saturating_add(*b))
            };
            Some((0..values.len()).map(sum).collect())
        }
        _ => None,
    }
}

/// How many values an array holds, at any depth.
pub(super) fn total_weight(values: &ArrayRef) -> usize {
    let inside = weights(values).map_or(0, |weights| weights.iter().fold(0usize, |a, b| a.saturating_add(*b)));
    values.len().saturating_add(inside)
}

/// A value for each of `rows` rows, an error of kind memory if that would repeat a nested value beyond any sane query.
pub(super) fn expanded(value: ColumnarValue, rows: usize) -> DataFusionResult<ArrayRef> {
    if let ColumnarValue::Scalar(scalar) = &value
        && scalar.data_type().is_nested()
    {
        check_elements(total_weight(&scalar.to_array()?).saturating_mul(rows))?;
    }
    value.into_array(rows)
}

/// An array of type `result`, which is a list type, over the given elements.
pub(super) fn list(
    result: &DataType,
    offsets: OffsetBuffer<i32>,
    elements: ArrayRef,
    nulls: Option<NullBuffer>,
) -> DataFusionResult<ArrayRef> {
    let DataType::List(field) = result else { return internal_err!("{result} is not a list") };
    let elements = relabelled(&elements, field.data_type())?;
    Ok(Arc::new(ListArray::try_new(Arc::clone(field), offsets, elements, nulls)?))
}

/// An array of type `result`, which is a map type, over the given keys and values.
pub(super) fn map(
    result: &DataType,
    offsets: OffsetBuffer<i32>,
    keys: &ArrayRef,
    values: &ArrayRef,
    nulls: Option<NullBuffer>,
) -> DataFusionResult<ArrayRef> {
    let DataType::Map(entries, ordered) = result else { return internal_err!("{result} is not a map") };
    let DataType::Struct(fields) = entries.data_type() else { return internal_err!("{result} has no entries") };
    let [key, value] = fields.as_ref() else { return internal_err!("{result} has other entries") };
    let columns = vec![relabelled(keys, key.data_type())?, relabelled(values, value.data_type())?];
    let entry = StructArray::try_new(fields.clone(), columns, None)?;
    Ok(Arc::new(MapArray::try_new(FieldRef::clone(entries), offsets, entry, nulls, *ordered)?))
}

/// The same values under a type that differs in the names and nullability of nested fields only.
pub(super) fn relabelled(array: &ArrayRef, to: &DataType) -> DataFusionResult<ArrayRef> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    Ok(match to {
        DataType::List(field) => {
            let lists = array.as_list::<i32>();
            let elements = relabelled(lists.values(), field.data_type())?;
            Arc::new(ListArray::try_new(Arc::clone(field), lists.offsets().clone(), elements, lists.nulls().cloned())?)
        }
        DataType::Struct(fields) => {
            let structs = array.as_struct();
            let columns =
                structs.columns().iter().zip(fields).map(|(column, field)| relabelled(column, field.data_type()));
            let columns = columns.collect::<DataFusionResult<Vec<_>>>()?;
            let nulls = structs.nulls().cloned();
            Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, structs.len())?)
        }
        DataType::Map(..) => {
            let maps = array.as_map();
            return map(to, maps.offsets().clone(), maps.keys(), maps.values(), maps.nulls().cloned());
        }
        _ => return internal_err!("{} can't be taken for {to}", array.data_type()),
    })
}

/// The array with further NULLs where `nulls` has them.
pub(super) fn masked(array: &ArrayRef, nulls: Option<&NullBuffer>) -> DataFusionResult<ArrayRef> {
    if nulls.is_none() || array.data_type() == &DataType::Null {
        return Ok(Arc::clone(array));
    }
    let nulls = NullBuffer::union(array.nulls(), nulls);
    Ok(make_array(array.to_data().into_builder().nulls(nulls).build()?))
}

#[cfg(test)]
mod tests {
    use arrow::array::Int32Array;
    use arrow::datatypes::Field;

    use super::*;

    #[test]
    fn picked_places_become_lists_and_missing_ones_null() {
        let elements: ArrayRef = Arc::new(Int32Array::from(vec![10, 20, 30]).slice(1, 2));
        let mut picks = Picks::new(3);
        picks.pick(1);
        picks.pick_null();
        picks.end().unwrap();
        picks.end_null();
        picks.end().unwrap();
        let result = DataType::List(Arc::new(Field::new_list_field(DataType::Int32, true)));
        let lists = picks.finish(&elements, &result).unwrap();
        let lists = lists.as_list::<i32>();
        assert_eq!(
            lists.value(0).as_primitive::<arrow::datatypes::Int32Type>(),
            &Int32Array::from(vec![Some(30), None])
        );
        assert!(lists.is_null(1));
        assert_eq!(lists.value(2).len(), 0);
    }

    #[test]
    fn repeating_large_arrays_is_an_error_of_memory() {
        let large = arrow::array::ListArray::new(
            Arc::new(Field::new_list_field(DataType::Int32, true)),
            OffsetBuffer::from_lengths([1 << 20]),
            Arc::new(Int32Array::from(vec![0; 1 << 20])),
            None,
        );
        let large: ArrayRef = Arc::new(large);
        assert_eq!(total_weight(&large), 1 + (1 << 20));
        let error = SparkError::from(taken(&large, &UInt64Array::from(vec![0; 65])).unwrap_err());
        assert_eq!(error.kind, ErrorKind::Resources);
    }

    #[test]
    fn too_many_elements_are_an_error_of_memory() {
        let error = SparkError::from(check_elements(MAX_ELEMENTS + 1).unwrap_err());
        assert_eq!(error.kind, ErrorKind::Resources);
    }
}
