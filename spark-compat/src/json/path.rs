//! `get_json_object`: Spark's subset of JSONPath, with Hive's ways about arrays (`JsonPathParser`, `GetJsonObject`).

use super::token::{Leniency, Malformed, Parser, Result, Token};
use super::write::Generator;

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// `.name`, `['name']`
    Named(String),
    /// `[3]`
    Index(u64),
    /// `[*]`
    AllElements,
    /// `.*`, `['*']`, which match nothing
    AllMembers,
}

/// Reads a path such as `$.a['b'][0][*]`; `None` if it is not one.
pub(crate) fn parse(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.trim_start().is_empty() {
        let (step, after) = step(rest)?;
        steps.push(step);
        rest = after;
    }
    Some(steps)
}

fn step(text: &str) -> Option<(Step, &str)> {
    // The parser combinators of Scala skip blanks before texts and patterns, and not before single characters.
    let trimmed = text.trim_start();
    if let Some(after) = trimmed.strip_prefix(".*").or_else(|| trimmed.strip_prefix("['*']")) {
        return Some((Step::AllMembers, after));
    }
    if let Some(after) = text.strip_prefix('.') {
        let after = after.trim_start();
        let (name, after) = split_at(after, after.find(['.', '[']));
        return (!name.is_empty()).then(|| (Step::Named(name.to_string()), after));
    }
    if let Some(after) = trimmed.strip_prefix("['") {
        let after = after.trim_start();
        let (name, after) = split_at(after, after.find(['\'', '?']));
        let after = after.trim_start().strip_prefix("']")?;
        return (!name.is_empty()).then(|| (Step::Named(name.to_string()), after));
    }
    let after = text.strip_prefix('[')?;
    if let Some(after) = after.strip_prefix("*]") {
        return Some((Step::AllElements, after));
    }
    let after = after.trim_start();
    let (digits, after) = split_at(after, after.find(|c: char| !c.is_ascii_digit()));
    Some((Step::Index(digits.parse().ok()?), after.strip_prefix(']')?))
}

fn split_at(text: &str, at: Option<usize>) -> (&str, &str) {
    text.split_at_checked(at.unwrap_or(text.len())).unwrap_or((text, ""))
}

/// The value at the path as a text; `None` if there is none or the text is not JSON up to it.
pub(crate) fn get(json: &str, path: &[Step]) -> Option<String> {
    let mut parser = Parser::new(json, Leniency::SHARED);
    let mut generator = Generator::default();
    parser.next().ok()?;
    let found = evaluate(&mut parser, &mut generator, Style::Raw, path).ok()?;
    found.then_some(generator.out)
}

/// How strings and arrays are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// A string without quotes.
    Raw,
    Quoted,
    /// Arrays give their elements to the array around them.
    Flatten,
}

/// Arrays nested deeper than this are not flattened.
const MAX_DEPTH: usize = 500;

fn evaluate(parser: &mut Parser<'_>, out: &mut Generator, style: Style, path: &[Step]) -> Result<bool> {
    use Step as S;
    if parser.depth() > MAX_DEPTH && !path.is_empty() {
        return Err(Malformed("the text is nested too deeply".into()));
    }
    match (parser.token(), path) {
        (Token::String, []) if style == Style::Raw => {
            out.bare(parser.text());
            Ok(true)
        }
        (Token::StartArray, []) if style == Style::Flatten => {
            if parser.depth() > MAX_DEPTH {
                return Err(Malformed("the text is nested too deeply".into()));
            }
            elements(parser, |parser| evaluate(parser, out, style, &[]))
        }
        (_, []) => out.copy(parser).map(|()| true),
        (Token::StartObject, [S::Named(name), rest @ ..]) => member(parser, out, style, name, rest),
        (Token::StartArray, [S::AllElements, S::AllElements, rest @ ..]) => {
            out.open('[');
            let found = elements(parser, |parser| evaluate(parser, out, Style::Flatten, rest))?;
            out.close(']');
            Ok(found)
        }
        (Token::StartArray, [S::AllElements, rest @ ..]) if style != Style::Quoted => {
            let inner = if style == Style::Raw { Style::Quoted } else { style };
            let mut buffer = Generator::default();
            let mut count = 0usize;
            buffer.open('[');
            elements(parser, |parser| {
                let found = evaluate(parser, &mut buffer, inner, rest)?;
                count += usize::from(found);
                Ok(found)
            })?;
            buffer.close(']');
            match count {
                0 => {}
                // A single match stands without the array.
                1 => out.raw(buffer.out.get(1..buffer.out.len() - 1).unwrap_or_default()),
                _ => out.raw(&buffer.out),
            }
            Ok(count > 0)
        }
        (Token::StartArray, [S::AllElements, rest @ ..]) => {
            out.open('[');
            let found = elements(parser, |parser| evaluate(parser, out, Style::Quoted, rest))?;
            out.close(']');
            Ok(found)
        }
        (Token::StartArray, [S::Index(index), rest @ ..]) => {
            let style = if matches!(rest, [S::AllElements, ..]) { Style::Quoted } else { style };
            element(parser, out, style, *index, rest)
        }
        _ => {
            parser.skip_children()?;
            Ok(false)
        }
    }
}

/// Evaluates each element of the array that the parser stands at; whether any matched.
fn elements(parser: &mut Parser<'_>, mut each: impl FnMut(&mut Parser<'_>) -> Result<bool>) -> Result<bool> {
    let mut found = false;
    while parser.next()? != Token::EndArray {
        found |= each(parser)?;
    }
    Ok(found)
}

/// The first member of this name that matches. A member that is null does not.
fn member(parser: &mut Parser<'_>, out: &mut Generator, style: Style, name: &str, rest: &[Step]) -> Result<bool> {
    let mut found = false;
    while parser.next()? != Token::EndObject {
        let wanted = !found && parser.text() == name;
        let token = parser.next()?;
        if wanted && token != Token::Null {
            found = evaluate(parser, out, style, rest)?;
        } else {
            parser.skip_children()?;
        }
    }
    Ok(found)
}

fn element(parser: &mut Parser<'_>, out: &mut Generator, style: Style, index: u64, rest: &[Step]) -> Result<bool> {
    let mut at = 0;
    let mut found = false;
    while parser.next()? != Token::EndArray {
        if at == index {
            found = evaluate(parser, out, style, rest)?;
        } else {
            parser.skip_children()?;
        }
        at += 1;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_texts_are_no_danger_to_the_stack() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(get(&deep, &parse("$[*][*]").unwrap()), None);
        assert_eq!(get(&deep, &[]).map(|copy| copy.len()), Some(200_001));
        assert_eq!(get(&deep, &parse("$[0]").unwrap()).map(|copy| copy.len()), Some(199_999));
    }
}
