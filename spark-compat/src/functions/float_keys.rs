//! Floats as keys of groups, sorts and joins: all NaNs are one value, the largest, and -0.0 is 0.0.
//!
//! Arrow compares floats by their bits (IEEE 754 `totalOrder`), so that equal values must get equal bits first. Rule:
//! Spark's `NormalizeFloatingNumbers`.

use std::sync::{Arc, LazyLock};

use arrow::array::{AsArray, PrimitiveArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::nested::keys;
use crate::types::SparkType;

/// Whether values of this type may be equal with different bits.
pub(crate) fn needs_normalization(data_type: &SparkType) -> bool {
    match data_type {
        SparkType::Float | SparkType::Double => true,
        SparkType::Array { element, .. } => needs_normalization(element),
        SparkType::Struct(fields) => fields.iter().any(|field| needs_normalization(&field.data_type)),
        _ => false,
    }
}

/// The expression with equal values made equal in their bits; other types stay as they are.
pub(crate) fn normalized(expr: Expr, data_type: &SparkType) -> Expr {
    if !needs_normalization(data_type) || is_normalized(&expr) {
        return expr;
    }
    match data_type {
        SparkType::Array { .. } | SparkType::Struct(_) => keys::normalized_nested(expr, data_type),
        _ => Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&KEY), vec![expr])),
    }
}

/// The key that a join puts in the place of an attribute whose floats are normalized already: nested values as bytes.
pub(crate) fn comparable(expr: Expr, data_type: &SparkType) -> Expr {
    match data_type {
        SparkType::Array { .. } | SparkType::Struct(_) => keys::order_key(expr),
        _ => expr,
    }
}

/// The key that a sort or a comparison puts in the place of the expression: floats normalized, nested values as bytes in their
/// order.
pub(crate) fn sortable(expr: Expr, data_type: &SparkType) -> Expr {
    match data_type {
        SparkType::Array { .. } | SparkType::Struct(_) => keys::order_key(expr),
        _ => normalized(expr, data_type),
    }
}

fn is_normalized(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarFunction(call) if call.func == *KEY)
}

static KEY: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(ScalarUDF::from(NormalizeFloat::new())));

#[derive(Debug, PartialEq, Eq, Hash)]
struct NormalizeFloat {
    signature: Signature,
}

impl NormalizeFloat {
    fn new() -> Self {
        let types = vec![DataType::Float32, DataType::Float64];
        Self { signature: Signature::uniform(1, types, Volatility::Immutable) }
    }
}

pub(super) fn normalize_f64(value: f64) -> f64 {
    // -0.0 + 0.0 is 0.0; every other value stays.
    if value.is_nan() { f64::NAN } else { value + 0.0 }
}

pub(super) fn normalize_f32(value: f32) -> f32 {
    if value.is_nan() { f32::NAN } else { value + 0.0 }
}

impl ScalarUDFImpl for NormalizeFloat {
    fn name(&self) -> &str {
        "spark_float_key"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(arg_types.first().cloned().unwrap_or(DataType::Float64))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        match args.args.as_slice() {
            [ColumnarValue::Scalar(ScalarValue::Float64(value))] => {
                Ok(ColumnarValue::Scalar(ScalarValue::Float64(value.map(normalize_f64))))
            }
            [ColumnarValue::Scalar(ScalarValue::Float32(value))] => {
                Ok(ColumnarValue::Scalar(ScalarValue::Float32(value.map(normalize_f32))))
            }
            [ColumnarValue::Array(array)] => match array.data_type() {
                DataType::Float64 => {
                    let normalized: PrimitiveArray<Float64Type> =
                        array.as_primitive::<Float64Type>().unary(normalize_f64);
                    Ok(ColumnarValue::Array(Arc::new(normalized)))
                }
                DataType::Float32 => {
                    let normalized: PrimitiveArray<Float32Type> =
                        array.as_primitive::<Float32Type>().unary(normalize_f32);
                    Ok(ColumnarValue::Array(Arc::new(normalized)))
                }
                other => datafusion::common::internal_err!("cannot normalize {other}"),
            },
            _ => datafusion::common::internal_err!("only one float can be normalized"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_get_equal_bits() {
        let negative_nan = f64::from_bits(0xfff8_0000_0000_0001);
        assert_eq!(normalize_f64(negative_nan).to_bits(), f64::NAN.to_bits());
        assert_eq!(normalize_f64(-0.0).to_bits(), 0.0f64.to_bits());
        assert_eq!(normalize_f32(-0.0).to_bits(), 0.0f32.to_bits());
        assert_eq!(normalize_f64(-1.5), -1.5);
    }
}
