//! JSON texts as values of a type (Spark's `JacksonParser`).
//!
//! A member of the outermost struct that does not fit its type is NULL and reading goes on behind it; anything else that
//! does not fit makes the whole text a bad record.

use super::token::{Leniency, Malformed, Parser, Token};
use super::write::{self, Generator};
use crate::cast::from_string::parse_decimal;
use crate::datetime::zone::Zone;
use crate::datetime::{interval, parse};
use crate::error::SparkError;
use crate::parse::literal::DecimalText;
use crate::types::{SparkType, StructField};

/// A value that was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    /// An integer, a day or a microsecond.
    Integer(i64),
    Float(f32),
    Double(f64),
    /// The digits at the scale of the type.
    Decimal(i128),
    Text(String),
    Bytes(Vec<u8>),
    Interval(crate::datetime::CalendarInterval),
    /// The members of a struct or the elements of an array.
    List(Vec<Value>),
    Entries(Vec<(String, Value)>),
}

/// Why a value was not read.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It does not fit its type.
    Misfit,
    /// The text is not JSON.
    Malformed,
    /// It would need what is not done here.
    Refused(SparkError),
}

impl From<Malformed> for Failure {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

type Result<T> = std::result::Result<T, Failure>;

/// What a text is read as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reader {
    pub data_type: SparkType,
    pub leniency: Leniency,
    pub zone: Zone,
    /// The place of the field that bad records go to.
    pub corrupt_field: Option<usize>,
    /// Whether a bad record is an error.
    pub fail_fast: bool,
}

impl Reader {
    /// Reads a text; NULL if it holds nothing.
    pub fn read(&self, json: &str) -> std::result::Result<Value, SparkError> {
        let (value, good) = match self.record(json) {
            Ok(Some(read)) => read,
            Ok(None) => return Ok(Value::Null),
            Err(Failure::Refused(error)) => return Err(error),
            Err(Failure::Misfit | Failure::Malformed) => (self.empty_record(), false),
        };
        if good {
            return Ok(value);
        }
        if self.fail_fast {
            return Err(SparkError::execution(
                "Malformed records are detected in record parsing. Parse Mode: FAILFAST. To process malformed records as null \
                 result, try setting the option 'mode' as 'PERMISSIVE'.",
            ));
        }
        Ok(self.with_corrupt_text(value, json))
    }

    fn empty_record(&self) -> Value {
        match &self.data_type {
            SparkType::Struct(fields) => Value::List(vec![Value::Null; fields.len()]),
            _ => Value::Null,
        }
    }

    fn with_corrupt_text(&self, value: Value, json: &str) -> Value {
        let (Value::List(mut members), Some(at)) = (value.clone(), self.corrupt_field) else { return value };
        if let Some(member) = members.get_mut(at) {
            *member = Value::Text(json.to_string());
        }
        Value::List(members)
    }

    /// The value, and whether all of it was good; `None` if the text holds nothing.
    fn record(&self, json: &str) -> Result<Option<(Value, bool)>> {
        let mut parser = Parser::new(json, self.leniency);
        let token = parser.next()?;
        if token == Token::None {
            return Ok(None);
        }
        match (&self.data_type, token) {
            (SparkType::Struct(fields), Token::StartObject) => self.root_object(&mut parser, fields).map(Some),
            (SparkType::Array { element, .. }, Token::StartObject) => match element.as_ref() {
                SparkType::Struct(fields) => Ok(Some((Value::List(vec![self.object(&mut parser, fields)?]), true))),
                _ => Err(Failure::Misfit),
            },
            (SparkType::Array { .. }, Token::StartArray) | (SparkType::Map { .. }, Token::StartObject) => {
                Ok(Some((self.value(&mut parser, &self.data_type)?, true)))
            }
            _ => Err(Failure::Misfit),
        }
    }

    fn root_object(&self, parser: &mut Parser<'_>, fields: &[StructField]) -> Result<(Value, bool)> {
        let mut members = vec![Value::Null; fields.len()];
        let mut good = true;
        loop {
            match parser.next()? {
                Token::EndObject => return Ok((Value::List(members), good)),
                // The end of the text, behind a member that did not fit.
                Token::None => return Ok((Value::List(members), good)),
                Token::Name => {}
                // What is left of a member that did not fit.
                _ => {
                    parser.skip_children()?;
                    continue;
                }
            }
            let field = fields
                .iter()
                .position(|field| field.name == parser.text())
                .filter(|at| Some(*at) != self.corrupt_field);
            parser.next()?;
            let Some((at, field)) = field.and_then(|at| fields.get(at).map(|field| (at, field))) else {
                parser.skip_children()?;
                continue;
            };
            match self.value(parser, &field.data_type) {
                Ok(value) => {
                    if let Some(member) = members.get_mut(at) {
                        *member = value;
                    }
                }
                Err(Failure::Misfit) => {
                    good = false;
                    parser.skip_children()?;
                }
                Err(other) => return Err(other),
            }
        }
    }

    fn object(&self, parser: &mut Parser<'_>, fields: &[StructField]) -> Result<Value> {
        let mut members = vec![Value::Null; fields.len()];
        while parser.next()? != Token::EndObject {
            let field = fields.iter().position(|field| field.name == parser.text());
            parser.next()?;
            let found = field.and_then(|at| fields.get(at).zip(members.get_mut(at)));
            match found {
                Some((field, member)) => *member = self.value(parser, &field.data_type)?,
                None => parser.skip_children()?,
            }
        }
        Ok(Value::List(members))
    }

