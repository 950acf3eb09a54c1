//! Calls with a grammar of their own: CAST, EXTRACT, TRIM, POSITION, SUBSTRING, OVERLAY, STRUCT.

use sqlparser::ast::{
    CastKind, DataType, DateTimeField, Expr, ExtractSyntax, Function, FunctionArg, FunctionArgumentList,
};
use sqlparser::ast::{FunctionArguments, Ident, ObjectName, TrimWhereField};
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Span, Token, Word};

use super::dialect::SparkDialect;
use super::expression::{Parsed, error_here, identifier, is_keyword, peek, skip};
use crate::types::ddl;

/// Parses `word(..)` if it has its own grammar; `None` for an ordinary call. The word is still to be read.
pub(super) fn special(parser: &mut Parser, word: &Word, span: Span) -> Option<Parsed> {
    match word.keyword {
        Keyword::CAST => Some(cast(parser, CastKind::Cast)),
        Keyword::TRY_CAST => Some(cast(parser, CastKind::TryCast)),
        Keyword::EXTRACT => Some(extract(parser)),
        Keyword::TRIM => Some(trim(parser, word, span)),
        Keyword::POSITION => Some(position(parser, word, span)),
        Keyword::SUBSTR | Keyword::SUBSTRING => Some(substring(parser, word, span)),
        Keyword::OVERLAY => Some(overlay(parser, word, span)),
        Keyword::STRUCT => Some(structure(parser, word, span)),
        _ => None,
    }
}

/// An expression with an optional alias, which [`Expr::Named`] keeps.
pub(super) fn named_expression(parser: &mut Parser) -> Parsed {
    let expr = parser.parse_wildcard_expr()?;
    let explicit = parser.parse_keyword(Keyword::AS);
    let bare_alias =
        matches!(peek(parser, 0), Token::Word(_)) && matches!(peek(parser, 1), Token::Comma | Token::RParen);
    if explicit || bare_alias {
        let name = parser.parse_identifier()?;
        return Ok(Expr::Named { expr: Box::new(expr), name });
    }
    Ok(expr)
}

fn cast(parser: &mut Parser, kind: CastKind) -> Parsed {
    skip(parser, 2);
    let expr = Box::new(parser.parse_expr()?);
    parser.expect_keyword_is(Keyword::AS)?;
    let data_type = data_type(parser)?;
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Cast { kind, expr, data_type, array: false, format: None })
}

/// A type, carried through sqlparser's AST as its SQL text (read back by [`ddl::from_ast`]).
fn data_type(parser: &mut Parser) -> Parsed<DataType> {
    let parsed = ddl::data_type(parser).map_err(|e| error_here(parser, e.message))?;
    Ok(DataType::Custom(ObjectName::from(vec![Ident::new(parsed.sql())]), Vec::new()))
}

fn extract(parser: &mut Parser) -> Parsed {
    skip(parser, 2);
    let found = parser.next_token();
    let Some(field) = identifier(&found.token, found.span) else {
        return parser.expected("a field such as YEAR", found);
    };
    parser.expect_keyword_is(Keyword::FROM)?;
    let expr = Box::new(parser.parse_expr()?);
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Extract { field: DateTimeField::Custom(field), syntax: ExtractSyntax::From, expr })
}

/// `trim(a)`, `trim(a, b)`, `trim([BOTH|LEADING|TRAILING] [what] FROM text)`.
fn trim(parser: &mut Parser, word: &Word, span: Span) -> Parsed {
    skip(parser, 2);
    let side = match (peek(parser, 0), peek(parser, 1)) {
        (_, Token::Comma | Token::RParen | Token::LParen | Token::Period) => None,
        (Token::Word(w), _) => match w.keyword {
            Keyword::BOTH => Some(TrimWhereField::Both),
            Keyword::LEADING => Some(TrimWhereField::Leading),
            Keyword::TRAILING => Some(TrimWhereField::Trailing),
            _ => None,
        },
        _ => None,
    };
    if side.is_some() {
        parser.advance_token();
    }
    if (side.is_some() || is_keyword(peek(parser, 0), Keyword::FROM)) && parser.parse_keyword(Keyword::FROM) {
        return trim_from(parser, side, None);
    }
    let first = parser.parse_expr()?;
    if parser.parse_keyword(Keyword::FROM) {
        return trim_from(parser, side, Some(Box::new(first)));
    }
    if side.is_some() {
        return parser.expected_ref("FROM", parser.peek_token_ref());
    }
    call_with_rest(parser, word.clone().into_ident(span), first)
}

