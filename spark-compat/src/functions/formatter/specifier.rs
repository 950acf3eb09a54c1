//! Format specifiers: `%[index$][flags][width][.precision]conversion`, read and checked as Java does.

use std::fmt;

use super::print::failed;
use crate::error::{Result, SparkError};
use crate::functions::text;

/// A part of a format.
#[derive(Debug)]
pub(super) enum Piece {
    /// Text that stays.
    Text(String),
    /// What an argument is written for.
    Specifier(Specifier),
}

/// Which argument a specifier writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Index {
    /// None: `%n` and `%%`.
    None,
    /// The one before, `<`.
    Last,
    /// The next one.
    Next,
    /// The one with this number, from 1.
    Fixed(usize),
}

/// The flags, in the order in which Java lists them.
const FLAGS: &str = "-#+ 0,(<";

/// A specifier.
#[derive(Clone, Debug)]
pub(super) struct Specifier {
    pub index: Index,
    flags: [bool; 8],
    pub width: Option<usize>,
    pub precision: Option<usize>,
    /// In lower case.
    pub conversion: char,
    pub upper: bool,
}

impl fmt::Display for Specifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.flag_text())?;
        if let Index::Fixed(number) = self.index {
            write!(f, "{number}$")?;
        }
        if let Some(width) = self.width {
            write!(f, "{width}")?;
        }
        if let Some(precision) = self.precision {
            write!(f, ".{precision}")?;
        }
        write!(f, "{}", if self.upper { self.conversion.to_ascii_uppercase() } else { self.conversion })
    }
}

/// Reads a format.
pub(super) fn parse(format: &str) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = format;
    while let Some((before, from)) = rest.split_once('%') {
        literal.push_str(before);
        let Some((specifier, behind)) = specifier(from)? else {
            let conversion = from.chars().next().unwrap_or('%');
            return Err(failed("UnknownFormatConversion", &format!("Conversion = '{conversion}'")));
        };
        if !literal.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut literal)));
        }
        pieces.push(Piece::Specifier(specifier));
        rest = behind;
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    Ok(pieces)
}

/// Leading digits, and what follows.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// The specifier behind a `%`, and the text behind it; `None` if there is none.
fn specifier(text: &str) -> Result<Option<(Specifier, &str)>> {
    let (number, behind) = digits(text);
    let (number, text) = match behind.strip_prefix('$') {
        Some(behind) if !number.is_empty() => (Some(number), behind),
        _ => (None, text),
    };
    let (flag_text, text) = text.split_at(text.find(|c| !FLAGS.contains(c)).unwrap_or(text.len()));
    let (width, text) = digits(text);
    let (precision, text) = match text.strip_prefix('.').map(digits) {
        Some((digits, behind)) if !digits.is_empty() => (Some(digits), behind),
        _ => (None, text),
    };
    let mut characters = text.chars();
    let conversion = match characters.next() {
        Some('t' | 'T') if characters.as_str().starts_with(|c: char| c.is_ascii_alphabetic()) => {
            return Err(SparkError::unsupported("dates and times in format_string (%t)"));
        }
        Some(conversion) if conversion.is_ascii_alphabetic() || conversion == '%' => conversion,
        _ => return Ok(None),
    };
    let mut flags = [false; 8];
    for flag in flag_text.chars() {
        if let Some(set) = FLAGS.find(flag).and_then(|at| flags.get_mut(at)) {
            if *set {
                return Err(failed("DuplicateFormatFlags", &format!("Flags = '{flag}'")));
            }
            *set = true;
        }
    }
    if !"bBhHsScCdoxXeEfgGaA%n".contains(conversion) {
        return Err(failed("UnknownFormatConversion", &format!("Conversion = '{conversion}'")));
    }
    // Numbers beyond an int are as if they were not there.
    let int = |digits: &str| digits.parse::<i32>().ok().and_then(|value| usize::try_from(value).ok());
    let index = match (flags[7], number.and_then(int)) {
        _ if matches!(conversion, '%' | 'n') => Index::None,
        (true, _) => Index::Last,
        (false, Some(number @ 1..)) => Index::Fixed(number),
        _ => Index::Next,
    };
    let specifier = Specifier {
        index,
        flags,
        width: int(width),
        precision: precision.and_then(int),
        conversion: conversion.to_ascii_lowercase(),
        upper: conversion.is_ascii_uppercase(),
    };
    specifier.check()?;
    Ok(Some((specifier, characters.as_str())))
}

