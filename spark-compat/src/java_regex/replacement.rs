//! Replacement texts: `$1`, `${name}` and `\$`, as `Matcher.appendReplacement` reads them.

use super::{Groups, JavaRegex};
use crate::error::{Result, SparkError};

/// A replacement text, read for the groups of a pattern.
#[derive(Debug, Default)]
pub(crate) struct Replacement {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Group(usize),
}

impl Replacement {
    /// Reads a replacement text.
    ///
    /// # Errors
    ///
    /// It names a group that the pattern does not have, or ends within a reference. Java says so at the first match only.
    pub fn new(text: &str, regex: &JavaRegex) -> Result<Self> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\\' => match characters.next() {
                    Some(escaped) => literal.push(escaped),
                    None => return Err(SparkError::illegal_argument("character to be escaped is missing")),
                },
                '$' => {
                    let group = match characters.peek().copied() {
                        None => {
                            return Err(SparkError::illegal_argument(
                                "Illegal group reference: group index is missing",
                            ));
                        }
                        Some('{') => {
                            characters.next();
                            named(&mut characters, regex)?
                        }
                        Some(digit) => {
                            let Some(first) = digit.to_digit(10) else {
                                return Err(SparkError::illegal_argument("Illegal group reference"));
                            };
                            characters.next();
                            numbered(first as usize, &mut characters, regex)?
                        }
                    };
                    if !literal.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut literal)));
                    }
                    parts.push(Part::Group(group));
                }
                other => literal.push(other),
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { parts })
    }

    /// Appends the replacement of a match in `text`; a group that took no part is nothing.
    pub fn write(&self, groups: &Groups, text: &str, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(literal) => out.push_str(literal),
                Part::Group(group) => out.push_str(groups.get(text, *group).unwrap_or_default()),
            }
        }
    }
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// A number takes as many digits as there are groups for.
fn numbered(first: usize, characters: &mut Characters<'_>, regex: &JavaRegex) -> Result<usize> {
    let mut group = first;
    if group > regex.groups() {
        return Err(SparkError::execution(format!("java.lang.IndexOutOfBoundsException: No group {group}")));
    }
    while let Some(digit) = characters.peek().and_then(|c| c.to_digit(10)) {
        let longer = group * 10 + digit as usize;
        if longer > regex.groups() {
            break;
        }
        group = longer;
        characters.next();
    }
    Ok(group)
}

fn named(characters: &mut Characters<'_>, regex: &JavaRegex) -> Result<usize> {
    let mut name = String::new();
    while let Some(character) = characters.next_if(char::is_ascii_alphanumeric) {
        name.push(character);
    }
    if name.is_empty() {
        return Err(SparkError::illegal_argument("named capturing group is missing trailing '}'"));
    }
    if characters.next() != Some('}') {
        return Err(SparkError::illegal_argument("named capturing group is missing trailing '}'"));
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(SparkError::illegal_argument(format!(
            "capturing group name {{{name}}} starts with digit character"
        )));
    }
    regex.group_named(&name).ok_or_else(|| SparkError::illegal_argument(format!("No group with name {{{name}}}")))
}
