//! Which type two or more Spark types meet in: the rules of Spark 3.2's `TypeCoercion` (not ANSI) as pure functions.

pub mod decimal;
mod operators;

pub use operators::{BinaryKind, arithmetic_operands, comparison_type};

use crate::types::{SparkType, StructField};

/// The type that both sides widen to without loss, if there is one (`findTightestCommonType`).
pub fn tightest_common_type(a: &SparkType, b: &SparkType) -> Option<SparkType> {
    use SparkType as T;
    if a == b {
        return Some(a.clone());
    }
    match (a, b) {
        (T::Void, other) | (other, T::Void) => Some(other.clone()),
        (integral, d @ T::Decimal { .. }) | (d @ T::Decimal { .. }, integral) if integral.is_integral() => {
            decimal::is_wider_than(d, integral).then(|| d.clone())
        }
        (T::Date, T::Timestamp) | (T::Timestamp, T::Date) => Some(T::Timestamp),
        (T::DayTimeInterval { start: s1, end: e1 }, T::DayTimeInterval { start: s2, end: e2 }) => {
            Some(T::DayTimeInterval { start: *s1.min(s2), end: *e1.max(e2) })
        }
        (T::YearMonthInterval { start: s1, end: e1 }, T::YearMonthInterval { start: s2, end: e2 }) => {
            Some(T::YearMonthInterval { start: *s1.min(s2), end: *e1.max(e2) })
        }
        _ => match (numeric_rank(a), numeric_rank(b)) {
            (Some(left), Some(right)) => Some(if left > right { a.clone() } else { b.clone() }),
            _ => complex_type(a, b, &tightest_common_type),
        },
    }
}

/// The type that two branches of a CASE, two sides of a UNION and the like share (`findWiderTypeForTwo`): also widens
/// decimals and turns an atomic type beside a string into a string.
pub fn wider_type(a: &SparkType, b: &SparkType) -> Option<SparkType> {
    tightest_common_type(a, b)
        .or_else(|| decimal::wider_of_numeric(a, b))
        .or_else(|| string_promotion(a, b))
        .or_else(|| complex_type(a, b, &wider_type))
}

/// As [`wider_type`], but a string stays a mismatch (`findWiderTypeWithoutStringPromotionForTwo`: greatest, least).
pub fn wider_type_without_strings(a: &SparkType, b: &SparkType) -> Option<SparkType> {
    tightest_common_type(a, b)
        .or_else(|| decimal::wider_of_numeric(a, b))
        .or_else(|| complex_type(a, b, &wider_type_without_strings))
}

/// The type of all branches of CASE, coalesce, IN, array(..), set operations (`findWiderCommonType`).
pub fn wider_common_type(types: &[SparkType]) -> Option<SparkType> {
    // Widening is not associative: `int, date, string` has no common type from the left unless strings come first.
    let (strings, others): (Vec<_>, Vec<_>) = types.iter().partition(|t| has_string(t));
    fold(strings.into_iter().chain(others), wider_type)
}

/// The type of all arguments of greatest and least (`findWiderTypeWithoutStringPromotion`).
pub fn wider_common_type_without_strings(types: &[SparkType]) -> Option<SparkType> {
    fold(types.iter(), wider_type_without_strings)
}

fn fold<'a>(
    mut types: impl Iterator<Item = &'a SparkType>,
    widen: fn(&SparkType, &SparkType) -> Option<SparkType>,
) -> Option<SparkType> {
    types.try_fold(SparkType::Void, |common, next| widen(&common, next))
}

