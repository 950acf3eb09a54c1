//! `collect_set`: the different values of a group that are not NULL, in the order of Spark's set.

use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, ListArray, PrimitiveArray, UInt32Array, new_empty_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{concat, take};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalUnit, IntervalYearMonthType, TimestampMicrosecondType,
};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result as DataFusionResult, ScalarValue};

use super::collect::{empty_list, list_type};
use super::kernel::{Kernel, Rows, States, column};
use super::scala_set::{Element, ScalaSet};
use crate::error::{ErrorKind, SparkError};
use crate::hash::java;

/// `collect_set(value)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct CollectSet;

impl Kernel for CollectSet {
    fn name(&self) -> &'static str {
        "spark_collect_set"
    }

    fn result_type(&self, args: &[DataType]) -> DataType {
        list_type(args)
    }

    fn part_types(&self, args: &[DataType]) -> Vec<DataType> {
        vec![list_type(args)]
    }

    fn states(&self, args: &[DataType]) -> DataFusionResult<Box<dyn States>> {
        Ok(Box::new(Sets::new(list_type(args))))
    }

    fn of_nothing(&self, result: &DataType) -> DataFusionResult<ScalarValue> {
        empty_list(result)
    }
}

#[derive(Debug)]
struct Sets {
    list: DataType,
    sets: Vec<ScalaSet>,
    /// The values of all groups, at the places that the sets name.
    values: Vec<ArrayRef>,
    count: usize,
    bytes: usize,
    /// Whether the sets were put together from partial ones.
    merged: bool,
}

impl Sets {
    fn new(list: DataType) -> Self {
        Self { list, sets: Vec::new(), values: Vec::new(), count: 0, bytes: 0, merged: false }
    }

    fn add(&mut self, values: &ArrayRef, rows: impl Iterator<Item = (usize, usize)>) -> DataFusionResult<()> {
        let element = elements(values)?;
        let mut new: Vec<u32> = Vec::new();
        for (group, row) in rows {
            let (element, hash) = element(row);
            let place = u32::try_from(self.count + new.len());
            let place =
                place.map_err(|_| SparkError::new(ErrorKind::Resources, "collect_set has more than 2^32 values"))?;
            let set = &mut self.sets[group];
            let (heap, table) = (element.heap(), set.table_size());
            if set.add(element, hash, place) {
                self.bytes += ScalaSet::ENTRY_SIZE + heap + set.table_size() - table;
                new.push(row as u32);
            }
        }
        if !new.is_empty() {
            self.count += new.len();
            let new = take(values, &UInt32Array::from(new), None)?;
            self.bytes += new.get_array_memory_size();
            self.values.push(new);
        }
        Ok(())
    }

    fn lists(&self, sets: impl Iterator<Item = Vec<u32>>) -> DataFusionResult<ArrayRef> {
        let DataType::List(element) = &self.list else {
            return datafusion::common::internal_err!("{} is not a list", self.list);
        };
        let (mut order, mut lengths) = (Vec::new(), Vec::new());
        for places in sets {
            lengths.push(places.len());
            order.extend(places);
        }
        if i32::try_from(order.len()).is_err() {
            return Err(SparkError::new(ErrorKind::Resources, "collect_set gives more than 2^31 values at once").into());
        }
        let values: Vec<&dyn Array> = self.values.iter().map(AsRef::as_ref).collect();
        let values = if values.is_empty() { new_empty_array(element.data_type()) } else { concat(&values)? };
        let values = take(&values, &UInt32Array::from(order), None)?;
        Ok(Arc::new(ListArray::try_new(Arc::clone(element), OffsetBuffer::from_lengths(lengths), values, None)?))
    }

    /// The places of a set's values as they come out.
    fn order(&self, set: &ScalaSet) -> Vec<u32> {
        let DataType::List(element) = &self.list else { return Vec::new() };
        if element.data_type().is_nested() {
            // The hashes of nested values follow from how Spark lays out its rows: these come out as they came in.
            let mut places: Vec<u32> = set.places().collect();
            places.sort_unstable();
            return places;
        }
        // Spark always merges partial sets into an empty one.
        if self.merged { set.places().collect() } else { set.copied().places().collect() }
    }
}

impl States for Sets {
    fn fresh(&self) -> Box<dyn States> {
        Box::new(Self::new(self.list.clone()))
    }

