//! Precision and scale of decimal results: Spark 3.2's `DecimalType` and `DecimalPrecision`, with precision loss allowed.

use crate::types::{MAX_PRECISION, SparkType};

/// Precision and scale of a decimal; while being computed the precision may exceed [`MAX_PRECISION`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digits {
    /// All digits.
    pub precision: i32,
    /// Fraction digits.
    pub scale: i32,
}

/// The fraction digits that a result keeps when its precision has to be cut (`MINIMUM_ADJUSTED_SCALE`).
const MINIMUM_ADJUSTED_SCALE: i32 = 6;

const MAX: i32 = MAX_PRECISION as i32;

/// Operators whose results have a precision of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DecimalOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%` and `pmod`
    Remainder,
}

impl Digits {
    /// The digits of a decimal type, or of the decimal that holds an integer type's values (`DecimalType.forType`).
    pub fn of(t: &SparkType) -> Option<Self> {
        let (precision, scale) = match t {
            SparkType::Decimal { precision, scale } => (*precision, *scale),
            SparkType::Byte => (3, 0),
            SparkType::Short => (5, 0),
            SparkType::Int => (10, 0),
            SparkType::Long => (20, 0),
            SparkType::Float => (14, 7),
            SparkType::Double => (30, 15),
            _ => return None,
        };
        Some(Self { precision: precision.into(), scale: scale.into() })
    }

    /// The digits of an integer literal (`DecimalType.fromLiteral`).
    pub fn of_integer(value: i64) -> Self {
        let digits = value.unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
        Self { precision: digits as i32, scale: 0 }
    }

    /// The type with both numbers cut to 38 (`DecimalType.bounded`).
    pub fn bounded(self) -> SparkType {
        SparkType::decimal(self.precision.clamp(0, MAX) as u8, self.scale.clamp(0, MAX) as u8)
    }

    /// The type with fraction digits given up in favour of integer digits, down to six (`adjustPrecisionScale`).
    pub fn adjusted(self) -> SparkType {
        if self.precision <= MAX {
            return self.bounded();
        }
        let integer_digits = self.precision - self.scale;
        let least = self.scale.min(MINIMUM_ADJUSTED_SCALE);
        Self { precision: MAX, scale: (MAX - integer_digits).max(least) }.bounded()
    }

    /// The digits that hold both sides' values, not yet bounded.
    fn wider(self, other: Self) -> Self {
        let scale = self.scale.max(other.scale);
        let range = (self.precision - self.scale).max(other.precision - other.scale);
        Self { precision: range + scale, scale }
    }
}

/// The type both operands are cast to before an operation or a comparison (`widerDecimalType`).
pub fn wider(left: Digits, right: Digits) -> SparkType {
    left.wider(right).bounded()
}

/// The type of `left op right`.
pub fn result(op: DecimalOp, left: Digits, right: Digits) -> SparkType {
    unbounded_result(op, left, right).adjusted()
}

/// As [`result`], before it is cut to 38 digits.
pub fn unbounded_result(op: DecimalOp, left: Digits, right: Digits) -> Digits {
    let (Digits { precision: p1, scale: s1 }, Digits { precision: p2, scale: s2 }) = (left, right);
    match op {
        DecimalOp::Add | DecimalOp::Subtract => {
            let wider = left.wider(right);
            Digits { precision: wider.precision + 1, ..wider }
        }
        DecimalOp::Multiply => Digits { precision: p1 + p2 + 1, scale: s1 + s2 },
        DecimalOp::Divide => {
            let scale = MINIMUM_ADJUSTED_SCALE.max(s1 + p2 + 1);
            Digits { precision: p1 - s1 + s2 + scale, scale }
        }
        DecimalOp::Remainder => {
            let scale = s1.max(s2);
            Digits { precision: (p1 - s1).min(p2 - s2) + scale, scale }
        }
    }
}

/// The type of `sum` over decimals: ten more integer digits.
pub fn sum_result(input: Digits) -> SparkType {
    Digits { precision: input.precision + 10, scale: input.scale }.bounded()
}

/// The type of `avg` over decimals: four more digits, all of them behind the point.
pub fn avg_result(input: Digits) -> SparkType {
    Digits { precision: input.precision + 4, scale: input.scale + 4 }.bounded()
}

