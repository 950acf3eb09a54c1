//! Comparisons: what both sides are cast to, and Spark's order of floats.
//!
//! To Spark all NaNs are equal and larger than every number, and -0.0 equals 0.0. Arrow compares floats by their bits, so they have a
//! kernel of their own; every other type is compared by DataFusion's operator, which can be pushed down and pruned with.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, binary_expr,
};

use crate::arithmetic::{TypedExpr, integer_literal};
use crate::cast;
use crate::coercion::comparison_type;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::functions::nested::keys;
use crate::functions::nested::kind::is_orderable;
use crate::kernel;
use crate::types::SparkType;

/// A comparison operator; `<>` is the negation of `=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ComparisonOp {
    /// `=`
    Eq,
    /// `<=>`: never NULL, and true for two NULLs
    NullSafeEq,
    /// `<`
    Lt,
    /// `<=`
    LtEq,
    /// `>`
    Gt,
    /// `>=`
    GtEq,
}

impl ComparisonOp {
    /// The operator as it stands in SQL.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::NullSafeEq => "<=>",
            Self::Lt => "<",
            Self::LtEq => "<=",
            Self::Gt => ">",
            Self::GtEq => ">=",
        }
    }

    fn operator(self) -> Operator {
        match self {
            Self::Eq => Operator::Eq,
            Self::NullSafeEq => Operator::IsNotDistinctFrom,
            Self::Lt => Operator::Lt,
            Self::LtEq => Operator::LtEq,
            Self::Gt => Operator::Gt,
            Self::GtEq => Operator::GtEq,
        }
    }

    fn is_equality(self) -> bool {
        matches!(self, Self::Eq | Self::NullSafeEq)
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Eq | Self::NullSafeEq => order.is_eq(),
            Self::Lt => order.is_lt(),
            Self::LtEq => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::GtEq => order.is_ge(),
        }
    }
}

/// The type in which both sides are compared; casts to it may give NULL ([`cast::may_give_null`]).
pub fn common_type(op: ComparisonOp, left: &TypedExpr, right: &TypedExpr) -> Result<SparkType> {
    let literals = (integer_literal(&left.0), integer_literal(&right.0));
    let common = comparison_type(&left.1, &right.1, op.is_equality(), literals)
        .ok_or_else(|| SparkError::analysis(format!("differing types ({} and {}).", left.1, right.1)))?;
    check_comparable(op, &common)?;
    Ok(common)
}

/// Lowers `left op right` with Spark's coercion to a boolean expression. The zone is the session's.
pub fn lower_comparison(op: ComparisonOp, left: TypedExpr, right: TypedExpr, zone: Zone) -> Result<Expr> {
    let common = common_type(op, &left, &right)?;
    let left = cast::lower(left.0, &left.1, &common, zone)?;
    let right = cast::lower(right.0, &right.1, &common, zone)?;
    Ok(compare(op, left, right, &common))
}

/// Compares two expressions of one type.
fn compare(op: ComparisonOp, left: Expr, right: Expr, common: &SparkType) -> Expr {
    match common {
        SparkType::Void => Expr::Literal(ScalarValue::Boolean((op == ComparisonOp::NullSafeEq).then_some(true)), None),
        SparkType::Float | SparkType::Double => {
            ScalarUDF::from(FloatComparison { op, signature: Signature::any(2, Volatility::Immutable) })
                .call(vec![left, right])
        }
        SparkType::Array { .. } | SparkType::Struct(_) => {
            binary_expr(keys::order_key(left), op.operator(), keys::order_key(right))
        }
        _ => binary_expr(left, op.operator(), right),
    }
}

/// Whether DataFusion's operators compare values of the type as Spark does; floats and nested values they do not.
pub fn is_plain(t: &SparkType) -> bool {
    use SparkType as T;
    !matches!(t, T::Float | T::Double | T::Void | T::Array { .. } | T::Map { .. } | T::Struct(_))
}

/// Lowers `value IN (list)`, all of type `common`; NULL if nothing is equal and something NULL.
pub fn lower_in_list(value: Expr, list: Vec<Expr>, common: &SparkType) -> Result<Expr> {
    check_comparable(ComparisonOp::Eq, common)?;
    let equal = list.into_iter().map(|item| compare(ComparisonOp::Eq, value.clone(), item, common));
    equal.reduce(Expr::or).ok_or_else(|| SparkError::internal("IN with an empty list"))
}

fn check_comparable(op: ComparisonOp, t: &SparkType) -> Result<()> {
    match t {
        SparkType::Map { .. } => {
            Err(SparkError::analysis(format!("{} does not support ordering on type {t}", op.symbol())))
        }
        SparkType::CalendarInterval => {
            Err(SparkError::analysis(format!("{} does not support ordering on type interval", op.symbol())))
        }
        SparkType::Array { .. } | SparkType::Struct(_) if !is_orderable(t) => {
            Err(SparkError::analysis(format!("{} does not support ordering on type {t}", op.symbol())))
        }
        _ => Ok(()),
    }
}

