//! LATERAL VIEW without column names: keeps the word of the next clause from being taken for a column's name.
//!
//! Behind the view's name sqlparser reads any word but a few as a column: in `LATERAL VIEW explode(a) v ORDER BY b` it would find
//! a column `ORDER`. There an empty name is put in, which stands for no name.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

/// Puts in the empty names.
pub(super) fn normalize(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut places = Vec::new();
    let keyword = |at: usize| match tokens.get(at).map(|t| &t.token) {
        Some(Token::Word(w)) => Some(w.keyword),
        _ => None,
    };
    for at in 0..tokens.len() {
        if keyword(at) == Some(Keyword::LATERAL) && keyword(at + 1) == Some(Keyword::VIEW) {
            let behind = behind_view_name(&tokens, at + 2);
            if keyword(behind).is_some_and(opens_clause) {
                places.push(behind);
            }
        }
    }
    let mut out = Vec::with_capacity(tokens.len() + places.len());
    for (at, token) in tokens.into_iter().enumerate() {
        if places.contains(&at) {
            let none = Word { value: String::new(), quote_style: Some('`'), keyword: Keyword::NoKeyword };
            out.push(TokenWithSpan { token: Token::Word(none), span: token.span });
        }
        out.push(token);
    }
    out
}

/// The place behind `[OUTER] generator(..) name`, given that of its start.
fn behind_view_name(tokens: &[TokenWithSpan], start: usize) -> usize {
    let mut depth = 0usize;
    let rest = tokens.iter().enumerate().skip(start);
    for (at, found) in rest {
        match found.token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 1 => return at + 2,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    tokens.len()
}

/// The clauses that may follow and that sqlparser does not know of there.
fn opens_clause(keyword: Keyword) -> bool {
    use Keyword as K;
    matches!(
        keyword,
        K::ORDER
            | K::SORT
            | K::DISTRIBUTE
            | K::LIMIT
            | K::UNION
            | K::EXCEPT
            | K::MINUS
            | K::INTERSECT
            | K::WINDOW
            | K::PIVOT
            | K::SELECT
    )
}
