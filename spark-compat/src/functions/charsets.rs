//! Strings as bytes: `encode`, `decode`, `base64`, `unbase64`, and lengths in bytes and bits.

use arrow::array::{ArrayRef, AsArray, BinaryViewArray, BinaryViewBuilder, Int32Array};
use arrow::datatypes::DataType;
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::Case;

use super::arguments::{Arity, Input};
use super::scalar::{self, Run, arguments};
use super::{Call, Function, text};
use crate::coercion;
use crate::comparison::{self, ComparisonOp};
use crate::error::{Result, SparkError};
use crate::kernel;
use crate::resolver::Typed;
use crate::types::SparkType;

const STRINGS: &[Input] = &[Input::String];
const BYTES: &[Input] = &[Input::OneOf(&[Input::String, Input::Binary])];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("encode", Arity::Exactly(2), STRINGS, |call| {
        scalar::lower(call, "encode", "spark_encode", SparkType::Binary, encode)
    }),
    Function::scalar("decode", Arity::AtLeast(0), &[Input::Any], decode),
    Function::scalar("base64", Arity::Exactly(1), &[Input::Binary], |call| {
        scalar::lower(call, "base64", "spark_base64", SparkType::String, base64)
    }),
    Function::scalar("unbase64", Arity::Exactly(1), STRINGS, |call| {
        scalar::lower(call, "unbase64", "spark_unbase64", SparkType::Binary, unbase64)
    }),
    Function::scalar("length", Arity::Exactly(1), BYTES, |call| {
        length(call, "spark_length", |a| lengths(a, characters))
    })
    .with_aliases(&["char_length", "character_length"]),
    Function::scalar("octet_length", Arity::Exactly(1), BYTES, |call| {
        length(call, "spark_octet_length", |a| lengths(a, str::len))
    }),
    Function::scalar("bit_length", Arity::Exactly(1), BYTES, |call| length(call, "spark_bit_length", bit_lengths)),
];

fn length(call: Call<'_>, kernel: &'static str, run: Run) -> Result<Typed> {
    let called = call.called;
    scalar::lower(call, called, kernel, SparkType::Int, run)
}

fn characters(text: &str) -> usize {
    text.chars().count()
}

/// Bytes of binaries; of strings what `measure` counts.
fn lengths(arrays: &[ArrayRef], measure: fn(&str) -> usize) -> DataFusionResult<ArrayRef> {
    let [array] = arguments(arrays)?;
    let lengths: Int32Array = match array.data_type() {
        DataType::Utf8View => array.as_string_view().iter().map(|text| text.map(|text| measure(text) as i32)).collect(),
        _ => array.as_binary_view().iter().map(|bytes| bytes.map(|bytes| bytes.len() as i32)).collect(),
    };
    kernel::shared(lengths)
}

fn bit_lengths(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let bytes = lengths(arrays, str::len)?;
    kernel::shared(
        bytes
            .as_primitive::<arrow::datatypes::Int32Type>()
            .unary::<_, arrow::datatypes::Int32Type>(|n| n.wrapping_mul(8)),
    )
}

/// A charset of the Java platform that this crate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charset {
    Ascii,
    Latin1,
    Utf8,
    /// With a byte order mark; without one big endian.
    Utf16,
    Utf16Be,
    Utf16Le,
}

impl Charset {
    fn named(name: &str) -> Result<Self> {
        match name.to_ascii_uppercase().as_str() {
            "US-ASCII" | "ASCII" | "ISO646-US" | "646" | "CP367" | "ISO-IR-6" => Ok(Self::Ascii),
            "ISO-8859-1" | "ISO8859_1" | "ISO8859-1" | "ISO_8859-1" | "LATIN1" | "L1" | "8859_1" | "CP819" => {
                Ok(Self::Latin1)
            }
            "UTF-8" | "UTF8" | "UNICODE-1-1-UTF-8" => Ok(Self::Utf8),
            "UTF-16" | "UTF16" | "UTF_16" | "UNICODE" | "UNICODEBIG" => Ok(Self::Utf16),
            "UTF-16BE" | "UTF_16BE" | "ISO-10646-UCS-2" | "X-UTF-16BE" | "UNICODEBIGUNMARKED" => Ok(Self::Utf16Be),
            "UTF-16LE" | "UTF_16LE" | "X-UTF-16LE" | "UNICODELITTLEUNMARKED" => Ok(Self::Utf16Le),
            other if OTHERS.iter().any(|prefix| other.starts_with(prefix)) => {
                Err(SparkError::unsupported(format!("the charset {name}")))
            }
            _ => Err(SparkError::execution(format!("java.io.UnsupportedEncodingException: {name}"))),
        }
    }

