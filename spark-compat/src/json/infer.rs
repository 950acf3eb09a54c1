//! The type of a JSON text by its values (Spark's `JsonInferSchema`).

use super::options::JsonOptions;
use super::times::DEFAULT_TIMESTAMP;
use super::token::{Leniency, Malformed, Parser, Result, Token};
use crate::coercion;
use crate::coercion::decimal::Digits;
use crate::datetime::pattern;
use crate::datetime::zone::Zone;
use crate::error::SparkError;
use crate::formats::Mode;
use crate::parse::literal::DecimalText;
use crate::types::{MAX_PRECISION, SparkType, StructField};

/// Texts nested deeper than this have no type.
const MAX_DEPTH: usize = 100;

/// How types are found.
#[derive(Debug)]
pub(crate) struct Inference {
    pub leniency: Leniency,
    /// Whether numbers and booleans are strings.
    pub primitives_as_string: bool,
    /// Whether numbers with a fraction, and numbers in strings, are decimals.
    pub prefers_decimal: bool,
    /// Whether fields that are always null go.
    pub drops_nulls: bool,
    /// The pattern of strings that are timestamps, if any are.
    pub timestamps: Option<(pattern::Reader, Zone)>,
}

impl Inference {
    /// As the options say.
    ///
    /// # Errors
    ///
    /// The pattern of timestamps is none.
    pub fn new(options: &JsonOptions) -> crate::error::Result<Self> {
        let pattern = options.times.timestamp_format.as_deref().unwrap_or(DEFAULT_TIMESTAMP);
        let timestamps = options.infer_timestamp.then(|| pattern::Reader::new(pattern)).transpose()?;
        Ok(Self {
            leniency: options.leniency,
            primitives_as_string: options.primitives_as_string,
            prefers_decimal: options.prefers_decimal,
            drops_nulls: options.drops_nulls,
            timestamps: timestamps.map(|pattern| (pattern, options.times.zone)),
        })
    }

    /// The columns of many texts, each an object or an array of objects (`JsonInferSchema.infer`).
    pub fn table(&self) -> TableInference<'_> {
        TableInference { inference: self, so_far: None }
    }

    /// The type of the text's first value.
    ///
    /// # Errors
    ///
    /// The text is not JSON, or a number would be a decimal with a negative scale.
    pub fn type_of(&self, json: &str) -> Result<SparkType> {
        let mut parser = Parser::new(json, self.leniency);
        parser.next()?;
        Ok(match self.infer(&mut parser)? {
            // At the root structs stay, though they may lose all their fields.
            SparkType::Struct(fields) => SparkType::Struct(self.canonical_fields(fields)),
            SparkType::Array { element, .. } if matches!(*element, SparkType::Struct(_)) => {
                array(self.canonical(*element).unwrap_or(SparkType::Struct(Vec::new())))
            }
            other => self.canonical(other).unwrap_or(SparkType::String),
        })
    }

    fn infer(&self, parser: &mut Parser<'_>) -> Result<SparkType> {
        if parser.depth() > MAX_DEPTH {
            return Err(Malformed("the text is nested too deeply".into()));
        }
        Ok(match parser.token() {
            Token::None | Token::Null => SparkType::Void,
            Token::String => self.string(parser.text()),
            Token::True | Token::False | Token::Integer | Token::Float if self.primitives_as_string => {
                SparkType::String
            }
            Token::True | Token::False => SparkType::Boolean,
            Token::Integer => integer(parser.text()),
            Token::Float if self.prefers_decimal => decimal(parser.text())?,
            Token::Float => SparkType::Double,
            Token::StartArray => {
                let mut element = SparkType::Void;
                while parser.next()? != Token::EndArray {
                    element = compatible(element, self.infer(parser)?);
                }
                array(element)
            }
            Token::StartObject => {
                let mut fields: Vec<StructField> = Vec::new();
                while parser.next()? != Token::EndObject {
                    let name = parser.text().to_string();
                    parser.next()?;
                    let data_type = self.infer(parser)?;
                    fields.push(StructField { name, data_type, nullable: true });
                }
                fields.sort_by(|a, b| a.name.encode_utf16().cmp(b.name.encode_utf16()));
                SparkType::Struct(fields)
            }
            Token::Name | Token::EndObject | Token::EndArray => return Err(Malformed("a value is missing".into())),
        })
    }

    /// The type without voids, which become strings or go, and without structs that have no fields; `None` if nothing is left
    /// (`canonicalizeType`).
    fn canonical(&self, inferred: SparkType) -> Option<SparkType> {
        Some(match inferred {
            SparkType::Void if self.drops_nulls => return None,
            SparkType::Void => SparkType::String,
            SparkType::Array { element, .. } => array(self.canonical(*element)?),
            SparkType::Struct(fields) => {
                SparkType::Struct(Some(self.canonical_fields(fields)).filter(|fields| !fields.is_empty())?)
            }
            other => other,
        })
    }

    fn canonical_fields(&self, fields: Vec<StructField>) -> Vec<StructField> {
        let named = fields.into_iter().filter(|field| !field.name.is_empty());
        named.filter_map(|field| Some(StructField { data_type: self.canonical(field.data_type)?, ..field })).collect()
    }

    fn string(&self, text: &str) -> SparkType {
        if text.is_empty() {
            return SparkType::Void;
        }
        if self.prefers_decimal
            && let Some(DecimalText { digits, scale, .. }) = DecimalText::read(&text.replace(',', ""))
            && let (Ok(precision), Ok(scale)) = (u8::try_from(digits.len().max(1)), u8::try_from(scale))
            && scale <= precision
            && precision <= MAX_PRECISION
        {
            return SparkType::decimal(precision, scale);
        }
        let is_timestamp = |(pattern, zone): &(pattern::Reader, Zone)| {
            matches!(pattern.read(text, *zone, &mut Vec::new()), Ok(Some(_)))
        };
        if self.timestamps.as_ref().is_some_and(is_timestamp) { SparkType::Timestamp } else { SparkType::String }
    }
}

