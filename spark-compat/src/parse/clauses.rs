//! Clauses that sqlparser has no grammar for, brought into forms that it has.
//!
//! - `(DISTRIBUTE BY a SORT BY b)` and `(CLUSTER BY a)` of a window are PARTITION BY and ORDER BY under other names.
//! - `TABLE name` as a query is `SELECT * FROM name`.
//! - GROUPING SETS among the items of GROUPING SETS stand for all of their sets: without the inner words and parentheses the
//!   list says the same.
//! - The aggregates of PIVOT may be computed, `PIVOT (sum(a) + 1 FOR ..)`, where sqlparser reads a call and nothing else: each
//!   becomes the argument of a call by a name that nobody can write, [`PIVOTED`].

use sqlparser::ast;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Word};

use super::{keywords, values};

/// The call around an aggregate of PIVOT.
const PIVOTED: &str = "#pivoted";

/// Rewrites the clauses among `tokens`.
pub(super) fn normalize(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    windows(&mut tokens);
    if has(&tokens, Keyword::TABLE) {
        tokens = tables(tokens);
    }
    if has(&tokens, Keyword::GROUPING) {
        tokens = grouping_sets(tokens);
    }
    if has(&tokens, Keyword::PIVOT) { pivots(tokens) } else { tokens }
}

/// The aggregate of PIVOT that stands in the call put around it.
pub(crate) fn pivoted(expr: &ast::Expr) -> Option<&ast::Expr> {
    let ast::Expr::Function(ast::Function { name, args: ast::FunctionArguments::List(list), .. }) = expr else {
        return None;
    };
    match (&name.0[..], &list.args[..]) {
        (
            [ast::ObjectNamePart::Identifier(name)],
            [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(aggregate))],
        ) if name.value == PIVOTED => Some(aggregate),
        _ => None,
    }
}

fn has(tokens: &[TokenWithSpan], wanted: Keyword) -> bool {
    tokens.iter().any(|found| keyword(&found.token) == Some(wanted))
}

fn tables(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len() + 2);
    let mut rest = tokens.into_iter().peekable();
    while let Some(found) = rest.next() {
        let named = rest.peek().is_some_and(|next| matches!(next.token, Token::Word(_)));
        let is_query = keyword(&found.token) == Some(Keyword::TABLE) && named;
        if is_query && out.last().is_none_or(|before| values::precedes_query(&before.token)) {
            out.extend(values::select_all(found.span));
        } else {
            out.push(found);
        }
    }
    out
}

fn windows(tokens: &mut [TokenWithSpan]) {
    for at in 0..tokens.len() {
        let opens = tokens.get(at).is_some_and(|found| found.token == Token::LParen);
        if opens && by(tokens, at + 1).is_some() {
            window(tokens, at);
        }
    }
}

/// The window whose parenthesis opens at `open`.
fn window(tokens: &mut [TokenWithSpan], open: usize) {
    let clauses: Vec<(usize, Keyword)> =
        top_level(tokens, open).filter_map(|at| by(tokens, at).map(|keyword| (at, keyword))).collect();
    for (at, keyword) in &clauses {
        let other = match keyword {
            Keyword::DISTRIBUTE => Keyword::PARTITION,
            // Beside another clause the word is a syntax error, and stays one.
            Keyword::CLUSTER if clauses.len() == 1 => Keyword::PARTITION,
            Keyword::SORT => Keyword::ORDER,
            _ => continue,
        };
        if let Some(Token::Word(word)) = tokens.get_mut(*at).map(|found| &mut found.token) {
            word.keyword = other;
        }
    }
}

/// The word before BY that may open a clause of a window, if `at` is one.
fn by(tokens: &[TokenWithSpan], at: usize) -> Option<Keyword> {
    use Keyword as K;
    let found = keyword(&tokens.get(at)?.token)?;
    let clause = matches!(found, K::PARTITION | K::DISTRIBUTE | K::CLUSTER | K::ORDER | K::SORT);
    (clause && keyword(&tokens.get(at + 1)?.token) == Some(K::BY)).then_some(found)
}

fn grouping_sets(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    // For each open parenthesis: whether it is that of a list of sets, and whether it is left out.
    let mut open: Vec<(bool, bool)> = Vec::new();
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    for found in tokens {
        match found.token {
            Token::LParen => {
                let words = out.len().checked_sub(3).and_then(|at| out.get(at..)).unwrap_or_default();
                let is_list = matches!(words, [before, grouping, sets]
                    if keyword(&grouping.token) == Some(Keyword::GROUPING)
                        && keyword(&sets.token) == Some(Keyword::SETS)
                        && begins_element(&before.token));
                let inner = is_list && open.last().is_some_and(|(list, _)| *list);
                open.push((is_list, inner));
                if inner {
                    out.truncate(out.len().saturating_sub(2));
                    continue;
                }
            }
            Token::RParen if open.pop().is_some_and(|(_, left_out)| left_out) => continue,
            _ => {}
        }
        out.push(found);
    }
    out
}