    /// The value that the parser stands at; the parser is at its last token behind.
    fn value(&self, parser: &mut Parser<'_>, data_type: &SparkType) -> Result<Value> {
        use SparkType as T;
        let token = parser.token();
        if token == Token::Null {
            return Ok(Value::Null);
        }
        match (data_type, token) {
            (T::Boolean, Token::True) => Ok(Value::Boolean(true)),
            (T::Boolean, Token::False) => Ok(Value::Boolean(false)),
            (T::Byte | T::Short | T::Int | T::Long, Token::Integer) => integer(parser.text(), data_type),
            (T::Float, Token::Integer | Token::Float) => Ok(Value::Float(write::double(parser.text()) as f32)),
            (T::Double, Token::Integer | Token::Float) => Ok(Value::Double(write::double(parser.text()))),
            (T::Float | T::Double, Token::String) => not_a_number(parser.text(), data_type),
            (T::Decimal { precision, scale }, Token::Integer | Token::Float) => {
                let digits = parse_decimal(parser.text(), *precision, *scale);
                // A number that is too large is NULL and no misfit.
                Ok(digits.map_or(Value::Null, Value::Decimal))
            }
            (T::Decimal { precision, scale }, Token::String) => {
                let text = parser.text().replace(',', "");
                let number = DecimalText::read(&text).is_some();
                let digits = parse_decimal(&text, *precision, *scale);
                if number { Ok(digits.map_or(Value::Null, Value::Decimal)) } else { Err(Failure::Misfit) }
            }
            (T::String, Token::String) => Ok(Value::Text(parser.text().to_string())),
            (T::String, Token::Name | Token::EndArray | Token::EndObject | Token::None) => Err(Failure::Misfit),
            (T::String, _) => {
                let mut copy = Generator::default();
                copy.copy(parser)?;
                Ok(Value::Text(copy.out))
            }
            (T::Binary, Token::String) => base64(parser.text()).map(Value::Bytes).ok_or(Failure::Misfit),
            (T::Date, Token::String) => date(parser.text()),
            (T::Timestamp, Token::String) => {
                let now = chrono::Utc::now().timestamp_micros();
                parse::timestamp(parser.text(), &self.zone, now).map(Value::Integer).ok_or(Failure::Misfit)
            }
            (T::Timestamp, Token::Integer) => {
                let seconds: i64 = parser.text().parse().map_err(|_| Failure::Misfit)?;
                Ok(Value::Integer(seconds.wrapping_mul(1_000_000)))
            }
            (T::CalendarInterval, Token::String) => {
                interval::calendar(parser.text()).map(Value::Interval).map_err(|_| Failure::Misfit)
            }
            (T::Struct(fields), Token::StartObject) => self.object(parser, fields),
            (T::Array { element, .. }, Token::StartArray) => {
                let mut elements = Vec::new();
                while parser.next()? != Token::EndArray {
                    elements.push(self.value(parser, element)?);
                }
                Ok(Value::List(elements))
            }
            (T::Map { value, .. }, Token::StartObject) => {
                let mut entries = Vec::new();
                while parser.next()? != Token::EndObject {
                    let key = parser.text().to_string();
                    parser.next()?;
                    entries.push((key, self.value(parser, value)?));
                }
                Ok(Value::Entries(entries))
            }
            _ => Err(Failure::Misfit),
        }
    }
}

/// An integer of the type; a tinyint may be written without its sign, up to 255.
fn integer(text: &str, data_type: &SparkType) -> Result<Value> {
    let value: i64 = text.parse().map_err(|_| Failure::Misfit)?;
    let (low, high) = match data_type {
        SparkType::Byte => (i64::from(i8::MIN), i64::from(u8::MAX)),
        SparkType::Short => (i16::MIN.into(), i16::MAX.into()),
        SparkType::Int => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    };
    if !(low..=high).contains(&value) {
        return Err(Failure::Misfit);
    }
    Ok(Value::Integer(if *data_type == SparkType::Byte { (value as i8).into() } else { value }))
}

fn not_a_number(text: &str, data_type: &SparkType) -> Result<Value> {
    let value = match text {
        "NaN" => f64::NAN,
        "Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ => return Err(Failure::Misfit),
    };
    Ok(if *data_type == SparkType::Float { Value::Float(value as f32) } else { Value::Double(value) })
}

/// A date as casts read it, or a number of days.
fn date(text: &str) -> Result<Value> {
    /// Before this day the two calendars differ, and Spark shifts the number.
    const GREGORIAN_START: i32 = -141_427;
    if let Some(days) = parse::date(text) {
        return Ok(Value::Integer(days.into()));
    }
    match text.parse::<i32>() {
        Ok(days) if days >= GREGORIAN_START => Ok(Value::Integer(days.into())),
        Ok(_) => Err(Failure::Refused(SparkError::unsupported("days before 1582-10-15 as numbers in JSON"))),
        Err(_) => Err(Failure::Misfit),
    }
}

/// Base64 with its padding (Jackson's `MIME_NO_LINEFEEDS`).
fn base64(text: &str) -> Option<Vec<u8>> {
    let (groups, rest) = text.as_bytes().as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    for (at, group) in groups.iter().enumerate() {
        let padding = group.iter().rev().take_while(|b| **b == b'=').count();
        if padding > 2 || padding > 0 && at + 1 < groups.len() {
            return None;
        }
        let mut bits = 0u32;
        for byte in group.iter().take(4 - padding) {
            bits = (bits << 6) | sextet(*byte)?;
        }
        bits <<= 6 * padding;
        bytes.extend(bits.to_be_bytes().iter().skip(1).take(3 - padding));
    }
    Some(bytes)
}

fn sextet(byte: u8) -> Option<u32> {
    Some(
        match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        }
        .into(),
    )
}
