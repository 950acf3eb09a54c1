//! Statements that are not queries: views and what manages them, EXPLAIN. What writes tables is refused by name.

use sqlparser::tokenizer::Token;

use super::cursor::Cursor;
use super::statement::{Source, Statement, ViewSource};
use super::{settings, show};
use crate::error::{ErrorKind, Result, SparkError};

/// Parses the statement if it is none of the queries.
pub(super) fn parse(source: &Source) -> Result<Option<Statement>> {
    if source.is_query_start(0) {
        return Ok(None);
    }
    let mut cursor = Cursor { source, at: 1 };
    let remainder = source.lexed.remainder.as_deref().unwrap_or_default();
    let statement = match source.token(0) {
        Token::Word(w) if w.quote_style.is_none() => match w.value.to_ascii_lowercase().as_str() {
            "create" => create(&mut cursor)?,
            "drop" => drop(&mut cursor)?,
            "cache" => cache(&mut cursor)?,
            "uncache" => uncache(&mut cursor)?,
            "clear" => clear(&mut cursor)?,
            "refresh" => refresh(&mut cursor)?,
            "use" => use_namespace(&mut cursor)?,
            "explain" => explain(&mut cursor)?,
            "set" => settings::set(source, remainder)?,
            "reset" => settings::reset(source, remainder)?,
            "show" => show::show(&mut cursor)?,
            "describe" | "desc" => show::describe(&mut cursor)?,
            other if STATEMENTS.contains(&other) => return Err(unsupported(source)),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    cursor.finish()?;
    Ok(Some(statement))
}

/// The first words of Spark 3.2's other statements, which are refused by name and not as syntax errors.
const STATEMENTS: [&str; 19] = [
    "add", "alter", "analyze", "comment", "commit", "delete", "dfs", "export", "grant", "import", "insert", "list",
    "load", "merge", "msck", "revoke", "truncate", "unlock", "update",
];

/// The first words of the statements that are done here.
const DONE: [&str; 13] = [
    "cache", "clear", "create", "desc", "describe", "drop", "explain", "refresh", "reset", "set", "show", "uncache",
    "use",
];

/// The error for statements that need a metastore or write tables, by their first words.
pub(super) fn unsupported(source: &Source) -> SparkError {
    let words: Vec<String> = (0..2)
        .map_while(|at| match source.token(at) {
            Token::Word(w) => Some(w.value.to_uppercase()),
            _ => None,
        })
        .collect();
    let message = format!(
        "the statement {}: this engine has no metastore and writes no tables; it has queries, temporary views and settings",
        words.join(" ")
    );
    SparkError::new(ErrorKind::Unsupported, message)
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
        return Err(SparkError::analysis("It is not allowed to define a TEMPORARY view with IF NOT EXISTS."));
    }
    let name = single_name(cursor.name()?)?;
    let source = view_source(cursor)?;
    Ok(Statement::CreateTempView { name, or_replace, global, source })
}

/// The name of a temporary view, which has one part.
fn single_name(name: Vec<String>) -> Result<String> {
    match <[String; 1]>::try_from(name) {
        Ok([name]) => Ok(name),
        Err(parts) => Err(SparkError::analysis(match &parts[..] {
            [database, _] => {
                format!("It is not allowed to add database prefix `{database}` for the TEMPORARY view name.")
            }
            _ => format!("{} is not a valid TableIdentifier as it has more than 2 name parts.", parts.join(".")),
        })),
    }
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
    if cursor.eat("comment") {
        cursor.string()?;
    }
    for clause in ["tblproperties", "partitioned"] {
        if cursor.source.is_word(cursor.at, clause) {
            let clause = clause.to_uppercase();
            return Err(
                cursor.error(format!("Operation not allowed: {clause} can't coexist with CREATE TEMPORARY VIEW"))
            );
        }
    }
    cursor.expect("as")?;
    Ok(ViewSource::Query { query: cursor.query()?, columns })
}

fn drop(cursor: &mut Cursor) -> Result<Statement> {
    if !(cursor.eat("view") || cursor.eat("table")) {
        return Err(unsupported(cursor.source));
    }
    let if_exists = if_exists(cursor)?;
    let name = cursor.name()?;
    let _ = cursor.eat("purge");
    Ok(Statement::DropView { name, if_exists })
}

fn if_exists(cursor: &mut Cursor) -> Result<bool> {
    let found = cursor.eat("if");
    if found {
        cursor.expect("exists")?;
    }
    Ok(found)
}

/// `CACHE [LAZY] TABLE name [OPTIONS (..)] [[AS] query]`: with a query it makes a temporary view.
fn cache(cursor: &mut Cursor) -> Result<Statement> {
    let _ = cursor.eat("lazy");
    cursor.expect("table")?;
    let name = cursor.name()?;
    if cursor.eat("options") {
        cursor.options()?;
    }
    if !cursor.eat("as") && cursor.is_end() {
        return Ok(Statement::Touch { name, if_exists: false });
    }
    if let [prefix @ .., _] = &name[..]
        && !prefix.is_empty()
    {
        let prefix = prefix.join(".");
        return Err(cursor.error(format!(
            "It is not allowed to add catalog/namespace prefix {prefix} to the table name in CACHE TABLE AS SELECT"
        )));
    }
    let source = ViewSource::Query { query: cursor.query()?, columns: Vec::new() };
    Ok(Statement::CreateTempView { name: single_name(name)?, or_replace: false, global: false, source })
}

fn uncache(cursor: &mut Cursor) -> Result<Statement> {
    cursor.expect("table")?;
    let if_exists = if_exists(cursor)?;
    Ok(Statement::Touch { name: cursor.name()?, if_exists })
}

fn clear(cursor: &mut Cursor) -> Result<Statement> {
    cursor.expect("cache")?;
    Ok(Statement::Nothing)
}

/// `REFRESH TABLE name`, or `REFRESH path`, where the path is a string or free text without blanks.
fn refresh(cursor: &mut Cursor) -> Result<Statement> {
    if cursor.eat("table") {
        return Ok(Statement::Touch { name: cursor.name()?, if_exists: false });
    }
    if cursor.eat("function") {
        let name = cursor.name()?.join(".");
        return Err(SparkError::analysis(format!("Cannot refresh built-in function {name}")));
    }
    if cursor.is_end() {
        return Err(cursor.error("Resource paths cannot be empty in REFRESH statements. Use / to match everything"));
    }
    let from = cursor.at;
    cursor.skip_rest();
    let lexemes = cursor.source.lexed.lexemes.get(from..).unwrap_or_default();
    let blank = lexemes.windows(2).any(|pair| match pair {
        [a, b] => b.token.token != Token::EOF && a.range.end != b.range.start,
        _ => false,
    });
    if blank {
        return Err(cursor
            .source
            .error_at(0, "REFRESH statements cannot contain ' ', '\\n', '\\r', '\\t' inside unquoted resource paths"));
    }
    Ok(Statement::Nothing)
}

fn use_namespace(cursor: &mut Cursor) -> Result<Statement> {
    let _ = cursor.eat("namespace");
    Ok(Statement::Use { name: cursor.name()? })
}

fn explain(cursor: &mut Cursor) -> Result<Statement> {
    let logical = cursor.eat("extended") || cursor.eat("cost");
    if cursor.eat("codegen") {
        return Err(SparkError::unsupported("EXPLAIN CODEGEN"));
    }
    let _ = !logical && cursor.eat("formatted");
    let known = |at| STATEMENTS.iter().chain(&DONE).any(|word| cursor.source.is_word(at, word));
    if !known(cursor.at) && !cursor.source.is_query_start(cursor.at) {
        return Err(cursor.error("mismatched input, expecting a statement"));
    }
    if !cursor.source.is_query_start(cursor.at) {
        return Err(SparkError::unsupported("EXPLAIN of a statement that is not a query"));
    }
    Ok(Statement::Explain { logical, query: cursor.query()? })
}
