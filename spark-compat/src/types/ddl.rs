//! Types and column lists as they stand in SQL texts and schema strings: `decimal(10,2)`, `array<int>`, `a int, b string`.

use sqlparser::ast::{DataType, ObjectNamePart};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::{DayTimeField, MAX_PRECISION, SparkType, StructField, YearMonthField};
use crate::error::{Result, SparkError};
use crate::parse::lexer::{Lexeme, tokenize};

/// Parses a type such as `array<struct<a:int,b:decimal(10,2)>>`.
pub fn parse_type(text: &str) -> Result<SparkType> {
    let lexemes = single(text)?;
    let mut tokens = Slice { lexemes: &lexemes, at: 0 };
    let parsed = data_type(&mut tokens)?;
    expect_end(&tokens, text)?;
    Ok(parsed)
}

/// Parses a column list such as `a int, b string NOT NULL COMMENT 'x'` (Spark's `StructType.fromDDL`).
pub fn parse_columns(text: &str) -> Result<Vec<StructField>> {
    let lexemes = single(text)?;
    let mut tokens = Slice { lexemes: &lexemes, at: 0 };
    let columns = column_list(&mut tokens)?;
    expect_end(&tokens, text)?;
    Ok(columns)
}

/// The type of a CAST or a typed literal in a statement parsed by this crate.
pub fn from_ast(data_type: &DataType) -> Result<SparkType> {
    match data_type {
        DataType::Date => Ok(SparkType::Date),
        DataType::Timestamp(..) => Ok(SparkType::Timestamp),
        DataType::Custom(name, _) => match name.0.as_slice() {
            [ObjectNamePart::Identifier(text)] => parse_type(&text.value),
            _ => Err(unknown_type(&name.to_string())),
        },
        other => Err(unknown_type(&other.to_string())),
    }
}

/// Where a type is read from: the tokens of a text, or those of a running parser.
pub(crate) trait Tokens {
    fn peek(&self) -> &Token;
    fn advance(&mut self);
}

impl Tokens for Parser<'_> {
    fn peek(&self) -> &Token {
        &self.peek_token_ref().token
    }

    fn advance(&mut self) {
        self.advance_token();
    }
}

/// A cursor over lexed tokens, which end with [`Token::EOF`].
pub(crate) struct Slice<'a> {
    pub(crate) lexemes: &'a [Lexeme],
    pub(crate) at: usize,
}

impl Tokens for Slice<'_> {
    fn peek(&self) -> &Token {
        self.lexemes.get(self.at).map_or(&Token::EOF, |l| &l.token.token)
    }

    fn advance(&mut self) {
        self.at += 1;
    }
}

/// Reads `name type [NOT NULL] [COMMENT 'text'], ..` (the grammar's `colTypeList`).
pub(crate) fn column_list(tokens: &mut impl Tokens) -> Result<Vec<StructField>> {
    fields(tokens, 0)
}

/// Reads one type.
pub(crate) fn data_type(tokens: &mut impl Tokens) -> Result<SparkType> {
    nested_type(tokens, 0)
}

/// Deeper types than this are refused, so that no text can exhaust the stack.
const MAX_TYPE_DEPTH: usize = 100;

fn nested_type(tokens: &mut impl Tokens, depth: usize) -> Result<SparkType> {
    if depth > MAX_TYPE_DEPTH {
        return Err(SparkError::analysis(format!("the type is nested more than {MAX_TYPE_DEPTH} levels deep")));
    }
    let name = identifier(tokens)?;
    match name.to_ascii_lowercase().as_str() {
        "array" if eat(tokens, &Token::Lt) => {
            let element = Box::new(nested_type(tokens, depth + 1)?);
            expect(tokens, &Token::Gt)?;
            Ok(SparkType::Array { element, contains_null: true })
        }
        "map" if eat(tokens, &Token::Lt) => {
            let key = Box::new(nested_type(tokens, depth + 1)?);
            expect(tokens, &Token::Comma)?;
            let value = Box::new(nested_type(tokens, depth + 1)?);
            expect(tokens, &Token::Gt)?;
            Ok(SparkType::Map { key, value, value_contains_null: true })
        }
        "struct" if eat(tokens, &Token::Neq) => Ok(SparkType::Struct(Vec::new())),
        "struct" if eat(tokens, &Token::Lt) => {
            let members = if *tokens.peek() == Token::Gt { Vec::new() } else { fields(tokens, depth + 1)? };
            expect(tokens, &Token::Gt)?;
            Ok(SparkType::Struct(members))
        }
        "interval" => interval_type(tokens),
        primitive => {
            let parameters = parameters(tokens)?;
            primitive_type(primitive, &parameters).ok_or_else(|| unknown_type(&with_parameters(&name, &parameters)))?
        }
    }
}

