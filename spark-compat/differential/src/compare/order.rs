//! Which order of rows a query promises, and where its sort keys stand among the columns of the result.
//!
//! This looks at the query's words, not at its meaning: a key is found if it is a position, the name of one column of the
//! result, or written as an item of the select list. A key that is not found leaves the rows to be compared one by one:
//! such statements should order by enough keys to have no ties.

/// The order in which rows must stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// No order is promised.
    Any,
    /// The order of these columns.
    Keys(Vec<usize>),
    /// Exactly the reference's.
    Sequence,
}

/// The order that `query` promises for a result with these columns.
pub fn row_order(query: &str, columns: &[&str]) -> RowOrder {
    let tokens = tokens(query);
    let tokens = unwrapped(&tokens);
    let Some(start) = last_order_by(tokens) else { return RowOrder::Any };
    let (before, after) = (&tokens[..start], &tokens[start + 2..]);
    let end = top_level(after, |token| ["limit", "window"].iter().any(|word| token.is(word)));
    let list = select_list(before, columns.len());
    let keys = split_items(&after[..end.unwrap_or(after.len())]);
    let found: Option<Vec<usize>> =
        keys.iter().map(|key| position(without_direction(key), columns, list.as_deref())).collect();
    found.map_or(RowOrder::Sequence, RowOrder::Keys)
}

/// A word, number, text or sign of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// An unquoted word or number, in lower case.
    Word(String),
    /// What stands in backticks, in lower case.
    Quoted(String),
    /// A string literal with its quotes.
    Text(String),
    /// Any other character.
    Sign(char),
}

impl Token {
    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text == word)
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Word(text) | Self::Quoted(text) => Some(text),
            Self::Text(_) | Self::Sign(_) => None,
        }
    }
}

fn tokens(query: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if matches!(first, '\'' | '"' | '`') {
            let length = quoted_length(rest, first);
            let text = &rest[..length];
            tokens.push(if first == '`' {
                Token::Quoted(text.trim_matches('`').to_lowercase())
            } else {
                Token::Text(text.to_owned())
            });
            length
        } else if is_word(first) {
            let length = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..length].to_lowercase()));
            length
        } else {
            tokens.push(Token::Sign(first));
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The length of the literal or name at the start of `text`; a backslash escapes in literals alone.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if character == '\\' && quote != '`' {
            escaped = true;
        } else if character == quote {
            return at + 1;
        }
    }
    text.len()
}

/// The tokens without parentheses around them all.
fn unwrapped(mut tokens: &[Token]) -> &[Token] {
    while let [Token::Sign('('), inside @ .., Token::Sign(')')] = tokens {
        let mut depth = 0_usize;
        let closes_early = inside.iter().any(|token| match token {
            Token::Sign('(') => {
                depth += 1;
                false
            }
            Token::Sign(')') if depth == 0 => true,
            Token::Sign(')') => {
                depth -= 1;
                false
            }
            _ => false,
        });
        if closes_early {
            break;
        }
        tokens = inside;
    }
    tokens
}

/// The places of the tokens that stand in no parentheses or brackets.
fn top_level_places(tokens: &[Token]) -> impl Iterator<Item = usize> {
    let mut depth = 0_usize;
    tokens.iter().enumerate().filter_map(move |(at, token)| {
        match token {
            Token::Sign('(' | '[') => depth += 1,
            Token::Sign(')' | ']') => depth = depth.saturating_sub(1),
            _ if depth == 0 => return Some(at),
            _ => {}
        }
        None
    })
}

fn top_level(tokens: &[Token], wanted: impl Fn(&Token) -> bool) -> Option<usize> {
    top_level_places(tokens).find(|at| wanted(&tokens[*at]))
}

fn last_order_by(tokens: &[Token]) -> Option<usize> {
    let is_start = |at: &usize| tokens[*at].is("order") && tokens.get(at + 1).is_some_and(|next| next.is("by"));
    top_level_places(tokens).filter(is_start).last()
}

fn split_items(tokens: &[Token]) -> Vec<&[Token]> {
    let mut items = Vec::new();
    let mut start = 0;
    for comma in top_level_places(tokens).filter(|at| tokens[*at] == Token::Sign(',')) {
        items.push(&tokens[start..comma]);
        start = comma + 1;
    }
    items.push(&tokens[start..]);
    items
}

