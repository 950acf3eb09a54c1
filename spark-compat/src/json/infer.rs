//! The type of a JSON text by its values (Spark's `JsonInferSchema`).

use super::token::{Leniency, Malformed, Parser, Result, Token};
use crate::coercion;
use crate::coercion::decimal::Digits;
use crate::parse::literal::DecimalText;
use crate::types::{MAX_PRECISION, SparkType, StructField};

/// Texts nested deeper than this have no type.
const MAX_DEPTH: usize = 100;

/// The type of the text's first value.
pub(crate) fn type_of(json: &str, leniency: Leniency) -> Result<SparkType> {
    let mut parser = Parser::new(json, leniency);
    parser.next()?;
    let inferred = infer(&mut parser)?;
    Ok(canonical(inferred, true).unwrap_or(SparkType::String))
}

fn infer(parser: &mut Parser<'_>) -> Result<SparkType> {
    if parser.depth() > MAX_DEPTH {
        return Err(Malformed("the text is nested too deeply".into()));
    }
    Ok(match parser.token() {
        Token::None | Token::Null => SparkType::Void,
        Token::String if parser.text().is_empty() => SparkType::Void,
        Token::String => SparkType::String,
        Token::True | Token::False => SparkType::Boolean,
        Token::Integer => integer(parser.text()),
        Token::Float => SparkType::Double,
        Token::StartArray => {
            let mut element = SparkType::Void;
            while parser.next()? != Token::EndArray {
                element = compatible(element, infer(parser)?);
            }
            array(element)
        }
        Token::StartObject => {
            let mut fields: Vec<StructField> = Vec::new();
            while parser.next()? != Token::EndObject {
                let name = parser.text().to_string();
                parser.next()?;
                let data_type = infer(parser)?;
                fields.push(StructField { name, data_type, nullable: true });
            }
            fields.sort_by(|a, b| a.name.encode_utf16().cmp(b.name.encode_utf16()));
            SparkType::Struct(fields)
        }
        Token::Name | Token::EndObject | Token::EndArray => return Err(Malformed("a value is missing".into())),
    })
}

fn array(element: SparkType) -> SparkType {
    SparkType::Array { element: Box::new(element), contains_null: true }
}

/// A bigint, or a decimal or double if it is too large for one.
fn integer(text: &str) -> SparkType {
    if text.parse::<i64>().is_ok() {
        return SparkType::Long;
    }
    match DecimalText::read(text) {
        Some(DecimalText { digits, .. }) if digits.len() <= MAX_PRECISION.into() => {
            SparkType::decimal(digits.len() as u8, 0)
        }
        _ => SparkType::Double,
    }
}

/// The type that holds values of both; strings hold everything.
fn compatible(a: SparkType, b: SparkType) -> SparkType {
    use SparkType as T;
    match (a, b) {
        (a, b) if a == b => a,
        (T::Void, other) | (other, T::Void) => other,
        (T::Struct(a), T::Struct(b)) => T::Struct(merged(a, b)),
        (T::Array { element: a, .. }, T::Array { element: b, .. }) => array(compatible(*a, *b)),
        (T::Double, T::Decimal { .. }) | (T::Decimal { .. }, T::Double) => T::Double,
        (a @ (T::Long | T::Decimal { .. }), b @ (T::Long | T::Decimal { .. })) => {
            match (Digits::of(&a), Digits::of(&b)) {
                (Some(a), Some(b)) if a.precision.max(b.precision) <= MAX_PRECISION.into() => {
                    T::decimal(a.precision.max(b.precision) as u8, 0)
                }
                _ => T::Double,
            }
        }
        (a, b) => match (&a, &b) {
            (T::Struct(_) | T::Array { .. }, _) | (_, T::Struct(_) | T::Array { .. }) => T::String,
            _ => coercion::tightest_common_type(&a, &b).unwrap_or(T::String),
        },
    }
}

/// The fields of two structs, in the order of their names.
fn merged(a: Vec<StructField>, b: Vec<StructField>) -> Vec<StructField> {
    let mut fields = a;
    for field in b {
        match fields.iter().position(|known| known.name == field.name) {
            Some(at) => {
                if let Some(known) = fields.get_mut(at) {
                    let so_far = std::mem::replace(&mut known.data_type, SparkType::Void);
                    known.data_type = compatible(so_far, field.data_type);
                }
            }
            None => fields.push(field),
        }
    }
    fields.sort_by(|a, b| a.name.encode_utf16().cmp(b.name.encode_utf16()));
    fields
}

/// The type without voids: they become strings, and fields of empty structs go (`canonicalizeType`).
fn canonical(inferred: SparkType, at_root: bool) -> Option<SparkType> {
    Some(match inferred {
        SparkType::Void => SparkType::String,
        SparkType::Array { element, .. } => array(canonical(*element, false)?),
        SparkType::Struct(fields) => {
            let fields: Vec<StructField> = fields
                .into_iter()
                .filter(|field| !field.name.is_empty())
                .filter_map(|field| {
                    let data_type = canonical(field.data_type, false)?;
                    Some(StructField { data_type, ..field })
                })
                .collect();
            if fields.is_empty() && !at_root {
                return None;
            }
            SparkType::Struct(fields)
        }
        other => other,
    })
}
