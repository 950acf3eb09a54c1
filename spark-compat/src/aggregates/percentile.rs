//! `percentile` (exact, interpolated) and `percentile_approx`.

use std::collections::HashMap;
use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{ArrowPrimitiveType, DataType, Field, Float64Type, Int64Type};
use datafusion::common::Result as DataFusionResult;

use super::kernel::{Kernel, Rows, States, column};
use super::quantiles::{Sample, Summary};
use crate::cast as spark_cast;
use crate::comparison::compare_floats;
use crate::datetime::zone::Zone;
use crate::error::{ErrorKind, SparkError};
use crate::types::SparkType;

/// What is asked of a percentile function: percentages from 0 to 1, and whether an array is to be given.
#[derive(Clone, Debug)]
pub struct Percentages {
    /// The percentages.
    pub values: Vec<f64>,
    /// Whether the result is an array, however many there are.
    pub as_array: bool,
}

impl PartialEq for Percentages {
    fn eq(&self, other: &Self) -> bool {
        self.as_array == other.as_array && self.bits().eq(other.bits())
    }
}

impl Eq for Percentages {}

impl std::hash::Hash for Percentages {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.bits().for_each(|bits| bits.hash(state));
    }
}

impl Percentages {
    fn bits(&self) -> impl Iterator<Item = u64> {
        self.values.iter().map(|value| value.to_bits())
    }

    /// Doubles as the values of type `element`, in lists if arrays are asked for; `None` is a group without values.
    fn results(
        &self,
        groups: Vec<Option<Vec<f64>>>,
        element: &DataType,
        convert: impl Fn(ArrayRef) -> DataFusionResult<ArrayRef>,
    ) -> DataFusionResult<ArrayRef> {
        if !self.as_array {
            let values: Float64Array = groups.iter().map(|group| group.as_ref()?.first().copied()).collect();
            return convert(Arc::new(values));
        }
        let lengths = groups.iter().map(|group| group.as_ref().map_or(0, Vec::len));
        let offsets = OffsetBuffer::from_lengths(lengths);
        let nulls: NullBuffer =
            groups.iter().map(|group| group.as_ref().is_some_and(|group| !group.is_empty())).collect();
        let values: Float64Array = groups.into_iter().flatten().flatten().collect::<Vec<_>>().into();
        let field = Arc::new(Field::new_list_field(element.clone(), false));
        Ok(Arc::new(ListArray::try_new(field, offsets, convert(Arc::new(values))?, Some(nulls))?))
    }

    fn type_of(&self, element: DataType) -> DataType {
        match self.as_array {
            true => DataType::List(Arc::new(Field::new_list_field(element, false))),
            false => element,
        }
    }
}

fn list_of(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(element, false)))
}

/// Lists of primitives as a column of a state.
fn list_column<T: ArrowPrimitiveType>(lists: impl Iterator<Item = Vec<T::Native>>) -> DataFusionResult<ArrayRef>
where
    arrow::array::PrimitiveArray<T>: From<Vec<T::Native>>,
{
    let (mut values, mut lengths) = (Vec::new(), Vec::new());
    for list in lists {
        lengths.push(list.len());
        values.extend(list);
    }
    if i32::try_from(values.len()).is_err() {
        return Err(SparkError::new(ErrorKind::Resources, "a percentile has more than 2^31 values in its state").into());
    }
    let values = arrow::array::PrimitiveArray::<T>::from(values);
    let field = Arc::new(Field::new_list_field(T::DATA_TYPE, false));
    Ok(Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), Arc::new(values), None)?))
}

/// `percentile(value, percentages, frequency)` over doubles and bigints.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Percentile(pub Percentages);

impl Kernel for Percentile {
    fn name(&self) -> &'static str {
        "spark_percentile"
    }

    fn result_type(&self, _args: &[DataType]) -> DataType {
        self.0.type_of(DataType::Float64)
    }

    fn part_types(&self, _args: &[DataType]) -> Vec<DataType> {
        vec![list_of(DataType::Float64), list_of(DataType::Int64)]
    }

    fn states(&self, _args: &[DataType]) -> DataFusionResult<Box<dyn States>> {
        Ok(Box::new(Counts { percentages: self.0.clone(), counts: Vec::new(), entries: 0 }))
    }
}

/// How often each value occurs, by its bits.
#[derive(Debug)]
struct Counts {
    percentages: Percentages,
    counts: Vec<HashMap<u64, i64>>,
    entries: usize,
}

impl Counts {
    fn add(&mut self, group: usize, value: f64, frequency: i64) -> DataFusionResult<()> {
        if frequency < 0 {
            return Err(SparkError::execution(format!("Negative values found in {frequency}")).into());
        }
        if frequency > 0 {
            let value = if value.is_nan() { f64::NAN } else { value };
            let counts = &mut self.counts[group];
            let before = counts.len();
            let count = counts.entry(value.to_bits()).or_insert(0);
            *count = count.saturating_add(frequency);
            self.entries += counts.len() - before;
        }
        Ok(())
    }

