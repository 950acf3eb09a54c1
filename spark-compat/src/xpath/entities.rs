//! References in XML texts: characters and entities, with limits on what they may grow to.

use std::collections::HashMap;

use crate::error::{Result, SparkError};

/// Java's default limit (`jdk.xml.entityExpansionLimit`).
const MAX_EXPANSIONS: usize = 64_000;

/// How many bytes all entities of a document may expand to.
const MAX_EXPANDED_BYTES: usize = 4 << 20;

/// How deep entities may stand in one another.
const MAX_DEPTH: usize = 64;

/// The entities that a document declares.
#[derive(Debug, Default)]
pub(super) struct Entities {
    declared: HashMap<String, Definition>,
    expansions: usize,
    expanded_bytes: usize,
}

#[derive(Debug, Clone)]
enum Definition {
    Internal(String),
    /// Never fetched, as in Spark: nothing in a text, an error in an attribute.
    External,
}

/// Where a reference stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Attribute,
}

impl Entities {
    /// Declares an entity by the text between its quotes; of two declarations the first one counts.
    pub fn declare(&mut self, name: &str, value: &str) -> Result<()> {
        if value.contains('%') {
            return Err(SparkError::unsupported("parameter entities in XML"));
        }
        let mut replacement = String::with_capacity(value.len());
        // References to characters are replaced now, those to entities where the entity is used.
        let mut rest = value;
        while let Some((before, after)) = rest.split_once("&#") {
            let (reference, after) = after.split_once(';').ok_or_else(invalid)?;
            replacement.push_str(before);
            replacement.push(character(reference)?);
            rest = after;
        }
        replacement.push_str(rest);
        self.declared.entry(name.to_string()).or_insert(Definition::Internal(replacement));
        Ok(())
    }

    /// Declares an entity that stands outside the document.
    pub fn declare_external(&mut self, name: &str) {
        self.declared.entry(name.to_string()).or_insert(Definition::External);
    }

    /// The text between tags, with references replaced and line ends made one.
    pub fn text(&mut self, raw: &str) -> Result<String> {
        let mut out = String::with_capacity(raw.len());
        self.append(raw, Place::Text, 0, &mut out)?;
        Ok(out)
    }

    /// The value of an attribute, with references replaced and blanks made spaces.
    pub fn attribute(&mut self, raw: &str) -> Result<String> {
        let mut out = String::with_capacity(raw.len());
        self.append(raw, Place::Attribute, 0, &mut out)?;
        Ok(out)
    }

    fn append(&mut self, raw: &str, place: Place, depth: usize, out: &mut String) -> Result<()> {
        let mut rest = raw;
        while let Some((before, after)) = rest.split_once('&') {
            literal(before, place, out);
            let (reference, after) = after.split_once(';').ok_or_else(invalid)?;
            match reference.strip_prefix('#') {
                Some(number) => out.push(character(number)?),
                None => self.expand(reference, place, depth, out)?,
            }
            rest = after;
        }
        literal(rest, place, out);
        Ok(())
    }

    fn expand(&mut self, name: &str, place: Place, depth: usize, out: &mut String) -> Result<()> {
        let predefined = match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "apos" => '\'',
            "quot" => '"',
            _ => return self.expand_declared(name, place, depth, out),
        };
        out.push(predefined);
        Ok(())
    }

    fn expand_declared(&mut self, name: &str, place: Place, depth: usize, out: &mut String) -> Result<()> {
        let replacement = match (self.declared.get(name), place) {
            (Some(Definition::Internal(replacement)), _) => replacement.clone(),
            (Some(Definition::External), Place::Text) => return Ok(()),
            (Some(Definition::External), Place::Attribute) => {
                return Err(SparkError::execution("an XML attribute refers to an entity outside the document"));
            }
            (None, _) => return Err(SparkError::execution("the XML refers to an entity that it does not declare")),
        };
        self.expansions += 1;
        self.expanded_bytes += replacement.len();
        if self.expansions > MAX_EXPANSIONS || self.expanded_bytes > MAX_EXPANDED_BYTES || depth > MAX_DEPTH {
            return Err(SparkError::execution(format!(
                "the entities of an XML text expand too far: at most {MAX_EXPANSIONS} of them, {MAX_DEPTH} deep, of \
                 {MAX_EXPANDED_BYTES} bytes"
            )));
        }
        match (replacement.contains('<'), place) {
            (false, _) => self.append(&replacement, place, depth + 1, out),
            (true, Place::Text) => Err(SparkError::unsupported("XML entities with elements in them")),
            (true, Place::Attribute) => Err(SparkError::execution("an XML attribute holds '<'")),
        }
    }
}

/// Appends text without references.
fn literal(text: &str, place: Place, out: &mut String) {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let is_break = character == '\r' || character == '\n';
        if character == '\r' {
            characters.next_if_eq(&'\n');
        }
        out.push(match (is_break, place) {
            (true, Place::Text) => '\n',
            (true, Place::Attribute) => ' ',
            (false, Place::Attribute) if character == '\t' => ' ',
            _ => character,
        });
    }
}

/// The character of a reference, of which `number` is the part between `#` and `;`.
fn character(number: &str) -> Result<char> {
    let code = match number.strip_prefix('x') {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16),
        None if number.bytes().all(|b| b.is_ascii_digit()) => number.parse(),
        _ => return Err(invalid()),
    };
    let character = code.ok().and_then(char::from_u32).ok_or_else(invalid)?;
    let allowed = matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..);
    if allowed { Ok(character) } else { Err(invalid()) }
}

fn invalid() -> SparkError {
    SparkError::execution("the XML is not well-formed: '&' starts no reference to a character or an entity")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_in_entities_are_replaced_and_the_first_declaration_counts() {
        let mut entities = Entities::default();
        entities.declare("e", "h&#105;").unwrap();
        entities.declare("e", "other").unwrap();
        entities.declare("f", "&e;&e;").unwrap();
        assert_eq!(entities.text("x&f;\r\ny&#x1F600;").unwrap(), "xhihi\ny😀");
        assert_eq!(entities.attribute("a\tb&#10;c").unwrap(), "a b\nc");
    }

    #[test]
    fn entities_that_multiply_or_contain_themselves_are_stopped() {
        let mut bomb = Entities::default();
        bomb.declare("e0", &"x".repeat(1000)).unwrap();
        for level in 1..20 {
            bomb.declare(&format!("e{level}"), &format!("&e{};", level - 1).repeat(10)).unwrap();
        }
        assert!(bomb.text("&e19;").unwrap_err().message.contains("expand too far"));
        let mut circle = Entities::default();
        circle.declare("e", "&e;").unwrap();
        assert!(circle.text("&e;").is_err());
    }

    #[test]
    fn nothing_outside_the_document_is_read() {
        let mut entities = Entities::default();
        entities.declare_external("e");
        assert_eq!(entities.text("a&e;b").unwrap(), "ab");
        assert!(entities.attribute("&e;").is_err() && entities.text("&f;").is_err());
    }
}