    /// The bytes of the text; a character that the charset does not have is a question mark.
    fn encode(self, text: &str, out: &mut Vec<u8>) {
        let limited = |limit: u32, out: &mut Vec<u8>| {
            out.extend(text.chars().map(|c| if (c as u32) < limit { c as u8 } else { b'?' }));
        };
        match self {
            Self::Ascii => limited(0x80, out),
            Self::Latin1 => limited(0x100, out),
            Self::Utf8 => out.extend_from_slice(text.as_bytes()),
            Self::Utf16Be => out.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
            Self::Utf16Le => out.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            Self::Utf16 if text.is_empty() => {}
            Self::Utf16 => {
                out.extend_from_slice(&[0xfe, 0xff]);
                Self::Utf16Be.encode(text, out);
            }
        }
    }

    /// The text of the bytes; what is malformed is a replacement character.
    fn decode(self, bytes: &[u8], out: &mut String) {
        match self {
            Self::Ascii => out.extend(bytes.iter().map(|b| if b.is_ascii() { char::from(*b) } else { '\u{fffd}' })),
            Self::Latin1 => out.extend(bytes.iter().map(|b| char::from(*b))),
            Self::Utf8 => out.push_str(&String::from_utf8_lossy(bytes)),
            Self::Utf16Be => decode_utf16(bytes, u16::from_be_bytes, out),
            Self::Utf16Le => decode_utf16(bytes, u16::from_le_bytes, out),
            Self::Utf16 => match bytes {
                [0xfe, 0xff, rest @ ..] => decode_utf16(rest, u16::from_be_bytes, out),
                [0xff, 0xfe, rest @ ..] => decode_utf16(rest, u16::from_le_bytes, out),
                _ => decode_utf16(bytes, u16::from_be_bytes, out),
            },
        }
    }
}

/// How the names of charsets start that the Java platform has and this crate has not.
const OTHERS: &[&str] = &[
    "BIG5", "CESU", "CP", "EUC", "GB", "IBM", "ISO", "JIS", "KOI8", "KS", "LATIN", "MS", "SHIFT", "SJIS", "TIS", "UTF",
    "WINDOWS", "X-",
];

/// A high surrogate without a low one takes what follows with it, as Java's decoder does.
fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, out: &mut String) {
    let mut units = bytes.chunks(2).map(|pair| <[u8; 2]>::try_from(pair).ok().map(unit));
    while let Some(next) = units.next() {
        let character = match next {
            Some(high @ 0xd800..=0xdbff) => match units.next() {
                Some(Some(low @ 0xdc00..=0xdfff)) => {
                    char::from_u32(0x10000 + (u32::from(high - 0xd800) << 10) + u32::from(low - 0xdc00))
                }
                _ => None,
            },
            Some(unit) => char::from_u32(unit.into()),
            None => None,
        };
        out.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
}

fn encode(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [texts, charsets] = arguments(arrays)?;
    let mut out = BinaryViewBuilder::with_capacity(texts.len());
    let mut buffer = Vec::new();
    let mut known = Known::default();
    for pair in texts.as_string_view().iter().zip(charsets.as_string_view()) {
        let (Some(text), Some(charset)) = pair else {
            out.append_null();
            continue;
        };
        buffer.clear();
        known.charset(charset)?.encode(text, &mut buffer);
        out.append_value(&buffer);
    }
    kernel::shared(out.finish())
}

/// The charset of the row before: mostly that of this row.
#[derive(Default)]
struct Known<'a>(Option<(&'a str, Charset)>);

