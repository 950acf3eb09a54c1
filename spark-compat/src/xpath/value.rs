//! XPath's values and their conversions as Java makes them.

use super::document::{Document, NodeId};
use super::evaluate::not_nodes;
use crate::cast::double_to_string;
use crate::error::Result;

/// What an expression evaluates to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// In document order, none twice.
    Nodes(Vec<NodeId>),
    Boolean(bool),
    Number(f64),
    Text(String),
}

impl Value {
    /// The values of the nodes in Java's DOM; `None` if one of them has none, as elements.
    ///
    /// # Errors
    ///
    /// It is no set of nodes.
    pub(crate) fn node_values(&self, document: &Document) -> Result<Option<Vec<String>>> {
        let Self::Nodes(nodes) = self else { return Err(not_nodes()) };
        Ok(nodes.iter().map(|node| document.node(*node).dom_value().map(str::to_string)).collect())
    }

    /// `boolean()`
    pub(crate) fn boolean(&self) -> bool {
        match self {
            Self::Nodes(nodes) => !nodes.is_empty(),
            Self::Boolean(value) => *value,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Text(text) => !text.is_empty(),
        }
    }

    /// `number()`
    pub(crate) fn number(&self, document: &Document) -> f64 {
        match self {
            Self::Nodes(_) => text_to_number(&self.text(document)),
            Self::Boolean(value) => f64::from(u8::from(*value)),
            Self::Number(number) => *number,
            Self::Text(text) => text_to_number(text),
        }
    }

    /// `string()`
    pub(crate) fn text(&self, document: &Document) -> String {
        match self {
            Self::Nodes(nodes) => nodes.first().map_or_else(String::new, |first| document.string_value(*first)),
            Self::Boolean(value) => value.to_string(),
            Self::Number(number) => number_to_text(*number),
            Self::Text(text) => text.clone(),
        }
    }
}

/// Digits, one point and a minus in front; anything else is no number.
pub(super) fn text_to_number(text: &str) -> f64 {
    let text = text.trim_matches(|c: char| c <= ' ');
    let plain = text.bytes().all(|b| matches!(b, b'-' | b'.' | b'0'..=b'9'));
    text.parse().ok().filter(|_| plain).unwrap_or(f64::NAN)
}

/// The digits of Java's `Double.toString`, without an exponent.
fn number_to_text(number: f64) -> String {
    let java = double_to_string(number);
    let (sign, unsigned) = java.strip_prefix('-').map_or(("", java.as_str()), |unsigned| ("-", unsigned));
    let (mantissa, exponent) = unsigned.split_once('E').unwrap_or((unsigned, "0"));
    let (Some((whole, fraction)), Ok(exponent)) = (mantissa.split_once('.'), exponent.parse::<i64>()) else {
        return java;
    };
    let digits = format!("{whole}{fraction}");
    let point = whole.len() as i64 + exponent;
    let (whole, fraction) = match usize::try_from(point) {
        Ok(point) if point >= digits.len() => (format!("{digits:0<point$}"), String::new()),
        Ok(point) => (digits.chars().take(point).collect(), digits.chars().skip(point).collect()),
        Err(_) => ("0".to_string(), "0".repeat(point.unsigned_abs() as usize) + &digits),
    };
    let whole = if whole.is_empty() { "0".to_string() } else { whole };
    match fraction.trim_end_matches('0') {
        "" if whole == "0" => whole,
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_without_exponents() {
        for (number, text) in [
            (1.0 / 3.0, "0.3333333333333333"),
            (12345678901234567890.0, "12345678901234567000"),
            (1e-7, "0.0000001"),
            (1.0 / 3_000_000.0, "0.00000033333333333333335"),
            (1e26, "100000000000000000000000000"),
            (123456789.123, "123456789.123"),
            (-0.0, "0"),
            (-1.5, "-1.5"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(number_to_text(number), text);
        }
    }

    #[test]
    fn only_plain_decimals_are_numbers() {
        assert_eq!([" 12 ", ".5", "5.", "-1"].map(text_to_number), [12.0, 0.5, 5.0, -1.0]);
        assert!(
            ["0x10", "+1", "1e2", "Infinity", "1d", "-", "- 1", ".", ""].map(text_to_number).iter().all(|n| n.is_nan())
        );
    }
}
