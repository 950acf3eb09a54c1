//! SHOW and DESCRIBE.

use sqlparser::tokenizer::Token;

use super::commands::unsupported;
use super::cursor::Cursor;
use super::statement::{Show, Statement};
use crate::error::{Result, SparkError};

pub(super) fn show(cursor: &mut Cursor) -> Result<Statement> {
    let what = match word(cursor).as_str() {
        "tables" => relations(cursor, false)?,
        "views" => relations(cursor, true)?,
        "databases" | "schemas" | "namespaces" => databases(cursor)?,
        "columns" => columns(cursor)?,
        "functions" => functions(cursor, true)?,
        "system" | "all" if cursor.eat("functions") => functions(cursor, true)?,
        "user" if cursor.eat("functions") => functions(cursor, false)?,
        "tblproperties" => table_properties(cursor)?,
        "current" => {
            cursor.expect("namespace")?;
            Show::CurrentNamespace
        }
        "create" if cursor.eat("table") => {
            let name = cursor.name()?;
            if cursor.eat("as") {
                cursor.expect("serde")?;
            }
            Show::CreateTable { name }
        }
        "table" if cursor.eat("extended") => relations_extended(cursor)?,
        "partitions" | "table" | "create" => return Err(unsupported(cursor.source)),
        _ => return Err(cursor.error("missing 'FUNCTIONS'")),
    };
    Ok(Statement::Show(what))
}

/// The next word in lower case, empty if something else is there.
fn word(cursor: &mut Cursor) -> String {
    match cursor.source.token(cursor.at) {
        Token::Word(word) if word.quote_style.is_none() => {
            cursor.at += 1;
            word.value.to_lowercase()
        }
        _ => String::new(),
    }
}

fn relations(cursor: &mut Cursor, views: bool) -> Result<Show> {
    let database = if cursor.eat("from") || cursor.eat("in") { cursor.name()? } else { Vec::new() };
    Ok(Show::Relations { database, pattern: cursor.pattern()?, views })
}

fn relations_extended(cursor: &mut Cursor) -> Result<Show> {
    let database = if cursor.eat("from") || cursor.eat("in") { cursor.name()? } else { Vec::new() };
    cursor.expect("like")?;
    let pattern = cursor.string()?;
    let partition = cursor.eat("partition");
    if partition {
        cursor.skip_parentheses(cursor.at)?;
    }
    Ok(Show::RelationsExtended { database, pattern, partition })
}

fn databases(cursor: &mut Cursor) -> Result<Show> {
    if cursor.eat("from") || cursor.eat("in") {
        let catalog = cursor.name()?.join(".");
        if !catalog.eq_ignore_ascii_case("spark_catalog") {
            return Err(SparkError::analysis(format!("Catalog '{catalog}' not found")));
        }
    }
    Ok(Show::Databases { pattern: cursor.pattern()? })
}

/// `SHOW COLUMNS IN table [IN database]`
fn columns(cursor: &mut Cursor) -> Result<Show> {
    if !cursor.eat("from") {
        cursor.expect("in")?;
    }
    let table = cursor.name()?;
    let mut name = if cursor.eat("from") || cursor.eat("in") { cursor.name()? } else { Vec::new() };
    match (&table[..], name.is_empty()) {
        ([_, ..], true) => name = table,
        ([_], false) => name.extend(table),
        _ => return Err(SparkError::analysis("SHOW COLUMNS with conflicting databases")),
    }
    Ok(Show::Columns { name })
}

fn functions(cursor: &mut Cursor, system: bool) -> Result<Show> {
    let pattern = match cursor.source.token(cursor.at) {
        Token::Word(word) if word.quote_style.is_some() || !word.value.eq_ignore_ascii_case("like") => {
            Some(function_name(cursor)?)
        }
        Token::Word(_) if matches!(cursor.source.token(cursor.at + 1), Token::Word(_)) => {
            cursor.at += 1;
            Some(function_name(cursor)?)
        }
        _ => cursor.pattern()?,
    };
    Ok(Show::Functions { pattern, system })
}

fn function_name(cursor: &mut Cursor) -> Result<String> {
    match &cursor.name()?[..] {
        [name] => Ok(name.clone()),
        _ => Err(SparkError::unsupported("SHOW FUNCTIONS with a database")),
    }
}

fn table_properties(cursor: &mut Cursor) -> Result<Show> {
    let name = cursor.name()?;
    if *cursor.source.token(cursor.at) == Token::LParen {
        cursor.skip_parentheses(cursor.at)?;
    }
    Ok(Show::TableProperties { name })
}

pub(super) fn describe(cursor: &mut Cursor) -> Result<Statement> {
    let explicit = cursor.source.is_word(cursor.at, "query") && cursor.source.is_query_start(cursor.at + 1);
    if explicit {
        cursor.at += 1;
    }
    if explicit || cursor.source.is_query_start(cursor.at) && !cursor.source.is_word(cursor.at, "table") {
        return Ok(Statement::DescribeQuery(cursor.query()?));
    }
    let followed = |cursor: &Cursor| *cursor.source.token(cursor.at + 1) != Token::EOF;
    if cursor.source.is_word(cursor.at, "function") && followed(cursor) {
        cursor.at += 1;
        return function(cursor);
    }
    for word in ["database", "schema", "namespace"] {
        if cursor.source.is_word(cursor.at, word) && followed(cursor) {
            return Err(unsupported(cursor.source));
        }
    }
    if cursor.source.is_word(cursor.at, "table") && followed(cursor) {
        cursor.at += 1;
    }
    let extended = followed(cursor) && (cursor.eat("extended") || cursor.eat("formatted"));
    let name = cursor.name()?;
    if cursor.source.is_word(cursor.at, "partition") {
        let name = name.join(".");
        return Err(SparkError::analysis(format!("DESC PARTITION is not allowed on a temporary view: {name}")));
    }
    let column = if cursor.is_end() { None } else { Some(cursor.name()?.join(".")) };
    Ok(Statement::DescribeRelation { name, extended, column })
}

/// The function's name is a name, a string or an operator.
fn function(cursor: &mut Cursor) -> Result<Statement> {
    let extended = *cursor.source.token(cursor.at + 1) != Token::EOF && cursor.eat("extended");
    let name = match cursor.source.token(cursor.at) {
        Token::SingleQuotedRawStringLiteral(_) => cursor.string()?,
        Token::Word(_) => cursor.name()?.join("."),
        // As it is written: the token of `!=` is that of `<>`, and each has a description of its own.
        operator => {
            let written =
                cursor.source.lexeme(cursor.at).and_then(|lexeme| cursor.source.sql.get(lexeme.range.clone()));
            let name = written.map_or_else(|| operator.to_string(), str::to_owned);
            cursor.at += 1;
            name
        }
    };
    Ok(Statement::DescribeFunction { name: name.to_lowercase(), extended })
}