    fn resize(&mut self, groups: usize) {
        self.sets.resize_with(groups, ScalaSet::default);
    }

    fn update(&mut self, args: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let values = column(args, 0)?;
        let mut pairs = Vec::new();
        rows.for_each(values.logical_nulls().as_ref(), |group, row| pairs.push((group, row)));
        self.add(values, pairs.into_iter())
    }

    fn merge(&mut self, parts: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        self.merged = true;
        let lists = column(parts, 0)?.as_list::<i32>();
        rows.try_for_each(lists.nulls(), |group, row| {
            let values = lists.value(row);
            let rows = 0..values.len();
            self.add(&values, rows.map(|row| (group, row)))
        })
    }

    fn parts(&self, groups: usize) -> DataFusionResult<Vec<ArrayRef>> {
        Ok(vec![self.lists(self.sets.iter().take(groups).map(|set| set.places().collect()))?])
    }

    fn results(&self, groups: usize) -> DataFusionResult<ArrayRef> {
        self.lists(self.sets.iter().take(groups).map(|set| self.order(set)))
    }

    fn forget(&mut self, groups: usize) {
        self.sets.drain(..groups);
        if self.sets.is_empty() {
            self.values.clear();
            (self.count, self.bytes) = (0, 0);
        }
    }

    fn size(&self) -> usize {
        self.bytes + self.sets.capacity() * size_of::<ScalaSet>()
    }
}

type ElementAt<'a> = Box<dyn Fn(usize) -> (Element, i32) + 'a>;

/// How the value of a row becomes an element, and its hash.
fn elements(array: &ArrayRef) -> DataFusionResult<ElementAt<'_>> {
    Ok(match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean();
            Box::new(|row| {
                let value = values.value(row);
                (Element::Number(value.into()), java::of_boolean(value))
            })
        }
        DataType::Int8 => numbers::<Int8Type>(array, |v| (v.into(), v.into())),
        DataType::Int16 => numbers::<Int16Type>(array, |v| (v.into(), v.into())),
        DataType::Int32 => numbers::<Int32Type>(array, |v| (v.into(), v)),
        DataType::Date32 => numbers::<Date32Type>(array, |v| (v.into(), v)),
        DataType::Interval(IntervalUnit::YearMonth) => numbers::<IntervalYearMonthType>(array, |v| (v.into(), v)),
        DataType::Int64 => numbers::<Int64Type>(array, |v| (v.into(), java::of_long(v))),
        DataType::Timestamp(..) => numbers::<TimestampMicrosecondType>(array, |v| (v.into(), java::of_long(v))),
        DataType::Duration(_) => numbers::<DurationMicrosecondType>(array, |v| (v.into(), java::of_long(v))),
        DataType::Decimal128(_, scale) => {
            let (values, scale) = (array.as_primitive::<Decimal128Type>(), *scale as u8);
            Box::new(move |row| (Element::Number(values.value(row)), java::of_decimal(values.value(row), scale)))
        }
        DataType::Float32 => {
            let values = array.as_primitive::<Float32Type>();
            Box::new(|row| (Element::Float(values.value(row).into()), java::of_float(values.value(row))))
        }
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>();
            Box::new(|row| (Element::Float(values.value(row)), java::of_double(values.value(row))))
        }
        DataType::Utf8View => {
            let values = array.as_string_view();
            Box::new(|row| {
                let bytes = values.value(row).as_bytes();
                (Element::Bytes(bytes.into()), java::of_string(bytes))
            })
        }
        DataType::BinaryView => {
            let values = array.as_binary_view();
            Box::new(|row| (Element::Bytes(values.value(row).into()), java::of_binary(values.value(row))))
        }
        other => {
            let converter = RowConverter::new(vec![SortField::new(other.clone())])?;
            let rows = converter.convert_columns(std::slice::from_ref(array))?;
            Box::new(move |row| {
                let bytes = rows.row(row).data().to_vec();
                let hash = java::of_string(&bytes);
                (Element::Bytes(bytes.into()), hash)
            })
        }
    })
}

fn numbers<T: ArrowPrimitiveType>(array: &ArrayRef, number: fn(T::Native) -> (i128, i32)) -> ElementAt<'_> {
    let values: &PrimitiveArray<T> = array.as_primitive();
    Box::new(move |row| {
        let (value, hash) = number(values.value(row));
        (Element::Number(value), hash)
    })
}
