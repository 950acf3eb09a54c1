//! The functions of XPath 1.0. Texts are counted in Java's characters, units of UTF-16.

use super::document::NodeKind;
use super::evaluate::{Context, Evaluation};
use super::expression::{Expr, Function};
use super::value::Value;
use crate::error::{Result, SparkError};

/// Calls a function whose number of arguments was checked.
pub(super) fn call(
    evaluation: &Evaluation<'_>,
    function: Function,
    arguments: &[Expr],
    context: Context,
) -> Result<Value> {
    let call = Call { evaluation, arguments, context };
    Ok(match function {
        Function::Last => Value::Number(context.size),
        Function::Position => Value::Number(context.position),
        Function::Count => Value::Number(evaluation.nodes(call.argument(0)?, context)?.len() as f64),
        Function::Sum => {
            let mut sum = 0.0;
            for node in evaluation.nodes(call.argument(0)?, context)? {
                sum += super::value::text_to_number(&evaluation.string_value(node)?);
            }
            Value::Number(sum)
        }
        // Attributes are never declared to be identifiers here.
        Function::Id => Value::Nodes(Vec::new()),
        Function::LocalName | Function::Name | Function::NamespaceUri => Value::Text(call.name_of_node(function)?),
        Function::Boolean => Value::Boolean(call.boolean(0)?),
        Function::Not => Value::Boolean(!call.boolean(0)?),
        Function::True => Value::Boolean(true),
        Function::False => Value::Boolean(false),
        // Java looks for `xml:lang` by its namespace, and there are none.
        Function::Lang => Value::Boolean(false),
        Function::Number => Value::Number(call.own_or_argument()?.number(evaluation.document)),
        Function::Ceiling => Value::Number(call.number(0)?.ceil()),
        Function::Floor => Value::Number(call.number(0)?.floor()),
        Function::Round => Value::Number((call.number(0)? + 0.5).floor()),
        Function::String => Value::Text(call.own_or_argument()?.text(evaluation.document)),
        Function::StringLength => Value::Number(call.own_or_argument_text()?.encode_utf16().count() as f64),
        Function::NormalizeSpace => {
            let text = call.own_or_argument_text()?;
            let words = text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty());
            Value::Text(words.collect::<Vec<_>>().join(" "))
        }
        Function::Concat => {
            let texts = (0..arguments.len()).map(|at| call.text(at));
            Value::Text(texts.collect::<Result<String>>()?)
        }
        Function::Contains => Value::Boolean(call.text(0)?.contains(&call.text(1)?)),
        Function::StartsWith => Value::Boolean(call.text(0)?.starts_with(&call.text(1)?)),
        Function::SubstringBefore => Value::Text(call.around()?.0),
        Function::SubstringAfter => Value::Text(call.around()?.1),
        Function::Substring => Value::Text(call.substring()?),
        Function::Translate => Value::Text(translate(&call.text(0)?, &call.text(1)?, &call.text(2)?)),
    })
}

struct Call<'c> {
    evaluation: &'c Evaluation<'c>,
    arguments: &'c [Expr],
    context: Context,
}

impl Call<'_> {
    fn argument(&self, at: usize) -> Result<&Expr> {
        self.arguments.get(at).ok_or_else(|| SparkError::internal("an XPath function has too few arguments"))
    }

    fn boolean(&self, at: usize) -> Result<bool> {
        Ok(self.evaluation.value(self.argument(at)?, self.context)?.boolean())
    }

    fn number(&self, at: usize) -> Result<f64> {
        self.evaluation.number(self.argument(at)?, self.context)
    }

    fn text(&self, at: usize) -> Result<String> {
        self.evaluation.text(self.argument(at)?, self.context)
    }

    /// The argument, or the node that the function is called at.
    fn own_or_argument(&self) -> Result<Value> {
        match self.arguments.first() {
            Some(argument) => self.evaluation.value(argument, self.context),
            None => Ok(Value::Text(self.evaluation.string_value(self.context.node)?)),
        }
    }

    fn own_or_argument_text(&self) -> Result<String> {
        let text = self.own_or_argument()?.text(self.evaluation.document);
        self.evaluation.spend(text.len())?;
        Ok(text)
    }

    fn name_of_node(&self, function: Function) -> Result<String> {
        let node = match self.arguments.first() {
            Some(argument) => self.evaluation.nodes(argument, self.context)?.first().copied(),
            None => Some(self.context.node),
        };
        let node = node.map(|node| self.evaluation.document.node(node));
        Ok(match (node, function) {
            (None, _) | (_, Function::NamespaceUri) => String::new(),
            (Some(node), Function::LocalName) if node.kind != NodeKind::ProcessingInstruction => {
                node.local_name().to_string()
            }
            (Some(node), _) => node.name.clone(),
        })
    }

    /// What stands before and behind the first place of the second argument in the first one.
    fn around(&self) -> Result<(String, String)> {
        let (text, part) = (self.text(0)?, self.text(1)?);
        Ok(text.split_once(part.as_str()).map_or_else(Default::default, |(a, b)| (a.to_string(), b.to_string())))
    }

    /// Positions are rounded as Java's `Math.round` does, and overflow as its casts do.
    fn substring(&self) -> Result<String> {
        let units: Vec<u16> = self.text(0)?.encode_utf16().collect();
        if units.is_empty() {
            return Ok(String::new());
        }
        let round = |number: f64| (number + 0.5).floor() as i64 as f64;
        let start = self.number(1)?;
        let (start, first) = match start.is_nan() {
            true => (-1_000_000.0, 0),
            false if round(start) > 0.0 => (round(start), (round(start) as i32 - 1) as usize),
            false => (round(start), 0),
        };
        let first = first.min(units.len());
        let end = match self.arguments.len() {
            2 => units.len(),
            _ => {
                let end = ((round(self.number(2)?) + start) as i32).wrapping_sub(1);
                usize::try_from(end).unwrap_or_default().min(units.len())
            }
        };
        match units.get(first..end) {
            Some(part) => Ok(java_text(part)),
            None => Err(SparkError::execution(format!("XPath's substring() has begin {first}, end {end}"))),
        }
    }
}

/// Replaces each character of `from` by the one at the same place of `to`, or by nothing.
fn translate(text: &str, from: &str, to: &str) -> String {
    let (from, to): (Vec<u16>, Vec<u16>) = (from.encode_utf16().collect(), to.encode_utf16().collect());
    let translated = text.encode_utf16().filter_map(|unit| match from.iter().position(|f| *f == unit) {
        Some(at) => to.get(at).copied(),
        None => Some(unit),
    });
    java_text(&translated.collect::<Vec<_>>())
}

/// A text of Java's; half a pair is a question mark once it is encoded.
fn java_text(units: &[u16]) -> String {
    char::decode_utf16(units.iter().copied()).map(|unit| unit.unwrap_or('?')).collect()
}
