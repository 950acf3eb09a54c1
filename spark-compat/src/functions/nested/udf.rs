//! The scalar function that runs a kernel over nested values inside a plan.

use std::hash::{Hash, Hasher};

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::kernel;
use crate::types::SparkType;

/// A function over arrays of one length; the type is that of the result.
pub(super) type Kernel = fn(&[ArrayRef], &DataType) -> DataFusionResult<ArrayRef>;

/// Calls `kernel` inside a plan. `name` tells kernels apart: one name, one kernel.
pub(super) fn call(name: &'static str, result: &SparkType, args: Vec<Expr>, kernel: Kernel) -> Expr {
    let signature = Signature::any(args.len(), Volatility::Immutable);
    ScalarUDF::from(NestedFunction { name, result: result.to_arrow(), kernel, signature }).call(args)
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
        kernel::evaluate(&args, |arrays| (self.kernel)(arrays, &self.result))
    }
}
