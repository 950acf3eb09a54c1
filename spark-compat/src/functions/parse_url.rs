//! `parse_url`: parts of a URL, as `java.net.URI` takes it apart. What is no URI is NULL.

use arrow::array::{ArrayRef, AsArray};
use datafusion::common::Result as DataFusionResult;

use super::arguments::{Arity, Input};
use super::{Call, Function, scalar, text};
use crate::error::{Result, SparkError};
use crate::java_regex::JavaRegex;
use crate::resolver::Typed;
use crate::types::SparkType;

pub(super) const FUNCTIONS: &[Function] = &[Function::scalar("parse_url", Arity::AtLeast(0), &[Input::Any], parse_url)];

fn parse_url(call: Call<'_>) -> Result<Typed> {
    if !(2..=3).contains(&call.args.len()) {
        return Err(SparkError::analysis(format!(
            "cannot resolve '{}' due to data type mismatch: parse_url function requires two or three arguments",
            call.name()
        )));
    }
    let name = call.name();
    let zone = call.zone;
    let args = call.args.iter().cloned().enumerate().map(|(at, arg)| match arg.data_type {
        SparkType::String | SparkType::Void => arg.coerced(&SparkType::String, zone),
        // Spark does not cast by itself here.
        _ => Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: argument {} requires string type, however, '{}' is of {} type.",
            at + 1,
            arg.name,
            arg.data_type
        ))),
    });
    let call = Call { args: args.collect::<Result<_>>()?, ..call };
    scalar::lower_nullable(call, "parse_url", "spark_parse_url", SparkType::String, parsed)
}

fn parsed(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [urls, parts, keys @ ..] = arrays else {
        return datafusion::common::internal_err!("parse_url takes a URL and a part");
    };
    let (urls, parts) = (urls.as_string_view(), parts.as_string_view());
    let keys = keys.first().map(|keys| keys.as_string_view());
    text::rows(arrays, |row, out| {
        let part = parts.value(row);
        let Some(uri) = Uri::parse(urls.value(row)) else { return Ok(false) };
        let Some(keys) = keys else { return Ok(uri.write(part, out)) };
        let (Some(query), "QUERY") = (uri.query, part) else { return Ok(false) };
        // Spark makes a regular expression of the key, whatever stands in it, and takes the second group.
        let pattern = JavaRegex::compiled(&format!("(&|^){}=([^&]*)", keys.value(row)))?;
        let mut matches = pattern.searches(query);
        let Some(groups) = matches.next()? else { return Ok(false) };
        let value = groups.get(query, 2);
        out.push_str(value.unwrap_or_default());
        Ok(value.is_some())
    })
}

/// The parts of a URI; those that it does not have are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Uri<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    user: Option<&'a str>,
    host: Option<&'a str>,
    path: Option<&'a str>,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

/// Characters that may stand anywhere, besides letters and digits.
const MARKS: &str = "-_.!~*'()";

/// Whether the text is of letters, digits, marks, the given characters, `%hh`, and characters beyond ASCII.
fn consists_of(text: &str, more: &str) -> bool {
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        let fits = match character {
            '%' => [rest.next(), rest.next()].iter().all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())),
            ascii if ascii.is_ascii() => ascii.is_ascii_alphanumeric() || MARKS.contains(ascii) || more.contains(ascii),
            other => !other.is_whitespace() && !other.is_control() && other != '\u{80}',
        };
        if !fits {
            return false;
        }
    }
    true
}

const URI: &str = ";/?:@&=+$,[]";
const PATH: &str = ":@&=+$,;/";
const USER: &str = ";:&=+$,";
const REGISTRY: &str = "$,;:@&=+";

