//! Numbers as text: decimals in plain notation, floating point with the fewest digits that read back to the same value.

use std::fmt::{LowerExp, Write};

/// `unscaled / 10^scale` in plain notation with exactly `scale` fraction digits.
pub fn decimal_text(unscaled: i128, scale: i8) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = unscaled.unsigned_abs().to_string();
    let Ok(scale @ 1..) = usize::try_from(scale) else {
        // Spark has no negative scale; zeros are what it would mean.
        let zeros = if unscaled == 0 { 0 } else { usize::from(scale.unsigned_abs()) };
        return format!("{sign}{digits}{}", "0".repeat(zeros));
    };
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// The shortest decimal that reads back to the same `double`; `NaN`, `Infinity`, `-Infinity`, `-0.0`.
pub fn double_text(value: f64) -> String {
    special(value).map_or_else(|| format!("{value:?}"), str::to_owned)
}

/// The shortest decimal that reads back to the same `float`; `NaN`, `Infinity`, `-Infinity`, `-0.0`.
pub fn float_text(value: f32) -> String {
    special(value.into()).map_or_else(|| format!("{value:?}"), str::to_owned)
}

/// As Java's `Double.toString` writes it, which is what Spark shows: `1.0E7`, `0.001`, `1.0E-4`.
pub fn java_double_text(value: f64) -> String {
    special(value).map_or_else(|| java_text(value, value.abs()), str::to_owned)
}

/// As Java's `Float.toString` writes it.
pub fn java_float_text(value: f32) -> String {
    special(value.into()).map_or_else(|| java_text(value, f64::from(value.abs())), str::to_owned)
}

fn special(value: f64) -> Option<&'static str> {
    match value {
        value if value.is_nan() => Some("NaN"),
        f64::INFINITY => Some("Infinity"),
        f64::NEG_INFINITY => Some("-Infinity"),
        _ => None,
    }
}

/// Java's rule: plain notation from 10^-3 up to, not including, 10^7; otherwise one digit, a point and an exponent.
fn java_text<T: LowerExp + std::fmt::Debug>(value: T, magnitude: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return format!("{value:?}");
    }
    let mut text = mantissa.to_owned();
    if !mantissa.contains('.') {
        text.push_str(".0");
    }
    // Writing to a String can't fail.
    let _ = write!(text, "E{exponent}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_fraction_digits() {
        assert_eq!(decimal_text(150, 2), "1.50");
        assert_eq!(decimal_text(-5, 2), "-0.05");
        assert_eq!(decimal_text(0, 3), "0.000");
        assert_eq!(decimal_text(42, 0), "42");
        assert_eq!(decimal_text(42, -2), "4200");
        assert_eq!(decimal_text(i128::MIN, 38), "-1.70141183460469231731687303715884105728");
    }

    #[test]
    fn doubles_have_the_fewest_digits_that_read_back() {
        let text = [0.1, 1.0, -0.0, 1e300, 5e-324, f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(double_text);
        assert_eq!(text, ["0.1", "1.0", "-0.0", "1e300", "5e-324", "NaN", "Infinity", "-Infinity"]);
        assert_eq!(float_text(0.1), "0.1");
        assert_eq!(float_text(f32::NAN), "NaN");
    }

    #[test]
    fn doubles_are_shown_as_java_shows_them() {
        let text = [1.0e7, 9_999_999.0, 0.001, 0.0001, -1.5e-10, 0.0, -0.0, 123.456].map(java_double_text);
        assert_eq!(text, ["1.0E7", "9999999.0", "0.001", "1.0E-4", "-1.5E-10", "0.0", "-0.0", "123.456"]);
        assert_eq!([1.0e10_f32, 3.4e38].map(java_float_text), ["1.0E10", "3.4E38"]);
    }
}
