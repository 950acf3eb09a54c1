//! Functions about the session and about expressions: `version`, `typeof`, `current_database`, `assert_true`, `raise_error`, ..

use std::sync::Arc;

use arrow::array::{Array, AsArray, NullArray, StringViewArray};
use arrow::datatypes::DataType;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};

use super::arguments::{Arity, Input};
use super::{Call, Function};
use crate::error::{Result, SparkError};
use crate::resolver::{Typed, call_name};
use crate::types::SparkType;

pub(super) const FUNCTIONS: &[Function] = &[
    // Spark's own version and the revision that it was built from.
    Function::scalar("version", Arity::Exactly(0), &[], |call| {
        text(&call, "3.2.0 5d45a415f3a29898d92380380cfd82bfc7f579ea")
    }),
    Function::scalar("current_catalog", Arity::Exactly(0), &[], |call| text(&call, "spark_catalog")),
    Function::scalar("current_database", Arity::Exactly(0), &[], |call| text(&call, "default")),
    Function::scalar("typeof", Arity::Exactly(1), &[Input::Any], |call| {
        let types: Vec<String> = call.args.iter().map(|arg| arg.data_type.catalog_string()).collect();
        let written = text(&call, &types.join(""))?;
        Ok(match call.args.into_iter().next() {
            Some(arg) if groups(&arg.expr) => Typed { expr: beside(written.expr, arg.expr), ..written },
            _ => written,
        })
    }),
    Function::scalar("assert_true", Arity::Between(1, 2), &[Input::Any, Input::String], assert_true),
    Function::scalar("raise_error", Arity::Exactly(1), &[Input::String], |call| {
        let name = call.name();
        let args = call.args.into_iter().map(|arg| arg.expr);
        Ok(Typed::new(fail_unless(std::iter::once(lit(false)).chain(args).collect()), SparkType::Void, true, name))
    }),
];

fn text(call: &Call<'_>, value: &str) -> Result<Typed> {
    let value = ScalarValue::Utf8View(Some(value.to_string()));
    Ok(Typed::literal(value, SparkType::String, call.name()))
}

/// Whether an expression makes a grouped query, or a window, of the query that it stands in.
fn groups(expr: &Expr) -> bool {
    let makes = |expr: &Expr| matches!(expr, Expr::AggregateFunction(_) | Expr::WindowFunction(_));
    expr.exists(|expr| Ok(makes(expr))).unwrap_or(false)
}

/// The constant, in an expression that still holds `arg`.
fn beside(constant: Expr, arg: Expr) -> Expr {
    let branch = (Box::new(arg.is_null()), Box::new(constant.clone()));
    Expr::Case(Case::new(None, vec![branch], Some(Box::new(constant))))
}

/// NULL, or an error with the message if the condition is not true.
fn assert_true(call: Call<'_>) -> Result<Typed> {
    let mut args = call.args;
    if let [condition] = &args[..] {
        let message = format!("'{}' is not true!", condition.name);
        args.push(Typed::literal(ScalarValue::Utf8View(Some(message.clone())), SparkType::String, message));
    }
    let name = call_name("assert_true", &args);
    if let Some(condition) = args.first()
        && !matches!(condition.data_type, SparkType::Boolean | SparkType::Void)
    {
        return Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: type of predicate expression in If should be boolean, not {}",
            condition.data_type
        )));
    }
    let condition_type = SparkType::Boolean;
    let mut exprs = Vec::with_capacity(args.len());
    for (at, arg) in args.into_iter().enumerate() {
        exprs.push(if at == 0 { arg.coerced(&condition_type, call.zone)?.expr } else { arg.expr });
    }
    Ok(Typed::new(fail_unless(exprs), SparkType::Void, true, name))
}

/// NULL where the condition is true; an error with the message where it is not.
fn fail_unless(args: Vec<Expr>) -> Expr {
    let signature = Signature::any(args.len(), Volatility::Volatile);
    ScalarUDF::from(FailUnless { signature }).call(args)
}

/// Volatile, so that nothing is evaluated before the query runs.
#[derive(Debug, PartialEq, Eq, Hash)]
struct FailUnless {
    signature: Signature,
}

impl ScalarUDFImpl for FailUnless {
    fn name(&self) -> &str {
        "spark_fail_unless"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Null)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let [condition, message] = &args.args[..] else {
            return datafusion::common::internal_err!("a condition and a message expected");
        };
        let condition = condition.to_array(args.number_rows)?;
        let condition = condition.as_boolean();
        let failed = (0..condition.len()).find(|row| condition.is_null(*row) || !condition.value(*row));
        if let Some(row) = failed {
            let messages = message.to_array(args.number_rows)?;
            let text = messages.as_string_view_opt().filter(|texts: &&StringViewArray| texts.is_valid(row));
            let text = text.map_or_else(String::new, |texts| texts.value(row).to_string());
            return Err(SparkError::execution(text).into());
        }
        Ok(ColumnarValue::Array(Arc::new(NullArray::new(args.number_rows))))
    }
}
