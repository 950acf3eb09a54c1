//! Values by the rules of a specifier.

use super::specifier::Specifier;
use crate::cast::{double_to_string, float_to_string, write_decimal};
use crate::error::{Result, SparkError};
use crate::functions::digits::Digits;

/// A value as the formatter sees it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Null,
    Boolean(bool),
    Byte(i8),
    Short(i16),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    Text(&'a str),
    /// The unscaled value and the scale.
    Decimal(i128, u8),
}

/// A failure of `java.util.Formatter`.
pub(super) fn failed(exception: &str, message: &str) -> SparkError {
    SparkError::execution(format!("java.util.{exception}Exception: {message}"))
}

/// Appends the value.
pub(super) fn write(specifier: &Specifier, value: &Value<'_>, out: &mut String) -> Result<()> {
    match (specifier.conversion, value) {
        ('%', _) => justify(specifier, "%", out),
        ('n', _) => out.push('\n'),
        ('b', Value::Boolean(value)) => text(specifier, if *value { "true" } else { "false" }, out),
        ('b', Value::Null) => text(specifier, "false", out),
        ('b', _) => text(specifier, "true", out),
        ('s', value) => {
            specifier.refuse("#")?;
            text(specifier, &string(value), out);
        }
        (_, Value::Null) => text(specifier, "null", out),
        ('h', value) => text(specifier, &format!("{:x}", hash(value)?), out),
        ('c', value) => justify(specifier, &character(value)?.to_string(), out),
        ('d', value) => integer(specifier, value, out)?,
        ('o' | 'x', value) => bits(specifier, value, out)?,
        ('a', Value::Float(_) | Value::Double(_)) => {
            return Err(SparkError::unsupported("hexadecimal floats in format_string (%a)"));
        }
        (_, Value::Float(value)) => float(specifier, f64::from(*value), out),
        (_, Value::Double(value)) => float(specifier, *value, out),
        (conversion, value) => return Err(mismatch(conversion, value)),
    }
    Ok(())
}

fn mismatch(conversion: char, value: &Value<'_>) -> SparkError {
    let class = match value {
        Value::Null => "null",
        Value::Boolean(_) => "java.lang.Boolean",
        Value::Byte(_) => "java.lang.Byte",
        Value::Short(_) => "java.lang.Short",
        Value::Int(_) => "java.lang.Integer",
        Value::Long(_) => "java.lang.Long",
        Value::Float(_) => "java.lang.Float",
        Value::Double(_) => "java.lang.Double",
        Value::Text(_) => "org.apache.spark.unsafe.types.UTF8String",
        Value::Decimal(..) => "org.apache.spark.sql.types.Decimal",
    };
    failed("IllegalFormatConversion", &format!("{conversion} != {class}"))
}

fn string(value: &Value<'_>) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Boolean(value) => value.to_string(),
        Value::Byte(value) => value.to_string(),
        Value::Short(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Long(value) => value.to_string(),
        Value::Float(value) => float_to_string(*value),
        Value::Double(value) => double_to_string(*value),
        Value::Text(value) => (*value).into(),
        Value::Decimal(unscaled, scale) => {
            let mut text = String::new();
            write_decimal(&mut text, *unscaled, *scale);
            text
        }
    }
}

/// Java's `hashCode`.
fn hash(value: &Value<'_>) -> Result<i32> {
    let of_long = |bits: u64| (bits ^ bits >> 32) as i32;
    Ok(match value {
        Value::Boolean(value) => {
            if *value {
                1231
            } else {
                1237
            }
        }
        Value::Byte(value) => (*value).into(),
        Value::Short(value) => (*value).into(),
        Value::Int(value) => *value,
        Value::Long(value) => of_long(value.cast_unsigned()),
        Value::Float(value) => {
            if value.is_nan() {
                0x7fc0_0000
            } else {
                value.to_bits().cast_signed()
            }
        }
        Value::Double(value) => of_long(if value.is_nan() { 0x7ff8 << 48 } else { value.to_bits() }),
        Value::Null | Value::Text(_) | Value::Decimal(..) => {
            return Err(SparkError::unsupported("hash codes of strings and decimals in format_string (%h)"));
        }
    })
}

fn character(value: &Value<'_>) -> Result<char> {
    let code = match value {
        Value::Byte(value) => i32::from(*value),
        Value::Short(value) => i32::from(*value),
        Value::Int(value) => *value,
        other => return Err(mismatch('c', other)),
    };
    match char::from_u32(code.cast_unsigned()) {
        Some(character) => Ok(character),
        None if (0xd800..0xe000).contains(&code) => Ok('?'),
        None => Err(failed("IllegalFormatCodePoint", &format!("Code point = 0x{code:x}"))),
    }
}

/// Text: cut at the precision, in UTF-16 units, and justified.
fn text(specifier: &Specifier, value: &str, out: &mut String) {
    let Some(most) = specifier.precision else { return justify(specifier, value, out) };
    let mut units = 0;
    let cut = value.char_indices().find(|(_, character)| {
        units += character.len_utf16();
        units > most
    });
    justify(specifier, cut.and_then(|(end, _)| value.get(..end)).unwrap_or(value), out);
}

