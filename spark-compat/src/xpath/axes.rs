//! The nodes on an axis, nearest first.

use super::document::{Document, NodeId, NodeKind};
use super::expression::Axis;
use crate::error::{Result, SparkError};

/// The nodes that the axis leads to from `node`.
///
/// # Errors
///
/// The axis leads to siblings of an attribute, of which Java has its own idea.
pub(super) fn nodes(document: &Document, axis: Axis, node: NodeId) -> Result<Vec<NodeId>> {
    let is_attribute = |at: &NodeId| document.node(*at).kind == NodeKind::Attribute;
    Ok(match axis {
        Axis::Itself => vec![node],
        Axis::Parent => document.node(node).parent.into_iter().collect(),
        Axis::Ancestor => ancestors(document, node),
        Axis::AncestorOrSelf => std::iter::once(node).chain(ancestors(document, node)).collect(),
        Axis::Attribute => {
            let own = |at: &NodeId| is_attribute(at) && document.node(*at).parent == Some(node);
            document.below(node).take_while(own).collect()
        }
        Axis::Child => document.children(node).collect(),
        Axis::Descendant => document.below(node).filter(|at| !is_attribute(at)).collect(),
        Axis::DescendantOrSelf => {
            std::iter::once(node).chain(document.below(node).filter(|at| !is_attribute(at))).collect()
        }
        Axis::Following => {
            let behind = if is_attribute(&node) { node + 1 } else { document.node(node).end };
            (behind..document.len()).filter(|at| !is_attribute(at)).collect()
        }
        Axis::Preceding => {
            let above = ancestors(document, node);
            (0..node).rev().filter(|at| !is_attribute(at) && !above.contains(at)).collect()
        }
        Axis::FollowingSibling => siblings(document, node)?.into_iter().filter(|at| *at > node).collect(),
        Axis::PrecedingSibling => siblings(document, node)?.into_iter().rev().filter(|at| *at < node).collect(),
    })
}

fn ancestors(document: &Document, node: NodeId) -> Vec<NodeId> {
    std::iter::successors(document.node(node).parent, |above| document.node(*above).parent).collect()
}

fn siblings(document: &Document, node: NodeId) -> Result<Vec<NodeId>> {
    if document.node(node).kind == NodeKind::Attribute {
        return Err(SparkError::unsupported("siblings of attributes in XPath"));
    }
    Ok(document.node(node).parent.map_or_else(Vec::new, |parent| document.children(parent).collect()))
}
