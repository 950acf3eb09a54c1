//! Calls of this family's kernels inside plans.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{Result as DataFusionResult, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::kernel;
use crate::types::SparkType;

type Run = dyn Fn(&[ArrayRef]) -> DataFusionResult<ArrayRef> + Send + Sync;

/// The call of a kernel over arrays of one length.
///
/// `parameters` says what `run` holds besides its arguments, such as the time zone: kernels of one name and with the same
/// parameters do the same.
pub(super) fn call(
    name: &'static str,
    parameters: impl Into<String>,
    returns: &SparkType,
    args: Vec<Expr>,
    run: impl Fn(&[ArrayRef]) -> DataFusionResult<ArrayRef> + Send + Sync + 'static,
) -> Expr {
    let signature = Signature::any(args.len(), Volatility::Immutable);
    let kernel =
        Kernel { name, parameters: parameters.into(), returns: returns.to_arrow(), signature, run: Arc::new(run) };
    ScalarUDF::from(kernel).call(args)
}

/// The call of a kernel over one array.
pub(super) fn unary(
    name: &'static str,
    parameters: impl Into<String>,
    returns: &SparkType,
    arg: Expr,
    run: impl Fn(&ArrayRef) -> DataFusionResult<ArrayRef> + Send + Sync + 'static,
) -> Expr {
    call(name, parameters, returns, vec![arg], move |arrays| match arrays {
        [array] => run(array),
        _ => internal_err!("{name} takes one argument"),
    })
}

/// The call of a kernel over two arrays.
pub(super) fn binary(
    name: &'static str,
    parameters: impl Into<String>,
    returns: &SparkType,
    args: [Expr; 2],
    run: impl Fn(&ArrayRef, &ArrayRef) -> DataFusionResult<ArrayRef> + Send + Sync + 'static,
) -> Expr {
    call(name, parameters, returns, args.into(), move |arrays| match arrays {
        [left, right] => run(left, right),
        _ => internal_err!("{name} takes two arguments"),
    })
}

struct Kernel {
    name: &'static str,
    parameters: String,
    returns: DataType,
    signature: Signature,
    run: Arc<Run>,
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernel").field("name", &self.name).field("parameters", &self.parameters).finish_non_exhaustive()
    }
}

impl PartialEq for Kernel {
    fn eq(&self, other: &Self) -> bool {
        (self.name, &self.parameters, &self.returns) == (other.name, &other.parameters, &other.returns)
    }
}

impl Eq for Kernel {}

impl Hash for Kernel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.name, &self.parameters).hash(state);
    }
}

impl ScalarUDFImpl for Kernel {
    fn name(&self) -> &str {
        self.name
    }

    /// Calls that differ in what the kernel holds must differ in name within a plan.
    fn schema_name(&self, args: &[Expr]) -> DataFusionResult<String> {
        let args: Vec<String> = args.iter().map(|arg| arg.schema_name().to_string()).collect();
        Ok(format!("{}[{}]({})", self.name, self.parameters, args.join(", ")))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.returns.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        kernel::evaluate(&args, |arrays| (self.run)(arrays))
    }
}
