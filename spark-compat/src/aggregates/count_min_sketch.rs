//! `count_min_sketch`: the sketch of Spark's `CountMinSketchImpl`, byte for byte in its serialized form.

use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BinaryViewArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result as DataFusionResult, ScalarValue};

use super::kernel::{Kernel, Rows, States, column};
use crate::error::{ErrorKind, Result, SparkError};
use crate::hash::Hasher;
use crate::hash::murmur3::Murmur3;

/// More counters than this for each group are refused: they take 128 MiB.
const MAX_COUNTERS: f64 = (1 << 24) as f64;

/// The shape of a sketch: rows of counters, and the factors that choose one in each row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sketch {
    width: usize,
    factors: Vec<i64>,
}

impl Sketch {
    /// The sketch for a relative error and a confidence, both checked to be in range, and a seed.
    ///
    /// # Errors
    ///
    /// The sketch would be too large.
    pub fn new(eps: f64, confidence: f64, seed: i32) -> Result<Self> {
        let depth = (-(-confidence).ln_1p() / 2f64.ln()).ceil();
        let width = (2.0 / eps).ceil();
        if width < 1.0 {
            return Err(SparkError::illegal_argument(format!("count_min_sketch with a relative error of {eps}")));
        }
        if (depth * width).is_nan() || depth * width > MAX_COUNTERS {
            return Err(SparkError::new(
                ErrorKind::Resources,
                format!("count_min_sketch with {depth} rows of {width} counters needs too much memory"),
            ));
        }
        let mut random = JavaRandom::new(seed.into());
        let factors = (0..depth as usize).map(|_| random.next_below_max().into()).collect();
        Ok(Self { width: width as usize, factors })
    }

    fn counters(&self) -> usize {
        self.width * self.factors.len()
    }

    /// The counters of an integer.
    fn of_long(&self, value: i64) -> impl Iterator<Item = usize> {
        self.factors.iter().enumerate().map(move |(row, factor)| {
            let hash = factor.wrapping_mul(value);
            let hash = hash.wrapping_add(hash >> 32) & i64::from(i32::MAX);
            row * self.width + hash as usize % self.width
        })
    }

    /// The counters of bytes.
    fn of_bytes(&self, bytes: &[u8]) -> impl Iterator<Item = usize> {
        let first = Murmur3::bytes(bytes, 0);
        let second = Murmur3::bytes(bytes, first);
        (0..self.factors.len()).map(move |row| {
            let hash = first.wrapping_add((row as i32).wrapping_mul(second));
            row * self.width + (hash % self.width as i32).unsigned_abs() as usize
        })
    }

    fn serialized(&self, total: i64, counters: &[i64]) -> Vec<u8> {
        const VERSION: i32 = 1;
        let mut bytes = VERSION.to_be_bytes().to_vec();
        bytes.extend(total.to_be_bytes());
        bytes.extend((self.factors.len() as i32).to_be_bytes());
        bytes.extend((self.width as i32).to_be_bytes());
        bytes.extend(self.factors.iter().chain(counters).flat_map(|long| long.to_be_bytes()));
        bytes
    }

    /// The total and the counters of a serialized sketch of this shape.
    fn deserialized<'a>(&self, bytes: &'a [u8]) -> (i64, impl Iterator<Item = i64> + use<'a>) {
        const HEADER: usize = 20;
        let long = |chunk: &[u8; 8]| i64::from_be_bytes(*chunk);
        let total = bytes.get(4..12).and_then(|total| total.first_chunk()).map_or(0, long);
        let counters = bytes.get(HEADER + self.factors.len() * size_of::<i64>()..).unwrap_or_default();
        (total, counters.as_chunks::<8>().0.iter().map(long))
    }
}

