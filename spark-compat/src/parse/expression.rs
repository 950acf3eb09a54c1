//! Expressions that Spark writes in its own way: the dialect's hooks for prefixes (operands) and infixes (operators).
//!
//! Every operand goes through [`prefix`]; sqlparser's own guesses (type names before strings, words of other databases) are
//! never reached. The token stream has no whitespace tokens, so looking ahead is indexing.

use sqlparser::ast::{
    BinaryOperator, DataType, Expr, Ident, ObjectName, TimezoneInfo, TypedString, UnaryOperator, Value,
};
use sqlparser::ast::{LambdaFunction, LambdaFunctionParameter, LambdaSyntax, OneOrManyWithParens};
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token, Word};

use super::dialect::SparkDialect;
use super::{calls, intervals};

/// The result type of the hooks.
pub(super) type Parsed<T = Expr> = Result<T, ParserError>;

/// Chains such as `a OR b OR ..` longer than this are refused: they become trees of that depth.
const MAX_OPERATOR_CHAIN: usize = 2_000;

/// Parses an operand: a literal, name, call, parenthesized expression or prefix operator with its operand.
pub(super) fn prefix(parser: &mut Parser) -> Parsed {
    let found = parser.peek_token_ref();
    let span = found.span;
    match found.token.clone() {
        Token::Word(word) => word_prefix(parser, word, span),
        Token::Number(text, _) => {
            parser.advance_token();
            Ok(value(Value::Number(text, false), span))
        }
        Token::SingleQuotedRawStringLiteral(text) => Ok(value(Value::SingleQuotedString(strings(parser, text)), span)),
        Token::Minus => minus(parser, span),
        Token::Plus => unary(parser, UnaryOperator::Plus),
        Token::Tilde => unary(parser, UnaryOperator::BitwiseNot),
        Token::LParen => parenthesized(parser),
        _ => parser.expected_ref("an expression", parser.peek_token_ref()),
    }
}

/// Parses an operator and its right side where Spark differs from sqlparser; `None` leaves it to sqlparser.
pub(super) fn infix(parser: &mut Parser, left: &Expr, precedence: u8) -> Option<Parsed> {
    if chain_length(left) > MAX_OPERATOR_CHAIN {
        return Some(Err(ParserError::RecursionLimitExceeded));
    }
    let token = &parser.peek_token_ref().token;
    let quantifiers = [Keyword::ANY, Keyword::SOME, Keyword::ALL];
    let quantified = matches!(peek(parser, 1), Token::Word(w) if quantifiers.contains(&w.keyword));
    // sqlparser would read `= any(x)` as a quantified comparison; to Spark it is a call of the function `any`.
    if let Some(op) = binary_operator(token)
        && (quantified || op == BinaryOperator::MyIntegerDivide)
    {
        parser.advance_token();
        let right = parser.parse_subexpr(precedence);
        return Some(right.map(|right| binary(left.clone(), op, right)));
    }
    let negated = is_keyword(token, Keyword::NOT);
    let predicate = if negated { peek(parser, 1) } else { token };
    if is_keyword(predicate, Keyword::IN) {
        skip(parser, 1 + usize::from(negated));
        return Some(in_predicate(parser, left.clone(), negated));
    }
    if is_keyword(predicate, Keyword::LIKE) {
        skip(parser, 1 + usize::from(negated));
        return Some(like_predicate(parser, left.clone(), negated));
    }
    // sqlparser would take the NULL of `a RLIKE NULL` for a part of the operator.
    if is_keyword(predicate, Keyword::RLIKE) || is_keyword(predicate, Keyword::REGEXP) {
        let regexp = is_keyword(predicate, Keyword::REGEXP);
        skip(parser, 1 + usize::from(negated));
        let pattern = parser.parse_subexpr(SparkDialect.prec_value(Precedence::Like));
        let expr = Box::new(left.clone());
        return Some(pattern.map(|pattern| Expr::RLike { negated, expr, pattern: Box::new(pattern), regexp }));
    }
    if parser.parse_keywords(&[Keyword::IS, Keyword::DISTINCT, Keyword::FROM]) {
        let right = parser.parse_subexpr(precedence);
        return Some(right.map(|right| Expr::IsDistinctFrom(Box::new(left.clone()), Box::new(right))));
    }
    if parser.parse_keywords(&[Keyword::IS, Keyword::NOT, Keyword::DISTINCT, Keyword::FROM]) {
        let right = parser.parse_subexpr(precedence);
        return Some(right.map(|right| Expr::IsNotDistinctFrom(Box::new(left.clone()), Box::new(right))));
    }
    None
}

