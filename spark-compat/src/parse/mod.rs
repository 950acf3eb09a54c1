//! From an SQL text to statements: Spark's lexer, sqlparser driven through Spark's dialect, and the statements it cannot do.
//!
//! What the resolver finds in sqlparser's AST, beyond what sqlparser says itself:
//! - numbers are [`Value::Number`](sqlparser::ast::Value::Number) with sign and suffix in the text (`-1L`, `1.0BD`), strings are
//!   `Value::SingleQuotedString` with escapes resolved; [`literal`] turns literals into types and values;
//! - the type of a CAST is a `DataType::Custom` that [`crate::types::ddl::from_ast`] reads;
//! - `DIV` is `MyIntegerDivide`; `!` and NOT are `UnaryOperator::Not`; `NOT EXISTS` is a negated `Exists`;
//! - `LIKE ANY|ALL (..)` is a comparison by the operator `~~` or `!~~` with ANY or ALL of a row;
//! - aliases inside `struct(a AS b)` and `(a AS b, c)` are `Expr::Named`;
//! - the field of EXTRACT and the units of intervals are `DateTimeField::Custom`;
//! - a LATERAL VIEW without column names may have one empty name, which stands for none;
//! - `SUBSTRING(a FROM b)`, `OVERLAY(..)` and `POSITION(a IN b)` are calls of `substring`, `overlay` and `locate`.

mod calls;
mod commands;
mod cursor;
mod dialect;
mod expression;
mod intervals;
mod keywords;
mod lateral_view;
pub mod lexer;
pub mod literal;
mod settings;
mod show;
mod statement;
mod strings;
mod values;

pub use dialect::SparkDialect;
pub use lexer::split_script;
pub use statement::{NamedColumn, Show, Statement, ViewSource, parse_query, parse_script, parse_script_with};

#[cfg(test)]
mod tests;
