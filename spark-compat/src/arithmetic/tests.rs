//! Operators on columns and literals: result types and values as Spark 3.2.0 gives them.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;

use super::*;
use crate::test_support::{Column, evaluate, evaluate_array, optimize_and_run, texts};

fn run(op: ArithmeticOp, left: (&str, &str), right: (&str, &str)) -> String {
    let left = Column::new("l", left.1, &[Some(left.0)]);
    let right = Column::new("r", right.1, &[Some(right.0)]);
    let (expr, t) = lower_binary(op, left.typed(), right.typed(), "l op r").unwrap();
    format!("{t} {}", evaluate(&expr, &[left, right]))
}

fn int_literal(value: i32) -> TypedExpr {
    (Expr::Literal(ScalarValue::Int32(Some(value)), None), SparkType::Int)
}

#[test]
fn integers_wrap() {
    use ArithmeticOp as Op;
    assert_eq!(run(Op::Add, ("2147483647", "int"), ("1", "int")), "int -2147483648");
    assert_eq!(run(Op::Add, ("127", "tinyint"), ("1", "tinyint")), "tinyint -128");
    assert_eq!(run(Op::Multiply, ("9223372036854775807", "bigint"), ("2", "int")), "bigint -2");
    assert_eq!(run(Op::Subtract, ("-32768", "smallint"), ("1", "tinyint")), "smallint 32767");
}

#[test]
fn division_gives_doubles_and_null_for_zero() {
    use ArithmeticOp as Op;
    assert_eq!(run(Op::Divide, ("5", "int"), ("2", "int")), "double 2.5");
    assert_eq!(run(Op::Divide, ("1", "int"), ("0", "int")), "double NULL");
    assert_eq!(run(Op::Divide, ("1", "double"), ("-0.0", "double")), "double NULL");
    assert_eq!(run(Op::Divide, ("1", "float"), ("3", "decimal(1,0)")), "double 0.3333333333333333");
    assert_eq!(run(Op::IntegralDivide, ("5", "int"), ("2", "int")), "bigint 2");
    assert_eq!(run(Op::IntegralDivide, ("5", "int"), ("0", "int")), "bigint NULL");
    assert_eq!(run(Op::Remainder, ("-7", "int"), ("3", "int")), "int -1");
    assert_eq!(run(Op::Remainder, ("5", "int"), ("0", "int")), "int NULL");
    assert_eq!(run(Op::Pmod, ("-7", "int"), ("3", "int")), "int 2");
    assert_eq!(run(Op::Remainder, ("5.5", "double"), ("2", "int")), "double 1.5");
}

#[test]
fn strings_are_doubles_and_nulls_take_the_other_type() {
    use ArithmeticOp as Op;
    assert_eq!(run(Op::Add, ("10", "string"), ("5", "int")), "double 15.0");
    assert_eq!(run(Op::Add, ("x", "string"), ("5", "int")), "double NULL");
    assert_eq!(run(Op::Add, ("", "void"), ("5", "int")), "int NULL");
    assert_eq!(run(Op::BitwiseXor, ("5", "int"), ("3", "bigint")), "bigint 6");
}

#[test]
fn integers_beside_decimals_are_decimals_of_their_types_digits() {
    use ArithmeticOp as Op;
    assert_eq!(run(Op::Add, ("1.5", "decimal(2,1)"), ("1", "int")), "decimal(12,1) 2.5");
    assert_eq!(run(Op::Multiply, ("1.5", "decimal(2,1)"), ("2", "bigint")), "decimal(23,1) 3.0");
    assert_eq!(run(Op::Divide, ("1.0", "decimal(2,1)"), ("3", "int")), "decimal(13,12) 0.333333333333");
}

