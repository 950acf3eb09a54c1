//! `min` and `max` over floats in Spark's order: NaN is the largest value, -0.0 equals 0.0 and the first of equals stays.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF, Signature, Volatility,
};

use super::groups::{for_each_valid, valid_rows};
use crate::comparison::compare_floats;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FloatExtreme {
    is_max: bool,
    signature: Signature,
}

impl FloatExtreme {
    pub(super) fn min() -> Self {
        Self { is_max: false, signature: Signature::any(1, Volatility::Immutable) }
    }

    pub(super) fn max() -> Self {
        Self { is_max: true, ..Self::min() }
    }

    /// The order in which a value replaces the extreme so far.
    fn winner(&self) -> Ordering {
        if self.is_max { Ordering::Greater } else { Ordering::Less }
    }
}

impl AggregateUDFImpl for FloatExtreme {
    fn name(&self) -> &str {
        if self.is_max { "spark_float_max" } else { "spark_float_min" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(arg_types.first().cloned().unwrap_or(DataType::Null))
    }

    fn accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        Ok(match args.return_field.data_type() {
            DataType::Float32 => Box::new(Extreme::<Float32Type> { winner: self.winner(), best: None }),
            _ => Box::new(Extreme::<Float64Type> { winner: self.winner(), best: None }),
        })
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn GroupsAccumulator>> {
        Ok(match args.return_field.data_type() {
            DataType::Float32 => Box::new(Extremes::<Float32Type> { winner: self.winner(), best: Vec::new() }),
            _ => Box::new(Extremes::<Float64Type> { winner: self.winner(), best: Vec::new() }),
        })
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        Ok(match args.return_field.data_type() {
            DataType::Float32 => Box::new(SlidingExtreme::<Float32Type>::new(self.winner())),
            _ => Box::new(SlidingExtreme::<Float64Type>::new(self.winner())),
        })
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }
}

/// Whether `new` takes the place of `old`.
fn wins<F: PartialOrd>(new: F, old: F, winner: Ordering) -> bool {
    compare_floats(new, old) == winner
}

fn scalar<T: ArrowPrimitiveType>(value: Option<T::Native>) -> DataFusionResult<ScalarValue> {
    ScalarValue::new_primitive::<T>(value, &T::DATA_TYPE)
}

#[derive(Debug)]
struct Extreme<T: ArrowPrimitiveType> {
    winner: Ordering,
    best: Option<T::Native>,
}

impl<T: ArrowPrimitiveType + Debug> Accumulator for Extreme<T>
where
    T::Native: PartialOrd,
{
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        for value in values.iter().flat_map(|v| v.as_primitive::<T>().iter().flatten()) {
            if self.best.is_none_or(|best| wins(value, best, self.winner)) {
                self.best = Some(value);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        scalar::<T>(self.best)
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        self.update_batch(states)
    }
}

/// The extreme of a window frame whose rows leave in the order they came: a queue of the values that may still win.
#[derive(Debug)]
struct SlidingExtreme<T: ArrowPrimitiveType> {
    winner: Ordering,
    /// Number and value of rows, from the present extreme to the latest row.
    candidates: VecDeque<(u64, T::Native)>,
    entered: u64,
    left: u64,
}

impl<T: ArrowPrimitiveType> SlidingExtreme<T> {
    fn new(winner: Ordering) -> Self {
        Self { winner, candidates: VecDeque::new(), entered: 0, left: 0 }
    }
}

impl<T: ArrowPrimitiveType + Debug> Accumulator for SlidingExtreme<T>
where
    T::Native: PartialOrd,
{
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        for value in values.iter().flat_map(|v| v.as_primitive::<T>().iter().flatten()) {
            while self.candidates.back().is_some_and(|(_, last)| wins(value, *last, self.winner)) {
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
        scalar::<T>(self.candidates.front().map(|(_, value)| *value))
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

#[derive(Debug)]
struct Extremes<T: ArrowPrimitiveType> {
    winner: Ordering,
    best: Vec<Option<T::Native>>,
}

impl<T: ArrowPrimitiveType> GroupsAccumulator for Extremes<T>
where
    T::Native: PartialOrd,
{
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> DataFusionResult<()> {
        self.best.resize(total_num_groups, None);
        let [values] = values else { return datafusion::common::internal_err!("an extreme takes one argument") };
        let best = &mut self.best;
        let winner = self.winner;
        for_each_valid(group_indices, values.as_primitive::<T>(), opt_filter, |group, value| {
            if best[group].is_none_or(|best| wins(value, best, winner)) {
                best[group] = Some(value);
            }
        });
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DataFusionResult<ArrayRef> {
        let best = emit_to.take_needed(&mut self.best);
        Ok(Arc::new(best.into_iter().collect::<PrimitiveArray<T>>()))
    }

    fn state(&mut self, emit_to: EmitTo) -> DataFusionResult<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit_to)?])
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> DataFusionResult<()> {
        self.update_batch(values, group_indices, None, total_num_groups)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> DataFusionResult<Vec<ArrayRef>> {
        let [values] = values else { return datafusion::common::internal_err!("an extreme takes one argument") };
        let values = values.as_primitive::<T>();
        let valid = valid_rows(values, opt_filter);
        Ok(vec![Arc::new(PrimitiveArray::<T>::new(values.values().clone(), valid))])
    }

    fn size(&self) -> usize {
        self.best.capacity() * size_of::<Option<T::Native>>()
    }
}
