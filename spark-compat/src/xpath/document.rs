//! An XML text as nodes in document order.

use std::collections::HashSet;
use std::ops::Range;

use xmlparser::{ElementEnd, EntityDefinition, StrSpan, Token, Tokenizer};

use super::entities::Entities;
use crate::error::{Result, SparkError};

/// Java's default limit (`jdk.xml.elementAttributeLimit`).
const MAX_ATTRIBUTES: usize = 10_000;

/// A node's place in document order; an element's attributes come before its children.
pub(crate) type NodeId = usize;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodeKind {
    Root,
    Element,
    Attribute,
    Text,
    Comment,
    ProcessingInstruction,
}

/// A node. Below it in the tree are the nodes from the one behind it up to `end`.
#[derive(Debug)]
pub(super) struct Node {
    pub kind: NodeKind,
    pub parent: Option<NodeId>,
    pub end: NodeId,
    /// The name as it is written, with its prefix; empty for nodes without a name.
    pub name: String,
    /// The text of nodes that have no children.
    pub text: String,
    /// How much of a text node's text stands before its first CDATA section, or in it if it comes first: Java gives that
    /// much as the node's value.
    pub first_piece: usize,
}

impl Node {
    /// The part of the name behind its prefix.
    pub fn local_name(&self) -> &str {
        self.name.split_once(':').map_or(self.name.as_str(), |(_, local)| local)
    }

    /// The value of the node as Java's DOM has it; elements and the root have none.
    pub fn dom_value(&self) -> Option<&str> {
        match self.kind {
            NodeKind::Root | NodeKind::Element => None,
            NodeKind::Text => self.text.get(..self.first_piece),
            _ => Some(&self.text),
        }
    }
}

/// A well-formed document. Node 0 is its root.
#[derive(Debug)]
pub(crate) struct Document {
    nodes: Vec<Node>,
}

impl Document {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// It is not well-formed, needs something from outside, or has declarations that are not read here.
    pub(crate) fn parse(xml: &str) -> Result<Self> {
        let mut builder = Builder::default();
        builder.open(NodeKind::Root, String::new());
        for token in Tokenizer::from(xml) {
            // The library's message has the place and what was expected there, and nothing of the text.
            builder.token(xml, token.map_err(|error| malformed(&error.to_string()))?)?;
        }
        builder.finish()
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// The nodes below a node, without its attributes' places being left out.
    pub(super) fn below(&self, id: NodeId) -> Range<NodeId> {
        id + 1..self.node(id).end
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The children of a node, in order.
    pub(super) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let (mut next, end) = (id + 1, self.node(id).end);
        std::iter::from_fn(move || {
            while next < end {
                let at = next;
                next = self.node(at).end;
                if self.node(at).kind != NodeKind::Attribute {
                    return Some(at);
                }
            }
            None
        })
    }

    /// XPath's string-value of a node.
    pub(super) fn string_value(&self, id: NodeId) -> String {
        let node = self.node(id);
        match node.kind {
            NodeKind::Root | NodeKind::Element => {
                let texts = self.below(id).map(|at| self.node(at)).filter(|node| node.kind == NodeKind::Text);
                texts.map(|node| node.text.as_str()).collect()
            }
            _ => node.text.clone(),
        }
    }
}

fn malformed(reason: &str) -> SparkError {
    SparkError::execution(format!("the XML is not well-formed: {reason}"))
}

#[derive(Debug, Default)]
struct Builder {
    nodes: Vec<Node>,
    /// The nodes whose end was not seen.
    open: Vec<NodeId>,
    entities: Entities,
    /// Where the declarations inside the document type start.
    subset_start: Option<usize>,
    has_document_element: bool,
    /// The names of the attributes of the element that is open.
    attribute_names: HashSet<String>,
}

impl Builder {
    fn token(&mut self, xml: &str, token: Token<'_>) -> Result<()> {
        match token {
            Token::Declaration { version, .. } if !matches!(version.as_str(), "1.0" | "1.1") => {
                return Err(malformed("its version is neither 1.0 nor 1.1"));
            }
            Token::Declaration { .. } => {}
            Token::ProcessingInstruction { target, content, .. } => self.instruction(target, content)?,
            Token::Comment { text, .. } if self.subset_start.is_none() => {
                self.leaf(NodeKind::Comment, String::new(), newlines(text.as_str()));
            }
            Token::Comment { .. } => {}
            Token::DtdStart { external_id: Some(_), .. } | Token::EmptyDtd { external_id: Some(_), .. } => {
                return Err(SparkError::execution(
                    "the XML refers to a document type outside it, and nothing is fetched",
                ));
            }
            Token::DtdStart { span, .. } => self.subset_start = Some(span.end()),
            Token::EmptyDtd { .. } => {}
            Token::EntityDeclaration { name, definition, span } => self.entity(name, definition, span)?,
            Token::DtdEnd { span } => self.end_subset(xml, span)?,
            Token::ElementStart { prefix, local, .. } => self.element(qualified(prefix, local)),
            Token::Attribute { prefix, local, value, .. } => {
                self.attribute(qualified(prefix, local), value.as_str())?
            }
            Token::ElementEnd { end, .. } => self.end_element(end)?,
            Token::Text { text } => {
                let text = self.entities.text(text.as_str())?;
                self.text(&text, false);
            }
            Token::Cdata { text, .. } => self.text(&newlines(text.as_str()), true),
        }
        Ok(())
    }

    fn instruction(&mut self, target: StrSpan<'_>, content: Option<StrSpan<'_>>) -> Result<()> {
        if target.eq_ignore_ascii_case("xml") {
            return Err(malformed("an XML declaration stands elsewhere than at its start"));
        }
        if self.subset_start.is_none() {
            let text = content.map_or_else(String::new, |content| newlines(content.as_str()));
            self.leaf(NodeKind::ProcessingInstruction, target.as_str().to_string(), text);
        }
        Ok(())
    }

