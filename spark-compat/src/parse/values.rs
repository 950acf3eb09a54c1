//! Inline tables: brings every form that Spark accepts into the one that sqlparser accepts.
//!
//! Spark takes `VALUES 1, (2), (3) AS t(a)` wherever a query or a relation may stand. sqlparser wants parentheses around each row,
//! and no alias where VALUES is the whole query. So rows get parentheses, and VALUES as a query becomes `SELECT * FROM VALUES`.
//! PIVOT may not follow it there: `VALUES 1 t(a) PIVOT ..` becomes `(SELECT * FROM VALUES (1) t(a)) t PIVOT ..`.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Word};

/// Rewrites the inline tables among `tokens`.
pub(super) fn normalize(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    if !tokens.iter().any(|t| keyword(&t.token) == Some(Keyword::VALUES)) {
        return tokens;
    }
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len() + 16);
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        let is_table =
            keyword(&token.token) == Some(Keyword::VALUES) && rest.peek().is_some_and(|t| starts_row(&t.token));
        if !is_table {
            out.push(token);
            continue;
        }
        let span = token.span;
        if out.last().is_none_or(|t| precedes_query(&t.token)) {
            out.extend(select_all(span));
        }
        let start = out.len();
        out.push(token);
        rows(&mut rest, &mut out);
        let alias = alias(&mut rest, &mut out);
        if rest.peek().is_some_and(|t| keyword(&t.token) == Some(Keyword::PIVOT)) {
            out.splice(start..start, std::iter::once(plain(Token::LParen, span)).chain(select_all(span)));
            out.push(plain(Token::RParen, span));
            out.extend(alias);
        }
    }
    out
}

pub(super) fn select_all(span: Span) -> [TokenWithSpan; 3] {
    [word("SELECT", Keyword::SELECT, span), plain(Token::Mul, span), word("FROM", Keyword::FROM, span)]
}

type Rest = std::iter::Peekable<std::vec::IntoIter<TokenWithSpan>>;

/// Copies the table's alias with its columns, if there is one, and gives its name.
fn alias(rest: &mut Rest, out: &mut Vec<TokenWithSpan>) -> Option<TokenWithSpan> {
    out.extend(rest.next_if(|t| keyword(&t.token) == Some(Keyword::AS)));
    let name = rest.next_if(|t| keyword(&t.token) == Some(Keyword::NoKeyword))?;
    out.push(name.clone());
    let mut depth = 0usize;
    while let Some(next) = rest.next_if(|t| depth > 0 || t.token == Token::LParen) {
        match next.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::EOF => depth = 0,
            _ => {}
        }
        let closed = depth == 0;
        out.push(next);
        if closed {
            break;
        }
    }
    Some(name)
}

/// Copies rows up to the end of the list, putting parentheses around those without.
fn rows(rest: &mut Rest, out: &mut Vec<TokenWithSpan>) {
    loop {
        let mut row = Vec::new();
        let mut depth = 0usize;
        while let Some(next) = rest.next_if(|t| depth > 0 || !ends_row(&t.token, row.last())) {
            match next.token {
                Token::LParen | Token::LBracket => depth += 1,
                Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
                Token::EOF => depth = 0,
                _ => {}
            }
            row.push(next);
        }
        let span = row.first().map_or(Span::empty(), |t| t.span);
        if is_parenthesized(&row) {
            out.append(&mut row);
        } else {
            out.push(plain(Token::LParen, span));
            out.append(&mut row);
            out.push(plain(Token::RParen, span));
        }
        match rest.next_if(|t| t.token == Token::Comma) {
            Some(comma) => out.push(comma),
            None => return,
        }
    }
}

/// A row's expression ends at a comma or a closing parenthesis, at a clause, and at a name that follows a complete operand
/// (the table's alias).
fn ends_row(token: &Token, last: Option<&TokenWithSpan>) -> bool {
    use Keyword as K;
    match token {
        Token::Comma | Token::RParen | Token::EOF => true,
        Token::Word(w) if w.keyword == K::NoKeyword => last.is_some_and(|t| ends_operand(&t.token)),
        Token::Word(w) => matches!(
            w.keyword,
            K::AS
                | K::UNION
                | K::EXCEPT
                | K::MINUS
                | K::INTERSECT
                | K::ORDER
                | K::LIMIT
                | K::WHERE
                | K::JOIN
                | K::LEFT
                | K::RIGHT
                | K::INNER
                | K::FULL
                | K::CROSS
                | K::NATURAL
                | K::GROUP
                | K::LATERAL
                | K::ON
                | K::SELECT
                | K::HAVING
                | K::SORT
                | K::CLUSTER
                | K::DISTRIBUTE
                | K::WINDOW
                | K::TABLESAMPLE
                | K::PIVOT
        ),
        _ => false,
    }
}