impl<'a> Uri<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (text, fragment) = match text.split_once('#') {
            Some((text, fragment)) => (text, Some(fragment)),
            None => (text, None),
        };
        if fragment.is_some_and(|fragment| !consists_of(fragment, URI)) {
            return None;
        }
        let colon = text.find(['/', '?', ':']).filter(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(':')));
        let Some((scheme, rest)) = colon.and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?))) else {
            return Some(Self { fragment, ..Self::hierarchical(text)? });
        };
        let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        if !named {
            return None;
        }
        if !rest.starts_with('/') {
            // An opaque URI has nothing but its scheme.
            let valid = !rest.is_empty() && consists_of(rest, URI);
            return valid.then_some(Self { scheme: Some(scheme), fragment, ..Self::default() });
        }
        Some(Self { scheme: Some(scheme), fragment, ..Self::hierarchical(rest)? })
    }

    fn hierarchical(text: &'a str) -> Option<Self> {
        let mut uri = Self::default();
        let mut rest = text;
        if let Some(behind) = text.strip_prefix("//") {
            let end = behind.find(['/', '?']).unwrap_or(behind.len());
            let (authority, after) = behind.split_at(end);
            if authority.is_empty() && after.is_empty() {
                return None;
            }
            if !authority.is_empty() {
                uri = Self::with_authority(authority)?;
            }
            rest = after;
        }
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let valid = consists_of(path, PATH) && query.is_none_or(|query| consists_of(query, URI));
        valid.then_some(Self { path: Some(path), query, ..uri })
    }

    /// A server, or else a name of any registry.
    fn with_authority(authority: &'a str) -> Option<Self> {
        if let Some((user, host)) = server(authority) {
            return Some(Self { authority: Some(authority), user, host: Some(host), ..Self::default() });
        }
        consists_of(authority, REGISTRY).then_some(Self { authority: Some(authority), ..Self::default() })
    }

    /// Appends a part; `false` if the URI does not have it.
    fn write(&self, part: &str, out: &mut String) -> bool {
        let found = match part {
            "HOST" => self.host,
            "PATH" | "FILE" => self.path,
            "QUERY" => self.query,
            "REF" => self.fragment,
            "PROTOCOL" => self.scheme,
            "AUTHORITY" => self.authority,
            "USERINFO" => self.user,
            _ => None,
        };
        out.push_str(found.unwrap_or_default());
        if let ("FILE", Some(_), Some(query)) = (part, found, self.query) {
            out.push('?');
            out.push_str(query);
        }
        found.is_some()
    }
}

/// The user and the host of `[user@]host[:port]`.
fn server(authority: &str) -> Option<(Option<&str>, &str)> {
    let (user, rest) = match authority.split_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, authority),
    };
    if user.is_some_and(|user| !consists_of(user, USER)) {
        return None;
    }
    let (host, port) = match rest.starts_with('[') {
        true => {
            let end = rest.find(']')? + 1;
            let (host, port) = rest.split_at(end);
            let address = host.trim_matches(['[', ']']);
            let (address, scope) = address.split_once('%').unwrap_or((address, "0"));
            address.parse::<std::net::Ipv6Addr>().ok()?;
            let named = !scope.is_empty() && scope.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
            (named.then_some(host)?, port)
        }
        false => {
            let (host, port) = rest.split_at(rest.find(':').unwrap_or(rest.len()));
            (is_host_name(host).then_some(host)?, port)
        }
    };
    let port = if port.is_empty() { "" } else { port.strip_prefix(':')? };
    let valid = port.is_empty() || port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<i32>().is_ok();
    valid.then_some((user, host))
}

/// An IPv4 address, or labels of which the last of several begins with a letter.
fn is_host_name(host: &str) -> bool {
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    let number = |label: &&str| label.len() <= 3 && label.parse::<u8>().is_ok() && !label.starts_with('+');
    if labels.len() == 4 && labels.iter().all(number) && !host.ends_with('.') {
        return true;
    }
    let label = |label: &&str| {
        label.starts_with(|c: char| c.is_ascii_alphanumeric())
            && label.ends_with(|c: char| c.is_ascii_alphanumeric())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    labels.iter().all(label)
        && (labels.len() == 1 || labels.last().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_alphabetic())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_come_apart() {
        let uri = Uri::parse("http://user:pw@Host.com:8080/p/a?a=1&b=2#ref").unwrap();
        assert_eq!((uri.host, uri.user, uri.path), (Some("Host.com"), Some("user:pw"), Some("/p/a")));
        assert_eq!((uri.query, uri.fragment, uri.scheme), (Some("a=1&b=2"), Some("ref"), Some("http")));
        assert_eq!(Uri::parse("mailto:a@b.c").unwrap().path, None);
        assert_eq!(Uri::parse("http://h_x/p").unwrap().host, None);
        assert_eq!(Uri::parse("http://[::1]:80/x").unwrap().host, Some("[::1]"));
        for wrong in ["a b", "http://h/%zz", ":x", "1a:x", "http://h/a|b", "http://", "x:"] {
            assert_eq!(Uri::parse(wrong), None, "{wrong}");
        }
    }
}
