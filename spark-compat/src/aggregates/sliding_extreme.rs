//! The least or greatest float of a window frame that slides: the rows need not be read again for each row.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::mem::{size_of, size_of_val};

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::Accumulator;

use crate::comparison::compare_floats;

/// The extreme of a window frame whose rows leave in the order they came: a queue of the values that may still win.
#[derive(Debug)]
pub(super) struct SlidingExtreme<T: ArrowPrimitiveType> {
    /// The order in which a value replaces the extreme so far.
    winner: Ordering,
    /// Number and value of rows, from the present extreme to the latest row.
    candidates: VecDeque<(u64, T::Native)>,
    entered: u64,
    left: u64,
}

impl<T: ArrowPrimitiveType> SlidingExtreme<T> {
    pub(super) fn new(winner: Ordering) -> Self {
        Self { winner, candidates: VecDeque::new(), entered: 0, left: 0 }
    }
}

impl<T: ArrowPrimitiveType + Debug> Accumulator for SlidingExtreme<T>
where
    T::Native: PartialOrd,
{
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        for value in values.iter().flat_map(|v| v.as_primitive::<T>().iter().flatten()) {
            while self.candidates.back().is_some_and(|(_, last)| compare_floats(value, *last) == self.winner) {
                self.candidates.pop_back();
            }
            self.candidates.push_back((self.entered, value));
            self.entered += 1;
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        self.left += values.iter().map(|v| (v.len() - v.null_count()) as u64).sum::<u64>();
        while self.candidates.front().is_some_and(|(row, _)| *row < self.left) {
            self.candidates.pop_front();
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        ScalarValue::new_primitive::<T>(self.candidates.front().map(|(_, value)| *value), &T::DATA_TYPE)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.candidates.capacity() * size_of::<(u64, T::Native)>()
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        self.update_batch(states)
    }
}
