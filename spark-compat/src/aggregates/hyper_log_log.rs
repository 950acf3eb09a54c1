//! `approx_count_distinct`: HyperLogLog++ over XXH64 hashes, with the tables and the steps of Spark's `HyperLogLogPlusPlus`, so that
//! its estimates are the same.

use std::mem::size_of;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::{Result as DataFusionResult, ScalarValue};

use super::kernel::{Kernel, Rows, States, column};
use crate::hash::hash_rows;
use crate::hash::xxhash64::XxHash64;

const SEED: i64 = 42;

/// The bits of a hash that choose a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Precision(u32);

impl Precision {
    /// The least that HyperLogLog++ works with.
    pub const MIN: u32 = 4;
    /// More than a million registers for each group are refused.
    pub const MAX: u32 = 20;

    /// The precision for a relative standard deviation; the error is the number of bits if it is out of range.
    pub fn for_deviation(deviation: f64) -> Result<Self, i32> {
        let bits = (2.0 * (1.106 / deviation).ln() / 2f64.ln()).ceil() as i32;
        match u32::try_from(bits) {
            Ok(bits) if (Self::MIN..=Self::MAX).contains(&bits) => Ok(Self(bits)),
            _ => Err(bits),
        }
    }

    fn registers(self) -> usize {
        1 << self.0
    }
}

impl Kernel for Precision {
    fn name(&self) -> &'static str {
        "spark_approx_count_distinct"
    }

    fn result_type(&self, _args: &[DataType]) -> DataType {
        DataType::Int64
    }

    fn part_types(&self, _args: &[DataType]) -> Vec<DataType> {
        vec![DataType::Binary]
    }

    fn states(&self, _args: &[DataType]) -> DataFusionResult<Box<dyn States>> {
        Ok(Box::new(Registers { precision: *self, registers: Vec::new() }))
    }

    fn of_nothing(&self, _result: &DataType) -> DataFusionResult<ScalarValue> {
        Ok(ScalarValue::Int64(Some(0)))
    }
}

/// The registers of all groups, one group after the other.
#[derive(Debug)]
struct Registers {
    precision: Precision,
    registers: Vec<u8>,
}

impl Registers {
    fn groups(&self, groups: usize) -> impl Iterator<Item = &[u8]> {
        self.registers.chunks_exact(self.precision.registers()).take(groups)
    }
}

impl States for Registers {
    fn fresh(&self) -> Box<dyn States> {
        Box::new(Self { precision: self.precision, registers: Vec::new() })
    }

    fn resize(&mut self, groups: usize) {
        self.registers.resize(groups * self.precision.registers(), 0);
    }

    fn update(&mut self, args: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let values = column(args, 0)?;
        let hashes = hash_rows::<XxHash64>(std::slice::from_ref(values), SEED)?;
        let bits = self.precision.0;
        rows.for_each(values.logical_nulls().as_ref(), |group, row| {
            let hash = hashes[row] as u64;
            let register = group * self.precision.registers() + (hash >> (u64::BITS - bits)) as usize;
            let rank = ((hash << bits) | (1 << (bits - 1))).leading_zeros() as u8 + 1;
            let register = &mut self.registers[register];
            *register = rank.max(*register);
        });
        Ok(())
    }

    fn merge(&mut self, parts: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let parts = column(parts, 0)?.as_binary::<i32>();
        let count = self.precision.registers();
        rows.for_each(parts.nulls(), |group, row| {
            let registers = self.registers.iter_mut().skip(group * count).take(count);
            for (register, other) in registers.zip(parts.value(row)) {
                *register = (*register).max(*other);
            }
        });
        Ok(())
    }

    fn parts(&self, groups: usize) -> DataFusionResult<Vec<ArrayRef>> {
        Ok(vec![Arc::new(BinaryArray::from_iter_values(self.groups(groups)))])
    }