/// The decimal that holds the values of two numbers of which one is a decimal; double if one is a float
/// (`findWiderTypeForDecimal`).
pub fn wider_of_numeric(a: &SparkType, b: &SparkType) -> Option<SparkType> {
    let is_decimal = |t: &SparkType| matches!(t, SparkType::Decimal { .. });
    if !(is_decimal(a) && b.is_numeric() || is_decimal(b) && a.is_numeric()) {
        return None;
    }
    let is_float = |t: &SparkType| matches!(t, SparkType::Float | SparkType::Double);
    if is_float(a) || is_float(b) {
        return Some(SparkType::Double);
    }
    Some(wider(Digits::of(a)?, Digits::of(b)?))
}

/// Whether the decimal holds every value of `other`, a decimal or integer type (`DecimalType.isWiderThan`).
pub fn is_wider_than(decimal: &SparkType, other: &SparkType) -> bool {
    match (Digits::of(decimal), Digits::of(other)) {
        (Some(d), Some(o)) if other.is_integral() || matches!(other, SparkType::Decimal { .. }) => {
            d.precision - d.scale >= o.precision - o.scale && d.scale >= o.scale
        }
        _ => false,
    }
}

/// Whether a cast to the decimal never gives NULL (`Cast.canNullSafeCastToDecimal`).
pub fn can_null_safe_cast(from: &SparkType, to: &SparkType) -> bool {
    let Some(target) = Digits::of(to) else { return false };
    match from {
        SparkType::Boolean => is_wider_than(to, &SparkType::decimal(1, 0)),
        integral if integral.is_integral() => is_wider_than(to, integral),
        SparkType::Decimal { .. } => Digits::of(from).is_some_and(|source| {
            // Truncating or keeping the scale is safe where the integer digits, which rounding may carry into, suffice.
            target.precision - target.scale > source.precision - source.scale || is_wider_than(to, from)
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(precision: i32, scale: i32) -> Digits {
        Digits { precision, scale }
    }

    fn show(op: DecimalOp, left: (i32, i32), right: (i32, i32)) -> String {
        result(op, d(left.0, left.1), d(right.0, right.1)).catalog_string()
    }

    #[test]
    fn results_have_sparks_precision_and_scale() {
        assert_eq!(show(DecimalOp::Add, (2, 1), (1, 0)), "decimal(3,1)");
        assert_eq!(show(DecimalOp::Add, (38, 18), (38, 0)), "decimal(38,6)");
        assert_eq!(show(DecimalOp::Subtract, (1, 0), (15, 2)), "decimal(16,2)");
        assert_eq!(show(DecimalOp::Multiply, (15, 2), (16, 2)), "decimal(32,4)");
        assert_eq!(show(DecimalOp::Multiply, (32, 4), (16, 2)), "decimal(38,6)");
        assert_eq!(show(DecimalOp::Multiply, (38, 18), (38, 18)), "decimal(38,6)");
        assert_eq!(show(DecimalOp::Divide, (2, 1), (1, 0)), "decimal(7,6)");
        assert_eq!(show(DecimalOp::Divide, (38, 10), (38, 10)), "decimal(38,6)");
        assert_eq!(show(DecimalOp::Divide, (25, 2), (20, 0)), "decimal(38,15)");
        assert_eq!(show(DecimalOp::Remainder, (10, 2), (5, 3)), "decimal(5,3)");
    }

    #[test]
    fn integer_literals_take_only_the_digits_they_need() {
        assert_eq!(Digits::of_integer(0), d(1, 0));
        assert_eq!(Digits::of_integer(-100), d(3, 0));
        assert_eq!(Digits::of_integer(i64::MIN), d(19, 0));
    }

    #[test]
    fn sums_and_averages_grow() {
        assert_eq!(sum_result(d(15, 2)).catalog_string(), "decimal(25,2)");
        assert_eq!(sum_result(d(38, 0)).catalog_string(), "decimal(38,0)");
        assert_eq!(avg_result(d(3, 2)).catalog_string(), "decimal(7,6)");
        assert_eq!(avg_result(d(38, 36)).catalog_string(), "decimal(38,38)");
    }
}