fn trim_from(parser: &mut Parser, trim_where: Option<TrimWhereField>, trim_what: Option<Box<Expr>>) -> Parsed {
    let expr = Box::new(parser.parse_expr()?);
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Trim { trim_where, trim_what, expr, trim_characters: None })
}

/// `position(a IN b)` is Spark's `locate(a, b)`.
fn position(parser: &mut Parser, word: &Word, span: Span) -> Parsed {
    skip(parser, 2);
    let first = parser.parse_subexpr(SparkDialect.prec_value(Precedence::Between))?;
    if parser.parse_keyword(Keyword::IN) {
        let second = parser.parse_expr()?;
        parser.expect_token(&Token::RParen)?;
        return Ok(call(Ident::with_span(span, "locate"), vec![first, second]));
    }
    call_with_rest(parser, word.clone().into_ident(span), first)
}

/// `substring(a FROM b [FOR c])` is `substring(a, b[, c])`.
fn substring(parser: &mut Parser, word: &Word, span: Span) -> Parsed {
    skip(parser, 2);
    let first = parser.parse_expr()?;
    if !parser.parse_keyword(Keyword::FROM) {
        return call_with_rest(parser, word.clone().into_ident(span), first);
    }
    let mut arguments = vec![first, parser.parse_expr()?];
    if parser.parse_keyword(Keyword::FOR) {
        arguments.push(parser.parse_expr()?);
    }
    parser.expect_token(&Token::RParen)?;
    Ok(call(Ident::with_span(span, "substring"), arguments))
}

/// `overlay(a PLACING b FROM c [FOR d])` is `overlay(a, b, c[, d])`.
fn overlay(parser: &mut Parser, word: &Word, span: Span) -> Parsed {
    skip(parser, 2);
    let name = word.clone().into_ident(span);
    let first = parser.parse_expr()?;
    if !parser.parse_keyword(Keyword::PLACING) {
        return call_with_rest(parser, name, first);
    }
    let mut arguments = vec![first, parser.parse_expr()?];
    parser.expect_keyword_is(Keyword::FROM)?;
    arguments.push(parser.parse_expr()?);
    if parser.parse_keyword(Keyword::FOR) {
        arguments.push(parser.parse_expr()?);
    }
    parser.expect_token(&Token::RParen)?;
    Ok(call(name, arguments))
}

/// `struct(a, b AS c, t.*)`: arguments may have aliases.
fn structure(parser: &mut Parser, word: &Word, span: Span) -> Parsed {
    skip(parser, 2);
    let name = word.clone().into_ident(span);
    if parser.consume_token(&Token::RParen) {
        return Ok(call(name, Vec::new()));
    }
    let arguments = parser.parse_comma_separated(named_expression)?;
    parser.expect_token(&Token::RParen)?;
    Ok(call(name, arguments))
}

fn call_with_rest(parser: &mut Parser, name: Ident, first: Expr) -> Parsed {
    let mut arguments = vec![first];
    while parser.consume_token(&Token::Comma) {
        arguments.push(parser.parse_expr()?);
    }
    parser.expect_token(&Token::RParen)?;
    Ok(call(name, arguments))
}

fn call(name: Ident, arguments: Vec<Expr>) -> Expr {
    let args = arguments.into_iter().map(|a| FunctionArg::Unnamed(a.into())).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![name]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