    fn entity(&mut self, name: StrSpan<'_>, definition: EntityDefinition<'_>, span: StrSpan<'_>) -> Result<()> {
        let is_parameter = span.as_str().trim_start_matches("<!ENTITY").trim_start().starts_with('%');
        match definition {
            // A reference to a parameter entity is an error of the tokenizer's.
            _ if is_parameter => Ok(()),
            EntityDefinition::EntityValue(value) => self.entities.declare(name.as_str(), value.as_str()),
            EntityDefinition::ExternalId(_) => {
                self.entities.declare_external(name.as_str());
                Ok(())
            }
        }
    }

    /// Declarations of attributes may give them values, which would be missing.
    fn end_subset(&mut self, xml: &str, end: StrSpan<'_>) -> Result<()> {
        let subset = self.subset_start.take().and_then(|start| xml.get(start..end.start()));
        if subset.is_some_and(|subset| subset.contains("<!ATTLIST")) {
            return Err(SparkError::unsupported("XML with declarations of attributes (ATTLIST)"));
        }
        Ok(())
    }

    fn element(&mut self, name: String) {
        self.has_document_element = true;
        self.attribute_names.clear();
        self.open(NodeKind::Element, name);
    }

    fn attribute(&mut self, name: String, value: &str) -> Result<()> {
        if !self.attribute_names.insert(name.clone()) {
            return Err(malformed("an element has two attributes of one name"));
        }
        if self.attribute_names.len() > MAX_ATTRIBUTES {
            return Err(SparkError::execution(format!("an XML element has more than {MAX_ATTRIBUTES} attributes")));
        }
        let value = self.entities.attribute(value)?;
        // Declarations of namespaces are no attributes for XPath.
        if name != "xmlns" && !name.starts_with("xmlns:") {
            self.leaf(NodeKind::Attribute, name, value);
        }
        Ok(())
    }

    fn end_element(&mut self, end: ElementEnd<'_>) -> Result<()> {
        if let ElementEnd::Open = end {
            return Ok(());
        }
        let at = self.open.pop().filter(|at| *at > 0).ok_or_else(|| malformed("an end tag has no start tag"))?;
        let next = self.nodes.len();
        if let Some(node) = self.nodes.get_mut(at) {
            if matches!(end, ElementEnd::Close(prefix, local) if qualified(prefix, local) != node.name) {
                return Err(malformed("an end tag has another name than its start tag"));
            }
            node.end = next;
        }
        Ok(())
    }

    /// Adds text, to the text before it if nothing stands between: XPath knows no CDATA sections.
    fn text(&mut self, text: &str, is_cdata: bool) {
        if text.is_empty() && !is_cdata {
            return;
        }
        let (next, parent) = (self.nodes.len(), self.open.last().copied());
        let follows = |last: &&mut Node| last.kind == NodeKind::Text && last.parent == parent && last.end == next;
        match self.nodes.last_mut().filter(follows) {
            Some(last) => last.text.push_str(text),
            None => self.leaf(NodeKind::Text, String::new(), text.to_string()),
        }
    }

    fn leaf(&mut self, kind: NodeKind, name: String, text: String) {
        let (parent, end) = (self.open.last().copied(), self.nodes.len() + 1);
        let first_piece = text.len();
        self.nodes.push(Node { kind, parent, end, name, text, first_piece });
    }

    fn open(&mut self, kind: NodeKind, name: String) {
        let at = self.nodes.len();
        self.leaf(kind, name, String::new());
        self.open.push(at);
    }

    fn finish(mut self) -> Result<Document> {
        if self.open.len() != 1 || !self.has_document_element || self.subset_start.is_some() {
            return Err(malformed("it ends early"));
        }
        let end = self.nodes.len();
        if let Some(root) = self.nodes.first_mut() {
            root.end = end;
        }
        Ok(Document { nodes: self.nodes })
    }
}

/// The name as it is written.
fn qualified(prefix: StrSpan<'_>, local: StrSpan<'_>) -> String {
    if prefix.is_empty() { local.as_str().to_string() } else { format!("{prefix}:{local}") }
}

/// The text with line ends as XML hands them on.
fn newlines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for xml in [
            "",
            "  ",
            "x",
            "<a",
            "<a>",
            "</a>",
            "<a></b>",
            "<a><b></a></b>",
            "<a/><b/>",
            "<a/>x",
            "<a b='1' b='2'/>",
            "<a b=1/>",
            "<a b='<'/>",
            "<a>]]></a>",
            "<a>&b</a>",
            "<a>&b;</a>",
            "<a>&#0;</a>",
            "<a>&#xd800;</a>",
            "<1/>",
            "<!-- -- --><a/>",
            "<a><?xml x?></a>",
            " <?xml version='1.0'?><a/>",
            "<!DOCTYPE a SYSTEM 'x'><a/>",
            "<!DOCTYPE a [",
        ] {
            assert!(Document::parse(xml).is_err(), "{xml}");
        }
    }

    #[test]
    fn the_value_of_a_text_ends_where_a_cdata_section_begins() {
        let document = Document::parse("<a>1&lt;<![CDATA[2]]>3</a>").unwrap();
        let text = document.node(2);
        assert_eq!((text.text.as_str(), text.dom_value()), ("1<23", Some("1<")));
    }

    #[test]
    fn a_deep_document_takes_no_stack() {
        let deep = "<a>".repeat(200_000) + &"</a>".repeat(200_000);
        assert_eq!(Document::parse(&deep).unwrap().len(), 200_001);
    }
}
