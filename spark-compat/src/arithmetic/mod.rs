//! Arithmetic and bit operators on numbers: operand types, result type, and the cheapest expression that is exactly Spark's.
//!
//! DataFusion's own operator is used where it gives the same value for every input: integers wrap in both, and decimals whose
//! result fits 38 digits cannot overflow. The rest goes to kernels.

mod decimal;
pub(crate) mod decimal_math;
mod numeric;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Operator, binary_expr};

use crate::cast;
use crate::coercion::decimal::{DecimalOp, Digits};
use crate::coercion::{self, BinaryKind};
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::types::SparkType;

/// A binary operator on numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArithmeticOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`: a double or a decimal
    Divide,
    /// `%`, with the sign of the left side
    Remainder,
    /// `pmod`, the remainder in the range of the divisor
    Pmod,
    /// `div`: a bigint
    IntegralDivide,
    /// `&`
    BitwiseAnd,
    /// `|`
    BitwiseOr,
    /// `^`
    BitwiseXor,
}

impl ArithmeticOp {
    /// The operator as it stands in SQL.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Pmod => "pmod",
            Self::IntegralDivide => "div",
            Self::BitwiseAnd => "&",
            Self::BitwiseOr => "|",
            Self::BitwiseXor => "^",
        }
    }

    /// Whether the result may be NULL although both sides are not: a zero divisor, a decimal overflow.
    pub fn may_give_null(self) -> bool {
        matches!(self, Self::Divide | Self::Remainder | Self::Pmod | Self::IntegralDivide)
    }

    fn kind(self) -> BinaryKind {
        match self {
            Self::Add | Self::Subtract | Self::Multiply | Self::Remainder | Self::Pmod => BinaryKind::Arithmetic,
            Self::Divide => BinaryKind::Divide,
            Self::IntegralDivide => BinaryKind::IntegralDivide,
            Self::BitwiseAnd | Self::BitwiseOr | Self::BitwiseXor => BinaryKind::Bitwise,
        }
    }

    fn decimal_op(self) -> Option<DecimalOp> {
        match self {
            Self::Add => Some(DecimalOp::Add),
            Self::Subtract => Some(DecimalOp::Subtract),
            Self::Multiply => Some(DecimalOp::Multiply),
            Self::Divide => Some(DecimalOp::Divide),
            Self::Remainder | Self::Pmod => Some(DecimalOp::Remainder),
            _ => None,
        }
    }

    /// DataFusion's operator where it computes the same on integers, and on floats for `+ - *`.
    fn native(self) -> Option<Operator> {
        match self {
            Self::Add => Some(Operator::Plus),
            Self::Subtract => Some(Operator::Minus),
            Self::Multiply => Some(Operator::Multiply),
            Self::BitwiseAnd => Some(Operator::BitwiseAnd),
            Self::BitwiseOr => Some(Operator::BitwiseOr),
            // DataFusion simplifies `x ^ x` to 0 even where x is NULL, so that XOR has a kernel.
            _ => None,
        }
    }
}

/// An expression and its Spark type.
pub type TypedExpr = (Expr, SparkType);

/// Lowers `left op right` with Spark's coercion; `name` is the expression as error messages show it.
pub fn lower_binary(op: ArithmeticOp, left: TypedExpr, right: TypedExpr, name: &str) -> Result<TypedExpr> {
    let Some((left_type, right_type)) = coercion::arithmetic_operands(op.kind(), &left.1, &right.1) else {
        return Err(mismatch(name, &left.1, &right.1));
    };
    let is_decimal = |t: &SparkType| matches!(t, SparkType::Decimal { .. });
    let decimals = is_decimal(&left_type) || is_decimal(&right_type);
    if decimals {
        return lower_decimal(op, decimal_operand(left, &left_type)?, decimal_operand(right, &right_type)?);
    }
    let left = cast::lower(left.0, &left.1, &left_type, Zone::UTC)?;
    let right = cast::lower(right.0, &right.1, &right_type, Zone::UTC)?;
    let expr = match op.native() {
        Some(operator) => binary_expr(left, operator, right),
        None => numeric::call(op, left, right),
    };
    Ok((expr, left_type))
}

/// Lowers `- operand`, a number; integers wrap.
pub fn lower_negate(operand: TypedExpr) -> Result<Expr> {
    match &operand.1 {
        // DataFusion refuses to negate the smallest integer literal; zero minus it wraps.
        t if t.is_integral() => {
            let zero = ScalarValue::new_zero(&t.to_arrow())?;
            Ok(binary_expr(Expr::Literal(zero, None), Operator::Minus, operand.0))
        }
        SparkType::Float | SparkType::Double | SparkType::Decimal { .. } => Ok(Expr::Negative(Box::new(operand.0))),
        other => Err(SparkError::unsupported(format!("the sign of {other}"))),
    }
}

/// A side of a decimal operation as a decimal: integers become the decimals that hold them, literals with the digits they need.
fn decimal_operand(operand: TypedExpr, target: &SparkType) -> Result<(Expr, Digits)> {
    let digits = integer_literal(&operand.0).or_else(|| Digits::of(target));
    let digits = digits.ok_or_else(|| SparkError::internal(format!("{target} is not a decimal operand")))?;
    let expr = cast::lower(operand.0, &operand.1, &digits.bounded(), Zone::UTC)?;
    Ok((expr, digits))
}

/// The digits of an integer literal other than a tinyint (`DecimalType.fromLiteral`), which decimals meet with no more digits than
/// it has; `None` for other expressions.
pub fn integer_literal(expr: &Expr) -> Option<Digits> {
    match expr {
        Expr::Literal(ScalarValue::Int16(Some(v)), _) => Some(Digits::of_integer((*v).into())),
        Expr::Literal(ScalarValue::Int32(Some(v)), _) => Some(Digits::of_integer((*v).into())),
        Expr::Literal(ScalarValue::Int64(Some(v)), _) => Some(Digits::of_integer(*v)),
        _ => None,
    }
}

fn lower_decimal(op: ArithmeticOp, left: (Expr, Digits), right: (Expr, Digits)) -> Result<TypedExpr> {
    let Some(decimal_op) = op.decimal_op() else {
        return Ok((decimal::call(op, left, right, &SparkType::Long), SparkType::Long));
    };
    let unbounded = coercion::decimal::unbounded_result(decimal_op, left.1, right.1);
    let result = unbounded.adjusted();
    let native = op.native().filter(|_| unbounded.precision <= i32::from(crate::types::MAX_PRECISION));
    let expr = match native {
        // DataFusion simplifies `x * 0` to the literal 0 of the wrong precision.
        Some(operator) if !is_zero(&left.0) && !is_zero(&right.0) => binary_expr(left.0, operator, right.0),
        _ => decimal::call(op, left, right, &result),
    };
    Ok((expr, result))
}

fn is_zero(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(ScalarValue::Decimal128(Some(0), ..), _) => true,
        Expr::Cast(cast) => match cast.expr.as_ref() {
            Expr::Literal(value, _) => {
                value.data_type().is_integer() && ScalarValue::new_zero(&value.data_type()).ok().as_ref() == Some(value)
            }
            _ => false,
        },
        _ => false,
    }
}

fn mismatch(name: &str, left: &SparkType, right: &SparkType) -> SparkError {
    SparkError::analysis(format!(
        "cannot resolve '{name}' due to data type mismatch: differing types in '{name}' ({left} and {right})."
    ))
}

#[cfg(test)]
mod tests;
