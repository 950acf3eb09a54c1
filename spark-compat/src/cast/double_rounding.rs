//! Doubles to whole numbers of a decimal unit, where that can be done without the text that Spark takes the digits from.

/// The powers of ten that doubles hold exactly.
pub(crate) const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Whole numbers below this are exact, and larger doubles are whole numbers.
pub(crate) const EXACT: f64 = (1u64 << 53) as f64;

/// Whether a finite double has no fraction.
pub(crate) fn is_whole(value: f64) -> bool {
    value.abs() >= EXACT || (value as i64) as f64 == value
}

/// The whole number that is nearest to `scaled`, a finite value times or divided by a power of ten with one rounding.
///
/// Nothing if the digits that Java writes the value with may lead to another one: if `scaled` is so near to the middle
/// between two whole numbers that its own rounding or that of the digits may have crossed it, or too large to tell.
pub(crate) fn nearest_whole(scaled: f64) -> Option<f64> {
    /// More than both roundings may change, in terms of the value.
    const MARGIN: f64 = 1.0 / (1u64 << 50) as f64;
    if scaled.is_nan() || scaled.abs() >= EXACT {
        return None;
    }
    // The conversions are single instructions on every processor, other than `trunc` and `round`.
    let towards_zero = (scaled as i64) as f64;
    let fraction = (scaled - towards_zero).abs();
    if (fraction - 0.5).abs() <= scaled.abs() * MARGIN {
        return None;
    }
    Some(if fraction > 0.5 { towards_zero + 1f64.copysign(scaled) } else { towards_zero })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_whole_number_is_that_of_round_away_from_the_middle() {
        for scaled in [0.0, 0.2, -0.2, 0.7, -0.7, 1.49, 1.51, -1.49, -1.51, 1e12 + 0.25, 1e12 + 0.75] {
            assert_eq!(nearest_whole(scaled), Some(scaled.round()), "{scaled}");
        }
        for scaled in [0.5, -0.5, 2.5, 100.499_999_999_999_99, EXACT, -EXACT, 1e300, f64::NAN, f64::INFINITY] {
            assert_eq!(nearest_whole(scaled), None, "{scaled}");
        }
    }

    #[test]
    fn doubles_without_fraction_are_whole() {
        for value in [0.0, -0.0, 1.0, -3.0, 1e15, 1e16, 1e300, -1e300] {
            assert!(is_whole(value), "{value}");
        }
        for value in [0.5, -1.25, 1e-300, 4_503_599_627_370_495.5] {
            assert!(!is_whole(value), "{value}");
        }
    }
}
