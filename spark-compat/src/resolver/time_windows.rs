//! Windows of time as columns: `window(time, duration[, slide[, start]])` in the SELECT list and in GROUP BY (Spark's
//! `TimeWindowing`); sessions stand in [`super::session_windows`].
//!
//! A SELECT has one window at most. It becomes a column of its input, called `window`, that no star shows; rows without a time
//! are gone, and with a slide shorter than the duration there is one row for each window that a time is in.

use std::ops::ControlFlow;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan};
use sqlparser::ast::{self, Visit, Visitor};

use super::attribute::Attribute;
use super::expr::{Clause, Lowering};
use super::relation::Relation;
use super::scope::{Scope, ScopeColumn};
use super::session_windows::SESSION_WINDOW;
use super::{Place, Resolver, Typed, plan, refuse};
use crate::datetime::{MICROS_PER_DAY, interval};
use crate::error::{Result, SparkError};
use crate::functions::datetime::{TimeWindows, window_of};
use crate::types::{SparkType, StructField};

/// The name of the column.
pub(super) const WINDOW: &str = "window";

/// Rows multiply by the windows that overlap; more than this are refused.
const MOST_OVERLAPPING: i64 = 10_000;

impl Resolver<'_> {
    /// The relation with the window of the SELECT as a hidden column, if it has one.
    pub(super) fn windowed(
        &self,
        input: Relation,
        select: &ast::Select,
        keys: &[ast::OrderByExpr],
        place: &Place<'_>,
    ) -> Result<Relation> {
        let calls = window_calls(select, keys);
        if calls.is_empty() {
            return Ok(input);
        }
        let scopes = [&input.scope];
        let lowering = Lowering::new(self, place, &scopes, Clause::Select);
        let mut windows: Vec<Window> = Vec::new();
        for call in &calls {
            let window = self.window_of_call(&lowering, call)?;
            if !windows.contains(&window) {
                windows.push(window);
            }
        }
        match one_window(windows)? {
            Some(Window::OfTime(time, windows)) => self.with_window(input, time, windows),
            Some(Window::Session(time, gap)) => self.with_session(input, time, gap, select, place),
            None => Ok(input),
        }
    }

    fn window_of_call(&self, lowering: &Lowering<'_, '_>, call: &ast::Function) -> Result<Window> {
        let args = positional_arguments(call)?;
        let session = is_called(call, SESSION_WINDOW);
        let most = if session { 2 } else { 4 };
        let (Some(time), Some(durations)) = (args.first(), args.get(1..most.min(args.len()))) else {
            return Err(wrong_number(session, args.len()));
        };
        if durations.is_empty() || args.len() > most {
            return Err(wrong_number(session, args.len()));
        }
        let time = lowering.lower(time)?;
        let accepted =
            matches!(time.data_type, SparkType::Timestamp | SparkType::Date | SparkType::String | SparkType::Void);
        if !accepted {
            return Err(SparkError::analysis(format!(
                "cannot resolve 'window({})' due to data type mismatch: argument 1 requires (timestamp or timestamp without time \
                 zone) type, however, '{}' is of {} type.",
                time.name, time.name, time.data_type
            )));
        }
        let time = time.coerced(&SparkType::Timestamp, self.facts.zone)?;
        if let (true, Some(gap)) = (session, durations.first()) {
            return Ok(Window::Session(time, self.session_gap(lowering.lower(gap)?)?));
        }
        let durations = durations.iter().map(|expr| duration(&lowering.lower(expr)?)).collect::<Result<Vec<_>>>()?;
        let length = durations.first().copied().unwrap_or_default();
        let slide = durations.get(1).copied().unwrap_or(length);
        let start = durations.get(2).copied().unwrap_or(0);
        Ok(Window::OfTime(time, checked(TimeWindows { length, slide, start })?))
    }

    fn with_window(&self, input: Relation, time: Typed, windows: TimeWindows) -> Result<Relation> {
        let overlapping = windows.overlapping();
        if overlapping > MOST_OVERLAPPING {
            return Err(SparkError::unsupported(format!("{overlapping} windows that overlap")));
        }
        let visible: Vec<Expr> = input.plan.schema().columns().into_iter().map(Expr::Column).collect();
        let (plan, index) = if overlapping == 1 {
            (input.plan, Expr::Literal(ScalarValue::Int64(Some(0)), None))
        } else {
            let index = self.ids.attribute(SparkType::Long, false);
            let rows = (0..overlapping).map(|at| vec![Expr::Literal(ScalarValue::Int64(Some(at)), None)]).collect();
            let indexes = plan::values(rows, std::slice::from_ref(&index))?;
            (plan::join(input.plan, indexes, JoinType::Inner, None)?, index.expr())
        };
        let data_type = window_type();
        let attribute = self.ids.attribute(data_type.clone(), false);
        let mut exprs = visible;
        exprs.push(plan::define(window_of(time.expr, index, windows, &data_type), attribute.id));
        let plan = plan::filter(plan::project(plan, exprs)?, attribute.expr().is_not_null())?;
        Ok(hide_window(plan, input.scope, WINDOW, attribute))
    }
}

/// The window of a SELECT.
#[derive(Debug, PartialEq)]
enum Window {
    OfTime(Typed, TimeWindows),
    /// A time and a gap.
    Session(Typed, Typed),
}

/// The plan with the window as a column of the given name that no star shows.
pub(super) fn hide_window(plan: LogicalPlan, mut scope: Scope, name: &str, attribute: Attribute) -> Relation {
    scope.hidden.push(ScopeColumn { name: name.to_string(), qualifier: None, attribute });
    Relation { plan, scope }
}