/// The items of the select list before an ORDER BY, if each is one column of the result.
fn select_list(before: &[Token], columns: usize) -> Option<Vec<&[Token]>> {
    const SET_OPERATIONS: [&str; 4] = ["union", "intersect", "except", "minus"];
    const ENDS: [&str; 6] = ["from", "where", "group", "having", "lateral", "window"];
    if top_level(before, |token| SET_OPERATIONS.iter().any(|word| token.is(word))).is_some() {
        return None;
    }
    let start = top_level_places(before).filter(|at| before[*at].is("select")).last()? + 1;
    let mut list = &before[start..];
    if let [first, rest @ ..] = list
        && (first.is("distinct") || first.is("all"))
    {
        list = rest;
    }
    let end = top_level(list, |token| ENDS.iter().any(|word| token.is(word))).unwrap_or(list.len());
    let items = split_items(&list[..end]);
    (items.len() == columns).then_some(items)
}

fn without_direction(mut key: &[Token]) -> &[Token] {
    while let [rest @ .., last] = key
        && ["asc", "desc", "nulls", "first", "last"].iter().any(|word| last.is(word))
        && !rest.is_empty()
    {
        key = rest;
    }
    key
}

/// The column that a sort key is.
fn position(key: &[Token], columns: &[&str], list: Option<&[&[Token]]>) -> Option<usize> {
    if let [Token::Word(number)] = key
        && let Ok(number) = number.parse::<usize>()
    {
        return number.checked_sub(1).filter(|at| *at < columns.len());
    }
    if let [name] = key
        && let Some(at) = name.name().and_then(|name| only_column(name, columns))
    {
        return Some(at);
    }
    if let Some(list) = list {
        return list.iter().position(|item| without_alias(item) == key || *item == key);
    }
    match key {
        [.., Token::Sign('.'), name] => only_column(name.name()?, columns),
        _ => None,
    }
}

fn only_column(name: &str, columns: &[&str]) -> Option<usize> {
    let mut found = columns.iter().enumerate().filter(|(_, column)| column.to_lowercase() == name);
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Some(at),
        _ => None,
    }
}

fn without_alias(item: &[Token]) -> &[Token] {
    match item {
        [expression @ .., keyword, Token::Word(_) | Token::Quoted(_)] if keyword.is("as") => expression,
        _ => item,
    }
}

#[cfg(test)]
mod tests {
    use super::{RowOrder, row_order};

    #[track_caller]
    fn keys(query: &str, columns: &[&str], expected: &[usize]) {
        assert_eq!(row_order(query, columns), RowOrder::Keys(expected.to_vec()), "{query}");
    }

    #[test]
    fn only_the_outermost_order_by_counts() {
        for query in [
            "select a from t",
            "select a from (select a from t order by a)",
            "select row_number() over (order by a) from t",
            "select 'x order by a' from t -- order by a",
            "select a from t sort by a",
        ] {
            assert_eq!(row_order(query, &["a"]), RowOrder::Any, "{query}");
        }
    }

    #[test]
    fn keys_are_found_by_position_name_or_as_an_item_of_the_list() {
        keys("select a, b from t order by 2 desc, A nulls last limit 3", &["a", "b"], &[1, 0]);
        keys("(select a, sum(b) from t group by a order by sum(b))", &["a", "sum(b)"], &[1]);
        keys("select a + 1 as x, b from t order by a + 1", &["x", "b"], &[0]);
        keys("select * from t order by t.b, `a`", &["a", "b"], &[1, 0]);
        keys("select a from t union all select 3 order by a", &["a"], &[0]);
        keys("select /* x */ distinct a, count(*) from t order by count(*)", &["a", "count(1)"], &[1]);
    }

    #[test]
    fn a_key_that_is_no_column_leaves_the_sequence() {
        for query in ["select a from t order by b", "select a, a from t order by a + 1", "select a from t order by 7"] {
            assert_eq!(row_order(query, &["a"]), RowOrder::Sequence, "{query}");
        }
    }
}
