//! A place in a statement's tokens, for the statements that are not queries.

use sqlparser::ast::Query;
use sqlparser::tokenizer::Token;

use super::statement::{NamedColumn, Source};
use crate::error::{Result, SparkError};
use crate::types::StructField;
use crate::types::ddl::{self, Slice};

/// A place in a statement's tokens.
pub(super) struct Cursor<'a> {
    pub source: &'a Source<'a>,
    pub at: usize,
}

impl Cursor<'_> {
    pub fn error(&self, message: impl std::fmt::Display) -> SparkError {
        self.source.error_at(self.at, message)
    }

    pub fn eat(&mut self, word: &str) -> bool {
        let found = self.source.is_word(self.at, word);
        self.at += usize::from(found);
        found
    }

    pub fn eat_token(&mut self, token: &Token) -> bool {
        let found = self.source.token(self.at) == token;
        self.at += usize::from(found);
        found
    }

    pub fn expect(&mut self, word: &str) -> Result<()> {
        if self.eat(word) { Ok(()) } else { Err(self.error(format!("expected {}", word.to_uppercase()))) }
    }

    pub fn expect_token(&mut self, token: &Token) -> Result<()> {
        if self.eat_token(token) { Ok(()) } else { Err(self.error(format!("expected '{token}'"))) }
    }

    pub fn identifier(&mut self) -> Result<String> {
        let Token::Word(word) = self.source.token(self.at) else {
            return Err(self.error("expected an identifier"));
        };
        self.at += 1;
        Ok(word.value.clone())
    }

    pub fn name(&mut self) -> Result<Vec<String>> {
        let mut parts = vec![self.identifier()?];
        while self.eat_token(&Token::Period) {
            parts.push(self.identifier()?);
        }
        Ok(parts)
    }

    pub fn string(&mut self) -> Result<String> {
        let Token::SingleQuotedRawStringLiteral(text) = self.source.token(self.at) else {
            return Err(self.error("expected a string"));
        };
        self.at += 1;
        Ok(text.clone())
    }

    /// `(key [=] value, ..)`: keys are names or strings, values strings, numbers or booleans.
    pub fn options(&mut self) -> Result<Vec<(String, String)>> {
        self.expect_token(&Token::LParen)?;
        let mut options = Vec::new();
        loop {
            let key = match self.source.token(self.at) {
                Token::SingleQuotedRawStringLiteral(_) => self.string()?,
                _ => self.name()?.join("."),
            };
            let _ = self.eat_token(&Token::Eq);
            options.push((key, self.option_value()?));
            if !self.eat_token(&Token::Comma) {
                self.expect_token(&Token::RParen)?;
                return Ok(options);
            }
        }
    }

    pub fn option_value(&mut self) -> Result<String> {
        let value = match self.source.token(self.at) {
            Token::SingleQuotedRawStringLiteral(text) | Token::Number(text, _) => text.clone(),
            Token::Word(w)
                if w.quote_style.is_none() && matches!(w.value.to_ascii_lowercase().as_str(), "true" | "false") =>
            {
                w.value.to_ascii_lowercase()
            }
            _ => return Err(self.error("expected an option's value: a string, a number, true or false")),
        };
        self.at += 1;
        Ok(value)
    }

    /// Moves behind the parenthesis that closes the one at `from`.
    pub fn skip_parentheses(&mut self, from: usize) -> Result<()> {
        let mut depth = 0usize;
        self.at = from;
        loop {
            match self.source.token(self.at) {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                Token::EOF => return Err(self.error("expected ')'")),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    pub fn schema(&mut self) -> Result<Vec<StructField>> {
        let mut tokens = Slice { lexemes: &self.source.lexed.lexemes, at: self.at };
        let columns = ddl::column_list(&mut tokens);
        self.at = tokens.at;
        let columns = columns.map_err(|e| self.error(e.message))?;
        self.expect_token(&Token::RParen)?;
        Ok(columns)
    }

    /// `(a [COMMENT 'text'], ..)` behind its opening parenthesis.
    pub fn column_names(&mut self) -> Result<Vec<NamedColumn>> {
        let mut columns = Vec::new();
        loop {
            let name = self.identifier()?;
            let comment = if self.eat("comment") { Some(self.string()?) } else { None };
            columns.push(NamedColumn { name, comment });
            if !self.eat_token(&Token::Comma) {
                self.expect_token(&Token::RParen)?;
                return Ok(columns);
            }
        }
    }

    /// The pattern behind an optional LIKE.
    pub fn pattern(&mut self) -> Result<Option<String>> {
        let explicit = self.eat("like");
        match self.source.token(self.at) {
            Token::SingleQuotedRawStringLiteral(_) => self.string().map(Some),
            _ if explicit => Err(self.error("expected a pattern after LIKE")),
            _ => Ok(None),
        }
    }

    /// Whether the statement ends here.
    pub fn is_end(&self) -> bool {
        *self.source.token(self.at) == Token::EOF
    }

    /// Goes to the end of the statement.
    pub fn skip_rest(&mut self) {
        self.at = self.source.lexed.lexemes.len();
    }

    pub fn query(&mut self) -> Result<Box<Query>> {
        let query = self.source.query(self.at)?;
        self.at = self.source.lexed.lexemes.len();
        Ok(query)
    }

    /// Nothing may follow.
    pub fn finish(&self) -> Result<()> {
        match self.source.token(self.at) {
            Token::EOF => Ok(()),
            _ => Err(self.error("mismatched input, expecting the end of the statement")),
        }
    }
}