fn fields(tokens: &mut impl Tokens, depth: usize) -> Result<Vec<StructField>> {
    let mut fields = Vec::new();
    loop {
        let name = identifier(tokens)?;
        eat(tokens, &Token::Colon);
        let data_type = nested_type(tokens, depth)?;
        let nullable = !eat_word(tokens, "not");
        if !nullable && !eat_word(tokens, "null") {
            return Err(unexpected("NULL after NOT", tokens.peek()));
        }
        skip_comment(tokens)?;
        fields.push(StructField { name, data_type, nullable });
        if !eat(tokens, &Token::Comma) {
            return Ok(fields);
        }
    }
}

fn skip_comment(tokens: &mut impl Tokens) -> Result<()> {
    if eat_word(tokens, "comment") {
        match tokens.peek() {
            Token::SingleQuotedRawStringLiteral(_) => tokens.advance(),
            other => return Err(unexpected("a string after COMMENT", other)),
        }
    }
    Ok(())
}

fn primitive_type(name: &str, parameters: &[u32]) -> Option<Result<SparkType>> {
    let plain = |t| Some(Ok(t));
    match (name, parameters) {
        ("boolean", []) => plain(SparkType::Boolean),
        ("tinyint" | "byte", []) => plain(SparkType::Byte),
        ("smallint" | "short", []) => plain(SparkType::Short),
        ("int" | "integer", []) => plain(SparkType::Int),
        ("bigint" | "long", []) => plain(SparkType::Long),
        ("float" | "real", []) => plain(SparkType::Float),
        ("double", []) => plain(SparkType::Double),
        ("date", []) => plain(SparkType::Date),
        ("timestamp", []) => plain(SparkType::Timestamp),
        ("string", []) => plain(SparkType::String),
        ("binary", []) => plain(SparkType::Binary),
        ("void", []) => plain(SparkType::Void),
        // Outside table columns Spark 3.2 reads both as string (CharVarcharUtils.replaceCharVarcharWithString).
        ("char" | "character" | "varchar", [_]) => plain(SparkType::String),
        ("decimal" | "dec" | "numeric", []) => plain(SparkType::decimal(10, 0)),
        ("decimal" | "dec" | "numeric", [precision]) => Some(decimal_type(*precision, 0)),
        ("decimal" | "dec" | "numeric", [precision, scale]) => Some(decimal_type(*precision, *scale)),
        _ => None,
    }
}

fn decimal_type(precision: u32, scale: u32) -> Result<SparkType> {
    if scale > precision {
        return Err(SparkError::analysis(format!(
            "Decimal scale ({scale}) cannot be greater than precision ({precision})."
        )));
    }
    match (u8::try_from(precision), u8::try_from(scale)) {
        (Ok(precision), Ok(scale)) if precision <= MAX_PRECISION => Ok(SparkType::decimal(precision, scale)),
        _ => Err(SparkError::analysis(format!("decimal can only support precision up to {MAX_PRECISION}"))),
    }
}

fn interval_type(tokens: &mut impl Tokens) -> Result<SparkType> {
    if let Some(start) = eat_field(tokens, year_month_field) {
        let end = if eat_word(tokens, "to") { required_field(tokens, year_month_field)? } else { start };
        return interval_order(start, end, SparkType::YearMonthInterval { start, end });
    }
    if let Some(start) = eat_field(tokens, day_time_field) {
        let end = if eat_word(tokens, "to") { required_field(tokens, day_time_field)? } else { start };
        return interval_order(start, end, SparkType::DayTimeInterval { start, end });
    }
    Ok(SparkType::CalendarInterval)
}

fn interval_order<F: PartialOrd>(start: F, end: F, interval: SparkType) -> Result<SparkType> {
    if end < start {
        return Err(SparkError::analysis(format!("'{interval}' is an invalid interval type.")));
    }
    Ok(interval)
}

/// The field of a year-month interval that `word` names.
pub(crate) fn year_month_field(word: &str) -> Option<YearMonthField> {
    match word.to_ascii_lowercase().as_str() {
        "year" => Some(YearMonthField::Year),
        "month" => Some(YearMonthField::Month),
        _ => None,
    }
}

/// The field of a day-time interval that `word` names.
pub(crate) fn day_time_field(word: &str) -> Option<DayTimeField> {
    match word.to_ascii_lowercase().as_str() {
        "day" => Some(DayTimeField::Day),
        "hour" => Some(DayTimeField::Hour),
        "minute" => Some(DayTimeField::Minute),
        "second" => Some(DayTimeField::Second),
        _ => None,
    }
}

