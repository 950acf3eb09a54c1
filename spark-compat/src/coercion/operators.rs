//! What operators cast their operands to: comparisons, arithmetic, bits.

use super::decimal::{self, Digits};
use super::{is_atomic, tightest_common_type};
use crate::types::SparkType;

/// Families of binary operators that coerce alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryKind {
    /// `+ - * %` and pmod
    Arithmetic,
    /// `/`
    Divide,
    /// `div`
    IntegralDivide,
    /// `& | ^`
    Bitwise,
}

/// The type that both sides of a comparison are cast to, `None` if they cannot be compared.
///
/// `equality` says that the operator is `=`, `<>` or `<=>`, which alone compare booleans with numbers. `left_digits` and `right_digits`
/// are those of integer literals, see [`Digits::of_integer`].
pub fn comparison_type(
    left: &SparkType,
    right: &SparkType,
    equality: bool,
    literals: (Option<Digits>, Option<Digits>),
) -> Option<SparkType> {
    use SparkType as T;
    if left == right {
        return Some(left.clone());
    }
    match (left, right) {
        (T::String, other) | (other, T::String) => string_comparison(other),
        (T::Boolean, n) | (n, T::Boolean) if equality && n.is_numeric() => Some(n.clone()),
        (d @ T::Decimal { .. }, n) | (n, d @ T::Decimal { .. }) if n.is_numeric() => match n {
            T::Float | T::Double => Some(T::Double),
            _ => {
                let literal = if std::ptr::eq(n, left) { literals.0 } else { literals.1 };
                let other = literal.or_else(|| Digits::of(n))?;
                Some(decimal::wider(Digits::of(d)?, other))
            }
        },
        _ => tightest_common_type(left, right),
    }
}

/// PromoteStrings' `findCommonTypeForBinaryComparison`: the string becomes what it is compared with.
fn string_comparison(other: &SparkType) -> Option<SparkType> {
    use SparkType as T;
    match other {
        T::Void => Some(T::String),
        T::Decimal { .. } => Some(T::Double),
        T::YearMonthInterval { .. } | T::DayTimeInterval { .. } => None,
        atomic if is_atomic(atomic) => Some(atomic.clone()),
        _ => None,
    }
}

/// The types that the operands of a numeric operator are cast to, decimals apart: there each side keeps its own digits and
/// [`decimal::result`] gives the result. `None` if the operator does not take these types.
///
/// Intervals, dates and timestamps have operators of their own and are not numeric.
pub fn arithmetic_operands(kind: BinaryKind, left: &SparkType, right: &SparkType) -> Option<(SparkType, SparkType)> {
    use SparkType as T;
    // A string beside anything in arithmetic is a double (PromoteStrings); NULL beside NULL is a double, too.
    let promoted = |t: &SparkType| if *t == T::String { T::Double } else { t.clone() };
    let (left, right) = (promoted(left), promoted(right));
    let (left, right) = match (left, right) {
        (T::Void, T::Void) => (default_type(kind), default_type(kind)),
        (T::Void, other) => (other.clone(), other),
        (other, T::Void) => (other.clone(), other),
        pair => pair,
    };
    if !left.is_numeric() || !right.is_numeric() {
        return None;
    }
    let is_decimal = |t: &T| matches!(t, T::Decimal { .. });
    let decimals = is_decimal(&left) || is_decimal(&right);
    let floats = [&left, &right].into_iter().any(|t| matches!(t, T::Float | T::Double));
    let both = |t: T| Some((t.clone(), t));
    match kind {
        _ if decimals && !floats && kind != BinaryKind::Bitwise => Some((left, right)),
        BinaryKind::Arithmetic if decimals => both(T::Double),
        BinaryKind::Arithmetic => both(tightest_common_type(&left, &right)?),
        BinaryKind::Divide => both(T::Double),
        BinaryKind::IntegralDivide => (!floats).then_some((T::Long, T::Long)),
        BinaryKind::Bitwise => {
            (!floats && !decimals).then(|| tightest_common_type(&left, &right)).flatten().and_then(both)
        }
    }
}

fn default_type(kind: BinaryKind) -> SparkType {
    match kind {
        BinaryKind::Arithmetic | BinaryKind::Divide => SparkType::Double,
        BinaryKind::IntegralDivide => SparkType::Long,
        BinaryKind::Bitwise => SparkType::Int,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ddl::parse_type;

    fn t(text: &str) -> SparkType {
        parse_type(text).unwrap()
    }

    fn compare(left: &str, right: &str) -> String {
        comparison_type(&t(left), &t(right), true, (None, None)).map_or("none".into(), |t| t.catalog_string())
    }

    fn operands(kind: BinaryKind, left: &str, right: &str) -> String {
        arithmetic_operands(kind, &t(left), &t(right)).map_or("none".into(), |(l, r)| format!("{l} {r}"))
    }

    #[test]
    fn a_string_is_compared_as_the_other_sides_type() {
        assert_eq!(compare("string", "int"), "int");
        assert_eq!(compare("date", "string"), "date");
        assert_eq!(compare("string", "decimal(5,2)"), "double");
        assert_eq!(compare("boolean", "string"), "boolean");
        assert_eq!(compare("string", "void"), "string");
        assert_eq!(compare("string", "array<int>"), "none");
    }

    #[test]
    fn numbers_are_compared_in_the_type_that_holds_both() {
        assert_eq!(compare("int", "decimal(5,2)"), "decimal(12,2)");
        assert_eq!(compare("decimal(5,2)", "float"), "double");
        assert_eq!(compare("boolean", "bigint"), "bigint");
        let one = Some(Digits::of_integer(1));
        let found = comparison_type(&t("decimal(15,2)"), &t("int"), false, (None, one));
        assert_eq!(found, Some(t("decimal(15,2)")));
        assert_eq!(comparison_type(&t("boolean"), &t("int"), false, (None, None)), None);
    }

    #[test]
    fn arithmetic_turns_strings_into_doubles_and_division_everything_but_decimals() {
        use BinaryKind as K;
        assert_eq!(operands(K::Arithmetic, "string", "int"), "double double");
        assert_eq!(operands(K::Arithmetic, "tinyint", "smallint"), "smallint smallint");
        assert_eq!(operands(K::Arithmetic, "int", "decimal(5,2)"), "int decimal(5,2)");
        assert_eq!(operands(K::Arithmetic, "void", "void"), "double double");
        assert_eq!(operands(K::Arithmetic, "boolean", "int"), "none");
        assert_eq!(operands(K::Divide, "int", "int"), "double double");
        assert_eq!(operands(K::Divide, "float", "decimal(5,2)"), "double double");
        assert_eq!(operands(K::IntegralDivide, "int", "tinyint"), "bigint bigint");
        assert_eq!(operands(K::IntegralDivide, "double", "int"), "none");
        assert_eq!(operands(K::Bitwise, "int", "bigint"), "bigint bigint");
    }
}
