//! XPath 1.0 over XML texts as Java's `javax.xml.xpath` evaluates it for Spark's functions `xpath*`.
//!
//! Spark hands Java a document that was parsed without namespaces: names are what stands in the text, `n:b` and all.
//! Java's evaluator (Xalan) was written for namespaces, which leaves traces that are kept here: an unprefixed name also
//! matches a prefixed one by its local part, except where Xalan looks names up in an index, and a prefixed name in a path
//! matches nothing. That, and Java's spelling of numbers, is why no XPath library does. What Java has beyond XPath 1.0
//! and the corners of Xalan that were not measured are errors that name them.

mod axes;
mod core_functions;
mod descendants;
mod document;
mod entities;
mod evaluate;
mod expression;
mod lexer;
mod parser;
mod value;

pub(crate) use document::Document;
pub(crate) use evaluate::evaluate;
pub(crate) use expression::Expr;
pub(crate) use parser::parse;
pub(crate) use value::Value;
