//! Arithmetic, comparison, bitwise and concatenation operators.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Operator, binary_expr};
use sqlparser::ast;

use super::Lowering;
use crate::arithmetic::{self, ArithmeticOp};
use crate::cast;
use crate::comparison::{self, ComparisonOp};
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::functions;
use crate::resolver::names;
use crate::resolver::typed::Typed;
use crate::types::SparkType;

impl Lowering<'_, '_> {
    pub(super) fn binary(&self, left: &ast::Expr, op: &ast::BinaryOperator, right: &ast::Expr) -> Result<Typed> {
        use ast::BinaryOperator as B;
        let arithmetic = |op| self.arithmetic(op, self.lower(left)?, self.lower(right)?);
        let comparison = |op| self.comparison(op, self.lower(left)?, self.lower(right)?);
        match op {
            B::Plus => arithmetic(ArithmeticOp::Add),
            B::Minus => arithmetic(ArithmeticOp::Subtract),
            B::Multiply => arithmetic(ArithmeticOp::Multiply),
            B::Divide => arithmetic(ArithmeticOp::Divide),
            B::Modulo => arithmetic(ArithmeticOp::Remainder),
            B::MyIntegerDivide => arithmetic(ArithmeticOp::IntegralDivide),
            B::Eq => comparison(ComparisonOp::Eq),
            B::NotEq => {
                let equal = comparison(ComparisonOp::Eq)?;
                self.negation_of(equal)
            }
            B::Lt => comparison(ComparisonOp::Lt),
            B::LtEq => comparison(ComparisonOp::LtEq),
            B::Gt => comparison(ComparisonOp::Gt),
            B::GtEq => comparison(ComparisonOp::GtEq),
            B::Spaceship => comparison(ComparisonOp::NullSafeEq),
            B::StringConcat => functions::call("concat", vec![self.lower(left)?, self.lower(right)?], self.zone()),
            B::BitwiseAnd => arithmetic(ArithmeticOp::BitwiseAnd),
            B::BitwiseOr => arithmetic(ArithmeticOp::BitwiseOr),
            B::BitwiseXor => arithmetic(ArithmeticOp::BitwiseXor),
            other => Err(SparkError::unsupported(format!("the operator {other}"))),
        }
    }

    pub(super) fn unary(&self, op: ast::UnaryOperator, operand: &ast::Expr) -> Result<Typed> {
        use ast::UnaryOperator as U;
        match op {
            U::Not | U::BangNot => self.negated(operand),
            U::Minus => {
                let operand = self.lower(operand)?;
                let name = names::prefix("-", &operand.name);
                Ok(functions::call("negative", vec![operand], self.zone())?.named(name))
            }
            U::BitwiseNot => {
                let mut operand = self.lower(operand)?;
                if operand.data_type == SparkType::Void {
                    operand = operand.coerced(&SparkType::Int, self.zone())?;
                }
                bitwise_not(operand)
            }
            U::Plus => {
                let operand = self.lower(operand)?;
                functions::call("positive", vec![operand], self.zone())
            }
            other => Err(SparkError::unsupported(format!("the operator {other}"))),
        }
    }

    /// `left op right` for numbers, and for dates, timestamps and intervals.
    pub(super) fn arithmetic(&self, op: ArithmeticOp, left: Typed, right: Typed) -> Result<Typed> {
        if let Some(temporal) = functions::datetime::arithmetic(op, &left, &right, self.zone())? {
            return Ok(temporal);
        }
        let name = names::infix(&left.name, op.symbol(), &right.name);
        // A string is read as a double, which may fail.
        let is_string = |side: &Typed| side.data_type == SparkType::String;
        let nullable = left.nullable || right.nullable || is_string(&left) || is_string(&right);
        let (expr, data_type) =
            arithmetic::lower_binary(op, (left.expr, left.data_type), (right.expr, right.data_type), &name)?;
        // Decimals that overflow are NULL.
        let nullable = nullable || op.may_give_null() || matches!(data_type, SparkType::Decimal { .. });
        Ok(Typed::new(expr, data_type, nullable, name))
    }

    /// `left op right`, a boolean.
    pub(super) fn comparison(&self, op: ComparisonOp, left: Typed, right: Typed) -> Result<Typed> {
        compare(op, left, right, self.zone())
    }
}

/// `left op right`, a boolean, with Spark's coercion of both sides.
pub(super) fn compare(op: ComparisonOp, left: Typed, right: Typed, zone: Zone) -> Result<Typed> {
    let name = names::infix(&left.name, op.symbol(), &right.name);
    let (l, r) = ((left.expr, left.data_type), (right.expr, right.data_type));
    let common = comparison::common_type(op, &l, &r).map_err(|error| with_expression(error, &name))?;
    let may_be_null =
        left.nullable || right.nullable || [&l.1, &r.1].into_iter().any(|t| cast::may_give_null(t, &common));
    let nullable = op != ComparisonOp::NullSafeEq && may_be_null;
    let expr = comparison::lower_comparison(op, l, r, zone).map_err(|error| with_expression(error, &name))?;
    Ok(Typed::new(expr, SparkType::Boolean, nullable, name))
}

/// `~operand` is the operand with all bits turned.
fn bitwise_not(operand: Typed) -> Result<Typed> {
    let name = format!("~{}", operand.name);
    if !operand.data_type.is_integral() {
        return Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: argument 1 requires integral type, however, '{}' is of {} type.",
            operand.name, operand.data_type
        )));
    }
    let all_bits = ScalarValue::new_negative_one(&operand.data_type.to_arrow())?;
    let expr = binary_expr(operand.expr, Operator::BitwiseXor, Expr::Literal(all_bits, None));
    Ok(Typed::new(expr, operand.data_type, operand.nullable, name))
}

fn with_expression(error: SparkError, name: &str) -> SparkError {
    let message = format!("cannot resolve '{name}' due to data type mismatch: {}", error.message);
    SparkError { message, ..error }
}