fn ends_operand(token: &Token) -> bool {
    match token {
        Token::Word(w) => {
            matches!(w.keyword, Keyword::NoKeyword | Keyword::NULL | Keyword::TRUE | Keyword::FALSE | Keyword::END)
        }
        Token::Number(..) | Token::SingleQuotedRawStringLiteral(_) | Token::RParen | Token::RBracket => true,
        _ => false,
    }
}

/// Whether the row is `( .. )` as a whole, and not `(1) + (2)`.
fn is_parenthesized(row: &[TokenWithSpan]) -> bool {
    if row.first().map(|t| &t.token) != Some(&Token::LParen) {
        return false;
    }
    let mut depth = 0usize;
    for (at, found) in row.iter().enumerate() {
        match found.token {
            Token::LParen => depth += 1,
            Token::RParen => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1 == row.len();
                }
            }
            _ => {}
        }
    }
    // Not closed: the parser will say so.
    true
}

fn starts_row(token: &Token) -> bool {
    match token {
        Token::LParen | Token::Number(..) | Token::SingleQuotedRawStringLiteral(_) | Token::Minus | Token::Plus => true,
        Token::Word(w) => !matches!(w.keyword, Keyword::AS | Keyword::FROM | Keyword::IN | Keyword::IS),
        _ => false,
    }
}

/// VALUES is a query behind these, and a relation behind FROM, JOIN and commas.
pub(super) fn precedes_query(token: &Token) -> bool {
    use Keyword as K;
    match token {
        Token::LParen | Token::RParen => true,
        other => matches!(keyword(other), Some(K::UNION | K::EXCEPT | K::MINUS | K::INTERSECT | K::ALL | K::DISTINCT)),
    }
}

fn keyword(token: &Token) -> Option<Keyword> {
    match token {
        Token::Word(w) => Some(w.keyword),
        _ => None,
    }
}

fn plain(token: Token, span: Span) -> TokenWithSpan {
    TokenWithSpan { token, span }
}

fn word(value: &str, keyword: Keyword, span: Span) -> TokenWithSpan {
    plain(Token::Word(Word { value: value.into(), quote_style: None, keyword }), span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::lexer::tokenize;

    fn normalized(sql: &str) -> String {
        let lexed = tokenize(sql).unwrap().remove(0);
        let tokens = lexed.lexemes.into_iter().map(|l| l.token).collect();
        let shown: Vec<String> = normalize(tokens).iter().map(|t| t.token.to_string()).collect();
        shown.join(" ").replace(" EOF", "")
    }

    #[test]
    fn rows_get_parentheses() {
        assert_eq!(
            normalized("select * from values 1, (2), f(3, 4) + 1 t(a)"),
            "select * from values ( 1 ) , (2) , ( f ( 3 , 4 ) + 1 ) t ( a )".replace("(2)", "( 2 )")
        );
        assert_eq!(
            normalized("select * from values (1) + (2), date'2020-01-01' as t"),
            "select * from values ( ( 1 ) + ( 2 ) ) , ( date R'2020-01-01' ) as t"
        );
    }

    #[test]
    fn values_as_a_query_becomes_a_select() {
        assert_eq!(normalized("values (1, 2) t(a, b)"), "SELECT * FROM values ( 1 , 2 ) t ( a , b )");
        assert_eq!(
            normalized("select 1 union all values 1 order by 1"),
            "select 1 union all SELECT * FROM values ( 1 ) order by 1"
        );
        assert_eq!(
            normalized("with t as (values (1)) select * from t"),
            "with t as ( SELECT * FROM values ( 1 ) ) select * from t"
        );
    }

    #[test]
    fn an_inline_table_before_pivot_becomes_a_subquery_of_its_name() {
        assert_eq!(
            normalized("select t.a from values (1, 2) as t(a, b) pivot (sum(b) for a in (1))"),
            "select t . a from ( SELECT * FROM values ( 1 , 2 ) as t ( a , b ) ) t pivot ( sum ( b ) for a in ( 1 ) )"
        );
    }

    #[test]
    fn a_column_called_values_stays_one() {
        assert_eq!(normalized("select values from t"), "select values from t");
    }
}