    fn percentiles(&self, counts: &HashMap<u64, i64>) -> Option<Vec<f64>> {
        if counts.is_empty() {
            return None;
        }
        let mut values: Vec<(f64, i64)> = counts.iter().map(|(bits, count)| (f64::from_bits(*bits), *count)).collect();
        values.sort_unstable_by(|(a, _), (b, _)| compare_floats(*a, *b).then_with(|| a.total_cmp(b)));
        let mut total = 0i64;
        for (_, count) in &mut values {
            total = total.saturating_add(*count);
            *count = total;
        }
        Some(self.percentages.values.iter().map(|p| interpolated(&values, (total - 1) as f64 * p)).collect())
    }
}

/// The value at a place among sorted values, of which each is given with the number of those up to it. Between two values it is
/// their weighted mean.
fn interpolated(values: &[(f64, i64)], place: f64) -> f64 {
    let (lower, higher) = (place.floor(), place.ceil());
    let at = |place: f64| {
        let found = values.partition_point(|(_, count)| *count < place as i64 + 1);
        values.get(found).or(values.last()).map_or(f64::NAN, |(value, _)| *value)
    };
    let (below, above) = (at(lower), at(higher));
    if lower == higher || below == above {
        return below;
    }
    (higher - place) * below + (place - lower) * above
}

impl States for Counts {
    fn fresh(&self) -> Box<dyn States> {
        Box::new(Self { percentages: self.percentages.clone(), counts: Vec::new(), entries: 0 })
    }

    fn resize(&mut self, groups: usize) {
        self.counts.resize_with(groups, HashMap::new);
    }

    fn update(&mut self, args: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let values = column(args, 0)?.as_primitive::<Float64Type>();
        let frequencies = column(args, 1)?.as_primitive::<Int64Type>();
        let valid = NullBuffer::union(values.nulls(), frequencies.nulls());
        rows.try_for_each(valid.as_ref(), |group, row| self.add(group, values.value(row), frequencies.value(row)))
    }

    fn merge(&mut self, parts: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let (values, counts) = (column(parts, 0)?.as_list::<i32>(), column(parts, 1)?.as_list::<i32>());
        rows.try_for_each(None, |group, row| {
            let (values, counts) = (values.value(row), counts.value(row));
            let (values, counts) = (values.as_primitive::<Float64Type>(), counts.as_primitive::<Int64Type>());
            values.values().iter().zip(counts.values()).try_for_each(|(value, count)| self.add(group, *value, *count))
        })
    }

    fn parts(&self, groups: usize) -> DataFusionResult<Vec<ArrayRef>> {
        let counts = || self.counts.iter().take(groups);
        let values = counts().map(|counts| counts.keys().map(|bits| f64::from_bits(*bits)).collect());
        let frequencies = counts().map(|counts| counts.values().copied().collect());
        Ok(vec![list_column::<Float64Type>(values)?, list_column::<Int64Type>(frequencies)?])
    }

    fn results(&self, groups: usize) -> DataFusionResult<ArrayRef> {
        let results = self.counts.iter().take(groups).map(|counts| self.percentiles(counts)).collect();
        self.percentages.results(results, &DataType::Float64, Ok)
    }

    fn forget(&mut self, groups: usize) {
        self.entries -= self.counts.drain(..groups).map(|counts| counts.len()).sum::<usize>();
    }

    fn size(&self) -> usize {
        // A hash map has room for at least an eighth more than it holds.
        self.counts.capacity() * size_of::<HashMap<u64, i64>>() + self.entries * 2 * size_of::<(u64, i64)>()
    }
}

/// `percentile_approx(value, percentages, accuracy)`; the results are of the value's type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ApproximatePercentile {
    pub percentages: Percentages,
    pub accuracy: i32,
    pub input: SparkType,
}

impl Kernel for ApproximatePercentile {
    fn name(&self) -> &'static str {
        "spark_percentile_approx"
    }

    fn result_type(&self, _args: &[DataType]) -> DataType {
        self.percentages.type_of(self.input.to_arrow())
    }

    fn part_types(&self, _args: &[DataType]) -> Vec<DataType> {
        vec![list_of(DataType::Float64), list_of(DataType::Int64), list_of(DataType::Int64), DataType::Int64]
    }

    fn states(&self, _args: &[DataType]) -> DataFusionResult<Box<dyn States>> {
        Ok(Box::new(Summaries { function: self.clone(), summaries: Vec::new(), heap: 0 }))
    }
}

