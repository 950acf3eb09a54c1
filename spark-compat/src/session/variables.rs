//! `${name}` in the text of a statement stands for the value of a setting (Spark's `VariableSubstitution`).

use super::settings::Settings;
use crate::error::{Result, SparkError};

/// Values may use variables this deep.
const MAX_DEPTH: usize = 100;

/// No text grows beyond this by its variables.
const MAX_LENGTH: usize = 16 << 20;

/// The text with its variables replaced.
pub(super) fn substitute(text: &str, settings: &Settings) -> Result<String> {
    if !text.contains("${") || !settings.substitutes_variables() {
        return Ok(text.to_string());
    }
    let mut out = String::with_capacity(text.len());
    write(&mut out, text, settings, 0)?;
    Ok(out)
}

fn write(out: &mut String, text: &str, settings: &Settings, depth: usize) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(SparkError::illegal_argument("Circular reference in the variables of the statement"));
    }
    let mut rest = text;
    while let Some((before, from)) = rest.split_once("${") {
        out.push_str(before);
        match variable(from) {
            Some((Some(value), after)) => {
                write(out, settings.set_value(value).unwrap_or_default(), settings, depth + 1)?;
                rest = after;
            }
            _ => {
                out.push_str("${");
                rest = from;
            }
        }
        if out.len() > MAX_LENGTH {
            return Err(SparkError::illegal_argument("the statement becomes too long by its variables"));
        }
    }
    out.push_str(rest);
    Ok(())
}

/// What `name}` or `prefix:name}` at the start of `text` names, `None` for a name that stays as it is, and the text behind it.
fn variable(text: &str) -> Option<(Option<&str>, &str)> {
    let (inside, after) = text.split_once('}')?;
    if inside.is_empty() || inside.contains(char::is_whitespace) {
        return None;
    }
    let name = match inside.split_once(':') {
        Some((prefix, name)) if prefix.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !prefix.is_empty() => {
            // Neither an environment nor system properties are there to be named.
            matches!(prefix, "spark" | "sparkconf" | "hivevar" | "hiveconf").then_some(name)
        }
        _ => Some(inside),
    };
    Some((name, after))
}
