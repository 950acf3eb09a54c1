//! Statements: queries go to sqlparser, the few others that Spark sessions need are parsed here from tokens.

use sqlparser::ast::Query;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::commands;
use super::dialect::SparkDialect;
use super::lexer::{Escapes, LexedStatement, Lexeme, tokenize, tokenize_with};
use super::{clauses, lateral_view, regex_columns, values};
use crate::error::{Position, Result, SparkError};
use crate::types::StructField;

/// A statement of Spark SQL.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// A query.
    Query(Box<Query>),
    /// `CREATE [OR REPLACE] [GLOBAL] TEMPORARY VIEW`
    CreateTempView {
        /// The view's name.
        name: String,
        /// Whether an existing view of that name is replaced.
        or_replace: bool,
        /// Whether the view goes to the database `global_temp`.
        global: bool,
        /// Where its rows come from.
        source: ViewSource,
    },
    /// `DROP VIEW [IF EXISTS] name`, and `DROP TABLE`, which drops temporary views too.
    DropView {
        /// The parts of the name: the view, or `global_temp` and the view.
        name: Vec<String>,
        /// Whether it is no error if there is no such view.
        if_exists: bool,
    },
    /// `CACHE TABLE name`, `UNCACHE TABLE name`, `REFRESH TABLE name`: the relation must exist, and nothing else happens.
    Touch {
        /// The parts of the relation's name.
        name: Vec<String>,
        /// Whether it is no error if there is no such relation.
        if_exists: bool,
    },
    /// `CLEAR CACHE`, `REFRESH 'path'`: there is nothing to do.
    Nothing,
    /// `USE name`
    Use {
        /// The parts of the name.
        name: Vec<String>,
    },
    /// `SET key=value`
    SetConfig {
        /// The key.
        key: String,
        /// The value, trimmed.
        value: String,
    },
    /// `SET key`, `SET`
    ShowConfig {
        /// The key, all keys if `None`.
        key: Option<String>,
    },
    /// `RESET key`, `RESET`
    ResetConfig {
        /// The key, all keys if `None`.
        key: Option<String>,
    },
    /// `SET TIME ZONE 'zone'`, `SET TIME ZONE LOCAL`
    SetTimeZone {
        /// The zone, the machine's own if `None`.
        zone: Option<String>,
    },
    /// `SHOW ..`
    Show(Show),
    /// `DESCRIBE [TABLE] [EXTENDED] name [column]`
    DescribeRelation {
        /// The parts of the relation's name.
        name: Vec<String>,
        /// Whether all that is known is wanted.
        extended: bool,
        /// The column that is described, all of them if `None`.
        column: Option<String>,
    },
    /// `DESCRIBE [QUERY] query`
    DescribeQuery(Box<Query>),
    /// `DESCRIBE FUNCTION [EXTENDED] name`
    DescribeFunction {
        /// The function's name.
        name: String,
        /// Whether examples are wanted, too.
        extended: bool,
    },
    /// `EXPLAIN [EXTENDED | COST | FORMATTED] query`
    Explain {
        /// Whether the logical plan is wanted, too.
        logical: bool,
        /// The query.
        query: Box<Query>,
    },
}

impl Statement {
    /// Takes the quoted names in the SELECT lists of the statement's query for regular expressions
    /// (`spark.sql.parser.quotedRegexColumnNames`).
    pub(crate) fn with_regex_columns(mut self) -> Self {
        let query = match &mut self {
            Self::Query(query) | Self::DescribeQuery(query) | Self::Explain { query, .. } => Some(query),
            Self::CreateTempView { source: ViewSource::Query { query, .. }, .. } => Some(query),
            _ => None,
        };
        if let Some(query) = query {
            regex_columns::mark(query);
        }
        self
    }
}

/// What SHOW lists.
#[derive(Clone, Debug, PartialEq)]
pub enum Show {
    /// `SHOW TABLES`, `SHOW VIEWS`
    Relations {
        /// The parts of the database's name.
        database: Vec<String>,
        /// The pattern behind LIKE.
        pattern: Option<String>,
        /// Whether the names stand in a column `viewName` instead of `tableName`.
        views: bool,
    },
    /// `SHOW TABLE EXTENDED [IN database] LIKE 'pattern' [PARTITION ..]`
    RelationsExtended {
        /// The parts of the database's name; empty if there is none.
        database: Vec<String>,
        /// The pattern.
        pattern: String,
        /// Whether a partition is asked for.
        partition: bool,
    },
    /// `SHOW DATABASES`
    Databases {
        /// The pattern behind LIKE.
        pattern: Option<String>,
    },
    /// `SHOW COLUMNS IN table`
    Columns {
        /// The parts of the relation's name.
        name: Vec<String>,
    },
    /// `SHOW FUNCTIONS`
    Functions {
        /// The pattern, or the only name.
        pattern: Option<String>,
        /// Whether Spark's own functions are meant; there are no others.
        system: bool,
    },
    /// `SHOW TBLPROPERTIES table`
    TableProperties {
        /// The parts of the relation's name.
        name: Vec<String>,
    },
    /// `SHOW CREATE TABLE table`
    CreateTable {
        /// The parts of the relation's name.
        name: Vec<String>,
    },
    /// `SHOW CURRENT NAMESPACE`
    CurrentNamespace,
}

/// A column of a view as CREATE VIEW names it.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedColumn {
    /// The name.
    pub name: String,
    /// The text behind COMMENT.
    pub comment: Option<String>,
}