#[test]
fn integer_literals_beside_decimals_have_the_digits_they_need() {
    let discount = Column::new("d", "decimal(15,2)", &[Some("0.06")]);
    let (expr, t) = lower_binary(ArithmeticOp::Subtract, int_literal(1), discount.typed(), "x").unwrap();
    assert_eq!(t, SparkType::decimal(16, 2));
    assert_eq!(expr.to_string(), "Decimal128(1,1,0) - d");
    assert_eq!(evaluate(&expr, &[discount]), "0.94");
}

#[test]
fn a_zero_literal_does_not_reach_datafusions_simplifier() {
    let column = Column::new("d", "decimal(15,2)", &[Some("3.50")]);
    let (expr, t) = lower_binary(ArithmeticOp::Multiply, column.typed(), int_literal(0), "x").unwrap();
    assert!(matches!(expr, Expr::ScalarFunction(_)));
    assert_eq!(format!("{t} {}", evaluate(&expr, &[column])), "decimal(17,2) 0.00");
}

#[test]
fn negation_wraps() {
    let column = Column::new("c", "int", &[Some("-2147483648"), Some("5")]);
    assert_eq!(evaluate(&lower_negate(column.typed()).unwrap(), &[column]), "-2147483648,-5");
    let column = Column::new("c", "double", &[Some("0")]);
    assert_eq!(evaluate(&lower_negate(column.typed()).unwrap(), &[column]), "-0.0");
}

#[test]
fn what_is_no_number_is_refused() {
    let (b, i) = (Column::new("b", "boolean", &[None]), Column::new("i", "int", &[None]));
    let error = lower_binary(ArithmeticOp::Add, b.typed(), i.typed(), "(b + i)").unwrap_err();
    assert!(error.message.contains("differing types in '(b + i)' (boolean and int)"), "{error}");
}

/// Every operator between columns and the literals that optimizers like, through DataFusion's whole optimizer.
#[tokio::test]
async fn the_optimizer_changes_neither_types_nor_values() {
    use ArithmeticOp as Op;
    let ops = [
        Op::Add,
        Op::Subtract,
        Op::Multiply,
        Op::Divide,
        Op::Remainder,
        Op::Pmod,
        Op::IntegralDivide,
        Op::BitwiseAnd,
        Op::BitwiseOr,
        Op::BitwiseXor,
    ];
    let literal = |value: ScalarValue, t: &str| (Expr::Literal(value, None), crate::types::ddl::parse_type(t).unwrap());
    let literals = [
        literal(ScalarValue::Int32(Some(0)), "int"),
        literal(ScalarValue::Int32(Some(1)), "int"),
        literal(ScalarValue::Int64(Some(-1)), "bigint"),
        literal(ScalarValue::Decimal128(Some(10), 2, 1), "decimal(2,1)"),
        literal(ScalarValue::Decimal128(Some(0), 2, 1), "decimal(2,1)"),
        literal(ScalarValue::Float64(Some(1.0)), "double"),
    ];
    let mut differences: Vec<String> = Vec::new();
    for t in ["int", "bigint", "double", "decimal(5,2)", "decimal(38,10)"] {
        for values in [&[Some("7"), Some("-3"), Some("0"), None][..], &[Some("7"), Some("-3"), Some("0")]] {
            let column = Column::new("c", t, values);
            let mut sides: Vec<(TypedExpr, TypedExpr)> = vec![(column.typed(), column.typed())];
            for literal in &literals {
                sides.push((column.typed(), literal.clone()));
                sides.push((literal.clone(), column.typed()));
            }
            for op in ops {
                for (left, right) in &sides {
                    let Ok((expr, result)) = lower_binary(op, left.clone(), right.clone(), "x") else { continue };
                    let direct = evaluate_array(&expr, std::slice::from_ref(&column));
                    let optimized = optimize_and_run(&expr, &column).await;
                    assert_eq!(direct.data_type(), &result.to_arrow(), "{expr}");
                    assert_eq!(optimized.data_type(), direct.data_type(), "{expr}");
                    if texts(&optimized) != texts(&direct) {
                        differences.push(format!("{expr}: {:?} became {:?}", texts(&direct), texts(&optimized)));
                    }
                }
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}