fn binary_operator(token: &Token) -> Option<BinaryOperator> {
    Some(match token {
        Token::Plus => BinaryOperator::Plus,
        Token::Minus => BinaryOperator::Minus,
        Token::Mul => BinaryOperator::Multiply,
        Token::Div => BinaryOperator::Divide,
        Token::Mod => BinaryOperator::Modulo,
        Token::StringConcat => BinaryOperator::StringConcat,
        Token::Ampersand => BinaryOperator::BitwiseAnd,
        Token::Pipe => BinaryOperator::BitwiseOr,
        Token::Caret => BinaryOperator::BitwiseXor,
        Token::Eq | Token::DoubleEq => BinaryOperator::Eq,
        Token::Neq => BinaryOperator::NotEq,
        Token::Lt => BinaryOperator::Lt,
        Token::LtEq => BinaryOperator::LtEq,
        Token::Gt => BinaryOperator::Gt,
        Token::GtEq => BinaryOperator::GtEq,
        Token::Spaceship => BinaryOperator::Spaceship,
        Token::Word(w) => match w.keyword {
            Keyword::DIV => BinaryOperator::MyIntegerDivide,
            Keyword::AND => BinaryOperator::And,
            Keyword::OR => BinaryOperator::Or,
            _ => return None,
        },
        _ => return None,
    })
}

fn chain_length(mut expr: &Expr) -> usize {
    let mut length = 0;
    while let Expr::BinaryOp { left, .. } = expr {
        expr = left;
        length += 1;
    }
    length
}

fn word_prefix(parser: &mut Parser, word: Word, span: Span) -> Parsed {
    let call = *peek(parser, 1) == Token::LParen;
    match word.keyword {
        Keyword::TRUE | Keyword::FALSE => {
            parser.advance_token();
            Ok(value(Value::Boolean(word.keyword == Keyword::TRUE), span))
        }
        Keyword::NULL => {
            parser.advance_token();
            Ok(value(Value::Null, span))
        }
        Keyword::NOT => {
            parser.advance_token();
            let operand = parser.parse_subexpr(SparkDialect.prec_value(Precedence::UnaryNot))?;
            Ok(Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(operand) })
        }
        Keyword::CASE => {
            parser.advance_token();
            parser.parse_case_expr()
        }
        Keyword::INTERVAL if intervals::follows(parser) => intervals::literal(parser, span),
        Keyword::EXISTS if call && query_follows(parser, 2) => {
            skip(parser, 2);
            let subquery = parser.parse_query()?;
            parser.expect_token(&Token::RParen)?;
            Ok(Expr::Exists { subquery, negated: false })
        }
        Keyword::CURRENT_DATE | Keyword::CURRENT_TIMESTAMP | Keyword::CURRENT_USER => {
            parser.advance_token();
            parser.parse_time_functions(ObjectName::from(vec![word.into_ident(span)]))
        }
        _ if call => calls::special(parser, &word, span).unwrap_or_else(|| name_prefix(parser, word, span)),
        keyword if is_reserved(keyword) => parser.expected_ref("an expression", parser.peek_token_ref()),
        _ => name_prefix(parser, word, span),
    }
}

/// Words that open or close a clause; Spark's grammar would allow them as names where nothing else fits.
fn is_reserved(keyword: Keyword) -> bool {
    use Keyword as K;
    matches!(
        keyword,
        K::SELECT
            | K::FROM
            | K::WHERE
            | K::HAVING
            | K::UNION
            | K::INTERSECT
            | K::EXCEPT
            | K::AND
            | K::OR
            | K::AS
            | K::ON
            | K::JOIN
            | K::USING
            | K::WHEN
            | K::THEN
            | K::ELSE
            | K::END
            | K::BETWEEN
            | K::IN
            | K::LIKE
            | K::RLIKE
            | K::REGEXP
            | K::IS
            | K::DIV
    )
}

/// A column, a call, a lambda of one parameter, or a typed literal.
fn name_prefix(parser: &mut Parser, word: Word, span: Span) -> Parsed {
    match peek(parser, 1).clone() {
        Token::LParen => {
            parser.advance_token();
            parser.parse_function(ObjectName::from(vec![word.into_ident(span)]))
        }
        Token::Arrow => {
            skip(parser, 2);
            let parameter = LambdaFunctionParameter { name: word.into_ident(span), data_type: None };
            lambda(parser, OneOrManyWithParens::One(parameter))
        }
        Token::SingleQuotedRawStringLiteral(text) => {
            let literal = typed_literal(&word, text, span)
                .ok_or_else(|| error_here(parser, format!("Literals of type '{}' are not supported", word.value)))?;
            skip(parser, 2);
            Ok(literal)
        }
        _ => {
            parser.advance_token();
            Ok(Expr::Identifier(word.into_ident(span)))
        }
    }
}