fn eat_field<F>(tokens: &mut impl Tokens, field: fn(&str) -> Option<F>) -> Option<F> {
    let found = match tokens.peek() {
        Token::Word(w) => field(&w.value),
        _ => None,
    };
    if found.is_some() {
        tokens.advance();
    }
    found
}

fn required_field<F>(tokens: &mut impl Tokens, field: fn(&str) -> Option<F>) -> Result<F> {
    eat_field(tokens, field).ok_or_else(|| unexpected("an interval field after TO", tokens.peek()))
}

fn parameters(tokens: &mut impl Tokens) -> Result<Vec<u32>> {
    let mut parameters = Vec::new();
    if !eat(tokens, &Token::LParen) {
        return Ok(parameters);
    }
    loop {
        let number = match tokens.peek() {
            Token::Number(text, _) => text.parse().ok(),
            _ => None,
        };
        parameters.push(number.ok_or_else(|| unexpected("a number", tokens.peek()))?);
        tokens.advance();
        if !eat(tokens, &Token::Comma) {
            break;
        }
    }
    expect(tokens, &Token::RParen)?;
    Ok(parameters)
}

fn identifier(tokens: &mut impl Tokens) -> Result<String> {
    let name = match tokens.peek() {
        Token::Word(w) => Some(w.value.clone()),
        _ => None,
    };
    let name = name.ok_or_else(|| unexpected("an identifier", tokens.peek()))?;
    tokens.advance();
    Ok(name)
}

fn eat(tokens: &mut impl Tokens, token: &Token) -> bool {
    let found = tokens.peek() == token;
    if found {
        tokens.advance();
    }
    found
}

fn eat_word(tokens: &mut impl Tokens, word: &str) -> bool {
    let found =
        matches!(tokens.peek(), Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word));
    if found {
        tokens.advance();
    }
    found
}

fn expect(tokens: &mut impl Tokens, token: &Token) -> Result<()> {
    if eat(tokens, token) { Ok(()) } else { Err(unexpected(&format!("'{token}'"), tokens.peek())) }
}

fn single(text: &str) -> Result<Vec<Lexeme>> {
    let mut statements = tokenize(text)?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement.lexemes),
        _ => Err(SparkError::analysis(format!("'{text}' is not a type or a column list"))),
    }
}

fn expect_end(tokens: &impl Tokens, text: &str) -> Result<()> {
    match tokens.peek() {
        Token::EOF => Ok(()),
        other => Err(SparkError::analysis(format!("unexpected '{other}' in the type or column list '{text}'"))),
    }
}

fn unexpected(expected: &str, found: &Token) -> SparkError {
    SparkError::analysis(format!("expected {expected} in a type, found '{found}'"))
}

fn with_parameters(name: &str, parameters: &[u32]) -> String {
    if parameters.is_empty() {
        return name.to_string();
    }
    let list: Vec<String> = parameters.iter().map(u32::to_string).collect();
    format!("{name}({})", list.join(","))
}

fn unknown_type(name: &str) -> SparkError {
    SparkError::analysis(format!("DataType {} is not supported.", name.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_reads_back_what_it_writes() {
        for text in [
            "int",
            "decimal(10,2)",
            "array<map<string,bigint>>",
            "struct<a:int,b:array<double>>",
            "interval year to month",
            "interval second",
            "interval",
            "struct<>",
        ] {
            assert_eq!(parse_type(text).unwrap().catalog_string(), text);
        }
        assert_eq!(parse_type("Struct<`a b`: Int>").unwrap().sql(), "STRUCT<`a b`: INT>");
    }

    #[test]
    fn synonyms_name_the_same_types() {
        assert_eq!(parse_type("LONG").unwrap(), SparkType::Long);
        assert_eq!(parse_type("numeric(5)").unwrap(), SparkType::decimal(5, 0));
        assert_eq!(parse_type("dec").unwrap(), SparkType::decimal(10, 0));
        assert_eq!(parse_type("varchar(3)").unwrap(), SparkType::String);
    }

    #[test]
    fn columns_carry_nullability_and_skip_comments() {
        let columns = parse_columns("a int not null comment 'x', `b c` string").unwrap();
        assert_eq!(columns.len(), 2);
        assert!(!columns[0].nullable);
        assert_eq!(columns[1].name, "b c");
    }

    #[test]
    fn impossible_types_are_refused() {
        for text in
            ["decimal(39,0)", "decimal(3,4)", "char", "timestamp_ntz", "array<int", "interval month to year", ""]
        {
            assert!(parse_type(text).is_err(), "{text}");
        }
        assert!(parse_type(&"array<".repeat(5000)).is_err());
    }
}