/// Spark's order of doubles: -0.0 equals 0.0, NaN equals NaN and is the largest.
pub fn compare_floats<F: PartialOrd>(a: F, b: F) -> Ordering {
    // A value that does not equal itself is NaN.
    #[allow(clippy::eq_op, reason = "the test for NaN over both float types")]
    let is_nan = |v: &F| v != v;
    a.partial_cmp(&b).unwrap_or_else(|| is_nan(&a).cmp(&is_nan(&b)))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct FloatComparison {
    op: ComparisonOp,
    signature: Signature,
}

impl ScalarUDFImpl for FloatComparison {
    fn name(&self) -> &str {
        match self.op {
            ComparisonOp::Eq => "spark_float_eq",
            ComparisonOp::NullSafeEq => "spark_float_null_safe_eq",
            ComparisonOp::Lt => "spark_float_lt",
            ComparisonOp::LtEq => "spark_float_lteq",
            ComparisonOp::Gt => "spark_float_gt",
            ComparisonOp::GtEq => "spark_float_gteq",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        kernel::evaluate(&args, |arrays| match arrays {
            [left, right] if *left.data_type() == DataType::Float32 => self.compute::<Float32Type>(left, right),
            [left, right] => self.compute::<Float64Type>(left, right),
            _ => datafusion::common::internal_err!("a comparison takes two floats"),
        })
    }
}

impl FloatComparison {
    fn compute<T: ArrowPrimitiveType>(&self, left: &ArrayRef, right: &ArrayRef) -> DataFusionResult<ArrayRef>
    where
        T::Native: PartialOrd,
    {
        let (left, right): (&PrimitiveArray<T>, &PrimitiveArray<T>) = (left.as_primitive(), right.as_primitive());
        let pairs = left.values().iter().zip(right.values().iter());
        let values: BooleanBuffer = pairs.map(|(a, b)| self.op.holds(compare_floats(*a, *b))).collect();
        if self.op != ComparisonOp::NullSafeEq {
            return kernel::shared(BooleanArray::new(values, NullBuffer::union(left.nulls(), right.nulls())));
        }
        let safe = |at: usize| match (left.is_null(at), right.is_null(at)) {
            (false, false) => values.value(at),
            (l, r) => l && r,
        };
        kernel::shared(BooleanArray::new(BooleanBuffer::collect_bool(left.len(), safe), None))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::ListArray;
    use arrow::datatypes::Int32Type;

    use super::*;
    use crate::test_support::{Column, evaluate, evaluate_array, optimize_and_run, texts};

    fn run(op: ComparisonOp, left: (&str, &str), right: (&str, &str)) -> String {
        let left = Column::new("l", left.1, &[Some(left.0)]);
        let right = Column::new("r", right.1, &[Some(right.0)]);
        let expr = lower_comparison(op, left.typed(), right.typed(), Zone::UTC).unwrap();
        evaluate(&expr, &[left, right])
    }

    #[test]
    fn nan_is_the_largest_and_equal_to_itself_and_zeros_are_equal() {
        assert_eq!(run(ComparisonOp::Eq, ("NaN", "double"), ("NaN", "double")), "true");
        assert_eq!(run(ComparisonOp::Gt, ("NaN", "double"), ("inf", "double")), "true");
        assert_eq!(run(ComparisonOp::Eq, ("0.0", "double"), ("-0.0", "double")), "true");
        assert_eq!(run(ComparisonOp::Lt, ("-0.0", "float"), ("0.0", "float")), "false");
        assert_eq!(compare_floats(-f64::NAN, 1.0), Ordering::Greater);
    }

    #[test]
    fn strings_are_compared_as_numbers_with_numbers() {
        assert_eq!(run(ComparisonOp::Eq, ("1", "int"), ("1.0", "string")), "true");
        assert_eq!(run(ComparisonOp::Gt, ("2", "string"), ("10", "int")), "false");
        assert_eq!(run(ComparisonOp::Eq, ("1.50", "string"), ("1.5", "decimal(2,1)")), "true");
        assert_eq!(run(ComparisonOp::Eq, ("abc", "string"), ("1", "int")), "NULL");
        assert_eq!(run(ComparisonOp::Eq, ("true", "boolean"), ("1", "int")), "true");
    }

    #[test]
    fn null_safe_equality_is_never_null() {
        let column = |name, v| Column::new(name, "double", &[v]);
        let cases = [(None, None, "true"), (Some("1"), None, "false"), (Some("NaN"), Some("NaN"), "true")];
        for (l, r, expected) in cases {
            let (l, r) = (column("l", l), column("r", r));
            let expr = lower_comparison(ComparisonOp::NullSafeEq, l.typed(), r.typed(), Zone::UTC).unwrap();
            assert_eq!(evaluate(&expr, &[l, r]), expected);
        }
    }

    #[test]
    fn a_literal_takes_the_columns_decimal_type_so_that_the_column_needs_no_cast() {
        let column = Column::new("c", "decimal(15,2)", &[Some("24")]);
        let literal = (Expr::Literal(ScalarValue::Int32(Some(24)), None), SparkType::Int);
        let expr = lower_comparison(ComparisonOp::Lt, column.typed(), literal, Zone::UTC).unwrap();
        assert_eq!(expr.to_string(), "c < Decimal128(24.00,15,2)");
    }

    #[test]
    fn arrays_are_ordered_member_by_member_with_nulls_first() {
        let list = |name, values: Vec<Option<i32>>| {
            let t = crate::types::ddl::parse_type("array<int>").unwrap();
            let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(values)]);
            let array = arrow::compute::cast(&lists, &t.to_arrow()).unwrap();
            Column::from_array(name, t, array)
        };
        let run = |op, l, r| {
            let (l, r) = (list("l", l), list("r", r));
            let expr = lower_comparison(op, l.typed(), r.typed(), Zone::UTC).unwrap();
            evaluate(&expr, &[l, r])
        };
        assert_eq!(run(ComparisonOp::Eq, vec![Some(1), None], vec![Some(1), None]), "true");
        assert_eq!(run(ComparisonOp::Lt, vec![Some(1), None], vec![Some(1), Some(-5)]), "true");
        assert_eq!(run(ComparisonOp::Lt, vec![Some(1)], vec![Some(1), None]), "true");
    }

    #[test]
    fn types_without_a_common_one_are_refused() {
        let (b, d) = (Column::new("b", "boolean", &[None]), Column::new("d", "date", &[None]));
        assert!(lower_comparison(ComparisonOp::Eq, b.typed(), d.typed(), Zone::UTC).is_err());
        let (b, i) = (Column::new("b", "boolean", &[None]), Column::new("i", "int", &[None]));
        assert!(lower_comparison(ComparisonOp::Lt, b.typed(), i.typed(), Zone::UTC).is_err());
    }

    /// Casts around columns invite DataFusion to move them to the other side.
    #[tokio::test]
    async fn the_optimizer_changes_no_comparison() {
        use ComparisonOp as Op;
        let literal =
            |value: ScalarValue, t: &str| (Expr::Literal(value, None), crate::types::ddl::parse_type(t).unwrap());
        let literals = [
            literal(ScalarValue::Int32(Some(7)), "int"),
            literal(ScalarValue::Int64(Some(3_000_000_000)), "bigint"),
            literal(ScalarValue::Decimal128(Some(705), 3, 2), "decimal(3,2)"),
            literal(ScalarValue::Float64(Some(7.0)), "double"),
            literal(ScalarValue::Float64(Some(-0.0)), "double"),
            literal(ScalarValue::Utf8View(Some("7".into())), "string"),
            literal(ScalarValue::Utf8View(Some("2020-01-01".into())), "string"),
            literal(ScalarValue::Date32(Some(18_262)), "date"),
            literal(ScalarValue::Boolean(Some(true)), "boolean"),
            literal(ScalarValue::Null, "void"),
        ];
        let columns = [
            Column::new("c", "tinyint", &[Some("7"), Some("-3"), None]),
            Column::new("c", "int", &[Some("7"), Some("-3"), None]),
            Column::new("c", "decimal(5,2)", &[Some("7.05"), Some("7"), None]),
            Column::new("c", "double", &[Some("7"), Some("NaN"), Some("0"), None]),
            Column::new("c", "string", &[Some("7"), Some("2020"), Some("x"), None]),
            Column::new("c", "date", &[Some("2020-01-01"), Some("2021-01-01"), None]),
            Column::new("c", "timestamp", &[Some("2020-01-01T00:00:00Z"), None]),
            Column::new("c", "boolean", &[Some("true"), Some("false"), None]),
        ];
        for column in &columns {
            for literal in &literals {
                for op in [Op::Eq, Op::NullSafeEq, Op::Lt, Op::LtEq, Op::Gt, Op::GtEq] {
                    let sides = [(column.typed(), literal.clone()), (literal.clone(), column.typed())];
                    for (left, right) in sides {
                        let Ok(expr) = lower_comparison(op, left, right, Zone::UTC) else { continue };
                        let direct = evaluate_array(&expr, std::slice::from_ref(column));
                        let optimized = optimize_and_run(&expr, column).await;
                        assert_eq!(texts(&optimized), texts(&direct), "{expr}");
                    }
                }
            }
        }
    }
}
