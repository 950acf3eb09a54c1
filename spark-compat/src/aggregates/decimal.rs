//! `sum` and `avg` over decimals: exact totals, NULL where a total has more digits than its type, averages rounded as Spark does.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Int64Array};
use arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Int64Type, i256};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility};

use super::distinct::DistinctDecimals;
use super::groups::{for_each_valid, valid_rows};
use crate::arithmetic::decimal_math::{POWERS, narrow, quotient, rescale};
use crate::coercion::decimal::{self, DecimalOp, Digits};
use crate::types::SparkType;

/// Sums of decimals up to this precision cannot overflow: ten more digits hold ten billion rows.
pub(super) const MAX_UNCHECKED_PRECISION: u8 = 28;

/// What becomes of a total and a count at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// The total itself.
    Sum,
    /// Their quotient.
    Average {
        /// Precision of Spark's division of a total by a bigint.
        quotient_precision: u8,
        /// Its scale; the quotient is rounded a second time to the average's scale.
        quotient_scale: u8,
    },
}

/// The types of an aggregation over `decimal(precision, scale)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) finish: Finish,
    /// Whether totals may outgrow their type.
    checked: bool,
    precision: u8,
    scale: u8,
    total_precision: u8,
    result_precision: u8,
    result_scale: u8,
}

impl Plan {
    pub(super) fn sum(precision: u8, scale: u8) -> Self {
        let (total_precision, _) = parts(&decimal::sum_result(digits(precision, scale)));
        Self {
            finish: Finish::Sum,
            checked: precision > MAX_UNCHECKED_PRECISION,
            precision,
            scale,
            total_precision,
            result_precision: total_precision,
            result_scale: scale,
        }
    }

    pub(super) fn average(precision: u8, scale: u8) -> Self {
        let total = Self::sum(precision, scale);
        let count = Digits { precision: 20, scale: 0 };
        let quotient = decimal::result(DecimalOp::Divide, digits(total.total_precision, scale), count);
        let (quotient_precision, quotient_scale) = parts(&quotient);
        let (result_precision, result_scale) = parts(&decimal::avg_result(digits(precision, scale)));
        let finish = Finish::Average { quotient_precision, quotient_scale };
        Self { finish, result_precision, result_scale, ..total }
    }

    pub(super) fn result_type(self) -> DataType {
        DataType::Decimal128(self.result_precision, self.result_scale as i8)
    }

    pub(super) fn total_type(self) -> DataType {
        DataType::Decimal128(self.total_precision, self.scale as i8)
    }

    pub(super) fn total_precision(self) -> u8 {
        self.total_precision
    }

    pub(super) fn input_type(self) -> DataType {
        DataType::Decimal128(self.precision, self.scale as i8)
    }

    /// The result of a total over `count` values; `None` without values or after an overflow.
    pub(super) fn result(self, total: Option<i128>, count: i64) -> Option<i128> {
        let total = total.filter(|_| count > 0)?;
        match self.finish {
            Finish::Sum => Some(total),
            Finish::Average { quotient_precision, quotient_scale } => {
                let shift = i32::from(quotient_scale) - i32::from(self.scale);
                let quotient = quotient(total, count.into(), shift, quotient_precision)?;
                rescale(quotient, quotient_scale, self.result_scale, self.result_precision)
            }
        }
    }

    pub(super) fn scalar(self, value: Option<i128>) -> ScalarValue {
        ScalarValue::Decimal128(value, self.result_precision, self.result_scale as i8)
    }

    pub(super) fn accumulator(self, distinct: bool) -> Box<dyn Accumulator> {
        if distinct {
            return Box::new(DistinctDecimals::new(self));
        }
        Box::new(Total { plan: self, total: i256::ZERO, count: 0, overflow: false })
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
            let values = args.input_fields.first().map_or(DataType::Null, |f| f.data_type().clone());
            return vec![Arc::new(Field::new_list(
                format_state_name(args.name, "distinct values"),
                Field::new_list_field(values, true),
                false,
            ))];
        }
        vec![field("total", self.total_type(), true), field("count", DataType::Int64, false)]
    }
}

fn digits(precision: u8, scale: u8) -> Digits {
    Digits { precision: precision.into(), scale: scale.into() }
}

fn parts(t: &SparkType) -> (u8, u8) {
    match t {
        SparkType::Decimal { precision, scale } => (*precision, *scale),
        _ => (0, 0),
    }
}

/// The plan of an average over the first argument.
fn average_of(input: Option<&DataType>) -> DataFusionResult<Plan> {
    match input {
        Some(DataType::Decimal128(precision, scale)) => Ok(Plan::average(*precision, *scale as u8)),
        other => datafusion::common::internal_err!("the average of decimals does not take {other:?}"),
    }
}

/// `avg` over decimals.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct DecimalAverage {
    signature: Signature,
}

impl DecimalAverage {
    pub(super) fn new() -> Self {
        Self { signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for DecimalAverage {
    fn name(&self) -> &str {
        "spark_decimal_avg"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(average_of(arg_types.first())?.result_type())
    }

    fn accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        Ok(average_of(args.expr_fields.first().map(|f| f.data_type()))?.accumulator(args.is_distinct))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> DataFusionResult<Vec<FieldRef>> {
        Ok(average_of(args.input_fields.first().map(|f| f.data_type()))?.state_fields(&args))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn GroupsAccumulator>> {
        Ok(average_of(args.expr_fields.first().map(|f| f.data_type()))?.groups_accumulator())
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
    fn current(&self) -> Option<i128> {
        narrow(self.total, self.plan.total_precision).filter(|_| !self.overflow)
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
        Ok(self.plan.scalar(self.plan.result(self.current(), self.count)))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        let total = self.current().filter(|_| self.count > 0);
        let total = ScalarValue::Decimal128(total, self.plan.total_precision, self.plan.scale as i8);
        Ok(vec![total, ScalarValue::Int64(Some(self.count))])
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

    fn total(&self, total: i128) -> Option<i128> {
        (total != OVERFLOWN).then_some(total)
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
        if self.plan.checked {
            let limit = limit(self.plan);
            for_each_valid(group_indices, values, opt_filter, |group, value| {
                add_checked(&mut totals[group], value, limit);
                counts[group] += 1;
            });
        } else {
            for_each_valid(group_indices, values, opt_filter, |group, value| {
                totals[group] = totals[group].wrapping_add(value);
                counts[group] += 1;
            });
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DataFusionResult<ArrayRef> {
        let (totals, counts) = (emit_to.take_needed(&mut self.totals), emit_to.take_needed(&mut self.counts));
        let results = totals.iter().zip(&counts).map(|(total, count)| self.plan.result(self.total(*total), *count));
        let results: Decimal128Array = results.collect();
        Ok(Arc::new(results.with_data_type(self.plan.result_type())))
    }

    fn state(&mut self, emit_to: EmitTo) -> DataFusionResult<Vec<ArrayRef>> {
        let (totals, counts) = (emit_to.take_needed(&mut self.totals), emit_to.take_needed(&mut self.counts));
        let totals = totals.iter().zip(&counts).map(|(t, count)| self.total(*t).filter(|_| *count > 0));
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
    POWERS.get(usize::from(plan.total_precision)).copied().unwrap_or(OVERFLOWN)
}
