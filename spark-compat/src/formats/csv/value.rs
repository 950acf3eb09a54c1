//! The values of CSV as Spark's `UnivocityParser` parses them for each type: what does not parse is NULL.
//!
//! These are not the rules of CAST: no blanks around integers, no `yes` for true, commas inside decimals.

use crate::cast::from_string::{parse_decimal, parse_double};

/// `Integer.parseInt` and its like: an optional sign and digits.
pub(crate) fn integer<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// `Double.parseDouble`, `Inf` and `-Inf`; other spellings of infinity and NaN are Java's only.
pub(crate) fn float<F>(text: &str, parse: impl Fn(&str) -> Option<F>) -> Option<F> {
    let unsigned = text.trim().trim_start_matches(['+', '-']);
    let special = ["nan", "inf", "infinity"].iter().any(|name| unsigned.eq_ignore_ascii_case(name));
    if special && !matches!(unsigned, "NaN" | "Infinity") && !matches!(text, "Inf" | "-Inf") {
        return None;
    }
    parse(text)
}

/// `Double.parseDouble`.
pub(crate) fn java_double(text: &str) -> Option<f64> {
    float(text, parse_double).filter(|_| !matches!(text, "Inf" | "-Inf"))
}

/// `String.toBoolean`: true and false in any case.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// `new BigDecimal` of the text without its commas, rounded half up.
pub(crate) fn decimal(text: &str, precision: u8, scale: u8) -> Option<i128> {
    parse_decimal(&text.replace(',', ""), precision, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_no_blanks_and_no_fractions() {
        let read = |text| integer::<i32>(text);
        assert_eq!(["1", "+2", "-5"].map(read), [Some(1), Some(2), Some(-5)]);
        assert_eq!([" 3", "4 ", "1.0", "1L", "0x1", "", "2147483648"].map(read), [None; 7]);
    }

    #[test]
    fn doubles_are_those_of_java() {
        let read = |text| float(text, parse_double);
        assert_eq!(
            ["1.5", " 2.5 ", "1d", "0x1p3", ".5", "5.", "1e400"].map(read).map(Option::unwrap),
            [1.5, 2.5, 1.0, 8.0, 0.5, 5.0, f64::INFINITY]
        );
        assert_eq!(["Inf", "Infinity", "+Infinity"].map(read), [Some(f64::INFINITY); 3]);
        assert!(read("NaN").unwrap().is_nan() && read("-NaN").unwrap().is_nan());
        assert_eq!(["nan", "inf", "infinity", "1L", "1,5", "1e"].map(read), [None; 6]);
    }

    #[test]
    fn booleans_are_true_and_false_only() {
        assert_eq!(["tRuE", "FALSE"].map(boolean), [Some(true), Some(false)]);
        assert_eq!(["t", "1", "yes", " true"].map(boolean), [None; 4]);
    }

    #[test]
    fn decimals_lose_their_commas_and_are_rounded() {
        let read = |text| decimal(text, 10, 2);
        assert_eq!(
            ["1.25", "1.255", "-1.255", "1,5", "1e3"].map(read),
            [Some(125), Some(126), Some(-126), Some(1500), Some(100_000)]
        );
        assert_eq!([" 1", "x", "12345678901", "99999999.999"].map(read), [None; 4]);
    }
}
