//! JSON texts as values of a type (Spark's `JacksonParser`).
//!
//! A member of the outermost struct that does not fit its type is NULL and reading goes on behind it; anything else that
//! does not fit makes the whole text a bad record.

use super::columns::{Column, Leaf};
use super::times::Times;
use super::token::{Leniency, Malformed, Parser, Token};
use super::write::{self, Generator};
use crate::cast::from_string::parse_decimal;
use crate::datetime::interval;
use crate::error::SparkError;
use crate::formats::Mode;
use crate::parse::literal::DecimalText;
use crate::types::{SparkType, StructField};

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

type Read<T> = Result<T, Failure>;

/// What texts are read as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reader {
    pub data_type: SparkType,
    pub leniency: Leniency,
    pub times: Times,
    /// The place of the field that bad records go to.
    pub corrupt_field: Option<usize>,
    /// What a bad record leads to; that it leads to no row is for files only.
    pub mode: Mode,
}

/// Where the values of a struct go: its fields and their columns.
type Members<'c> = (&'c [StructField], &'c mut [Column]);

impl Reader {
    /// Adds what a text holds to the column; NULL if it holds nothing.
    pub fn read(&self, json: &str, times: &mut super::times::Parser, column: &mut Column) -> Result<(), SparkError> {
        let row = column.len();
        let good = match self.record(json, times, column) {
            Ok(good) => good,
            Err(Failure::Refused(error)) => return Err(error),
            Err(Failure::Misfit | Failure::Malformed) => {
                column.truncate(row);
                if let SparkType::Struct(_) = self.data_type {
                    column.close()
                } else {
                    column.push(Leaf::Null)
                }
                false
            }
        };
        if good { Ok(()) } else { self.bad_record(json, row, column) }
    }

    /// Adds the rows of a text of a file: one for an object, one for each element of an array, none for a text without values.
    pub fn read_rows(&self, json: &str, times: &mut super::times::Parser, rows: &mut Column) -> Result<(), SparkError> {
        let before = rows.len();
        let good = match self.rows(json, times, rows) {
            Ok(good) => good,
            Err(Failure::Refused(error)) => return Err(error),
            Err(Failure::Misfit | Failure::Malformed) => {
                rows.truncate(before);
                rows.close();
                false
            }
        };
        if good { Ok(()) } else { self.bad_record(json, before, rows) }
    }

    fn rows(&self, json: &str, times: &mut super::times::Parser, rows: &mut Column) -> Read<bool> {
        let mut parser = Parser::new(json, self.leniency);
        match (parser.next()?, &self.data_type) {
            (Token::None, _) => Ok(true),
            (Token::StartArray, element) => {
                let mut record = Record { parser, times };
                while record.parser.next()? != Token::EndArray {
                    record.value(element, rows)?;
                }
                Ok(true)
            }
            (Token::StartObject, SparkType::Struct(fields)) => {
                let good = Record { parser, times }.root((fields.as_slice(), rows.members()), self.corrupt_field)?;
                rows.close();
                Ok(good)
            }
            _ => Err(Failure::Misfit),
        }
    }

    /// Does with a bad record, of which the row at `row` was made, what the mode says.
    fn bad_record(&self, json: &str, row: usize, column: &mut Column) -> Result<(), SparkError> {
        match self.mode {
            Mode::FailFast => {
                return Err(SparkError::execution(
                    "Malformed records are detected in record parsing. Parse Mode: FAILFAST. To process malformed records as null \
                     result, try setting the option 'mode' as 'PERMISSIVE'.",
                ));
            }
            Mode::DropMalformed => column.truncate(row),
            Mode::Permissive => {
                if let Some(corrupt) = self.corrupt_field.and_then(|at| column.members().get_mut(at)) {
                    corrupt.truncate(row);
                    corrupt.push(Leaf::Text(json));
                }
            }
        }
        Ok(())
    }

    /// An error if no JSON text can be read as a value of the type; `place` says what for.
    pub fn check(data_type: &SparkType, place: &str) -> Result<(), SparkError> {
        let unsupported = || Err(SparkError::unsupported(format!("{place} {data_type}")));
        match data_type {
            SparkType::YearMonthInterval { .. } | SparkType::DayTimeInterval { .. } | SparkType::Void => unsupported(),
            SparkType::Map { key, value, .. } if **key == SparkType::String => Self::check(value, place),
            SparkType::Map { .. } => unsupported(),
            SparkType::Array { element, .. } => Self::check(element, place),
            SparkType::Struct(fields) => fields.iter().try_for_each(|field| Self::check(&field.data_type, place)),
            _ => Ok(()),
        }
    }