/// The columns of the texts that were seen so far.
pub(crate) struct TableInference<'i> {
    inference: &'i Inference,
    so_far: Option<SparkType>,
}

impl TableInference<'_> {
    /// Takes a text into account. One that is no JSON is a bad record, for which there is a column of this name in mode
    /// PERMISSIVE.
    ///
    /// # Errors
    ///
    /// It is a bad record, which the mode FAILFAST does not allow.
    pub fn see(&mut self, json: &str, mode: Mode, corrupt_name: &str) -> crate::error::Result<()> {
        let mut parser = Parser::new(json, self.inference.leniency);
        let inferred = match parser.next().and_then(|_| self.inference.infer(&mut parser)) {
            Ok(inferred) => inferred,
            Err(_) => match mode {
                Mode::Permissive => SparkType::Struct(vec![corrupt_field(corrupt_name)]),
                Mode::DropMalformed => return Ok(()),
                Mode::FailFast => return Err(malformed()),
            },
        };
        self.so_far = Some(match self.so_far.take() {
            Some(so_far) => compatible_roots(so_far, inferred, mode, corrupt_name)?,
            None => inferred,
        });
        Ok(())
    }

    /// The columns of all texts.
    ///
    /// # Errors
    ///
    /// Some texts are neither objects nor arrays of them, which the mode FAILFAST does not allow.
    pub fn columns(self, mode: Mode, corrupt_name: &str) -> crate::error::Result<Vec<StructField>> {
        let empty = SparkType::Struct(Vec::new());
        let root = match self.so_far {
            Some(so_far) => compatible_roots(empty, so_far, mode, corrupt_name)?,
            None => empty,
        };
        Ok(match root {
            SparkType::Struct(fields) => self.inference.canonical_fields(fields),
            _ => Vec::new(),
        })
    }
}

fn malformed() -> SparkError {
    SparkError::execution("Malformed records are detected in schema inference. Parse Mode: FAILFAST.")
}

fn corrupt_field(name: &str) -> StructField {
    StructField { name: name.to_string(), data_type: SparkType::String, nullable: true }
}

/// The type of two texts. Arrays are their elements here, and what is no object is a bad record beside one.
fn compatible_roots(a: SparkType, b: SparkType, mode: Mode, corrupt_name: &str) -> crate::error::Result<SparkType> {
    use SparkType as T;
    let (a, b) = (root(a), root(b));
    let fields = match (a, b) {
        (T::Struct(fields), T::Void) | (T::Void, T::Struct(fields)) => return Ok(T::Struct(fields)),
        (T::Struct(a), T::Struct(b)) => return Ok(compatible(T::Struct(a), T::Struct(b))),
        (T::Struct(fields), _) | (_, T::Struct(fields)) => fields,
        (a, b) => return Ok(compatible(a, b)),
    };
    match mode {
        Mode::Permissive if fields.iter().all(|field| field.name != corrupt_name) => {
            Ok(T::Struct(merged(fields, vec![corrupt_field(corrupt_name)])))
        }
        Mode::FailFast => Err(malformed()),
        _ => Ok(T::Struct(fields)),
    }
}

/// What a text's array is made of, or the text's own type.
fn root(inferred: SparkType) -> SparkType {
    match inferred {
        SparkType::Array { element, .. } => root(*element),
        other => other,
    }
}

/// The decimal of a number with a fraction or an exponent, or a double if it has too many digits.
fn decimal(text: &str) -> Result<SparkType> {
    let Some(DecimalText { digits, scale, .. }) = DecimalText::read(text) else { return Ok(SparkType::Double) };
    let precision = i64::try_from(digits.len().max(1)).unwrap_or(i64::MAX).max(scale);
    if precision > MAX_PRECISION.into() {
        return Ok(SparkType::Double);
    }
    match (u8::try_from(precision), u8::try_from(scale)) {
        (Ok(precision), Ok(scale)) => Ok(SparkType::decimal(precision, scale)),
        _ => Err(Malformed(format!("Negative scale is not allowed: {scale}"))),
    }
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
                (Some(a), Some(b)) => {
                    let scale = a.scale.max(b.scale);
                    let precision = (a.precision - a.scale).max(b.precision - b.scale) + scale;
                    if precision > MAX_PRECISION.into() { T::Double } else { T::decimal(precision as u8, scale as u8) }
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