/// What a value is cast to by itself where a function takes `to` (`TypeCoercion.implicitCast`); `None` if it is refused.
pub fn implicit_cast(from: &SparkType, to: &SparkType) -> Option<SparkType> {
    use SparkType as T;
    match (from, to) {
        _ if from == to => Some(to.clone()),
        (T::Void, _) => Some(to.clone()),
        (number, wanted) if number.is_numeric() && wanted.is_numeric() => Some(to.clone()),
        (T::Date, T::Timestamp) | (T::Timestamp, T::Date) => Some(to.clone()),
        (T::String, T::Date | T::Timestamp | T::Binary) => Some(to.clone()),
        (T::String, wanted) if wanted.is_numeric() => Some(to.clone()),
        (atomic, T::String) if is_atomic(atomic) => Some(T::String),
        (T::Array { element: e1, .. }, T::Array { element: e2, contains_null }) => {
            let element = Box::new(implicit_cast(e1, e2)?);
            Some(T::Array { element, contains_null: *contains_null })
        }
        (T::Struct(_), T::Struct(_)) | (T::Map { .. }, T::Map { .. }) => tightest_common_type(from, to),
        _ => None,
    }
}

/// Whether values of the type are neither nested nor NULL nor calendar intervals (Spark's `AtomicType`).
pub fn is_atomic(t: &SparkType) -> bool {
    use SparkType as T;
    !matches!(t, T::Void | T::CalendarInterval | T::Array { .. } | T::Map { .. } | T::Struct(_))
}

/// The place of a numeric type other than decimal in Spark's `numericPrecedence`.
fn numeric_rank(t: &SparkType) -> Option<u8> {
    match t {
        SparkType::Byte => Some(0),
        SparkType::Short => Some(1),
        SparkType::Int => Some(2),
        SparkType::Long => Some(3),
        SparkType::Float => Some(4),
        SparkType::Double => Some(5),
        _ => None,
    }
}

fn string_promotion(a: &SparkType, b: &SparkType) -> Option<SparkType> {
    let promotes = |t: &SparkType| is_atomic(t) && !matches!(t, SparkType::Binary | SparkType::Boolean);
    match (a, b) {
        (SparkType::String, other) | (other, SparkType::String) if promotes(other) => Some(SparkType::String),
        _ => None,
    }
}

fn has_string(t: &SparkType) -> bool {
    match t {
        SparkType::String => true,
        SparkType::Array { element, .. } => has_string(element),
        SparkType::Map { key, value, .. } => has_string(key) || has_string(value),
        SparkType::Struct(fields) => fields.iter().any(|f| has_string(&f.data_type)),
        _ => false,
    }
}

/// Widens nested types member by member; structs need the same field names in the same order (`findTypeForComplex`).
fn complex_type(
    a: &SparkType,
    b: &SparkType,
    widen: &dyn Fn(&SparkType, &SparkType) -> Option<SparkType>,
) -> Option<SparkType> {
    use SparkType as T;
    let forced =
        |from: &SparkType, other: &SparkType, to: &SparkType| force_nullable(from, to) || force_nullable(other, to);
    match (a, b) {
        (T::Array { element: e1, contains_null: n1 }, T::Array { element: e2, contains_null: n2 }) => {
            let element = widen(e1, e2)?;
            let contains_null = *n1 || *n2 || forced(e1, e2, &element);
            Some(T::Array { element: Box::new(element), contains_null })
        }
        (
            T::Map { key: k1, value: v1, value_contains_null: n1 },
            T::Map { key: k2, value: v2, value_contains_null: n2 },
        ) => {
            let key = widen(k1, k2).filter(|key| !forced(k1, k2, key))?;
            let value = widen(v1, v2)?;
            let value_contains_null = *n1 || *n2 || forced(v1, v2, &value);
            Some(T::Map { key: Box::new(key), value: Box::new(value), value_contains_null })
        }
        (T::Struct(left), T::Struct(right)) if left.len() == right.len() => {
            let fields = left.iter().zip(right).map(|(l, r)| {
                let data_type = l.name.eq_ignore_ascii_case(&r.name).then(|| widen(&l.data_type, &r.data_type))??;
                let nullable = l.nullable || r.nullable || forced(&l.data_type, &r.data_type, &data_type);
                Some(StructField { name: l.name.clone(), data_type, nullable })
            });
            fields.collect::<Option<Vec<_>>>().map(T::Struct)
        }
        _ => None,
    }
}

