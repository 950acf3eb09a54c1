//! What `try_add` and `try_divide` do with an operator that fails on some rows: NULL there (Spark's `TryEval`).

use std::sync::Arc;

use arrow::array::{Array, new_null_array};
use arrow::compute::concat;
use arrow::datatypes::DataType;
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::error::{ErrorKind, SparkError};

/// The call of a scalar function with NULL in the rows that it fails for; another expression as it is.
pub(super) fn null_where_it_fails(expr: Expr) -> Expr {
    match expr {
        Expr::ScalarFunction(call) => {
            let signature = Signature::any(call.args.len(), Volatility::Immutable);
            ScalarUDF::from(Lenient { strict: call.func, signature }).call(call.args)
        }
        other => other,
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Lenient {
    strict: Arc<ScalarUDF>,
    signature: Signature,
}

impl ScalarUDFImpl for Lenient {
    fn name(&self) -> &str {
        "spark_try"
    }

    fn schema_name(&self, args: &[Expr]) -> DataFusionResult<String> {
        Ok(format!("try {}", self.strict.schema_name(args)?))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> DataFusionResult<DataType> {
        self.strict.return_type(arg_types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        match self.value(args.clone())? {
            Some(value) => Ok(value),
            None => self.row_by_row(args),
        }
    }
}

impl Lenient {
    /// What the function gives, or `None` where it fails for a value.
    fn value(&self, args: ScalarFunctionArgs) -> DataFusionResult<Option<ColumnarValue>> {
        let error = match self.strict.invoke_with_args(args) {
            Ok(value) => return Ok(Some(value)),
            Err(error) => SparkError::from(error),
        };
        if is_of_a_value(error.kind) { Ok(None) } else { Err(error.into()) }
    }

    /// Failures are rare: only then is each row computed by itself.
    fn row_by_row(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let null = new_null_array(args.return_field.data_type(), 1);
        if args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_))) {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&null, 0)?));
        }
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let mut rows = Vec::with_capacity(args.number_rows);
        for at in 0..args.number_rows {
            let values = arrays.iter().map(|array| ColumnarValue::Array(array.slice(at, 1))).collect();
            let row = self.value(ScalarFunctionArgs { args: values, number_rows: 1, ..args.clone() })?;
            rows.push(row.map_or_else(|| Ok(Arc::clone(&null)), |row| row.into_array(1))?);
        }
        let rows: Vec<&dyn Array> = rows.iter().map(AsRef::as_ref).collect();
        Ok(ColumnarValue::Array(concat(&rows)?))
    }
}

/// Whether Spark would fail for the same values, which this engine did not for want of something else.
fn is_of_a_value(kind: ErrorKind) -> bool {
    use ErrorKind as K;
    matches!(kind, K::Arithmetic | K::IllegalArgument | K::DateTime | K::Execution)
}
