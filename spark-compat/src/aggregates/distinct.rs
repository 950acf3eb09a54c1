//! `sum(DISTINCT ..)` over decimals of more than 28 digits.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array};
use arrow::datatypes::{Decimal128Type, i256};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::Accumulator;

use super::decimal::Plan;

/// The different values of one group.
#[derive(Debug)]
pub(super) struct DistinctDecimals {
    plan: Plan,
    values: HashSet<i128>,
}

impl DistinctDecimals {
    pub(super) fn new(plan: Plan) -> Self {
        Self { plan, values: HashSet::new() }
    }
}

impl Accumulator for DistinctDecimals {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        for values in values {
            self.values.extend(values.as_primitive::<Decimal128Type>().iter().flatten());
        }
        Ok(())
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        let total = self.values.iter().fold(i256::ZERO, |total, v| total.wrapping_add(i256::from_i128(*v)));
        let total = self.plan.checked(total).filter(|_| !self.values.is_empty());
        Ok(self.plan.scalar(total))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.capacity() * size_of::<i128>()
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        let values: Decimal128Array = self.values.iter().copied().map(Some).collect();
        let values: ArrayRef = Arc::new(values.with_data_type(self.plan.input_type()));
        let list = datafusion::common::utils::SingleRowListArrayBuilder::new(values).build_list_scalar();
        Ok(vec![list])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        for lists in states {
            for list in lists.as_list::<i32>().iter().flatten() {
                self.update_batch(&[list])?;
            }
        }
        Ok(())
    }
}
