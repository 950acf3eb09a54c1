//! Sessions as columns: `session_window(time, gap)` in the SELECT list and in GROUP BY (Spark's `SessionWindowing`).
//!
//! Each row opens a session from its time until the gap has passed; beside a GROUP BY, sessions of the same other groups that
//! overlap or touch are one. Rows without a time, and those with a gap that is none, are gone.

use datafusion::common::ScalarValue;
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Expr, LogicalPlan, WindowFrame, WindowFrameBound, WindowFrameUnits, lit};
use sqlparser::ast;

use super::attribute::Attribute;
use super::expr::{Clause, Lowering};
use super::relation::Relation;
use super::time_windows::{hide_window, window_type};
use super::windows::Over;
use super::{Place, Resolver, Typed, plan, refuse};
use crate::arithmetic::ArithmeticOp;
use crate::error::{Result, SparkError};
use crate::functions::datetime::{self, window_between};
use crate::types::SparkType;

/// The name of the column.
pub(super) const SESSION_WINDOW: &str = "session_window";

impl Resolver<'_> {
    /// The gap of a session as an interval: a text is read as one.
    pub(super) fn session_gap(&self, gap: Typed) -> Result<Typed> {
        match gap.data_type {
            SparkType::String | SparkType::Void => gap.coerced(&SparkType::CalendarInterval, self.facts.zone),
            SparkType::CalendarInterval => Ok(gap),
            other => Err(SparkError::analysis(format!(
                "Gap duration expression used in session window must be CalendarIntervalType, but got {other}"
            ))),
        }
    }

    /// The relation with the session of each row as a hidden column.
    pub(super) fn with_session(
        &self,
        input: Relation,
        time: Typed,
        gap: Typed,
        select: &ast::Select,
        place: &Place<'_>,
    ) -> Result<Relation> {
        let keys = self.other_groups(&input, select, place)?;
        let visible: Vec<Expr> = input.plan.schema().columns().into_iter().map(Expr::Column).collect();
        let start = self.ids.attribute(SparkType::Timestamp, true);
        let end = self.ids.attribute(SparkType::Timestamp, true);
        let end_of_row = datetime::arithmetic(ArithmeticOp::Add, &time, &gap, self.facts.zone)?
            .ok_or_else(|| SparkError::internal("a gap is an interval"))?;
        let mut exprs = visible.clone();
        exprs.push(plan::define(time.expr, start.id));
        exprs.push(plan::define(end_of_row.expr, end.id));
        let rows = plan::filter(plan::project(input.plan, exprs)?, end.expr().gt(start.expr()))?;
        let (rows, first, last) = match keys {
            Some(keys) => self.merged_sessions(rows, keys, &start, &end)?,
            None => (rows, start.expr(), end.expr()),
        };
        let data_type = window_type();
        let attribute = self.ids.attribute(data_type.clone(), false);
        let mut exprs = visible;
        exprs.push(plan::define(window_between(first, last, &data_type), attribute.id));
        let plan = plan::project(rows, exprs)?;
        Ok(hide_window(plan, input.scope, SESSION_WINDOW, attribute))
    }

    /// The groups beside the session; `None` without GROUP BY.
    fn other_groups(&self, input: &Relation, select: &ast::Select, place: &Place<'_>) -> Result<Option<Vec<Expr>>> {
        let ast::GroupByExpr::Expressions(groups, modifiers) = &select.group_by else {
            return Err(SparkError::unsupported("GROUP BY ALL"));
        };
        if groups.is_empty() {
            return Ok(None);
        }
        refuse(!modifiers.is_empty(), "session_window beside ROLLUP, CUBE and GROUPING SETS")?;
        let scopes = [&input.scope];
        let lowering = Lowering::new(self, place, &scopes, Clause::GroupBy);
        let mut keys = Vec::new();
        for group in groups {
            use ast::Expr as E;
            match group {
                E::Function(call) if super::time_windows::is_window_call(call) => {}
                E::Rollup(_) | E::Cube(_) | E::GroupingSets(_) | E::Value(_) | E::Tuple(_) | E::Nested(_) => {
                    return Err(SparkError::unsupported(format!("session_window beside the group {group}")));
                }
                other => {
                    let key = lowering.lower(other).map_err(|_| {
                        SparkError::unsupported(format!("session_window beside the group {other}, which is no column"))
                    })?;
                    keys.push(lowering.group_key(&key)?);
                }
            }
        }
        Ok(Some(keys))
    }

    /// The rows with what tells their session: its beginning and its end.
    fn merged_sessions(
        &self,
        rows: LogicalPlan,
        keys: Vec<Expr>,
        start: &Attribute,
        end: &Attribute,
    ) -> Result<(LogicalPlan, Expr, Expr)> {
        let define = |expr: Expr| {
            let attribute = self.ids.attribute(SparkType::Void, true);
            (plan::define(expr, attribute.id), attribute.expr())
        };
        let mut over = Over {
            partition_by: keys,
            order_by: vec![start.expr().sort(true, true)],
            frame: None,
            keys_text: String::new(),
        };
        let unbounded = || WindowFrameBound::Preceding(ScalarValue::UInt64(None));
        let before = WindowFrame::new_bounds(
            WindowFrameUnits::Rows,
            unbounded(),
            WindowFrameBound::Preceding(ScalarValue::UInt64(Some(1))),
        );
        let (latest_end, latest) = define(over.apply(max_udaf(), vec![end.expr()], before, false));
        let rows = plan::window(rows, vec![latest_end])?;

        // A session begins behind the end of all that began before.
        let begins = latest.clone().is_null().or(start.expr().gt(latest));
        let begins =
            Expr::Case(Case::new(None, vec![(Box::new(begins), Box::new(lit(1i64)))], Some(Box::new(lit(0i64)))));
        let (begins, is_beginning) = define(begins);
        let mut exprs: Vec<Expr> = rows.schema().columns().into_iter().map(Expr::Column).collect();
        exprs.push(begins);
        let rows = plan::project(rows, exprs)?;
        // By range: rows of the same time are in one session.
        let (number, session) =
            define(over.apply(sum_udaf(), vec![is_beginning], WindowFrame::new(Some(false)), false));
        let rows = plan::window(rows, vec![number])?;

        over.partition_by.push(session);
        over.order_by.clear();
        let whole = || WindowFrame::new(None);
        let (first_start, first) = define(over.apply(min_udaf(), vec![start.expr()], whole(), false));
        let (last_end, last) = define(over.apply(max_udaf(), vec![end.expr()], whole(), false));
        Ok((plan::window(rows, vec![first_start, last_end])?, first, last))
    }
}
