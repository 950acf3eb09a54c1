//! The tokens of a path as Xalan's lexer cuts them.
//!
//! It knows few delimiters and lets everything else be part of a name: `1.5-2` is one token, and so an error.

use super::parser::invalid;
use crate::error::Result;

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Text in quotes, without them.
    Literal(String),
    /// A name or a number.
    Word(String),
    /// `::`
    Axis,
    /// Any other delimiter.
    Symbol(char),
}

/// Cuts a path into tokens.
pub(super) fn tokens(path: &str) -> Result<Vec<Token>> {
    let characters: Vec<char> = path.chars().collect();
    let mut tokens = Vec::new();
    let mut word = Word::default();
    let mut at = 0;
    while let Some(character) = characters.get(at).copied() {
        at += 1;
        match character {
            '"' | '\'' => {
                word.end(&mut tokens);
                let length = characters.iter().skip(at).position(|c| *c == character);
                let length = length.ok_or_else(|| invalid(path, "a quote is not closed"))?;
                tokens.push(Token::Literal(characters.iter().skip(at).take(length).collect()));
                at += length + 1;
            }
            ' ' | '\t' | '\r' | '\n' => word.end(&mut tokens),
            ':' if characters.get(at) == Some(&':') => {
                word.end(&mut tokens);
                tokens.push(Token::Axis);
                at += 1;
            }
            '-' if !word.ends_at_minus() => word.push(character),
            '-' | '@' | '(' | '[' | ')' | ']' | '|' | '/' | '*' | '+' | '=' | ',' | '\\' | '^' | '!' | '$' | '<'
            | '>' => {
                word.end(&mut tokens);
                tokens.push(Token::Symbol(character));
            }
            _ => word.push(character),
        }
    }
    word.end(&mut tokens);
    Ok(tokens)
}

/// A word in the making.
#[derive(Debug, Default)]
struct Word {
    text: String,
    /// Whether it has digits only.
    is_number: bool,
}

impl Word {
    fn push(&mut self, character: char) {
        self.is_number = (self.text.is_empty() || self.is_number) && character.is_ascii_digit();
        self.text.push(character);
    }

    /// Whether a minus is an operator and not part of the word.
    fn ends_at_minus(&self) -> bool {
        self.text.is_empty() || self.is_number
    }

    fn end(&mut self, tokens: &mut Vec<Token>) {
        if !self.text.is_empty() {
            tokens.push(Token::Word(std::mem::take(&mut self.text)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minus_is_part_of_names_and_of_numbers_with_a_fraction() {
        let words = |path| tokens(path).unwrap().len();
        assert_eq!((words("a-b"), words("1-2"), words("1.5-2"), words("a -b")), (1, 3, 1, 3));
    }
}
