//! What an aggregate kernel is, and how DataFusion runs it: over groups, over everything at once, in windows, with DISTINCT.
//!
//! A kernel is written once, as the states of many groups ([`States`]). DataFusion's `GroupsAccumulator` and its `Accumulator`
//! (one group, which can be asked again and again as the frame of a window grows) are thin views of it. None can take back a row:
//! hardly any aggregate stays exact then.

use std::fmt::Debug;
use std::hash::Hash;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF, Signature, Volatility,
};

use super::distinct::Distinct;
use super::groups::passing;

/// An aggregate function: its types, and how its states are made.
pub(super) trait Kernel: Debug + Clone + PartialEq + Eq + Hash + Send + Sync + 'static {
    /// The name inside plans.
    fn name(&self) -> &'static str;

    /// The type of the result.
    fn result_type(&self, args: &[DataType]) -> DataType;

    /// The types of the columns that hold a state on its way from one partition to another.
    fn part_types(&self, args: &[DataType]) -> Vec<DataType>;

    /// States for arguments of these types, without groups yet.
    fn states(&self, args: &[DataType]) -> DataFusionResult<Box<dyn States>>;

    /// The result over no rows.
    fn of_nothing(&self, result: &DataType) -> DataFusionResult<ScalarValue> {
        ScalarValue::try_from(result)
    }
}

/// The states of the groups `0..n` of one aggregate function.
pub(super) trait States: Debug + Send + Sync {
    /// States of the same function without groups.
    fn fresh(&self) -> Box<dyn States>;

    /// Makes room for so many groups; they are never fewer than before.
    fn resize(&mut self, groups: usize);

    /// Takes in rows of arguments.
    fn update(&mut self, args: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()>;

    /// Takes in states that [`States::parts`] gave.
    fn merge(&mut self, parts: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()>;

    /// The states of the first groups as columns.
    fn parts(&self, groups: usize) -> DataFusionResult<Vec<ArrayRef>>;

    /// The results of the first groups.
    fn results(&self, groups: usize) -> DataFusionResult<ArrayRef>;

    /// Drops the first groups; those behind them move up.
    fn forget(&mut self, groups: usize);

    /// The bytes that the states hold.
    fn size(&self) -> usize;
}

/// Rows of a batch with the group of each; some may be filtered out.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    /// The groups, `None` if all rows are of group 0.
    groups: Option<&'a [usize]>,
    passed: Option<NullBuffer>,
    len: usize,
}

impl<'a> Rows<'a> {
    /// All rows in group 0.
    pub(super) fn single(len: usize) -> Self {
        Self { groups: None, passed: None, len }
    }

    /// Rows by groups; a filter lets pass where it is true.
    pub(super) fn grouped(groups: &'a [usize], filter: Option<&BooleanArray>) -> Self {
        Self { groups: Some(groups), passed: filter.map(passing), len: groups.len() }
    }

    /// Calls `f` with the group and the number of each row that passes and is valid.
    pub(super) fn for_each(&self, valid: Option<&NullBuffer>, mut f: impl FnMut(usize, usize)) {
        // Rows come in long runs that are valid: these loops have no test for each row.
        let mut run = |rows: Range<usize>| match self.groups {
            None => rows.for_each(|row| f(0, row)),
            Some(groups) => {
                let numbered = rows.clone().zip(groups.get(rows).unwrap_or_default());
                numbered.for_each(|(row, group)| f(*group, row));
            }
        };
        match NullBuffer::union(self.passed.as_ref(), valid) {
            None => run(0..self.len),
            Some(valid) => valid.valid_slices().for_each(|(start, end)| run(start..end)),
        }
    }

