//! `sum` over decimals of more than 28 digits: exact totals, NULL where a total has more digits than its type.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Int64Array};
use arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Int64Type, i256};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::function::StateFieldsArgs;
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use super::distinct::Distinct;
use super::groups::{for_each_valid, valid_rows};
use crate::arithmetic::decimal_math::{POWERS, narrow};
use crate::types::MAX_PRECISION;

/// Sums of decimals up to this precision cannot overflow: ten more digits hold ten billion rows.
pub(super) const MAX_UNCHECKED_PRECISION: u8 = 28;

/// A sum over `decimal(precision, scale)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    precision: u8,
    scale: u8,
}

impl Plan {
    pub(super) fn new(precision: u8, scale: u8) -> Self {
        Self { precision, scale }
    }

    fn total_precision(self) -> u8 {
        self.precision.saturating_add(10).min(MAX_PRECISION)
    }

    fn total_type(self) -> DataType {
        DataType::Decimal128(self.total_precision(), self.scale as i8)
    }

    /// The total if it has no more digits than its type.
    fn checked(self, total: i256) -> Option<i128> {
        narrow(total, self.total_precision())
    }

    fn scalar(self, total: Option<i128>) -> ScalarValue {
        ScalarValue::Decimal128(total, self.total_precision(), self.scale as i8)
    }

    pub(super) fn accumulator(self, distinct: bool) -> DataFusionResult<Box<dyn Accumulator>> {
        let total = Total { plan: self, total: i256::ZERO, count: 0, overflow: false };
        let input = DataType::Decimal128(self.precision, self.scale as i8);
        Ok(if distinct { Box::new(Distinct::new(total, &[input])?) } else { Box::new(total) })
    }

    pub(super) fn groups_accumulator(self) -> Box<dyn GroupsAccumulator> {
        Box::new(Totals { plan: self, totals: Vec::new(), counts: Vec::new() })
    }

    /// The total, NULL after an overflow, and the number of values; for DISTINCT the list of values.
    pub(super) fn state_fields(self, args: &StateFieldsArgs) -> Vec<FieldRef> {
        let field = |name: &str, data_type, nullable| {
            Arc::new(Field::new(format_state_name(args.name, name), data_type, nullable))
        };
        if args.is_distinct {
            let types: Vec<_> = args.input_fields.iter().map(|field| field.data_type().clone()).collect();
            return Distinct::state_fields(args.name, &types);
        }
        vec![field("total", self.total_type(), true), field("count", DataType::Int64, false)]
    }
}

/// The total of one group, wide enough that only its end can overflow, as in Spark without GROUP BY and in windows.
#[derive(Debug)]
struct Total {
    plan: Plan,
    total: i256,
    count: i64,
    /// A part that was merged had overflowed.
    overflow: bool,
}

impl Total {
    /// NULL without values and after an overflow.
    fn current(&self) -> Option<i128> {
        self.plan.checked(self.total).filter(|_| self.count > 0 && !self.overflow)
    }

    fn add(&mut self, values: &Decimal128Array, sign: i64) {
        let mut add = |value: i128| {
            let value = i256::from_i128(value);
            self.total = if sign > 0 { self.total.wrapping_add(value) } else { self.total.wrapping_sub(value) };
        };
        match values.nulls() {
            None => values.values().iter().for_each(|v| add(*v)),
            Some(_) => values.iter().flatten().for_each(add),
        }
        self.count += sign * (values.len() - values.null_count()) as i64;
    }
}

