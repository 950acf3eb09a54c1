//! `collect_list`: the values of a group that are not NULL, in their order.

use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, UInt32Array, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{concat, filter, take};
use arrow::datatypes::{DataType, Field};
use datafusion::common::{Result as DataFusionResult, ScalarValue};

use super::kernel::{Kernel, Rows, States, column};
use crate::error::{ErrorKind, SparkError};

/// `collect_list(value)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct CollectList;

/// The type of a list of values that are never NULL.
pub(super) fn list_type(args: &[DataType]) -> DataType {
    let element = args.first().cloned().unwrap_or(DataType::Null);
    // Values of type void have no other value than NULL, and Arrow insists on their being nullable.
    let nullable = element == DataType::Null;
    DataType::List(Arc::new(Field::new_list_field(element, nullable)))
}

/// One row of a list type with no elements.
pub(super) fn empty_list(list: &DataType) -> DataFusionResult<ScalarValue> {
    let DataType::List(element) = list else { return datafusion::common::internal_err!("{list} is not a list") };
    let values = new_empty_array(element.data_type());
    let list = ListArray::try_new(Arc::clone(element), OffsetBuffer::from_lengths([0]), values, None)?;
    Ok(ScalarValue::List(Arc::new(list)))
}

impl Kernel for CollectList {
    fn name(&self) -> &'static str {
        "spark_collect_list"
    }

    fn result_type(&self, args: &[DataType]) -> DataType {
        list_type(args)
    }

    fn part_types(&self, args: &[DataType]) -> Vec<DataType> {
        vec![list_type(args)]
    }

    fn states(&self, args: &[DataType]) -> DataFusionResult<Box<dyn States>> {
        Ok(Box::new(Lists::new(list_type(args))))
    }

    fn of_nothing(&self, result: &DataType) -> DataFusionResult<ScalarValue> {
        empty_list(result)
    }
}

/// The values of all groups in the order they came, and the group of each.
#[derive(Debug)]
struct Lists {
    list: DataType,
    values: Vec<ArrayRef>,
    groups: Vec<usize>,
    bytes: usize,
}

impl Lists {
    fn new(list: DataType) -> Self {
        Self { list, values: Vec::new(), groups: Vec::new(), bytes: 0 }
    }

    fn push(&mut self, values: ArrayRef) {
        self.bytes += values.get_array_memory_size();
        self.values.push(values);
    }

    fn all(&self, element: &DataType) -> DataFusionResult<ArrayRef> {
        let values: Vec<&dyn Array> = self.values.iter().map(AsRef::as_ref).collect();
        Ok(if values.is_empty() { new_empty_array(element) } else { concat(&values)? })
    }
}

impl States for Lists {
    fn fresh(&self) -> Box<dyn States> {
        Box::new(Self::new(self.list.clone()))
    }

    fn resize(&mut self, _groups: usize) {}

    fn update(&mut self, args: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let values = column(args, 0)?;
        let mut kept = vec![false; values.len()];
        rows.for_each(values.logical_nulls().as_ref(), |group, row| {
            kept[row] = true;
            self.groups.push(group);
        });
        self.push(filter(values, &BooleanArray::from(kept))?);
        Ok(())
    }

    fn merge(&mut self, parts: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let lists = column(parts, 0)?.as_list::<i32>();
        let mut slices = Vec::new();
        rows.for_each(lists.nulls(), |group, row| {
            let values = lists.value(row);
            self.groups.extend(std::iter::repeat_n(group, values.len()));
            slices.push(values);
        });
        let slices: Vec<&dyn Array> = slices.iter().map(AsRef::as_ref).collect();
        if !slices.is_empty() {
            self.push(concat(&slices)?);
        }
        Ok(())
    }

    fn parts(&self, groups: usize) -> DataFusionResult<Vec<ArrayRef>> {
        Ok(vec![self.results(groups)?])
    }

    fn results(&self, groups: usize) -> DataFusionResult<ArrayRef> {
        let DataType::List(element) = &self.list else {
            return datafusion::common::internal_err!("{} is not a list", self.list);
        };
        let mut lengths = vec![0usize; groups];
        for group in self.groups.iter().filter(|group| **group < groups) {
            lengths[*group] += 1;
        }
        let total: usize = lengths.iter().sum();
        if i32::try_from(total).is_err() {
            return Err(
                SparkError::new(ErrorKind::Resources, "collect_list gives more than 2^31 values at once").into()
            );
        }
        let mut next = Vec::with_capacity(groups);
        let mut start = 0;
        for length in &lengths {
            next.push(start);
            start += length;
        }
        let mut order = vec![0u32; total];
        for (at, group) in self.groups.iter().enumerate().filter(|(_, group)| **group < groups) {
            order[next[*group]] = at as u32;
            next[*group] += 1;
        }
        let values = take(&self.all(element.data_type())?, &UInt32Array::from(order), None)?;
        Ok(Arc::new(ListArray::try_new(Arc::clone(element), OffsetBuffer::from_lengths(lengths), values, None)?))
    }

    fn forget(&mut self, groups: usize) {
        let DataType::List(element) = &self.list else { return };
        let kept: BooleanArray = self.groups.iter().map(|group| Some(*group >= groups)).collect();
        // Concatenating and filtering values of one type does not fail; if it did, they would be kept to no harm but memory.
        if let Ok(values) = self.all(element.data_type()).and_then(|values| Ok(filter(&values, &kept)?)) {
            self.groups.retain(|group| *group >= groups);
            self.groups.iter_mut().for_each(|group| *group -= groups);
            self.values.clear();
            self.bytes = 0;
            self.push(values);
        }
    }

    fn size(&self) -> usize {
        self.bytes + self.groups.capacity() * size_of::<usize>()
    }
}