impl<'a> Known<'a> {
    fn charset(&mut self, name: &'a str) -> Result<Charset> {
        match self.0 {
            Some((known, charset)) if known == name => Ok(charset),
            _ => {
                let charset = Charset::named(name)?;
                self.0 = Some((name, charset));
                Ok(charset)
            }
        }
    }
}

/// `decode(bytes, charset)`, or `decode(value, search, result, .., [default])`.
fn decode(call: Call<'_>) -> Result<Typed> {
    match call.args.len() {
        0 | 1 => Err(SparkError::analysis(format!(
            "Invalid number of arguments for function decode. Expected: 2; Found: {}",
            call.args.len()
        ))),
        2 => {
            let args = super::arguments::coerce("decode", call.args, &[Input::Binary, Input::String], call.zone)?;
            scalar::lower(Call { args, ..call }, "decode", "spark_decode", SparkType::String, decoded)
        }
        _ => decode_choice(call),
    }
}

fn decoded(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [bytes, charsets] = arguments(arrays)?;
    let (bytes, charsets) = (bytes.as_binary_view(), charsets.as_string_view());
    let mut known = Known::default();
    text::rows(arrays, |row, out| {
        known.charset(charsets.value(row))?.decode(bytes.value(row), out);
        Ok(true)
    })
}

/// A CASE over `value = search`; without a default that of Spark is a NULL of type string.
fn decode_choice(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let mut args = call.args.into_iter();
    let Some(value) = args.next() else { return Err(SparkError::internal("decode without a value")) };
    let null = datafusion::common::ScalarValue::Utf8View(None);
    let mut default = Typed::literal(null, SparkType::String, "NULL");
    let (mut conditions, mut results) = (Vec::new(), Vec::new());
    while let Some(search) = args.next() {
        let Some(result) = args.next() else {
            default = search;
            break;
        };
        let sides = ((value.expr.clone(), value.data_type.clone()), (search.expr, search.data_type));
        conditions.push(comparison::lower_comparison(ComparisonOp::Eq, sides.0, sides.1, zone)?);
        results.push(result);
    }
    let types: Vec<_> = results.iter().chain([&default]).map(|result| result.data_type.clone()).collect();
    let common = coercion::wider_common_type(&types).ok_or_else(|| {
        SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: THEN and ELSE expressions should all be same type or coercible \
             to a common type"
        ))
    })?;
    let nullable = results.iter().chain([&default]).any(|result| result.nullable);
    let branches = conditions.into_iter().zip(results);
    let branches =
        branches.map(|(condition, result)| Ok((Box::new(condition), Box::new(result.coerced(&common, zone)?.expr))));
    let branches = branches.collect::<Result<Vec<_>>>()?;
    let expr = Expr::Case(Case::new(None, branches, Some(Box::new(default.coerced(&common, zone)?.expr))));
    Ok(Typed::new(expr, common, nullable, name))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [array] = arguments(arrays)?;
    let bytes = array.as_binary_view();
    text::rows(arrays, |row, out| {
        for group in bytes.value(row).chunks(3) {
            let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for place in 0..4 {
                let digit = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
                out.push(if place <= group.len() { char::from(digit) } else { '=' });
            }
        }
        Ok(true)
    })
}

/// Lenient, as commons-codec: other characters are passed over, `=` ends the text, `-` and `_` are digits, too.
fn unbase64(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [array] = arguments(arrays)?;
    let decoded = array.as_string_view().iter().map(|text| text.map(bytes_of_base64));
    kernel::shared(decoded.collect::<BinaryViewArray>())
}

fn bytes_of_base64(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0u32);
    for byte in text.bytes().take_while(|byte| *byte != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_passes_over_what_is_no_digit() {
        assert_eq!(bytes_of_base64("Y W\nI ="), b"ab");
        assert_eq!(bytes_of_base64("YQ==YQ=="), b"a");
        assert_eq!(bytes_of_base64("a"), b"");
    }

    #[test]
    fn lone_surrogates_and_odd_bytes_are_replaced() {
        let mut out = String::new();
        Charset::Utf16.decode(&[0xd8, 0x00, 0x00, 0x61, 0x00, 0x62, 0x63], &mut out);
        assert_eq!(out, "\u{fffd}b\u{fffd}");
    }
}
