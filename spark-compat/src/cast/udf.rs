//! The scalar function that runs a cast kernel inside a plan.

use arrow::array::AsArray;
use arrow::datatypes::DataType;
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::from_integral;
use crate::datetime::zone::Zone;
use crate::kernel;
use crate::types::SparkType;

/// `CAST(expr AS to)` by this crate's kernels.
pub(super) fn call(expr: Expr, from: SparkType, to: SparkType, zone: Zone) -> Expr {
    ScalarUDF::from(SparkCast { from, to, zone, signature: Signature::any(1, Volatility::Immutable) }).call(vec![expr])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct SparkCast {
    from: SparkType,
    to: SparkType,
    zone: Zone,
    signature: Signature,
}

impl ScalarUDFImpl for SparkCast {
    fn name(&self) -> &str {
        "spark_cast"
    }

    /// Casts of one expression to several types must differ in name within a plan.
    fn schema_name(&self, args: &[Expr]) -> DataFusionResult<String> {
        let args: Vec<String> = args.iter().map(|a| a.schema_name().to_string()).collect();
        Ok(format!("spark_cast({}, {}, {})", args.join(", "), self.from, self.to))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.to.to_arrow())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        if let ([ColumnarValue::Array(seconds)], SparkType::Long, SparkType::Timestamp) =
            (&args.args[..], &self.from, &self.to)
        {
            return Ok(ColumnarValue::Array(from_integral::wrapped_timestamps(seconds.as_primitive())?));
        }
        kernel::evaluate(&args, |arrays| match arrays {
            [array] => super::array(array, &self.from, &self.to, self.zone),
            _ => datafusion::common::internal_err!("a cast takes one value"),
        })
    }
}