impl ApproximatePercentile {
    /// The values as Spark turns them into doubles: dates by their days, timestamps by their microseconds.
    fn doubles(&self, values: &ArrayRef) -> DataFusionResult<ArrayRef> {
        Ok(match &self.input {
            SparkType::Date => cast(&cast(values, &DataType::Int32)?, &DataType::Float64)?,
            SparkType::Timestamp => cast(&cast(values, &DataType::Int64)?, &DataType::Float64)?,
            number => spark_cast::array(values, number, &SparkType::Double, Zone::UTC)?,
        })
    }

    fn from_doubles(&self, doubles: ArrayRef) -> DataFusionResult<ArrayRef> {
        let through = |number: SparkType| {
            let numbers = spark_cast::array(&doubles, &SparkType::Double, &number, Zone::UTC)?;
            Ok(cast(&numbers, &self.input.to_arrow())?)
        };
        match &self.input {
            SparkType::Date => through(SparkType::Int),
            SparkType::Timestamp => through(SparkType::Long),
            number => through(number.clone()),
        }
    }

    fn summary(&self) -> Summary {
        Summary::new(1.0 / f64::from(self.accuracy))
    }
}

#[derive(Debug)]
struct Summaries {
    function: ApproximatePercentile,
    summaries: Vec<Summary>,
    heap: usize,
}

impl Summaries {
    /// The compressed summaries of the first groups.
    fn compressed(&self, groups: usize) -> impl Iterator<Item = Summary> {
        self.summaries.iter().take(groups).map(|summary| {
            let mut summary = summary.clone();
            summary.compress();
            summary
        })
    }
}

impl States for Summaries {
    fn fresh(&self) -> Box<dyn States> {
        Box::new(Self { function: self.function.clone(), summaries: Vec::new(), heap: 0 })
    }

    fn resize(&mut self, groups: usize) {
        let empty = self.function.summary();
        self.summaries.resize(groups, empty);
    }

    fn update(&mut self, args: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let values = self.function.doubles(column(args, 0)?)?;
        let values = values.as_primitive::<Float64Type>();
        rows.for_each(values.nulls(), |group, row| {
            let summary = &mut self.summaries[group];
            let before = summary.heap();
            summary.insert(values.value(row));
            self.heap = (self.heap + summary.heap()).saturating_sub(before);
        });
        Ok(())
    }

    fn merge(&mut self, parts: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let list = |at: usize| Ok::<_, datafusion::error::DataFusionError>(column(parts, at)?.as_list::<i32>());
        let (values, gs, deltas) = (list(0)?, list(1)?, list(2)?);
        let counts = column(parts, 3)?.as_primitive::<Int64Type>();
        let relative_error = 1.0 / f64::from(self.function.accuracy);
        rows.for_each(None, |group, row| {
            let (values, gs, deltas) = (values.value(row), gs.value(row), deltas.value(row));
            let ranks = gs.as_primitive::<Int64Type>().values().iter().zip(deltas.as_primitive::<Int64Type>().values());
            let samples = values.as_primitive::<Float64Type>().values().iter().zip(ranks);
            let samples = samples.map(|(value, (g, delta))| Sample { value: *value, g: *g, delta: *delta }).collect();
            let summary = &mut self.summaries[group];
            let before = summary.heap();
            summary.merge(Summary::compressed(relative_error, samples, counts.value(row)));
            self.heap = (self.heap + summary.heap()).saturating_sub(before);
        });
        Ok(())
    }

    fn parts(&self, groups: usize) -> DataFusionResult<Vec<ArrayRef>> {
        let summaries: Vec<Summary> = self.compressed(groups).collect();
        let counts: Int64Array = summaries.iter().map(|summary| Some(summary.count())).collect();
        let samples = || summaries.iter().map(Summary::samples);
        Ok(vec![
            list_column::<Float64Type>(samples().map(|s| s.iter().map(|s| s.value).collect()))?,
            list_column::<Int64Type>(samples().map(|s| s.iter().map(|s| s.g).collect()))?,
            list_column::<Int64Type>(samples().map(|s| s.iter().map(|s| s.delta).collect()))?,
            Arc::new(counts),
        ])
    }

    fn results(&self, groups: usize) -> DataFusionResult<ArrayRef> {
        let percentages = &self.function.percentages;
        let query = |summary: Summary| percentages.values.iter().map(|p| summary.query(*p)).collect();
        let results = self.compressed(groups).map(query).collect();
        percentages.results(results, &self.function.input.to_arrow(), |doubles| self.function.from_doubles(doubles))
    }

    fn forget(&mut self, groups: usize) {
        let gone: usize = self.summaries.drain(..groups).map(|summary| summary.heap()).sum();
        self.heap = self.heap.saturating_sub(gone);
    }

    fn size(&self) -> usize {
        self.summaries.capacity() * size_of::<Summary>() + self.heap
    }
}