impl Specifier {
    fn flag(&self, flag: char) -> bool {
        FLAGS.find(flag).and_then(|at| self.flags.get(at)).copied().unwrap_or(false)
    }

    pub fn left(&self) -> bool {
        self.flag('-')
    }

    pub fn alternate(&self) -> bool {
        self.flag('#')
    }

    pub fn plus(&self) -> bool {
        self.flag('+')
    }

    pub fn space(&self) -> bool {
        self.flag(' ')
    }

    pub fn zeros(&self) -> bool {
        self.flag('0')
    }

    pub fn grouped(&self) -> bool {
        self.flag(',')
    }

    pub fn parentheses(&self) -> bool {
        self.flag('(')
    }

    fn flag_text(&self) -> String {
        FLAGS.chars().zip(self.flags).filter(|(_, set)| *set).map(|(flag, _)| flag).collect()
    }

    /// An error if the conversion does not take one of the flags.
    pub fn refuse(&self, flags: &str) -> Result<()> {
        match flags.chars().find(|flag| self.flag(*flag)) {
            None => Ok(()),
            Some(flag) => Err(failed(
                "FormatFlagsConversionMismatch",
                &format!("Conversion = {}, Flags = {flag}", self.conversion),
            )),
        }
    }

    fn check(&self) -> Result<()> {
        match self.conversion {
            'd' | 'o' | 'x' => {
                self.check_numeric()?;
                self.check_no_precision()?;
                self.refuse(if self.conversion == 'd' { "#" } else { "," })
            }
            'e' | 'f' | 'g' | 'a' => {
                self.check_numeric()?;
                self.refuse(match self.conversion {
                    'a' => "(,",
                    'e' => ",",
                    'g' => "#",
                    _ => "",
                })
            }
            'c' => {
                self.check_no_precision()?;
                self.refuse("#+ 0,(")?;
                self.check_width()
            }
            '%' => {
                self.check_no_precision()?;
                let flags = self.flag_text();
                if !matches!(flags.as_str(), "" | "-") {
                    return Err(failed("IllegalFormatFlags", &format!("Flags = '{flags}'")));
                }
                self.check_width()
            }
            'n' => {
                self.check_no_precision()?;
                let flags = self.flag_text();
                match self.width {
                    Some(width) => Err(failed("IllegalFormatWidth", &width.to_string())),
                    None if !flags.is_empty() => Err(failed("IllegalFormatFlags", &format!("Flags = '{flags}'"))),
                    None => Ok(()),
                }
            }
            _ => {
                self.refuse(if self.conversion == 's' { "" } else { "#" })?;
                self.check_width()?;
                self.refuse("+ 0,(")
            }
        }
    }

    /// `-` needs a width.
    fn check_width(&self) -> Result<()> {
        match self.left() && self.width.is_none() {
            true => Err(failed("MissingFormatWidth", &self.to_string())),
            false => Ok(()),
        }
    }

    fn check_numeric(&self) -> Result<()> {
        if (self.left() || self.zeros()) && self.width.is_none() {
            return Err(failed("MissingFormatWidth", &self.to_string()));
        }
        if self.plus() && self.space() || self.left() && self.zeros() {
            return Err(failed("IllegalFormatFlags", &format!("Flags = '{}'", self.flag_text())));
        }
        Ok(())
    }

    fn check_no_precision(&self) -> Result<()> {
        match self.precision {
            Some(precision) => Err(failed("IllegalFormatPrecision", &precision.to_string())),
            None => Ok(()),
        }
    }

    /// An error if width or precision ask for more than a batch may take.
    pub fn check_size(&self) -> Result<()> {
        Ok(text::check_size(self.width.unwrap_or(0).saturating_add(self.precision.unwrap_or(0)))?)
    }
}