    /// The same with an `f` that may fail.
    pub(super) fn try_for_each(
        &self,
        valid: Option<&NullBuffer>,
        mut f: impl FnMut(usize, usize) -> DataFusionResult<()>,
    ) -> DataFusionResult<()> {
        let mut outcome = Ok(());
        self.for_each(valid, |group, row| {
            if outcome.is_ok() {
                outcome = f(group, row);
            }
        });
        outcome
    }
}

/// The argument or part at a place.
pub(super) fn column(columns: &[ArrayRef], at: usize) -> DataFusionResult<&ArrayRef> {
    match columns.get(at) {
        Some(column) => Ok(column),
        None => datafusion::common::internal_err!("an aggregate function has fewer than {} columns", at + 1),
    }
}

/// The function of a kernel.
pub(super) fn udaf<K: Kernel>(kernel: K) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::from(KernelUdf { kernel, signature: Signature::variadic_any(Volatility::Immutable) }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct KernelUdf<K> {
    kernel: K,
    signature: Signature,
}

fn types(fields: &[FieldRef]) -> Vec<DataType> {
    fields.iter().map(|field| field.data_type().clone()).collect()
}

impl<K: Kernel> KernelUdf<K> {
    fn single(&self, args: &AccumulatorArgs<'_>) -> DataFusionResult<Box<dyn Accumulator>> {
        let types = types(args.expr_fields);
        let single = Single::new(self.kernel.states(&types)?);
        Ok(if args.is_distinct { Box::new(Distinct::new(single, &types)?) } else { Box::new(single) })
    }
}

impl<K: Kernel> AggregateUDFImpl for KernelUdf<K> {
    fn name(&self) -> &str {
        self.kernel.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.kernel.result_type(arg_types))
    }

    fn accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        self.single(&args)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> DataFusionResult<Vec<FieldRef>> {
        let types = types(args.input_fields);
        if args.is_distinct {
            return Ok(Distinct::state_fields(args.name, &types));
        }
        let parts = self.kernel.part_types(&types).into_iter().enumerate();
        Ok(parts
            .map(|(at, part)| Arc::new(Field::new(format_state_name(args.name, &at.to_string()), part, true)))
            .collect())
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn GroupsAccumulator>> {
        let states = self.kernel.states(&types(args.expr_fields))?;
        Ok(Box::new(Groups { states, count: 0 }))
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::NotSupported
    }

    fn default_value(&self, data_type: &DataType) -> DataFusionResult<ScalarValue> {
        self.kernel.of_nothing(data_type)
    }
}

/// A kernel over groups.
struct Groups {
    states: Box<dyn States>,
    count: usize,
}

impl Groups {
    fn resize(&mut self, groups: usize) {
        self.count = self.count.max(groups);
        self.states.resize(self.count);
    }

    /// The number of groups to emit.
    fn emitted(&self, emit_to: EmitTo) -> usize {
        match emit_to {
            EmitTo::All => self.count,
            EmitTo::First(count) => count,
        }
    }

    fn forget(&mut self, groups: usize) {
        self.states.forget(groups);
        self.count -= groups;
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> DataFusionResult<()> {
        self.resize(total_num_groups);
        self.states.update(values, &Rows::grouped(group_indices, opt_filter))
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DataFusionResult<ArrayRef> {
        let groups = self.emitted(emit_to);
        let results = self.states.results(groups)?;
        self.forget(groups);
        Ok(results)
    }

    fn state(&mut self, emit_to: EmitTo) -> DataFusionResult<Vec<ArrayRef>> {
        let groups = self.emitted(emit_to);
        let parts = self.states.parts(groups)?;
        self.forget(groups);
        Ok(parts)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> DataFusionResult<()> {
        self.resize(total_num_groups);
        self.states.merge(values, &Rows::grouped(group_indices, None))
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> DataFusionResult<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |column| column.len());
        let groups: Vec<usize> = (0..rows).collect();
        let mut states = self.states.fresh();
        states.resize(rows);
        states.update(values, &Rows::grouped(&groups, opt_filter))?;
        states.parts(rows)
    }

    fn size(&self) -> usize {
        self.states.size()
    }
}

/// A kernel over a single group.
#[derive(Debug)]
pub(super) struct Single {
    states: Box<dyn States>,
}

impl Single {
    fn new(mut states: Box<dyn States>) -> Self {
        states.resize(1);
        Self { states }
    }
}

impl Accumulator for Single {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        let rows = values.first().map_or(0, |column| column.len());
        self.states.update(values, &Rows::single(rows))
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        ScalarValue::try_from_array(&self.states.results(1)?, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.states.size()
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        self.states.parts(1)?.iter().map(|part| ScalarValue::try_from_array(part, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        let rows = states.first().map_or(0, |column| column.len());
        self.states.merge(states, &Rows::single(rows))
    }
}