/// Neighbouring string literals are one string.
fn strings(parser: &mut Parser, mut text: String) -> String {
    parser.advance_token();
    while let Token::SingleQuotedRawStringLiteral(more) = peek(parser, 0) {
        text.push_str(more);
        parser.advance_token();
    }
    text
}

fn typed_literal(word: &Word, text: String, span: Span) -> Option<Expr> {
    if word.quote_style.is_some() {
        return None;
    }
    let typed = |data_type, text| {
        let value = Value::SingleQuotedString(text).with_span(span);
        Expr::TypedString(TypedString { data_type, value, uses_odbc_syntax: false })
    };
    match word.value.to_ascii_lowercase().as_str() {
        "date" => Some(typed(DataType::Date, text)),
        "timestamp" => Some(typed(DataType::Timestamp(None, TimezoneInfo::None), text)),
        "x" => Some(value(Value::HexStringLiteral(text), span)),
        _ => None,
    }
}

/// `-` before a number belongs to the literal, as in Spark's grammar: `-9223372036854775808` is a bigint.
fn minus(parser: &mut Parser, span: Span) -> Parsed {
    if let Token::Number(text, _) = peek(parser, 1).clone() {
        skip(parser, 2);
        return Ok(value(Value::Number(format!("-{text}"), false), span));
    }
    unary(parser, UnaryOperator::Minus)
}

fn unary(parser: &mut Parser, op: UnaryOperator) -> Parsed {
    parser.advance_token();
    let operand = parser.parse_subexpr(SparkDialect.prec_value(Precedence::MulDivModOp))?;
    Ok(Expr::UnaryOp { op, expr: Box::new(operand) })
}

/// `(query)`, `(x, y) -> ..`, `(expression)`, or a row `(a, b AS c)`.
fn parenthesized(parser: &mut Parser) -> Parsed {
    if query_follows(parser, 1) {
        parser.advance_token();
        let query = parser.parse_query()?;
        parser.expect_token(&Token::RParen)?;
        return Ok(Expr::Subquery(query));
    }
    if let Some(parameters) = lambda_parameters(parser) {
        skip(parser, 2 * parameters.len() + 2);
        return lambda(parser, OneOrManyWithParens::Many(parameters));
    }
    parser.advance_token();
    let mut items = parser.parse_comma_separated(calls::named_expression)?;
    parser.expect_token(&Token::RParen)?;
    match (items.pop(), items.is_empty()) {
        (Some(single), true) if !matches!(single, Expr::Named { .. }) => Ok(Expr::Nested(Box::new(single))),
        (Some(last), _) => {
            items.push(last);
            Ok(Expr::Tuple(items))
        }
        (None, _) => parser.expected_ref("an expression", parser.peek_token_ref()),
    }
}

/// The names in `(x, y) ->` if that is what comes next.
fn lambda_parameters(parser: &Parser) -> Option<Vec<LambdaFunctionParameter>> {
    let mut parameters = Vec::new();
    loop {
        let found = peek_with_span(parser, 1 + 2 * parameters.len());
        let Token::Word(word) = &found.0 else { return None };
        parameters.push(LambdaFunctionParameter { name: word.clone().into_ident(found.1), data_type: None });
        match peek(parser, 2 * parameters.len()) {
            Token::Comma => {}
            Token::RParen if *peek(parser, 2 * parameters.len() + 1) == Token::Arrow => return Some(parameters),
            _ => return None,
        }
    }
}

fn lambda(parser: &mut Parser, params: OneOrManyWithParens<LambdaFunctionParameter>) -> Parsed {
    let body = Box::new(parser.parse_expr()?);
    Ok(Expr::Lambda(LambdaFunction { params, body, syntax: LambdaSyntax::Arrow }))
}

fn in_predicate(parser: &mut Parser, left: Expr, negated: bool) -> Parsed {
    parser.expect_token(&Token::LParen)?;
    let expr = Box::new(left);
    let predicate = if query_follows(parser, 0) {
        Expr::InSubquery { expr, subquery: parser.parse_query()?, negated }
    } else {
        Expr::InList { expr, list: parser.parse_comma_separated(Parser::parse_expr)?, negated }
    };
    parser.expect_token(&Token::RParen)?;
    Ok(predicate)
}