    fn results(&self, groups: usize) -> DataFusionResult<ArrayRef> {
        Ok(Arc::new(Int64Array::from_iter_values(self.groups(groups).map(|r| estimate(r, self.precision.0)))))
    }

    fn forget(&mut self, groups: usize) {
        self.registers.drain(..groups * self.precision.registers());
    }

    fn size(&self) -> usize {
        self.registers.capacity() * size_of::<u8>()
    }
}

/// Up to these numbers linear counting is better, by precision from 4.
const THRESHOLDS: [f64; 15] = [
    10.0, 20.0, 40.0, 80.0, 220.0, 400.0, 900.0, 1800.0, 3100.0, 6500.0, 15500.0, 20000.0, 50000.0, 120000.0, 350000.0,
];

/// How many neighbours the bias is averaged over.
const NEIGHBOURS: usize = 6;

/// The number of different values that registers stand for.
fn estimate(registers: &[u8], precision: u32) -> i64 {
    let m = registers.len() as f64;
    let mut inverse = 0.0;
    let mut zeros = 0.0;
    for register in registers {
        inverse += 1.0 / (1u64 << register) as f64;
        if *register == 0 {
            zeros += 1.0;
        }
    }
    let alpha = match precision {
        4 => 0.673,
        5 => 0.697,
        6 => 0.709,
        _ => 0.7213 / (1.0 + 1.079 / m),
    };
    let raw = alpha * m * m / inverse;
    let table = BIASES.get((precision - Precision::MIN) as usize);
    let corrected = || match table {
        Some(table) if raw < 5.0 * m => raw - table.bias(raw),
        _ => raw,
    };
    let estimate = if zeros > 0.0 {
        let linear = m * (m / zeros).ln();
        let threshold = THRESHOLDS.get((precision - Precision::MIN) as usize);
        let small = threshold.is_some_and(|threshold| linear <= *threshold);
        if small || raw <= 2.5 * m { linear } else { corrected() }
    } else {
        corrected()
    };
    // Java's Math.round
    (estimate + 0.5).floor() as i64
}

/// Measured raw estimates of one precision, in rising order, and by how much they are too large.
struct Biases {
    estimates: Vec<f64>,
    biases: Vec<f64>,
}

impl Biases {
    /// The mean bias of the nearest estimates.
    fn bias(&self, raw: f64) -> f64 {
        let nearest = self.estimates.partition_point(|estimate| *estimate < raw);
        let distance = |at: usize| self.estimates.get(at).map_or(f64::INFINITY, |estimate| (raw - estimate).powi(2));
        let mut low = (nearest + 1).saturating_sub(NEIGHBOURS);
        let mut high = (low + NEIGHBOURS).min(self.estimates.len());
        while high < self.estimates.len() && distance(high) < distance(low) {
            low += 1;
            high += 1;
        }
        let biases = self.biases.get(low..high).unwrap_or_default();
        biases.iter().fold(0.0, |sum, bias| sum + bias) / (high - low) as f64
    }
}

/// The tables of HyperLogLog++'s appendix, for precisions from 4 to 18: a line of estimates and a line of biases for each.
static BIASES: LazyLock<Vec<Biases>> = LazyLock::new(|| {
    let numbers = |line: &str| line.split(' ').filter_map(|number| number.parse().ok()).collect();
    let mut lines = include_str!("hyper_log_log_bias.txt").lines();
    std::iter::from_fn(|| Some(Biases { estimates: numbers(lines.next()?), biases: numbers(lines.next()?) })).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_precision_has_as_many_biases_as_estimates_and_these_rise_but_for_noise() {
        assert_eq!(BIASES.len(), THRESHOLDS.len());
        for (table, precision) in BIASES.iter().zip(Precision::MIN..) {
            assert_eq!(table.estimates.len(), table.biases.len(), "{precision}");
            assert!(table.estimates.len() >= 79, "{precision}");
        }
    }
}