impl Kernel for Sketch {
    fn name(&self) -> &'static str {
        "spark_count_min_sketch"
    }

    fn result_type(&self, _args: &[DataType]) -> DataType {
        DataType::BinaryView
    }

    fn part_types(&self, _args: &[DataType]) -> Vec<DataType> {
        vec![DataType::Binary]
    }

    fn states(&self, _args: &[DataType]) -> DataFusionResult<Box<dyn States>> {
        Ok(Box::new(Sketches { sketch: self.clone(), totals: Vec::new(), counters: Vec::new() }))
    }

    fn of_nothing(&self, _result: &DataType) -> DataFusionResult<ScalarValue> {
        Ok(ScalarValue::BinaryView(Some(self.serialized(0, &vec![0; self.counters()]))))
    }
}

/// The totals of all groups, and their counters one group after the other.
#[derive(Debug)]
struct Sketches {
    sketch: Sketch,
    totals: Vec<i64>,
    counters: Vec<i64>,
}

impl Sketches {
    fn add(&mut self, group: usize, counters: impl Iterator<Item = usize>) {
        self.totals[group] += 1;
        let start = group * self.sketch.counters();
        counters.for_each(|counter| self.counters[start + counter] += 1);
    }

    fn serialized(&self, groups: usize) -> impl Iterator<Item = Vec<u8>> {
        let counters = self.counters.chunks_exact(self.sketch.counters());
        self.totals.iter().zip(counters).take(groups).map(|(total, counters)| self.sketch.serialized(*total, counters))
    }
}

impl States for Sketches {
    fn fresh(&self) -> Box<dyn States> {
        Box::new(Self { sketch: self.sketch.clone(), totals: Vec::new(), counters: Vec::new() })
    }

    fn resize(&mut self, groups: usize) {
        self.totals.resize(groups, 0);
        self.counters.resize(groups * self.sketch.counters(), 0);
    }

    fn update(&mut self, args: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let values = column(args, 0)?;
        let sketch = self.sketch.clone();
        if values.data_type().is_integer() {
            let longs = cast(values, &DataType::Int64)?;
            let longs = longs.as_primitive::<Int64Type>();
            rows.for_each(longs.nulls(), |group, row| self.add(group, sketch.of_long(longs.value(row))));
            return Ok(());
        }
        let bytes = cast(values, &DataType::BinaryView)?;
        let bytes = bytes.as_binary_view();
        rows.for_each(bytes.nulls(), |group, row| self.add(group, sketch.of_bytes(bytes.value(row))));
        Ok(())
    }

    fn merge(&mut self, parts: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let parts = column(parts, 0)?.as_binary::<i32>();
        let count = self.sketch.counters();
        rows.for_each(parts.nulls(), |group, row| {
            let (total, others) = self.sketch.deserialized(parts.value(row));
            self.totals[group] += total;
            let counters = self.counters.iter_mut().skip(group * count).take(count);
            counters.zip(others).for_each(|(counter, other)| *counter += other);
        });
        Ok(())
    }

    fn parts(&self, groups: usize) -> DataFusionResult<Vec<ArrayRef>> {
        Ok(vec![Arc::new(BinaryArray::from_iter_values(self.serialized(groups)))])
    }

    fn results(&self, groups: usize) -> DataFusionResult<ArrayRef> {
        Ok(Arc::new(BinaryViewArray::from_iter_values(self.serialized(groups))))
    }

    fn forget(&mut self, groups: usize) {
        self.totals.drain(..groups);
        self.counters.drain(..groups * self.sketch.counters());
    }

    fn size(&self) -> usize {
        (self.totals.capacity() + self.counters.capacity()) * size_of::<i64>()
    }
}

/// `java.util.Random`
struct JavaRandom(i64);

impl JavaRandom {
    const MULTIPLIER: i64 = 0x5_DEEC_E66D;
    const MASK: i64 = (1 << 48) - 1;

    fn new(seed: i64) -> Self {
        Self((seed ^ Self::MULTIPLIER) & Self::MASK)
    }

    fn next_31_bits(&mut self) -> i32 {
        self.0 = self.0.wrapping_mul(Self::MULTIPLIER).wrapping_add(0xB) & Self::MASK;
        (self.0 >> 17) as i32
    }

    /// `nextInt(Integer.MAX_VALUE)`
    fn next_below_max(&mut self) -> i32 {
        loop {
            let bits = self.next_31_bits();
            if bits != i32::MAX {
                return bits;
            }
        }
    }
}
