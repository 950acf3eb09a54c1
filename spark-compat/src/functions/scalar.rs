//! Scalar functions made of a kernel: what DataFusion wants to know of them, once for all.

use std::fmt;
use std::hash::{Hash, Hasher};

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::Call;
use crate::error::Result;
use crate::kernel;
use crate::resolver::{Typed, call_name};
use crate::types::SparkType;

/// A kernel without parameters: arrays of one length in, an array of that length out.
pub(super) type Run = fn(&[ArrayRef]) -> DataFusionResult<ArrayRef>;

/// A kernel with the parameters that the query fixed. Two kernels of one name are the same if they are equal.
pub(super) trait Kernel: fmt::Debug + Eq + Hash + Send + Sync + 'static {
    /// Computes the result for arrays of one length.
    fn run(&self, arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef>;
}

/// The call of the kernel as an expression whose type is `output`. `name` identifies the kernel in plans.
pub(super) fn expr(name: &'static str, kernel: impl Kernel, output: &SparkType, args: Vec<Expr>) -> Expr {
    let signature = Signature::any(args.len(), Volatility::Immutable);
    ScalarUDF::from(KernelFunction { name, kernel, output: output.to_arrow(), signature }).call(args)
}

/// The call of a kernel without parameters.
pub(super) fn plain(name: &'static str, run: Run, output: &SparkType, args: Vec<Expr>) -> Expr {
    expr(name, Plain { name, run }, output, args)
}

/// A function that is a kernel over its arguments and NULL if one of them is; Spark shows it under the name `shown`.
pub(super) fn lower(call: Call<'_>, shown: &str, kernel: &'static str, output: SparkType, run: Run) -> Result<Typed> {
    let (name, nullable) = (call_name(shown, &call.args), call.any_nullable());
    let args = call.args.into_iter().map(|arg| arg.expr).collect();
    Ok(Typed::new(plain(kernel, run, &output, args), output, nullable, name))
}

/// As [`lower`] for a function that may also be NULL where no argument is.
pub(super) fn lower_nullable(
    call: Call<'_>,
    shown: &str,
    kernel: &'static str,
    output: SparkType,
    run: Run,
) -> Result<Typed> {
    Ok(Typed { nullable: true, ..lower(call, shown, kernel, output, run)? })
}

/// The arguments of a kernel, of which there are `N`.
pub(super) fn arguments<const N: usize>(arrays: &[ArrayRef]) -> DataFusionResult<&[ArrayRef; N]> {
    match arrays.try_into() {
        Ok(arrays) => Ok(arrays),
        Err(_) => datafusion::common::internal_err!("a kernel takes {N} arguments, not {}", arrays.len()),
    }
}

#[derive(Clone, Copy)]
struct Plain {
    name: &'static str,
    run: Run,
}

impl Kernel for Plain {
    fn run(&self, arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
        (self.run)(arrays)
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Plain {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Plain {}

impl Hash for Plain {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct KernelFunction<K> {
    name: &'static str,
    kernel: K,
    output: DataType,
    signature: Signature,
}

impl<K: Kernel> ScalarUDFImpl for KernelFunction<K> {
    fn name(&self) -> &str {
        self.name
    }

    /// Calls that differ in their parameters or in their type must differ in name within a plan.
    fn schema_name(&self, args: &[Expr]) -> DataFusionResult<String> {
        let args: Vec<String> = args.iter().map(|arg| arg.schema_name().to_string()).collect();
        Ok(format!("{:?}({}) {}", self.kernel, args.join(", "), self.output))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.output.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        // Without arguments there is no array that says how long the result is.
        if args.args.is_empty() {
            return datafusion::common::internal_err!("{} has no arguments", self.name);
        }
        kernel::evaluate(&args, |arrays| self.kernel.run(arrays))
    }
}
