//! `sum` of bigints and decimals: DataFusion's accumulators where they agree with Spark, decimals of more than 28 digits by this crate's.
//!
//! It is a function of its own, since DataFusion's `sum` rewrites `sum(x + 1)` to `sum(x) + count(x)`, which types decimals
//! differently.

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result as DataFusionResult;
use datafusion::functions_aggregate::sum::Sum;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, GroupsAccumulator, ReversedUDAF, Signature, Volatility};

use super::decimal::{MAX_UNCHECKED_PRECISION, Plan};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SparkSum {
    native: Sum,
    signature: Signature,
}

impl SparkSum {
    pub(super) fn new() -> Self {
        Self { native: Sum::new(), signature: Signature::any(1, Volatility::Immutable) }
    }
}

/// The plan of a sum that DataFusion would let overflow.
fn wide_decimal(input: Option<&FieldRef>) -> Option<Plan> {
    match input?.data_type() {
        DataType::Decimal128(precision, scale) if *precision > MAX_UNCHECKED_PRECISION => {
            Some(Plan::new(*precision, *scale as u8))
        }
        _ => None,
    }
}

impl AggregateUDFImpl for SparkSum {
    fn name(&self) -> &str {
        "spark_sum"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> DataFusionResult<DataType> {
        self.native.return_type(arg_types)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        match wide_decimal(args.expr_fields.first()) {
            Some(plan) => plan.accumulator(args.is_distinct),
            None => self.native.accumulator(args),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> DataFusionResult<Vec<FieldRef>> {
        match wide_decimal(args.input_fields.first()) {
            Some(plan) => Ok(plan.state_fields(&args)),
            None => self.native.state_fields(args),
        }
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn GroupsAccumulator>> {
        match wide_decimal(args.expr_fields.first()) {
            Some(plan) => Ok(plan.groups_accumulator()),
            None => self.native.create_groups_accumulator(args),
        }
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        match wide_decimal(args.expr_fields.first()) {
            Some(plan) => plan.accumulator(args.is_distinct),
            None => self.native.create_sliding_accumulator(args),
        }
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }
}
