//! `spark.sql.parser.quotedRegexColumnNames`: a quoted name in a SELECT list is a regular expression and stands for all columns
//! whose names fit, as a star does.
//!
//! The syntax tree has no place for that: such a name becomes a call by a name that nobody can write, with the qualifier and the
//! expression as strings. Where no star may stand it stays a call, and of no function.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName, Query,
    Select, Value, VisitMut, VisitorMut,
};

/// The call that stands for the columns.
pub(crate) const REGEX_COLUMNS: &str = "#columns";

/// Makes calls of the quoted names in the SELECT lists of a query.
pub(super) fn mark(query: &mut Query) {
    let _: ControlFlow<()> = VisitMut::visit(query, &mut Lists);
}

/// The regular expression and, if there is one, the qualifier, that an expression of a SELECT list stands for.
pub(crate) fn regex_columns(expr: &Expr) -> Option<(Option<&str>, &str)> {
    let Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) = expr else { return None };
    let is_call = matches!(&name.0[..], [part] if part.as_ident().is_some_and(|name| name.value == REGEX_COLUMNS));
    match &list.args[..] {
        _ if !is_call => None,
        [regex] => Some((None, text_of(regex)?)),
        [qualifier, regex] => Some((Some(text_of(qualifier)?), text_of(regex)?)),
        _ => None,
    }
}

fn text_of(arg: &FunctionArg) -> Option<&str> {
    match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// Visits the SELECT lists.
struct Lists;

impl VisitorMut for Lists {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        select.projection.visit(&mut Names)
    }
}

/// Visits the names of a SELECT list.
struct Names;

impl VisitorMut for Names {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let parts = match expr {
            Expr::Identifier(name) => std::slice::from_ref(&*name),
            Expr::CompoundIdentifier(parts) => parts,
            _ => return ControlFlow::Continue(()),
        };
        let quoted = parts.last().is_some_and(|name| name.quote_style == Some('`'));
        if quoted && parts.len() <= 2 {
            *expr = call(parts);
        }
        ControlFlow::Continue(())
    }
}

fn call(parts: &[Ident]) -> Expr {
    let arg = |part: &Ident| {
        let text = Value::SingleQuotedString(part.value.clone()).with_span(part.span);
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(text)))
    };
    let args = parts.iter().map(arg).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(REGEX_COLUMNS)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