/// Whether a cast may turn a value into NULL (`Cast.forceNullable`).
pub fn force_nullable(from: &SparkType, to: &SparkType) -> bool {
    use SparkType as T;
    match (from, to) {
        (T::Void, _) => false,
        _ if from == to => false,
        (T::String, T::Binary) => false,
        (T::String, _) => true,
        (_, T::String) => false,
        (T::Float | T::Double, T::Timestamp) => true,
        (T::Timestamp, T::Date) => false,
        (_, T::Date) => true,
        (T::Date, T::Timestamp) => false,
        (T::Date, _) => true,
        (_, T::CalendarInterval) => true,
        (_, T::Decimal { .. }) => !decimal::can_null_safe_cast(from, to),
        (T::Float | T::Double | T::Decimal { .. }, integral) if integral.is_integral() => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ddl::parse_type;

    fn t(text: &str) -> SparkType {
        parse_type(text).unwrap()
    }

    fn show(found: Option<SparkType>) -> String {
        found.map_or("none".into(), |t| t.catalog_string())
    }

    #[test]
    fn numbers_meet_in_the_higher_type_and_decimals_only_if_they_hold_the_integer() {
        assert_eq!(show(tightest_common_type(&t("int"), &t("bigint"))), "bigint");
        assert_eq!(show(tightest_common_type(&t("bigint"), &t("float"))), "float");
        assert_eq!(show(tightest_common_type(&t("int"), &t("decimal(10,0)"))), "decimal(10,0)");
        assert_eq!(show(tightest_common_type(&t("int"), &t("decimal(10,2)"))), "none");
        assert_eq!(show(tightest_common_type(&t("decimal(5,1)"), &t("decimal(6,2)"))), "none");
        assert_eq!(show(tightest_common_type(&t("void"), &t("date"))), "date");
        assert_eq!(show(tightest_common_type(&t("date"), &t("timestamp"))), "timestamp");
        assert_eq!(show(tightest_common_type(&t("boolean"), &t("int"))), "none");
    }

    #[test]
    fn wider_types_promote_decimals_and_strings() {
        assert_eq!(show(wider_type(&t("int"), &t("decimal(2,1)"))), "decimal(11,1)");
        assert_eq!(show(wider_type(&t("decimal(38,0)"), &t("decimal(38,38)"))), "decimal(38,38)");
        assert_eq!(show(wider_type(&t("float"), &t("decimal(2,1)"))), "double");
        assert_eq!(show(wider_type(&t("string"), &t("int"))), "string");
        assert_eq!(show(wider_type(&t("string"), &t("boolean"))), "none");
        assert_eq!(show(wider_type(&t("array<int>"), &t("array<string>"))), "array<string>");
        assert_eq!(show(wider_type_without_strings(&t("string"), &t("int"))), "none");
    }

    #[test]
    fn structs_widen_field_by_field_under_the_left_names() {
        assert_eq!(show(wider_type(&t("struct<a:int>"), &t("struct<A:bigint>"))), "struct<a:bigint>");
        assert_eq!(show(wider_type(&t("struct<a:int>"), &t("struct<b:int>"))), "none");
    }

    #[test]
    fn strings_are_widened_first_among_many() {
        assert_eq!(show(wider_common_type(&[t("int"), t("date"), t("string")])), "string");
        assert_eq!(show(wider_common_type(&[t("int"), t("date")])), "none");
        assert_eq!(show(wider_common_type(&[])), "void");
    }

    #[test]
    fn an_element_that_a_cast_may_lose_makes_the_array_nullable() {
        let not_null = |element| SparkType::Array { element: Box::new(element), contains_null: false };
        let found = wider_type(&not_null(t("int")), &not_null(t("decimal(38,30)")));
        assert_eq!(found, Some(SparkType::Array { element: Box::new(t("decimal(38,30)")), contains_null: true }));
    }
}