/// The value in the specifier's case, filled up with spaces to its width, in UTF-16 units.
fn justify(specifier: &Specifier, value: &str, out: &mut String) {
    let upper = specifier.upper.then(|| value.to_uppercase());
    let value = upper.as_deref().unwrap_or(value);
    let length: usize = value.chars().map(char::len_utf16).sum();
    let missing = specifier.width.unwrap_or(0).saturating_sub(length);
    let fill = |out: &mut String| out.extend(std::iter::repeat_n(' ', missing));
    if specifier.left() {
        out.push_str(value);
        fill(out);
    } else {
        fill(out);
        out.push_str(value);
    }
}

/// A number with its sign, filled up with zeros behind the sign if the specifier says so.
fn signed(specifier: &Specifier, negative: bool, magnitude: &str, out: &mut String) {
    let open = match negative {
        true if specifier.parentheses() => "(",
        true => "-",
        false if specifier.plus() => "+",
        false if specifier.space() => " ",
        false => "",
    };
    let close = if negative && specifier.parentheses() { ")" } else { "" };
    let length = open.len() + magnitude.len() + close.len();
    let zeros = if specifier.zeros() { specifier.width.unwrap_or(0).saturating_sub(length) } else { 0 };
    justify(specifier, &format!("{open}{}{magnitude}{close}", "0".repeat(zeros)), out);
}

fn integer(specifier: &Specifier, value: &Value<'_>, out: &mut String) -> Result<()> {
    let value = match value {
        Value::Byte(value) => i64::from(*value),
        Value::Short(value) => i64::from(*value),
        Value::Int(value) => i64::from(*value),
        Value::Long(value) => *value,
        other => return Err(mismatch('d', other)),
    };
    let mut magnitude = String::new();
    let digits = Digits::of_decimal(value.unsigned_abs().into(), 0);
    digits.write_whole(&mut magnitude, 1, if specifier.grouped() { 3 } else { 0 });
    signed(specifier, value < 0, &magnitude, out);
    Ok(())
}

/// Octal and hexadecimal: the bits of the value's own width.
fn bits(specifier: &Specifier, value: &Value<'_>, out: &mut String) -> Result<()> {
    let value = match value {
        Value::Byte(value) => u64::from(value.cast_unsigned()),
        Value::Short(value) => u64::from(value.cast_unsigned()),
        Value::Int(value) => u64::from(value.cast_unsigned()),
        Value::Long(value) => value.cast_unsigned(),
        other => return Err(mismatch(specifier.conversion, other)),
    };
    specifier.refuse("(")?;
    specifier.refuse(" ")?;
    specifier.refuse("+")?;
    let (prefix, magnitude) = match specifier.conversion {
        'o' => ("0", format!("{value:o}")),
        _ => ("0x", format!("{value:x}")),
    };
    let prefix = if specifier.alternate() { prefix } else { "" };
    let length = prefix.len() + magnitude.len();
    let zeros = if specifier.zeros() { specifier.width.unwrap_or(0).saturating_sub(length) } else { 0 };
    justify(specifier, &format!("{prefix}{}{magnitude}", "0".repeat(zeros)), out);
    Ok(())
}

fn float(specifier: &Specifier, value: f64, out: &mut String) {
    if value.is_nan() {
        return justify(specifier, "NaN", out);
    }
    let negative = value.is_sign_negative();
    if value.is_infinite() {
        let sign = match negative {
            true if specifier.parentheses() => ("(", ")"),
            true => ("-", ""),
            false if specifier.plus() => ("+", ""),
            false if specifier.space() => (" ", ""),
            false => ("", ""),
        };
        return justify(specifier, &format!("{}Infinity{}", sign.0, sign.1), out);
    }
    let digits = Digits::of_double(value);
    let precision = specifier.precision.map_or(6, |precision| precision as i64);
    let group = if specifier.grouped() { 3 } else { 0 };
    let magnitude = match specifier.conversion {
        'e' => scientific(digits, precision, specifier.alternate()),
        'f' => fixed(digits, precision, group, specifier.alternate()),
        _ => {
            let precision = precision.max(1);
            let rounded = digits.half_up(precision);
            // Zero is written with one digit before the point.
            let exponent = if rounded.is_zero() { 0 } else { rounded.point - 1 };
            match (-4..precision).contains(&exponent) {
                true => fixed(rounded, precision - exponent - 1, group, false),
                false => scientific(rounded, precision - 1, false),
            }
        }
    };
    signed(specifier, negative, &magnitude, out);
}

fn fixed(digits: Digits, precision: i64, group: i64, point: bool) -> String {
    let keep = digits.point + precision;
    let rounded = digits.half_up(keep);
    let mut out = String::new();
    rounded.write_whole(&mut out, 1, group);
    if precision > 0 || point {
        out.push('.');
    }
    rounded.write_fraction(&mut out, precision);
    out
}

fn scientific(digits: Digits, precision: i64, point: bool) -> String {
    let mut rounded = digits.half_up(precision + 1);
    let exponent = if rounded.is_zero() { 0 } else { rounded.point - 1 };
    rounded.point = 1;
    let mut out = String::new();
    rounded.write_whole(&mut out, 1, 0);
    if precision > 0 || point {
        out.push('.');
    }
    rounded.write_fraction(&mut out, precision);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{out}e{sign}{:02}", exponent.abs())
}