    /// Adds the value, and says whether all of it was good.
    fn record(&self, json: &str, times: &mut super::times::Parser, column: &mut Column) -> Read<bool> {
        let mut parser = Parser::new(json, self.leniency);
        let token = parser.next()?;
        if token == Token::None {
            column.push(Leaf::Null);
            return Ok(true);
        }
        let mut record = Record { parser, times };
        match (&self.data_type, token) {
            (SparkType::Struct(fields), Token::StartObject) => {
                let good = record.root((fields.as_slice(), column.members()), self.corrupt_field)?;
                column.close();
                return Ok(good);
            }
            (SparkType::Array { element, .. }, Token::StartObject) => match (element.as_ref(), column.members()) {
                (SparkType::Struct(_), [elements]) => {
                    record.value(element, elements)?;
                    column.close();
                }
                _ => return Err(Failure::Misfit),
            },
            (SparkType::Array { .. }, Token::StartArray) | (SparkType::Map { .. }, Token::StartObject) => {
                record.value(&self.data_type, column)?;
            }
            _ => return Err(Failure::Misfit),
        }
        Ok(true)
    }
}

/// A text that is being read.
struct Record<'r> {
    parser: Parser<'r>,
    times: &'r mut super::times::Parser,
}

impl Record<'_> {
    /// Reads the outermost object; `false` if one of its members did not fit.
    fn root(&mut self, (fields, columns): Members<'_>, corrupt_field: Option<usize>) -> Read<bool> {
        let rows: Vec<usize> = columns.iter().map(Column::len).collect();
        let mut good = true;
        loop {
            match self.parser.next()? {
                // The end of the text comes behind a member that did not fit.
                Token::EndObject | Token::None => return Ok(good),
                Token::Name => {}
                // What is left of a member that did not fit.
                _ => {
                    self.parser.skip_children()?;
                    continue;
                }
            }
            let named = fields.iter().position(|field| field.name == self.parser.text());
            let at = named.filter(|at| Some(*at) != corrupt_field);
            self.parser.next()?;
            let found = at.and_then(|at| Some((fields.get(at)?, columns.get_mut(at)?, *rows.get(at)?)));
            let Some((field, column, row)) = found else {
                self.parser.skip_children()?;
                continue;
            };
            // Of two members of one name the last one counts, unless it does not fit.
            match self.member(&field.data_type, column, row) {
                Ok(()) => {}
                Err(Failure::Misfit) => {
                    good = false;
                    self.parser.skip_children()?;
                }
                Err(other) => return Err(other),
            }
        }
    }

    /// Reads a member into its column, which has `rows` rows before this record.
    fn member(&mut self, data_type: &SparkType, column: &mut Column, rows: usize) -> Read<()> {
        if column.len() == rows {
            let read = self.value(data_type, column);
            if read.is_err() {
                column.truncate(rows);
            }
            return read;
        }
        let mut again = Column::new(data_type);
        self.value(data_type, &mut again)?;
        column.truncate(rows);
        column.append(again);
        Ok(())
    }

    fn object(&mut self, (fields, columns): Members<'_>) -> Read<()> {
        let rows = columns.first().map_or(0, Column::len);
        while self.parser.next()? != Token::EndObject {
            let at = fields.iter().position(|field| field.name == self.parser.text());
            self.parser.next()?;
            match at.and_then(|at| fields.get(at).zip(columns.get_mut(at))) {
                Some((field, column)) => {
                    column.truncate(rows);
                    self.value(&field.data_type, column)?;
                }
                None => self.parser.skip_children()?,
            }
        }
        Ok(())
    }

    /// Adds the value that the parser stands at; the parser is at its last token behind. After an error the column may hold
    /// parts of it.
    fn value(&mut self, data_type: &SparkType, column: &mut Column) -> Read<()> {
        use SparkType as T;
        match (data_type, self.parser.token()) {
            (_, Token::Null) => column.push(Leaf::Null),
            (T::Void, _) => {
                self.parser.skip_children()?;
                column.push(Leaf::Null);
            }
            (T::Struct(fields), Token::StartObject) => {
                self.object((fields.as_slice(), column.members()))?;
                column.close();
            }
            (T::Array { element, .. }, Token::StartArray) => {
                let [elements] = column.members() else { return Err(Failure::Misfit) };
                while self.parser.next()? != Token::EndArray {
                    self.value(element, elements)?;
                }
                column.close();
            }
            (T::Map { key, value, .. }, Token::StartObject) => {
                let [keys, values] = column.members() else { return Err(Failure::Misfit) };
                while self.parser.next()? != Token::EndObject {
                    // Spark puts strings in the map all the same, and fails when a key is looked at.
                    if **key != T::String {
                        let why = format!("a member of a JSON object can't be in a map whose keys are {key}");
                        return Err(Failure::Refused(SparkError::execution(why)));
                    }
                    keys.push(Leaf::Text(self.parser.text()));
                    self.parser.next()?;
                    self.value(value, values)?;
                }
                column.close();
            }
            (T::String, Token::String) => column.push(Leaf::Text(self.parser.text())),
            (T::String, Token::Name | Token::EndArray | Token::EndObject | Token::None) => return Err(Failure::Misfit),
            (T::String, _) => {
                let mut copy = Generator::default();
                copy.copy(&mut self.parser)?;
                column.push(Leaf::Text(&copy.out));
            }
            (T::Binary, Token::String) => {
                let bytes = base64(self.parser.text()).ok_or(Failure::Misfit)?;
                column.push(Leaf::Bytes(&bytes));
            }
            (data_type, token) => {
                let leaf = self.leaf(data_type, token)?;
                column.push(leaf);
            }
        }
        Ok(())
    }

    /// A number, a boolean or a time.
    fn leaf(&mut self, data_type: &SparkType, token: Token) -> Read<Leaf<'static>> {
        use SparkType as T;
        let text = self.parser.text();
        Ok(match (data_type, token) {
            (T::Boolean, Token::True) => Leaf::Boolean(true),
            (T::Boolean, Token::False) => Leaf::Boolean(false),
            (T::Byte | T::Short | T::Int | T::Long, Token::Integer) => integer(text, data_type)?,
            (T::Float, Token::Integer | Token::Float) => Leaf::Float(write::double(text) as f32),
            (T::Double, Token::Integer | Token::Float) => Leaf::Double(write::double(text)),
            (T::Float | T::Double, Token::String) => not_a_number(text, data_type)?,
            // A number that is too large is NULL and no misfit.
            (T::Decimal { precision, scale }, Token::Integer | Token::Float) => {
                parse_decimal(text, *precision, *scale).map_or(Leaf::Null, Leaf::Decimal)
            }
            (T::Decimal { precision, scale }, Token::String) => {
                let text = text.replace(',', "");
                let digits = parse_decimal(&text, *precision, *scale);
                match DecimalText::read(&text) {
                    Some(_) => digits.map_or(Leaf::Null, Leaf::Decimal),
                    None => return Err(Failure::Misfit),
                }
            }
            (T::Date, Token::String) => Leaf::Integer(match self.times.date(text).map_err(Failure::Refused)? {
                Some(days) => days.into(),
                None => number_of_days(text)?,
            }),
            (T::Timestamp, Token::String) => {
                let micros = self.times.timestamp(text).map_err(Failure::Refused)?;
                Leaf::Integer(micros.ok_or(Failure::Misfit)?)
            }
            (T::Timestamp, Token::Integer) => {
                let seconds: i64 = text.parse().map_err(|_| Failure::Misfit)?;
                Leaf::Integer(seconds.wrapping_mul(1_000_000))
            }
            (T::CalendarInterval, Token::String) => {
                match interval::calendar(text) {
                    Ok(interval) => Leaf::Interval(interval.to_arrow().map_err(Failure::Refused)?),
                    // Unlike another interval's, this text may be anything.
                    Err(_) => Leaf::Null,
                }
            }
            (T::YearMonthInterval { start, end }, Token::String) => {
                Leaf::Integer(interval::year_month(text, *start, *end).map_err(|_| Failure::Misfit)?.into())
            }
            (T::DayTimeInterval { start, end }, Token::String) => {
                Leaf::Integer(interval::day_time(text, *start, *end).map_err(|_| Failure::Misfit)?)
            }
            _ => return Err(Failure::Misfit),
        })
    }
}

/// An integer of the type; a tinyint may be written without its sign, up to 255.
fn integer(text: &str, data_type: &SparkType) -> Read<Leaf<'static>> {
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
    Ok(Leaf::Integer(if *data_type == SparkType::Byte { (value as i8).into() } else { value }))
}

fn not_a_number(text: &str, data_type: &SparkType) -> Read<Leaf<'static>> {
    let value = match text {
        "NaN" => f64::NAN,
        "Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ => return Err(Failure::Misfit),
    };
    Ok(if *data_type == SparkType::Float { Leaf::Float(value as f32) } else { Leaf::Double(value) })
}

/// A date that is written as a number of days.
fn number_of_days(text: &str) -> Read<i64> {
    /// Before this day the two calendars differ, and Spark shifts the number.
    const GREGORIAN_START: i32 = -141_427;
    match text.parse::<i32>() {
        Ok(days) if days >= GREGORIAN_START => Ok(days.into()),
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
