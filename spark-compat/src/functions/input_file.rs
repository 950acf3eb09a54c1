//! `input_file_name` and its like where no file is read: an empty name, and -1 for a place and a length.
//!
//! In a query that reads files they would say from where each row comes, which rows don't tell here.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::arguments::Arity;
use super::{Call, Function, Support};
use crate::error::{ErrorKind, Result, SparkError};
use crate::resolver::Typed;
use crate::types::SparkType;

const WITHOUT_FILES: Support = Support::Partial("in queries that read no files");

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("input_file_name", Arity::Exactly(0), &[], |call| {
        Ok(of_no_file(&call, SparkType::String, ScalarValue::Utf8View(Some(String::new()))))
    })
    .with_support(WITHOUT_FILES),
    Function::scalar("input_file_block_start", Arity::Exactly(0), &[], |call| {
        Ok(of_no_file(&call, SparkType::Long, (-1i64).into()))
    })
    .with_support(WITHOUT_FILES),
    Function::scalar("input_file_block_length", Arity::Exactly(0), &[], |call| {
        Ok(of_no_file(&call, SparkType::Long, (-1i64).into()))
    })
    .with_support(WITHOUT_FILES),
];

fn of_no_file(call: &Call<'_>, data_type: SparkType, value: ScalarValue) -> Typed {
    let function = OfNoFile { value, signature: Signature::nullary(Volatility::Volatile) };
    Typed::new(ScalarUDF::from(function).call(vec![]), data_type, false, call.name())
}

/// Refuses a plan that asks for the name of a file and reads files.
pub(crate) fn check(plan: &LogicalPlan) -> Result<()> {
    let (mut asks, mut reads) = (false, false);
    plan.apply_with_subqueries(|node| {
        reads |= matches!(node, LogicalPlan::TableScan(scan) if scan.table_name.table() != RANGE);
        node.apply_expressions(|expr| {
            asks |= expr.exists(|part| Ok(is_of_no_file(part)))?;
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    if asks && reads {
        return Err(SparkError::new(
            ErrorKind::Unsupported,
            "the function input_file_name and its like are not supported in queries that read files: rows don't say from which \
             file they come, and where a file lies is the parent instance's matter",
        ));
    }
    Ok(())
}

/// The table of the function `range`, which is no file.
const RANGE: &str = "range";

fn is_of_no_file(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarFunction(call) if call.func.name() == NAME)
}

const NAME: &str = "spark_input_file";

#[derive(Debug, PartialEq, Eq, Hash)]
struct OfNoFile {
    value: ScalarValue,
    signature: Signature,
}

impl ScalarUDFImpl for OfNoFile {
    fn name(&self) -> &str {
        NAME
    }

    fn schema_name(&self, _args: &[Expr]) -> DataFusionResult<String> {
        Ok(format!("{NAME} {}", self.value))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.value.data_type())
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        Ok(ColumnarValue::Scalar(self.value.clone()))
    }
}
