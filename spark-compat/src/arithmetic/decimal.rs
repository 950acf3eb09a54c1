//! `+ - * / % div` and pmod on decimals, exactly as Spark's `Decimal` and `CheckOverflow` compute them.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type, i256};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::ArithmeticOp;
use super::decimal_math::{POWERS, fits, power, quotient, rescale, rescale_256};
use crate::coercion::decimal::{Digits, wider};
use crate::kernel;
use crate::types::SparkType;

/// The call of a kernel for `left op right`; a zero divisor and a result beyond `result` give NULL.
pub(super) fn call(op: ArithmeticOp, left: (Expr, Digits), right: (Expr, Digits), result: &SparkType) -> Expr {
    let (result_precision, result_scale) = match result {
        SparkType::Decimal { precision, scale } => (*precision, *scale),
        _ => (0, 0),
    };
    let (wider_precision, wider_scale) = match wider(left.1, right.1) {
        SparkType::Decimal { precision, scale } => (precision, scale),
        _ => (0, 0),
    };
    let exact =
        Digits { precision: (left.1.precision - left.1.scale).max(right.1.precision - right.1.scale), scale: 0 };
    let kernel = DecimalBinary {
        op,
        left_scale: left.1.scale as u8,
        right_scale: right.1.scale as u8,
        wider_scale,
        wider_may_overflow: exact.precision + i32::from(wider_scale) > i32::from(wider_precision),
        result_precision,
        result_scale,
        signature: Signature::any(2, Volatility::Immutable),
    };
    ScalarUDF::from(kernel).call(vec![left.0, right.0])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct DecimalBinary {
    op: ArithmeticOp,
    left_scale: u8,
    right_scale: u8,
    /// The scale of the type to which Spark casts both sides first (`widerDecimalType`).
    wider_scale: u8,
    /// Whether that cast may give NULL, since the type is cut to 38 digits.
    wider_may_overflow: bool,
    result_precision: u8,
    result_scale: u8,
    signature: Signature,
}

impl ScalarUDFImpl for DecimalBinary {
    fn name(&self) -> &str {
        match self.op {
            ArithmeticOp::Add => "spark_decimal_add",
            ArithmeticOp::Subtract => "spark_decimal_subtract",
            ArithmeticOp::Multiply => "spark_decimal_multiply",
            ArithmeticOp::Divide => "spark_decimal_divide",
            ArithmeticOp::Remainder => "spark_decimal_remainder",
            ArithmeticOp::Pmod => "spark_decimal_pmod",
            _ => "spark_decimal_integral_divide",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(match self.op {
            ArithmeticOp::IntegralDivide => DataType::Int64,
            _ => DataType::Decimal128(self.result_precision, self.result_scale as i8),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        kernel::evaluate(&args, |arrays| match arrays {
            [left, right] => self.compute(left.as_primitive(), right.as_primitive()),
            _ => datafusion::common::internal_err!("{} takes two decimals", self.name()),
        })
    }
}

impl DecimalBinary {
    fn compute(&self, left: &Decimal128Array, right: &Decimal128Array) -> DataFusionResult<ArrayRef> {
        if self.op == ArithmeticOp::IntegralDivide {
            return kernel::shared(kernel::binary::<_, _, Int64Type>(left, right, |a, b| self.integral_quotient(a, b)));
        }
        let result: Decimal128Array = match self.op {
            ArithmeticOp::Multiply if self.is_plain_product() => {
                let limit = POWERS.get(usize::from(self.result_precision)).copied().unwrap_or(i128::MAX);
                kernel::binary::<_, _, Decimal128Type>(left, right, |a, b| plain_product(a, b, limit))
            }
            ArithmeticOp::Multiply => kernel::binary(left, right, |a, b| self.product(a, b)),
            ArithmeticOp::Divide => kernel::binary(left, right, |a, b| self.ratio(a, b)),
            ArithmeticOp::Remainder => kernel::binary(left, right, |a, b| self.remainder(a, b)),
            ArithmeticOp::Pmod => kernel::binary(left, right, |a, b| self.positive_remainder(a, b)),
            ArithmeticOp::Subtract => kernel::binary(left, right, |a, b| self.sum(a, b.checked_neg()?)),
            _ => kernel::binary(left, right, |a, b| self.sum(a, b)),
        };
        let result = result.with_precision_and_scale(self.result_precision, self.result_scale as i8)?;
        Ok(Arc::new(result))
    }

    /// Whether the product needs neither rounding nor a check of its operands.
    fn is_plain_product(&self) -> bool {
        !self.wider_may_overflow && self.left_scale + self.right_scale == self.result_scale
    }

    /// The value at the common scale; `None` if it does not fit the common type.
    fn widened(&self, value: i128, scale: u8) -> Option<i128> {
        rescale(value, scale, self.wider_scale, 38)
    }

    /// Whether both sides survive Spark's cast to the common type.
    fn both_fit(&self, a: i128, b: i128) -> bool {
        !self.wider_may_overflow
            || self.widened(a, self.left_scale).is_some() && self.widened(b, self.right_scale).is_some()
    }

    /// Spark casts the sides of a sum to the result's type, so they are rounded one by one.
    fn sum(&self, a: i128, b: i128) -> Option<i128> {
        let a = rescale(a, self.left_scale, self.result_scale, self.result_precision)?;
        let b = rescale(b, self.right_scale, self.result_scale, self.result_precision)?;
        a.checked_add(b).filter(|sum| fits(*sum, self.result_precision))
    }

    fn product(&self, a: i128, b: i128) -> Option<i128> {
        if !self.both_fit(a, b) {
            return None;
        }
        let scale = self.left_scale + self.right_scale;
        match a.checked_mul(b) {
            Some(product) if scale <= 38 => rescale(product, scale, self.result_scale, self.result_precision),
            _ => {
                let product = i256::from_i128(a).checked_mul(i256::from_i128(b))?;
                rescale_256(product, scale.into(), self.result_scale.into(), self.result_precision)
            }
        }
    }

    fn ratio(&self, a: i128, b: i128) -> Option<i128> {
        if !self.both_fit(a, b) {
            return None;
        }
        let shift = i32::from(self.result_scale) + i32::from(self.right_scale) - i32::from(self.left_scale);
        quotient(a, b, shift, self.result_precision)
    }

    fn remainder(&self, a: i128, b: i128) -> Option<i128> {
        let (a, b) = (self.widened(a, self.left_scale)?, self.widened(b, self.right_scale)?);
        rescale(a.checked_rem(b)?, self.wider_scale, self.result_scale, self.result_precision)
    }

    fn positive_remainder(&self, a: i128, b: i128) -> Option<i128> {
        let (a, b) = (self.widened(a, self.left_scale)?, self.widened(b, self.right_scale)?);
        let rest = a.checked_rem(b)?;
        let rest = if rest < 0 { rest.checked_add(b)?.checked_rem(b)? } else { rest };
        rescale(rest, self.wider_scale, self.result_scale, self.result_precision)
    }

    /// The whole part of the quotient as a bigint: its low 64 bits, as Java's `longValue` takes them.
    fn integral_quotient(&self, a: i128, b: i128) -> Option<i64> {
        if b == 0 || !self.both_fit(a, b) {
            return None;
        }
        let (a, b) = (i256::from_i128(a), i256::from_i128(b));
        let (a, b) = match i32::from(self.right_scale) - i32::from(self.left_scale) {
            up @ 0.. => (a.checked_mul(power(up as u32)?)?, b),
            down => (a, b.checked_mul(power(down.unsigned_abs())?)?),
        };
        let (low, _) = a.checked_div(b)?.to_parts();
        Some(low as i64)
    }
}

/// The product of two values that mostly fit 64 bits, where no check of the result is needed.
#[inline]
fn plain_product(a: i128, b: i128, limit: i128) -> Option<i128> {
    if let (Ok(a), Ok(b)) = (i64::try_from(a), i64::try_from(b)) {
        let product = i128::from(a) * i128::from(b);
        // Below 2^126 < 10^38; a narrower result type is checked.
        return (limit == POWERS[38] || (product < limit && product > -limit)).then_some(product);
    }
    a.checked_mul(b).filter(|product| *product < limit && *product > -limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::lower_binary;
    use crate::test_support::{decimal_column, evaluate};

    /// `left op right` over one row: the result's type and text.
    fn run(op: ArithmeticOp, left: (&str, &str), right: (&str, &str)) -> String {
        let (left, right) = (decimal_column("l", left.0, left.1), decimal_column("r", right.0, right.1));
        let (expr, t) =
            lower_binary(op, (left.expr(), left.spark_type()), (right.expr(), right.spark_type()), "x").unwrap();
        format!("{t} {}", evaluate(&expr, &[left, right]))
    }

    #[test]
    fn results_are_rounded_as_spark_rounds_them_and_null_on_overflow() {
        use ArithmeticOp as Op;
        let cases = [
            (Op::Divide, ("1.0", "decimal(2,1)"), ("3", "decimal(1,0)"), "decimal(7,6) 0.333333"),
            (Op::Divide, ("1", "decimal(38,10)"), ("3", "decimal(38,10)"), "decimal(38,6) 0.333333"),
            (Op::Divide, ("1", "decimal(5,2)"), ("0", "decimal(5,2)"), "decimal(13,8) NULL"),
            (Op::Multiply, ("1", "decimal(38,18)"), ("1", "decimal(38,18)"), "decimal(38,6) 1.000000"),
            (Op::Multiply, ("1234.5678", "decimal(32,4)"), ("1.06", "decimal(16,2)"), "decimal(38,6) 1308.641868"),
            (
                Op::Add,
                ("12345678901234567890.123456789", "decimal(38,18)"),
                ("1", "decimal(38,0)"),
                "decimal(38,6) 12345678901234567891.123457",
            ),
            // Both sides are rounded to six digits before they are added.
            (Op::Add, ("0.0000004", "decimal(38,18)"), ("0.0000004", "decimal(38,7)"), "decimal(38,6) 0.000000"),
            (
                Op::Add,
                ("1", "decimal(38,18)"),
                ("100000000000000000000", "decimal(38,0)"),
                "decimal(38,6) 100000000000000000001.000000",
            ),
            // 10^20 does not fit decimal(38,18), the type that both sides of a product are cast to.
            (Op::Multiply, ("1", "decimal(38,18)"), ("100000000000000000000", "decimal(38,0)"), "decimal(38,6) NULL"),
            (Op::IntegralDivide, ("100000000000000000000", "decimal(38,0)"), ("1", "decimal(38,18)"), "bigint NULL"),
            (
                Op::Add,
                ("99999999999999999999999999999999999999", "decimal(38,0)"),
                ("1", "decimal(38,0)"),
                "decimal(38,0) NULL",
            ),
            (Op::Remainder, ("-7.5", "decimal(3,1)"), ("2", "decimal(1,0)"), "decimal(2,1) -1.5"),
            (Op::Pmod, ("-7.5", "decimal(3,1)"), ("2", "decimal(1,0)"), "decimal(2,1) 0.5"),
            (Op::Remainder, ("1", "decimal(3,1)"), ("0", "decimal(1,0)"), "decimal(2,1) NULL"),
            (Op::IntegralDivide, ("7.9", "decimal(2,1)"), ("2", "decimal(1,0)"), "bigint 3"),
            (Op::Subtract, ("1", "decimal(1,0)"), ("0.06", "decimal(15,2)"), "decimal(16,2) 0.94"),
            (Op::Multiply, ("901.00", "decimal(15,2)"), ("0.94", "decimal(16,2)"), "decimal(32,4) 846.9400"),
        ];
        for (op, left, right, expected) in cases {
            assert_eq!(run(op, left, right), expected, "{left:?} {op:?} {right:?}");
        }
    }

    #[test]
    fn products_of_64_bit_values_still_respect_a_narrow_result() {
        assert_eq!(plain_product(10, 10, 100), None);
        assert_eq!(plain_product(-9, 11, 100), Some(-99));
        assert_eq!(plain_product(i128::from(i64::MIN), i128::from(i64::MIN), POWERS[38]), Some(1 << 126));
        assert_eq!(plain_product(POWERS[30], POWERS[9], POWERS[38]), None);
    }
}