/// The hidden column of the window that is called `name` among the scopes.
pub(super) fn window_column<'a>(scopes: &[&'a Scope], name: &str) -> Option<&'a ScopeColumn> {
    if !matches!(name, WINDOW | SESSION_WINDOW) {
        return None;
    }
    let hidden = scopes.iter().flat_map(|scope| scope.hidden.iter().chain(&scope.columns));
    let expected = window_type();
    hidden.into_iter().find(|column| column.name == name && column.attribute.data_type == expected)
}

/// `struct<start:timestamp,end:timestamp>`
pub(super) fn window_type() -> SparkType {
    let field = |name: &str| StructField { name: name.into(), data_type: SparkType::Timestamp, nullable: true };
    SparkType::Struct(vec![field("start"), field("end")])
}

fn one_window(mut windows: Vec<Window>) -> Result<Option<Window>> {
    let first = windows.pop();
    if windows.is_empty() {
        return Ok(first);
    }
    Err(SparkError::analysis(
        "Multiple time/session window expressions would result in a cartesian product of rows, therefore they are currently not \
         supported.",
    ))
}

/// Microseconds of a duration: an interval as a text, without months, or a whole number.
fn duration(typed: &Typed) -> Result<i64> {
    let not_literal =
        || SparkError::analysis("The duration and time inputs to window must be an integer, long or string literal.");
    match typed.as_literal().ok_or_else(not_literal)? {
        ScalarValue::Int32(Some(micros)) => Ok((*micros).into()),
        ScalarValue::Int64(Some(micros)) => Ok(*micros),
        ScalarValue::Utf8View(Some(text)) => {
            let found = interval::calendar(text).map_err(|_| {
                SparkError::analysis(format!(
                    "The provided interval ({text}) did not correspond to a valid interval string."
                ))
            })?;
            if found.months != 0 {
                return Err(SparkError::analysis(format!("Intervals greater than a month is not supported ({text}).")));
            }
            let days = i64::from(found.days).checked_mul(MICROS_PER_DAY);
            days.and_then(|days| days.checked_add(found.micros)).ok_or_else(|| SparkError::arithmetic("long overflow"))
        }
        _ => Err(not_literal()),
    }
}

fn checked(windows: TimeWindows) -> Result<TimeWindows> {
    let TimeWindows { length, slide, start } = windows;
    let fail =
        |why: String| Err(SparkError::analysis(format!("cannot resolve 'window' due to data type mismatch: {why}")));
    match () {
        () if length <= 0 => fail(format!("The window duration ({length}) must be greater than 0.")),
        () if slide <= 0 => fail(format!("The slide duration ({slide}) must be greater than 0.")),
        () if slide > length => {
            fail(format!("The slide duration ({slide}) must be less than or equal to the windowDuration ({length})."))
        }
        () if start.checked_abs().is_none_or(|start| start >= slide) => {
            fail(format!("The absolute value of start time ({start}) must be less than the slideDuration ({slide})."))
        }
        () => Ok(windows),
    }
}

fn positional_arguments(call: &ast::Function) -> Result<Vec<&ast::Expr>> {
    let ast::FunctionArguments::List(list) = &call.args else {
        return Err(wrong_number(is_called(call, SESSION_WINDOW), 0));
    };
    refuse(list.duplicate_treatment.is_some() || !list.clauses.is_empty(), "DISTINCT in window(..)")?;
    let args = list.args.iter().map(|arg| match arg {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => Ok(expr),
        _ => Err(SparkError::unsupported("named arguments and stars in window(..)")),
    });
    args.collect()
}

fn wrong_number(session: bool, found: usize) -> SparkError {
    let (name, expected) = if session { (SESSION_WINDOW, "2") } else { (WINDOW, "one of 2, 3 and 4") };
    SparkError::analysis(format!(
        "Invalid number of arguments for function {name}. Expected: {expected}; Found: {found}"
    ))
}

/// The calls of `window` in the clauses that a window may stand in, outside of subqueries.
fn window_calls(select: &ast::Select, keys: &[ast::OrderByExpr]) -> Vec<ast::Function> {
    let mut finder = Finder::default();
    let _ = select.projection.visit(&mut finder);
    let _ = select.group_by.visit(&mut finder);
    let _ = select.having.visit(&mut finder);
    for key in keys {
        let _ = key.visit(&mut finder);
    }
    finder.found
}

#[derive(Default)]
struct Finder {
    /// How many queries the place is inside of.
    queries: usize,
    found: Vec<ast::Function>,
}

impl Visitor for Finder {
    type Break = ();

    fn pre_visit_query(&mut self, _: &ast::Query) -> ControlFlow<()> {
        self.queries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &ast::Query) -> ControlFlow<()> {
        self.queries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &ast::Expr) -> ControlFlow<()> {
        if let ast::Expr::Function(function) = expr
            && self.queries == 0
            && is_window_call(function)
        {
            self.found.push(function.clone());
        }
        ControlFlow::Continue(())
    }
}

/// Whether the call is one of `window` or `session_window`.
pub(super) fn is_window_call(function: &ast::Function) -> bool {
    is_called(function, WINDOW) || is_called(function, SESSION_WINDOW)
}

fn is_called(function: &ast::Function, called: &str) -> bool {
    match &function.name.0[..] {
        [ast::ObjectNamePart::Identifier(name)] => name.value.eq_ignore_ascii_case(called),
        _ => false,
    }
}
