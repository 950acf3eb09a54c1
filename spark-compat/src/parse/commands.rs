//! Statements that are not queries: views, settings, SHOW and DESCRIBE.

use datafusion::scalar::ScalarValue;
use sqlparser::ast::{Expr, Query, SelectItem, SetExpr};
use sqlparser::tokenizer::Token;

use super::statement::{Source, Statement, ViewSource};
use crate::datetime::MICROS_PER_SECOND;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::types::StructField;
use crate::types::ddl::{self, Slice};

/// Parses the statement if it is none of the queries.
pub(super) fn parse(source: &Source) -> Result<Option<Statement>> {
    if source.is_query_start(0) {
        return Ok(None);
    }
    let mut cursor = Cursor { source, at: 1 };
    let statement = match source.token(0) {
        Token::Word(w) if w.quote_style.is_none() => match w.value.to_ascii_lowercase().as_str() {
            "create" => create(&mut cursor)?,
            "drop" => drop(&mut cursor)?,
            "set" => set(source, source.lexed.remainder.as_deref().unwrap_or_default())?,
            "reset" => reset(source.lexed.remainder.as_deref().unwrap_or_default()),
            "show" => show(&mut cursor)?,
            "describe" | "desc" => describe(&mut cursor)?,
            other if STATEMENTS.contains(&other) => return Err(unsupported(source)),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    cursor.finish(&statement)?;
    Ok(Some(statement))
}

/// The first words of Spark 3.2's other statements, which are refused by name and not as syntax errors.
const STATEMENTS: [&str; 25] = [
    "add", "alter", "analyze", "cache", "clear", "comment", "commit", "delete", "dfs", "explain", "export", "grant",
    "import", "insert", "list", "load", "merge", "msck", "refresh", "revoke", "truncate", "uncache", "update", "use",
    "unlock",
];

fn unsupported(source: &Source) -> SparkError {
    let words: Vec<String> = (0..2)
        .map_while(|at| match source.token(at) {
            Token::Word(w) => Some(w.value.to_uppercase()),
            _ => None,
        })
        .collect();
    SparkError::unsupported(format!("the statement {}", words.join(" ")))
}

fn create(cursor: &mut Cursor) -> Result<Statement> {
    let or_replace = cursor.eat("or");
    if or_replace {
        cursor.expect("replace")?;
    }
    let global = cursor.eat("global");
    if !(cursor.eat("temporary") || cursor.eat("temp")) || !cursor.eat("view") {
        return Err(unsupported(cursor.source));
    }
    if cursor.eat("if") {
        return Err(cursor.error("It is not allowed to define a TEMPORARY view with IF NOT EXISTS."));
    }
    let name = cursor.name()?;
    let [name] = <[String; 1]>::try_from(name)
        .map_err(|parts| cursor.error(format!("a temporary view's name has one part, not {}", parts.join("."))))?;
    let source = view_source(cursor)?;
    Ok(Statement::CreateTempView { name, or_replace, global, source })
}

fn view_source(cursor: &mut Cursor) -> Result<ViewSource> {
    let from = cursor.at;
    let listed = cursor.eat_token(&Token::LParen);
    // `(a, b)` or `(a COMMENT 'x')` names a query's columns, `(a int)` is a file's schema.
    let typed = listed && {
        cursor.skip_parentheses(from)?;
        let using = cursor.source.is_word(cursor.at, "using");
        cursor.at = from + 1;
        using
    };
    let schema = if typed { Some(cursor.schema()?) } else { None };
    let columns = if listed && !typed { cursor.column_names()? } else { Vec::new() };
    if cursor.eat("using") {
        let format = cursor.name()?.join(".");
        let options = if cursor.eat("options") { cursor.options()? } else { Vec::new() };
        return Ok(ViewSource::File { format, options, columns: schema });
    }
    loop {
        if cursor.eat("comment") {
            cursor.string()?;
        } else if cursor.eat("tblproperties") {
            cursor.options()?;
        } else {
            break;
        }
    }
    cursor.expect("as")?;
    Ok(ViewSource::Query { query: cursor.query()?, columns })
}

fn drop(cursor: &mut Cursor) -> Result<Statement> {
    if !cursor.eat("view") {
        return Err(unsupported(cursor.source));
    }
    let if_exists = cursor.eat("if");
    if if_exists {
        cursor.expect("exists")?;
    }
    Ok(Statement::DropView { name: cursor.name()?, if_exists })
}

/// `SET` takes free text: nothing, `-v`, a key, `key=value`, or `TIME ZONE ..` (SparkSqlParser.visitSetConfiguration).
fn set(source: &Source, remainder: &str) -> Result<Statement> {
    let text = remainder.trim();
    if let Some(zone) = time_zone(text) {
        return zone.map(|zone| Statement::SetTimeZone { zone }).ok_or_else(|| {
            source.error_at(
                0,
                "Invalid time zone: write SET TIME ZONE 'region or offset', SET TIME ZONE INTERVAL '..' HOUR TO MINUTE of 18 hours at most, \
             or SET TIME ZONE LOCAL",
            )
        });
    }
    if text.is_empty() || text == "-v" {
        return Ok(Statement::ShowConfig { key: None });
    }
    match text.split_once('=') {
        Some((key, value)) if is_config_key(key.trim()) => {
            Ok(Statement::SetConfig { key: unquote(key.trim()), value: unquote(value.trim()) })
        }
        None if is_config_key(text) => Ok(Statement::ShowConfig { key: Some(unquote(text)) }),
        _ => Err(source.error_at(
            0,
            "Expected format is 'SET', 'SET key', or 'SET key=value'. If you want to include special characters in key, \
             please use quotes, e.g., SET `ke y`=value.",
        )),
    }
}

/// `None` if this is not SET TIME ZONE, `Some(None)` if its zone cannot be read.
fn time_zone(text: &str) -> Option<Option<Option<String>>> {
    let mut words = text.splitn(3, char::is_whitespace);
    let is_time_zone = words.next()?.eq_ignore_ascii_case("time") && words.next()?.trim().eq_ignore_ascii_case("zone");
    if !is_time_zone {
        return None;
    }
    let zone = words.next().unwrap_or_default().trim();
    if zone.eq_ignore_ascii_case("local") {
        return Some(Some(None));
    }
    if zone.get(..8).is_some_and(|word| word.eq_ignore_ascii_case("interval")) {
        return Some(displacement(zone).map(Some));
    }
    let quoted = zone.len() >= 2
        && (zone.starts_with('\'') && zone.ends_with('\'') || zone.starts_with('"') && zone.ends_with('"'));
    Some(quoted.then(|| Some(zone.trim_matches(['\'', '"']).to_string())))
}

/// The id of the offset that an interval literal says, in whole seconds and of 18 hours at most.
fn displacement(literal: &str) -> Option<String> {
    let query = super::parse_query(&format!("SELECT {literal}")).ok()?;
    let SetExpr::Select(select) = *query.body else { return None };
    let [SelectItem::UnnamedExpr(Expr::Interval(interval))] = &select.projection[..] else { return None };
    let (_, ScalarValue::DurationMicrosecond(Some(micros))) = super::literal::interval(interval).ok()? else {
        return None;
    };
    let seconds = (micros % MICROS_PER_SECOND == 0).then_some(micros / MICROS_PER_SECOND)?;
    let in_range = seconds.abs() <= 18 * 3600;
    in_range.then(|| Zone::Fixed(seconds as i32).to_string())
}

fn reset(remainder: &str) -> Statement {
    let key = remainder.trim();
    Statement::ResetConfig { key: (!key.is_empty()).then(|| unquote(key)) }
}

fn is_config_key(text: &str) -> bool {
    let quoted = text.len() > 2 && text.starts_with('`') && text.ends_with('`');
    quoted || !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_.:\\".contains(c))
}

fn unquote(text: &str) -> String {
    let inner = text.strip_prefix('`').and_then(|t| t.strip_suffix('`'));
    inner.unwrap_or(text).to_string()
}

fn show(cursor: &mut Cursor) -> Result<Statement> {
    if !(cursor.eat("views") || cursor.eat("tables")) {
        return Err(unsupported(cursor.source));
    }
    let explicit = cursor.eat("like");
    let pattern = match cursor.source.token(cursor.at) {
        Token::SingleQuotedRawStringLiteral(_) => Some(cursor.string()?),
        _ if explicit => return Err(cursor.error("expected a pattern after LIKE")),
        _ => None,
    };
    Ok(Statement::ShowViews { pattern })
}

fn describe(cursor: &mut Cursor) -> Result<Statement> {
    if cursor.eat("query") || cursor.source.is_query_start(cursor.at) && !cursor.source.is_word(cursor.at, "table") {
        return Ok(Statement::DescribeQuery(cursor.query()?));
    }
    for word in ["function", "database", "schema", "namespace"] {
        if cursor.source.is_word(cursor.at, word) && *cursor.source.token(cursor.at + 1) != Token::EOF {
            return Err(unsupported(cursor.source));
        }
    }
    let _ = cursor.eat("table");
    let _ = cursor.eat("extended") || cursor.eat("formatted");
    Ok(Statement::DescribeRelation { name: cursor.name()? })
}

/// A place in a statement's tokens.
struct Cursor<'a> {
    source: &'a Source<'a>,
    at: usize,
}

impl Cursor<'_> {
    fn error(&self, message: impl std::fmt::Display) -> SparkError {
        self.source.error_at(self.at, message)
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.source.is_word(self.at, word);
        self.at += usize::from(found);
        found
    }

    fn eat_token(&mut self, token: &Token) -> bool {
        let found = self.source.token(self.at) == token;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) -> Result<()> {
        if self.eat(word) { Ok(()) } else { Err(self.error(format!("expected {}", word.to_uppercase()))) }
    }

    fn expect_token(&mut self, token: &Token) -> Result<()> {
        if self.eat_token(token) { Ok(()) } else { Err(self.error(format!("expected '{token}'"))) }
    }

    fn identifier(&mut self) -> Result<String> {
        let Token::Word(word) = self.source.token(self.at) else {
            return Err(self.error("expected an identifier"));
        };
        self.at += 1;
        Ok(word.value.clone())
    }

    fn name(&mut self) -> Result<Vec<String>> {
        let mut parts = vec![self.identifier()?];
        while self.eat_token(&Token::Period) {
            parts.push(self.identifier()?);
        }
        Ok(parts)
    }

    fn string(&mut self) -> Result<String> {
        let Token::SingleQuotedRawStringLiteral(text) = self.source.token(self.at) else {
            return Err(self.error("expected a string"));
        };
        self.at += 1;
        Ok(text.clone())
    }

    /// `(key [=] value, ..)`: keys are names or strings, values strings, numbers or booleans.
    fn options(&mut self) -> Result<Vec<(String, String)>> {
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

    fn option_value(&mut self) -> Result<String> {
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
    fn skip_parentheses(&mut self, from: usize) -> Result<()> {
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

    fn schema(&mut self) -> Result<Vec<StructField>> {
        let mut tokens = Slice { lexemes: &self.source.lexed.lexemes, at: self.at };
        let columns = ddl::column_list(&mut tokens);
        self.at = tokens.at;
        let columns = columns.map_err(|e| self.error(e.message))?;
        self.expect_token(&Token::RParen)?;
        Ok(columns)
    }

    fn column_names(&mut self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        loop {
            names.push(self.identifier()?);
            if self.eat("comment") {
                self.string()?;
            }
            if !self.eat_token(&Token::Comma) {
                self.expect_token(&Token::RParen)?;
                return Ok(names);
            }
        }
    }

    fn query(&mut self) -> Result<Box<Query>> {
        let query = self.source.query(self.at)?;
        self.at = self.source.lexed.lexemes.len();
        Ok(query)
    }

    /// Nothing may follow, except where the statement's free text was read already.
    fn finish(&self, statement: &Statement) -> Result<()> {
        let free_text = matches!(
            statement,
            Statement::SetConfig { .. }
                | Statement::ShowConfig { .. }
                | Statement::ResetConfig { .. }
                | Statement::SetTimeZone { .. }
        );
        match self.source.token(self.at) {
            Token::EOF => Ok(()),
            _ if free_text => Ok(()),
            _ => Err(self.error("mismatched input, expecting the end of the statement")),
        }
    }
}