/// Whether an element of GROUP BY may stand behind the token. In `GROUP BY a GROUPING SETS (..)` there is none, and no set has
/// others inside.
fn begins_element(token: &Token) -> bool {
    matches!(token, Token::LParen | Token::Comma) || keyword(token) == Some(Keyword::BY)
}

fn pivots(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut before: Vec<usize> = Vec::new();
    let mut behind: Vec<usize> = Vec::new();
    for at in 0..tokens.len() {
        let pivot = tokens.get(at).is_some_and(|found| keyword(&found.token) == Some(Keyword::PIVOT));
        if pivot && tokens.get(at + 1).is_some_and(|found| found.token == Token::LParen) {
            for (first, end) in aggregates(&tokens, at + 1) {
                before.push(first);
                behind.push(end);
            }
        }
    }
    let mut out = Vec::with_capacity(tokens.len() + 3 * before.len());
    for (at, found) in tokens.into_iter().enumerate() {
        let span = found.span;
        if behind.contains(&at) {
            out.push(TokenWithSpan { token: Token::RParen, span });
        }
        if before.contains(&at) {
            out.extend(call(span));
        }
        out.push(found);
    }
    out
}

fn call(span: Span) -> [TokenWithSpan; 2] {
    let name = Word { value: PIVOTED.into(), quote_style: None, keyword: Keyword::NoKeyword };
    [Token::Word(name), Token::LParen].map(|token| TokenWithSpan { token, span })
}

/// The first token of each aggregate of the PIVOT that opens at `open`, and the one behind it: its alias, a comma or FOR.
fn aggregates(tokens: &[TokenWithSpan], open: usize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut first = open + 1;
    let mut last = open;
    let mut alias = None;
    for at in top_level(tokens, open) {
        let Some(token) = tokens.get(at).map(|found| &found.token) else { break };
        let is_for = keyword(token) == Some(Keyword::FOR);
        match keyword(token) {
            Some(Keyword::AS) => alias = alias.or(Some(at)),
            _ if is_for || *token == Token::Comma => {
                // An alias without AS is a name right behind what ends an operand.
                let bare = tokens.get(last).is_some_and(|found| is_name(&found.token))
                    && last > first
                    && tokens.get(last - 1).is_some_and(|found| ends_operand(&found.token));
                let end = alias.or(bare.then_some(last)).unwrap_or(at);
                if end > first {
                    found.push((first, end));
                }
                (first, alias) = (at + 1, None);
                if is_for {
                    break;
                }
            }
            _ => {}
        }
        last = at;
    }
    found
}

/// The places of the tokens between the parenthesis at `open` and the one that closes it; of inner parentheses the places of
/// the closing ones.
fn top_level(tokens: &[TokenWithSpan], open: usize) -> impl Iterator<Item = usize> + '_ {
    let mut depth = 0usize;
    let places = tokens.iter().enumerate().skip(open).map_while(move |(at, found)| {
        match found.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth > 0).then_some((at, depth))
    });
    places.filter(move |(at, depth)| *depth == 1 && *at != open).map(|(at, _)| at)
}

fn keyword(token: &Token) -> Option<Keyword> {
    match token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.keyword),
        _ => None,
    }
}

fn is_name(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_some() || keywords::lookup(&word.value) == Keyword::NoKeyword)
}

fn ends_operand(token: &Token) -> bool {
    match token {
        Token::Word(_) => is_name(token) || keyword(token) == Some(Keyword::END),
        Token::Number(..) | Token::SingleQuotedRawStringLiteral(_) | Token::RParen | Token::RBracket => true,
        _ => false,
    }
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
    fn a_table_as_a_query_becomes_a_select() {
        assert_eq!(normalized("table a union all table b"), "SELECT * FROM a union all SELECT * FROM b");
        assert_eq!(normalized("select table from table"), "select table from table");
    }

    #[test]
    fn sets_inside_sets_lose_their_words() {
        assert_eq!(
            normalized("group by grouping sets (grouping sets ((a), (b)), (a, b))"),
            "group by grouping sets ( ( a ) , ( b ) , ( a , b ) )"
        );
        assert_eq!(normalized("select grouping(a), (sets) from t"), "select grouping ( a ) , ( sets ) from t");
    }

    #[test]
    fn aggregates_of_pivot_stand_in_a_call() {
        assert_eq!(
            normalized("t pivot (sum(c) * 2 + max(a) as z, avg(b) y, min(x) for b in ('x'))"),
            "t pivot ( #pivoted ( sum ( c ) * 2 + max ( a ) ) as z , #pivoted ( avg ( b ) ) y , #pivoted ( min ( x ) ) for b in \
             ( R'x' ) )"
        );
    }

    #[test]
    fn the_words_of_windows_are_those_of_queries() {
        let lexed = tokenize("over (distribute by a sort by b) (cluster by a order by b)").unwrap().remove(0);
        let tokens = normalize(lexed.lexemes.into_iter().map(|l| l.token).collect());
        let keywords: Vec<_> = tokens.iter().filter_map(|found| keyword(&found.token)).collect();
        assert!(keywords.contains(&Keyword::PARTITION) && !keywords.contains(&Keyword::SORT));
        assert!(keywords.contains(&Keyword::CLUSTER), "CLUSTER BY takes no order beside it");
    }
}
