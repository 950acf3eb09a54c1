//! Aggregate functions over frames that leave rows behind: computed anew for each frame, as Spark does.
//!
//! DataFusion would take the rows that leave out of the running value again. For floats that is another result (an infinity or a
//! NaN never leaves, and rounding differs), and many functions have no such step at all.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};
use datafusion::physical_expr::{PhysicalExpr, PhysicalSortExpr};

/// `function` for frames whose first row is not always the partition's first.
pub(crate) fn recomputed(function: Arc<AggregateUDF>) -> Arc<AggregateUDF> {
    let signature = Signature::variadic_any(Volatility::Immutable);
    Arc::new(AggregateUDF::from(Recomputed { inner: function, signature }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Recomputed {
    inner: Arc<AggregateUDF>,
    signature: Signature,
}

impl AggregateUDFImpl for Recomputed {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> DataFusionResult<DataType> {
        self.inner.return_type(arg_types)
    }

    fn return_field(&self, arg_fields: &[FieldRef]) -> DataFusionResult<FieldRef> {
        self.inner.return_field(arg_fields)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> DataFusionResult<Vec<FieldRef>> {
        self.inner.state_fields(args)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        self.inner.accumulator(args)
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        Ok(Box::new(FrameAccumulator { call: OwnedCall::new(&self.inner, &args), rows: VecDeque::new() }))
    }

    fn default_value(&self, data_type: &DataType) -> DataFusionResult<ScalarValue> {
        self.inner.default_value(data_type)
    }
}

/// What [`AccumulatorArgs`] borrows, kept so that accumulators can be made at any time.
#[derive(Debug)]
struct OwnedCall {
    function: Arc<AggregateUDF>,
    return_field: FieldRef,
    schema: Schema,
    ignore_nulls: bool,
    order_bys: Vec<PhysicalSortExpr>,
    is_reversed: bool,
    name: String,
    is_distinct: bool,
    exprs: Vec<Arc<dyn PhysicalExpr>>,
    expr_fields: Vec<FieldRef>,
}

impl OwnedCall {
    fn new(function: &Arc<AggregateUDF>, args: &AccumulatorArgs<'_>) -> Self {
        Self {
            function: Arc::clone(function),
            return_field: Arc::clone(&args.return_field),
            schema: args.schema.clone(),
            ignore_nulls: args.ignore_nulls,
            order_bys: args.order_bys.to_vec(),
            is_reversed: args.is_reversed,
            name: args.name.to_string(),
            is_distinct: args.is_distinct,
            exprs: args.exprs.to_vec(),
            expr_fields: args.expr_fields.to_vec(),
        }
    }

    fn accumulator(&self) -> DataFusionResult<Box<dyn Accumulator>> {
        self.function.accumulator(AccumulatorArgs {
            return_field: Arc::clone(&self.return_field),
            schema: &self.schema,
            ignore_nulls: self.ignore_nulls,
            order_bys: &self.order_bys,
            is_reversed: self.is_reversed,
            name: &self.name,
            is_distinct: self.is_distinct,
            exprs: &self.exprs,
            expr_fields: &self.expr_fields,
        })
    }
}

/// The rows of the current frame, oldest first, each entry some consecutive ones.
#[derive(Debug)]
struct FrameAccumulator {
    call: OwnedCall,
    rows: VecDeque<Vec<ArrayRef>>,
}

impl Accumulator for FrameAccumulator {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        if values.first().is_some_and(|column| !column.is_empty()) {
            self.rows.push_back(values.to_vec());
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        let mut leaving = values.first().map_or(0, |column| column.len());
        while leaving > 0 {
            let Some(oldest) = self.rows.front_mut() else { break };
            let length = oldest.first().map_or(0, |column| column.len());
            if length <= leaving {
                leaving -= length;
                self.rows.pop_front();
            } else {
                oldest.iter_mut().for_each(|column| *column = column.slice(leaving, length - leaving));
                leaving = 0;
            }
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        let mut accumulator = self.call.accumulator()?;
        for rows in &self.rows {
            accumulator.update_batch(rows)?;
        }
        accumulator.evaluate()
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        let mut accumulator = self.call.accumulator()?;
        for rows in &self.rows {
            accumulator.update_batch(rows)?;
        }
        accumulator.state()
    }

    fn merge_batch(&mut self, _states: &[ArrayRef]) -> DataFusionResult<()> {
        datafusion::common::internal_err!("the frame of a window function is not merged from parts")
    }

    /// The frame's arrays are slices of the partition's, which the window operator accounts for.
    fn size(&self) -> usize {
        size_of_val(self) + self.rows.len() * size_of::<Vec<ArrayRef>>()
    }
}