impl Accumulator for Total {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        for values in values {
            self.add(values.as_primitive(), 1);
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        for values in values {
            self.add(values.as_primitive(), -1);
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        Ok(self.plan.scalar(self.current()))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        Ok(vec![self.plan.scalar(self.current()), ScalarValue::Int64(Some(self.count))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        let (totals, counts) = state_arrays(states)?;
        for (total, count) in totals.iter().zip(counts.iter()) {
            let count = count.unwrap_or(0);
            self.count += count;
            match total {
                Some(total) => self.total = self.total.wrapping_add(i256::from_i128(total)),
                None => self.overflow |= count > 0,
            }
        }
        Ok(())
    }
}

fn state_arrays(states: &[ArrayRef]) -> DataFusionResult<(&Decimal128Array, &Int64Array)> {
    match states {
        [totals, counts] => Ok((totals.as_primitive::<Decimal128Type>(), counts.as_primitive::<Int64Type>())),
        _ => datafusion::common::internal_err!("a decimal total has two states"),
    }
}

/// The totals of many groups. A total that has once outgrown its type is NULL for good, as in Spark's aggregation buffer.
#[derive(Debug)]
struct Totals {
    plan: Plan,
    totals: Vec<i128>,
    counts: Vec<i64>,
}

/// Stands for a total after an overflow; no decimal of 38 digits has this value.
const OVERFLOWN: i128 = i128::MAX;

impl Totals {
    fn resize(&mut self, groups: usize) {
        self.totals.resize(groups, 0);
        self.counts.resize(groups, 0);
    }
}

/// Adds to a total unless it has overflown.
#[inline]
fn add_checked(total: &mut i128, value: i128, limit: i128) {
    if *total != OVERFLOWN {
        *total = match total.checked_add(value) {
            Some(sum) if sum < limit && sum > -limit => sum,
            _ => OVERFLOWN,
        };
    }
}

impl GroupsAccumulator for Totals {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> DataFusionResult<()> {
        self.resize(total_num_groups);
        let [values] = values else { return datafusion::common::internal_err!("a decimal total takes one argument") };
        let values = values.as_primitive::<Decimal128Type>();
        let (totals, counts) = (&mut self.totals, &mut self.counts);
        let limit = limit(self.plan);
        for_each_valid(group_indices, values, opt_filter, |group, value| {
            add_checked(&mut totals[group], value, limit);
            counts[group] += 1;
        });
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DataFusionResult<ArrayRef> {
        let mut state = self.state(emit_to)?;
        state.truncate(1);
        state.pop().ok_or_else(|| datafusion::common::internal_datafusion_err!("a decimal total has a state"))
    }

    fn state(&mut self, emit_to: EmitTo) -> DataFusionResult<Vec<ArrayRef>> {
        let (totals, counts) = (emit_to.take_needed(&mut self.totals), emit_to.take_needed(&mut self.counts));
        let totals = totals.iter().zip(&counts).map(|(t, count)| Some(*t).filter(|t| *count > 0 && *t != OVERFLOWN));
        let totals: Decimal128Array = totals.collect();
        Ok(vec![Arc::new(totals.with_data_type(self.plan.total_type())), Arc::new(Int64Array::from(counts))])
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> DataFusionResult<()> {
        self.resize(total_num_groups);
        let (totals, counts) = state_arrays(values)?;
        let limit = limit(self.plan);
        for (group, (total, count)) in group_indices.iter().zip(totals.iter().zip(counts.iter())) {
            let count = count.unwrap_or(0);
            if count > 0 {
                add_checked(&mut self.totals[*group], total.unwrap_or(OVERFLOWN), limit);
                self.counts[*group] += count;
            }
        }
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> DataFusionResult<Vec<ArrayRef>> {
        let [values] = values else { return datafusion::common::internal_err!("a decimal total takes one argument") };
        let values = values.as_primitive::<Decimal128Type>();
        let valid = valid_rows(values, opt_filter);
        let counts: Int64Array = match &valid {
            None => vec![1i64; values.len()].into(),
            Some(valid) => valid.iter().map(i64::from).collect::<Vec<_>>().into(),
        };
        let totals = Decimal128Array::new(values.values().clone(), valid).with_data_type(self.plan.total_type());
        Ok(vec![Arc::new(totals), Arc::new(counts)])
    }

    fn size(&self) -> usize {
        self.totals.capacity() * size_of::<i128>() + self.counts.capacity() * size_of::<i64>()
    }
}

fn limit(plan: Plan) -> i128 {
    POWERS.get(usize::from(plan.total_precision())).copied().unwrap_or(OVERFLOWN)
}
