//! Evaluation of paths on documents.

use std::cell::Cell;

use super::axes;
use super::core_functions;
use super::document::{Document, NodeId, NodeKind};
use super::expression::{Axis, Comparison, Expr, NodeTest, Operator, Origin, Path, Step};
use super::value::{Value, text_to_number};
use crate::error::{Result, SparkError};

/// How many steps from node to node, or bytes of text, one evaluation may take: nested predicates multiply.
const MAX_WORK: usize = 50_000_000;

/// The value of an expression at the root of a document.
///
/// # Errors
///
/// Something is no set of nodes that must be one, or the evaluation takes too long.
pub(crate) fn evaluate(expr: &Expr, document: &Document) -> Result<Value> {
    let evaluation = Evaluation { document, work: Cell::new(0) };
    // Outside of predicates Java has no position.
    evaluation.value(expr, Context { node: 0, position: -1.0, size: 0.0 })
}

/// The node that an expression is evaluated at, and its place among those of the step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    pub node: NodeId,
    pub position: f64,
    pub size: f64,
}

pub(super) struct Evaluation<'d> {
    pub document: &'d Document,
    work: Cell<usize>,
}

impl Evaluation<'_> {
    pub fn value(&self, expr: &Expr, context: Context) -> Result<Value> {
        Ok(match expr {
            Expr::Or(a, b) => Value::Boolean(self.value(a, context)?.boolean() || self.value(b, context)?.boolean()),
            Expr::And(a, b) => Value::Boolean(self.value(a, context)?.boolean() && self.value(b, context)?.boolean()),
            Expr::Compare(comparison, a, b) => {
                let (a, b) = (self.value(a, context)?, self.value(b, context)?);
                Value::Boolean(self.compare(*comparison, &a, &b)?)
            }
            Expr::Calculate(operator, a, b) => {
                let (a, b) = (self.number(a, context)?, self.number(b, context)?);
                Value::Number(match operator {
                    Operator::Add => a + b,
                    Operator::Subtract => a - b,
                    Operator::Multiply => a * b,
                    Operator::Divide => a / b,
                    Operator::Modulo => a % b,
                })
            }
            Expr::Negate(inner) => Value::Number(-self.number(inner, context)?),
            Expr::Union(members) => {
                let mut all = Vec::new();
                for member in members {
                    all.extend(self.nodes(member, context)?);
                }
                Value::Nodes(in_document_order(all))
            }
            Expr::Literal(text) => Value::Text(text.clone()),
            Expr::Number(number) => Value::Number(*number),
            Expr::Call(function, arguments) => core_functions::call(self, *function, arguments, context)?,
            Expr::Path(path) => Value::Nodes(self.path(path, context)?),
            Expr::Group(inner) => self.value(inner, context)?,
            Expr::Unknown(what) => {
                return Err(SparkError::execution(format!("the XPath refers to {what}, and there are none")));
            }
        })
    }

    pub fn number(&self, expr: &Expr, context: Context) -> Result<f64> {
        Ok(self.value(expr, context)?.number(self.document))
    }

    pub fn text(&self, expr: &Expr, context: Context) -> Result<String> {
        let text = self.value(expr, context)?.text(self.document);
        self.spend(text.len())?;
        Ok(text)
    }

    /// The nodes of an expression that must have some.
    pub fn nodes(&self, expr: &Expr, context: Context) -> Result<Vec<NodeId>> {
        match self.value(expr, context)? {
            Value::Nodes(nodes) => Ok(nodes),
            _ => Err(not_nodes()),
        }
    }

    /// The string-value of a node.
    pub fn string_value(&self, node: NodeId) -> Result<String> {
        let text = self.document.string_value(node);
        self.spend(self.document.below(node).len() + text.len())?;
        Ok(text)
    }

    pub fn spend(&self, work: usize) -> Result<()> {
        let spent = self.work.get().saturating_add(work);
        self.work.set(spent);
        if spent > MAX_WORK {
            return Err(SparkError::execution("the XPath takes too many steps through its document: simplify it"));
        }
        Ok(())
    }

    fn path(&self, path: &Path, context: Context) -> Result<Vec<NodeId>> {
        let mut nodes = match &path.origin {
            Origin::Root => vec![0],
            Origin::Context => vec![context.node],
            Origin::Filter(expr, predicates) => {
                let mut nodes = self.nodes(expr, context)?;
                for predicate in predicates {
                    nodes = self.filtered(nodes, predicate)?;
                }
                nodes
            }
        };
        for step in &path.steps {
            let mut reached = Vec::new();
            for node in nodes {
                reached.extend(self.step(step, path.by_whole_name, node)?);
            }
            nodes = in_document_order(reached);
        }
        Ok(nodes)
    }

    fn step(&self, step: &Step, by_whole_name: bool, node: NodeId) -> Result<Vec<NodeId>> {
        let mut nodes = axes::nodes(self.document, step.axis, node)?;
        self.spend(nodes.len() + 1)?;
        let whole = by_whole_name && matches!(step.test, NodeTest::Name(_));
        nodes.retain(|at| self.passes(step, whole, *at));
        for predicate in &step.predicates {
            nodes = self.filtered(nodes, predicate)?;
        }
        Ok(nodes)
    }

    fn passes(&self, step: &Step, whole: bool, at: NodeId) -> bool {
        let node = self.document.node(at);
        let principal = if step.axis == Axis::Attribute { NodeKind::Attribute } else { NodeKind::Element };
        match &step.test {
            NodeTest::Any => true,
            NodeTest::AnyName => node.kind == principal,
            NodeTest::Name(name) if whole => node.kind == principal && node.name == *name,
            NodeTest::Name(name) => node.kind == principal && (node.local_name() == name || node.name == *name),
            NodeTest::Prefixed => false,
            NodeTest::Text => node.kind == NodeKind::Text,
            NodeTest::Comment => node.kind == NodeKind::Comment,
            NodeTest::ProcessingInstruction(None) => node.kind == NodeKind::ProcessingInstruction,
            NodeTest::ProcessingInstruction(Some(target)) => {
                node.kind == NodeKind::ProcessingInstruction && node.name == *target
            }
        }
    }

    /// The nodes for which the predicate holds; a number is the position it holds at.
    fn filtered(&self, nodes: Vec<NodeId>, predicate: &Expr) -> Result<Vec<NodeId>> {
        let size = nodes.len() as f64;
        let mut kept = Vec::new();
        for (at, node) in nodes.into_iter().enumerate() {
            let context = Context { node, position: (at + 1) as f64, size };
            self.spend(1)?;
            let holds = match self.value(predicate, context)? {
                Value::Number(number) => number == context.position,
                other => other.boolean(),
            };
            if holds {
                kept.push(node);
            }
        }
        Ok(kept)
    }

    fn compare(&self, comparison: Comparison, a: &Value, b: &Value) -> Result<bool> {
        match (a, b) {
            (Value::Nodes(nodes), Value::Nodes(others)) => {
                let others = others.iter().map(|other| self.string_value(*other)).collect::<Result<Vec<_>>>()?;
                for node in nodes {
                    let text = self.string_value(*node)?;
                    self.spend(others.len())?;
                    if others.iter().any(|other| texts(comparison, &text, other)) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Value::Nodes(_), Value::Boolean(_)) => Ok(self.simple(comparison, &Value::Boolean(a.boolean()), b)),
            (Value::Nodes(nodes), _) => {
                for node in nodes {
                    let text = self.string_value(*node)?;
                    let holds = match b {
                        Value::Number(number) => numbers(comparison, text_to_number(&text), *number),
                        _ => texts(comparison, &text, &b.text(self.document)),
                    };
                    if holds {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (_, Value::Nodes(_)) => self.compare(comparison.mirrored(), b, a),
            _ => Ok(self.simple(comparison, a, b)),
        }
    }

    /// Compares values that are no nodes.
    fn simple(&self, comparison: Comparison, a: &Value, b: &Value) -> bool {
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        match (a, b) {
            (Value::Boolean(_), _) | (_, Value::Boolean(_)) if equality => {
                (a.boolean() == b.boolean()) == (comparison == Comparison::Equal)
            }
            (Value::Text(a), Value::Text(b)) => texts(comparison, a, b),
            _ => numbers(comparison, a.number(self.document), b.number(self.document)),
        }
    }
}

/// Texts are equal as texts and ordered as numbers.
fn texts(comparison: Comparison, a: &str, b: &str) -> bool {
    match comparison {
        Comparison::Equal => a == b,
        Comparison::NotEqual => a != b,
        _ => numbers(comparison, text_to_number(a), text_to_number(b)),
    }
}

fn numbers(comparison: Comparison, a: f64, b: f64) -> bool {
    match comparison {
        Comparison::Equal => a == b,
        Comparison::NotEqual => a != b,
        Comparison::Less => a < b,
        Comparison::LessOrEqual => a <= b,
        Comparison::Greater => a > b,
        Comparison::GreaterOrEqual => a >= b,
    }
}

fn in_document_order(mut nodes: Vec<NodeId>) -> Vec<NodeId> {
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

pub(super) fn not_nodes() -> SparkError {
    SparkError::execution("the XPath uses something as a set of nodes that is none")
}

#[cfg(test)]
mod tests {
    use super::super::{Document, parse};
    use super::*;

    fn text(xml: &str, path: &str) -> String {
        let document = Document::parse(xml).unwrap();
        evaluate(&parse(path).unwrap(), &document).unwrap().text(&document)
    }

    #[test]
    fn reverse_axes_count_from_the_node_away() {
        let xml = "<a><b>1</b><b>2</b><c>3</c></a>";
        assert_eq!(text(xml, "a/c/preceding-sibling::b[1]"), "2");
        assert_eq!(text(xml, "(a/c/preceding-sibling::b)[1]"), "1");
    }

    #[test]
    fn an_unprefixed_name_matches_by_the_local_part_but_not_in_javas_index() {
        let xml = "<n:a xmlns:n='u'><n:b>1</n:b></n:a>";
        assert_eq!(["a/b", "a//b", "//a/b", "descendant::b"].map(|path| text(xml, path)), ["1"; 4]);
        assert_eq!(["//b", ".//b", "n:a", "n:*"].map(|path| text(xml, path)), [""; 4]);
    }

    #[test]
    fn an_evaluation_that_would_take_for_ever_is_stopped() {
        let document = Document::parse(&("<a>".to_string() + &"<b/>".repeat(3000) + "</a>")).unwrap();
        let path = parse("//b[//b[//b[//b]]]").unwrap();
        assert!(evaluate(&path, &document).unwrap_err().message.contains("too many steps"));
    }
}