/// Where a temporary view's rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewSource {
    /// `[(columns)] AS query`
    Query {
        /// The query.
        query: Box<Query>,
        /// Names of the view's columns; empty to keep the query's.
        columns: Vec<NamedColumn>,
    },
    /// `[(columns)] USING format OPTIONS (..)`
    File {
        /// The format's name, as written.
        format: String,
        /// The options in order; keys as written, lookup ignores case.
        options: Vec<(String, String)>,
        /// The schema, if the statement gives one.
        columns: Option<Vec<StructField>>,
    },
}

/// Parses a text of statements separated by `;`.
pub fn parse_script(sql: &str) -> Result<Vec<Statement>> {
    parse_script_with(sql, Escapes::default())
}

/// As [`parse_script`], where `escapes` says what backslashes in string literals are.
pub fn parse_script_with(sql: &str, escapes: Escapes) -> Result<Vec<Statement>> {
    tokenize_with(sql, escapes)?.into_iter().map(|lexed| Source { sql, lexed: &lexed }.statement()).collect()
}

/// Parses a text that holds exactly one query.
pub fn parse_query(sql: &str) -> Result<Box<Query>> {
    let lexed = tokenize(sql)?;
    match lexed.as_slice() {
        [lexed] => Source { sql, lexed }.query(0),
        _ => Err(SparkError::parse("expected one query", sql, Position { line: 1, column: 0 })),
    }
}

/// Deeper nesting of expressions and queries than this is refused.
const MAX_NESTING: usize = 400;

/// One statement with the text it stands in.
pub(super) struct Source<'a> {
    pub(super) sql: &'a str,
    pub(super) lexed: &'a LexedStatement,
}

impl Source<'_> {
    fn statement(&self) -> Result<Statement> {
        if let Some(statement) = commands::parse(self)? {
            return Ok(statement);
        }
        Ok(Statement::Query(self.query(0)?))
    }

    /// Parses the tokens from the `from`th on as a query that ends with the statement.
    pub(super) fn query(&self, from: usize) -> Result<Box<Query>> {
        let lexemes = self.lexed.lexemes.get(from..).unwrap_or_default();
        let tokens: Vec<TokenWithSpan> = lexemes.iter().map(|l| l.token.clone()).collect();
        let mut parser = Parser::new(&SparkDialect)
            .with_recursion_limit(MAX_NESTING)
            .with_tokens_with_locations(lateral_view::normalize(clauses::normalize(values::normalize(tokens))));
        let query = parser.parse_query().map_err(|e| self.parser_error(&e))?;
        match parser.peek_token_ref() {
            TokenWithSpan { token: Token::EOF, .. } => Ok(query),
            _ => {
                let unexpected = parser.expected_ref::<()>("the end of the statement", parser.peek_token_ref());
                Err(unexpected.map_or_else(|e| self.parser_error(&e), |()| self.error_at(0, "syntax error")))
            }
        }
    }

    pub(super) fn lexeme(&self, at: usize) -> Option<&Lexeme> {
        self.lexed.lexemes.get(at)
    }

    pub(super) fn token(&self, at: usize) -> &Token {
        self.lexeme(at).map_or(&Token::EOF, |l| &l.token.token)
    }

    /// Whether the token at `at` is this word, unquoted and in any case.
    pub(super) fn is_word(&self, at: usize, word: &str) -> bool {
        matches!(self.token(at), Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
    }

    /// Whether a query starts at `at`.
    pub(super) fn is_query_start(&self, at: usize) -> bool {
        let keywords = [Keyword::SELECT, Keyword::WITH, Keyword::FROM, Keyword::VALUES, Keyword::TABLE];
        match self.token(at) {
            Token::LParen => true,
            Token::Word(w) => keywords.contains(&w.keyword),
            _ => false,
        }
    }

    /// A parse error at the token `at`, or at the end of the text.
    pub(super) fn error_at(&self, at: usize, message: impl std::fmt::Display) -> SparkError {
        let lexeme = self.lexeme(at).or(self.lexed.lexemes.last());
        let position = lexeme.and_then(|l| Position::from_location(l.token.span.start));
        SparkError::parse(message, self.sql, position.unwrap_or(Position { line: 1, column: 0 }))
    }

    /// sqlparser's messages end with a location and name the token found as it would print it; Spark's show the text.
    fn parser_error(&self, error: &ParserError) -> SparkError {
        let message = match error {
            ParserError::TokenizerError(message) | ParserError::ParserError(message) => message.as_str(),
            ParserError::RecursionLimitExceeded => "the statement is nested too deeply",
        };
        let (message, position) = split_location(message);
        let at = position.and_then(|p| {
            self.lexed.lexemes.iter().position(|l| Position::from_location(l.token.span.start) == Some(p))
        });
        let at = at.unwrap_or(if *error == ParserError::RecursionLimitExceeded { 0 } else { usize::MAX });
        let found = self.lexeme(at).map_or("", |l| self.sql.get(l.range.clone()).unwrap_or_default());
        let found = if found.is_empty() { "<EOF>" } else { found };
        match message.split_once(", found:") {
            Some((expected, _)) => {
                let expected = expected.strip_prefix("Expected: ").unwrap_or(expected);
                self.error_at(at, format!("mismatched input '{found}' expecting {expected}"))
            }
            None => self.error_at(at, message),
        }
    }
}

/// Splits sqlparser's ` at Line: 1, Column: 8` from the end of a message.
fn split_location(message: &str) -> (&str, Option<Position>) {
    let split = || {
        let (text, location) = message.rsplit_once(" at Line: ")?;
        let (line, column) = location.split_once(", Column: ")?;
        let column: u64 = column.trim().parse().ok()?;
        Some((text, Position { line: line.parse().ok()?, column: column.saturating_sub(1) }))
    };
    split().map_or((message, None), |(text, position)| (text, Some(position)))
}
