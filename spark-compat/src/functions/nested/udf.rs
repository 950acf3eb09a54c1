//! The scalar function that runs a kernel over nested values inside a plan.

use std::hash::{Hash, Hasher};

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::lists;
use crate::kernel;
use crate::types::SparkType;

/// A function over arrays of one length; the type is that of the result.
pub(super) type Kernel = fn(&[ArrayRef], &DataType) -> DataFusionResult<ArrayRef>;

/// Calls `kernel` inside a plan. `name` tells kernels apart: one name, one kernel.
pub(super) fn call(name: &'static str, result: &SparkType, args: Vec<Expr>, kernel: Kernel) -> Expr {
    let signature = Signature::any(args.len(), Volatility::Immutable);
    ScalarUDF::from(NestedFunction { name, result: result.to_arrow(), kernel, signature }).call(args)
}

/// No more values than this come out of expanding the scalar arguments of a call at once.
const CHUNK_VALUES: usize = 1 << 24;

/// Runs a kernel over the arguments as arrays of one length. A large array or map among them that is a scalar is not repeated for
/// all rows at once.
pub(super) fn in_chunks(
    args: &ScalarFunctionArgs,
    kernel: impl Fn(&[ArrayRef]) -> DataFusionResult<ArrayRef>,
) -> DataFusionResult<ColumnarValue> {
    let rows = args.number_rows;
    let mut weight = 1usize;
    for arg in &args.args {
        if let ColumnarValue::Scalar(scalar) = arg
            && scalar.data_type().is_nested()
        {
            weight = weight.saturating_add(lists::total_weight(&scalar.to_array()?));
        }
    }
    let only_scalars = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
    if only_scalars || weight.saturating_mul(rows) <= CHUNK_VALUES {
        return kernel::evaluate(args, kernel);
    }
    let step = (CHUNK_VALUES / weight).max(1);
    let mut results = Vec::with_capacity(rows.div_ceil(step));
    for from in (0..rows).step_by(step) {
        let count = step.min(rows - from);
        let part = args.args.iter().map(|arg| match arg {
            ColumnarValue::Array(array) => Ok(array.slice(from, count)),
            ColumnarValue::Scalar(scalar) => scalar.to_array_of_size(count),
        });
        results.push(kernel(&part.collect::<DataFusionResult<Vec<_>>>()?)?);
    }
    let results: Vec<&dyn Array> = results.iter().map(AsRef::as_ref).collect();
    Ok(ColumnarValue::Array(arrow::compute::concat(&results)?))
}

#[derive(Debug)]
struct NestedFunction {
    name: &'static str,
    result: DataType,
    kernel: Kernel,
    signature: Signature,
}

impl PartialEq for NestedFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.result == other.result
    }
}

impl Eq for NestedFunction {}

impl Hash for NestedFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.result.hash(state);
    }
}

impl ScalarUDFImpl for NestedFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.result.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        in_chunks(&args, |arrays| (self.kernel)(arrays, &self.result))
    }
}