/// LIKE with one pattern, or with ANY, SOME or ALL of a list, for which the syntax tree has the operators `~~` and `!~~`.
fn like_predicate(parser: &mut Parser, left: Expr, negated: bool) -> Parsed {
    let like = |pattern, escape_char| Expr::Like {
        negated,
        any: false,
        expr: Box::new(left.clone()),
        pattern: Box::new(pattern),
        escape_char,
    };
    let quantifiers = [Keyword::ANY, Keyword::SOME, Keyword::ALL];
    let listed = *peek(parser, 1) == Token::LParen;
    let quantifier = if listed { parser.parse_one_of_keywords(&quantifiers) } else { None };
    let Some(quantifier) = quantifier else {
        let pattern = parser.parse_subexpr(SparkDialect.prec_value(Precedence::Like))?;
        let escape = if parser.parse_keyword(Keyword::ESCAPE) { Some(escape_character(parser)?) } else { None };
        return Ok(like(pattern, escape));
    };
    parser.expect_token(&Token::LParen)?;
    let patterns = parser.parse_comma_separated(Parser::parse_expr)?;
    parser.expect_token(&Token::RParen)?;
    let compare_op = if negated { BinaryOperator::PGNotLikeMatch } else { BinaryOperator::PGLikeMatch };
    let (left, right) = (Box::new(left.clone()), Box::new(Expr::Tuple(patterns)));
    Ok(match quantifier {
        Keyword::ALL => Expr::AllOp { left, compare_op, right },
        _ => Expr::AnyOp { left, compare_op, right, is_some: quantifier == Keyword::SOME },
    })
}

fn escape_character(parser: &mut Parser) -> Parsed<sqlparser::ast::ValueWithSpan> {
    let found = parser.peek_token_ref().clone();
    match found.token {
        Token::SingleQuotedRawStringLiteral(text) => {
            parser.advance_token();
            Ok(Value::SingleQuotedString(text).with_span(found.span))
        }
        _ => parser.expected("a string after ESCAPE", found),
    }
}

/// Whether the tokens from the `n`th on start a query (the token before them is an opening parenthesis).
pub(super) fn query_follows(parser: &Parser, n: usize) -> bool {
    match peek(parser, n) {
        Token::Word(w) => starts_query(w.keyword),
        Token::LParen => {
            let mut inner = n;
            while *peek(parser, inner) == Token::LParen {
                inner += 1;
            }
            let query_inside = matches!(peek(parser, inner), Token::Word(w) if starts_query(w.keyword));
            query_inside && is_query_tail(peek(parser, after_closing_parenthesis(parser, n)))
        }
        _ => false,
    }
}

fn starts_query(keyword: Keyword) -> bool {
    matches!(keyword, Keyword::SELECT | Keyword::WITH | Keyword::FROM | Keyword::VALUES | Keyword::TABLE)
}

fn is_query_tail(token: &Token) -> bool {
    use Keyword as K;
    matches!(token, Token::Word(w) if matches!(
        w.keyword,
        K::UNION | K::EXCEPT | K::MINUS | K::INTERSECT | K::ORDER | K::SORT | K::CLUSTER | K::DISTRIBUTE | K::LIMIT | K::WINDOW
    ))
}

/// The index of the token behind the parenthesis that closes the one at `n`.
fn after_closing_parenthesis(parser: &Parser, n: usize) -> usize {
    let mut depth = 0usize;
    let mut at = n;
    loop {
        match peek(parser, at) {
            Token::LParen => depth += 1,
            Token::RParen if depth <= 1 => return at + 1,
            Token::RParen => depth -= 1,
            Token::EOF => return at,
            _ => {}
        }
        at += 1;
    }
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

pub(super) fn value(value: Value, span: Span) -> Expr {
    Expr::Value(value.with_span(span))
}

/// The `n`th token that is still to be read. Before any expression at least one token (SELECT ..) has been read.
pub(super) fn peek<'p>(parser: &'p Parser, n: usize) -> &'p Token {
    peek_with_span(parser, n).0
}

fn peek_with_span<'p>(parser: &'p Parser, n: usize) -> (&'p Token, Span) {
    let found = parser.token_at(parser.get_current_index() + 1 + n);
    (&found.token, found.span)
}

pub(super) fn skip(parser: &mut Parser, count: usize) {
    for _ in 0..count {
        parser.advance_token();
    }
}

pub(super) fn is_keyword(token: &Token, keyword: Keyword) -> bool {
    matches!(token, Token::Word(w) if w.keyword == keyword)
}

pub(super) fn identifier(token: &Token, span: Span) -> Option<Ident> {
    match token {
        Token::Word(w) => Some(w.clone().into_ident(span)),
        _ => None,
    }
}

/// An error at the next token, in the form that the statement parser turns into Spark's.
pub(super) fn error_here(parser: &Parser, message: impl std::fmt::Display) -> ParserError {
    ParserError::ParserError(format!("{message}{}", parser.peek_token_ref().span.start))
}
