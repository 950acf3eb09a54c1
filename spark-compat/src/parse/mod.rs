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
//! - each aggregate of PIVOT is a call around it, which [`pivoted`] takes away;
//! - with `spark.sql.parser.quotedRegexColumnNames` a quoted name in a SELECT list is a call, which [`regex_columns`] reads;
//! - `SUBSTRING(a FROM b)`, `OVERLAY(..)` and `POSITION(a IN b)` are calls of `substring`, `overlay` and `locate`.

mod calls;
mod clauses;
mod commands;
mod cursor;
mod dialect;
mod expression;
mod intervals;
mod keywords;
mod lateral_view;
pub mod lexer;
pub mod literal;
mod regex_columns;
mod settings;
mod show;
mod statement;
mod strings;
mod values;

pub(crate) use clauses::pivoted;
pub use dialect::SparkDialect;
pub use lexer::split_script;
pub(crate) use regex_columns::regex_columns;
pub use statement::{NamedColumn, Show, Statement, ViewSource, parse_query, parse_script, parse_script_with};

#[cfg(test)]
mod tests;
