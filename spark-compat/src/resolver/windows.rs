//! Window functions of a SELECT list: computed below it, one plan node for each partitioning and order.

use std::collections::HashSet;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{Expr, LogicalPlan, SortExpr, WindowFrame, WindowFunctionDefinition};
use sqlparser::ast::NullTreatment;

use super::attribute::Attribute;
use super::select::Item;
use super::{AttributeIds, Typed, plan};
use crate::aggregates;
use crate::error::Result;
use crate::types::SparkType;

/// A window: what stands in the parentheses of OVER.
#[derive(Clone, Debug)]
pub(crate) struct Over {
    /// PARTITION BY.
    pub partition_by: Vec<Expr>,
    /// ORDER BY.
    pub order_by: Vec<SortExpr>,
    /// The frame with its text in a column's name, if one is given.
    pub frame: Option<(WindowFrame, String)>,
    /// `PARTITION BY a ORDER BY b ASC NULLS FIRST`, as names show it.
    pub keys_text: String,
}

impl Over {
    /// The frame that is given, or Spark's default: the whole partition without an order, else all rows up to the last that
    /// is ordered like the current one.
    pub fn frame_or_default(&self) -> (WindowFrame, String) {
        match &self.frame {
            Some(frame) => frame.clone(),
            None if self.order_by.is_empty() => {
                (WindowFrame::new(None), "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING".into())
            }
            None => (WindowFrame::new(Some(false)), "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW".into()),
        }
    }

    /// `function OVER (keys frame)`
    pub fn name(&self, function: &str, frame: &str) -> String {
        match self.keys_text.as_str() {
            "" => format!("{function} OVER ({frame})"),
            keys => format!("{function} OVER ({keys} {frame})"),
        }
    }

    /// The function over this window.
    pub fn apply(
        &self,
        function: impl Into<WindowFunctionDefinition>,
        args: Vec<Expr>,
        window_frame: WindowFrame,
        ignore_nulls: bool,
    ) -> Expr {
        Expr::from(WindowFunction {
            fun: function.into(),
            params: WindowFunctionParams {
                args,
                partition_by: self.partition_by.clone(),
                order_by: self.order_by.clone(),
                window_frame,
                filter: None,
                null_treatment: ignore_nulls.then_some(NullTreatment::IgnoreNulls.into()),
                distinct: false,
            },
        })
    }

    /// A lowered aggregate function over this window: each aggregation in it becomes one of the window's frames.
    pub fn aggregate(&self, lowered: Typed) -> Result<Typed> {
        let (frame, text) = self.frame_or_default();
        let expr = lowered.expr.transform_down(|expr| match expr {
            Expr::AggregateFunction(call) => {
                let function = match frame.start_bound.is_unbounded() {
                    true => call.func,
                    false => aggregates::recomputed(call.func),
                };
                let ignore_nulls = matches!(call.params.null_treatment, Some(treatment) if treatment == NullTreatment::IgnoreNulls.into());
                let over = self.apply(function, call.params.args, frame.clone(), ignore_nulls);
                Ok(Transformed::new(over, true, datafusion::common::tree_node::TreeNodeRecursion::Jump))
            }
            other => Ok(Transformed::no(other)),
        })?;
        Ok(Typed { expr: expr.data, name: self.name(&lowered.name, &text), ..lowered })
    }
}

/// Whether an expression contains a window function.
pub(super) fn has_window(expr: &Expr) -> bool {
    expr.exists(|e| Ok(matches!(e, Expr::WindowFunction(_)))).unwrap_or(false)
}

/// The window functions found in a SELECT list, each with the attribute that holds its value.
#[derive(Debug)]
pub(super) struct Windows<'a> {
    ids: &'a AttributeIds,
    found: Vec<(Expr, Attribute)>,
}

impl<'a> Windows<'a> {
    /// The items with attributes in place of window functions, and the functions.
    pub fn of_items(ids: &'a AttributeIds, items: Vec<Item>) -> Result<(Vec<Item>, Self)> {
        let mut windows = Self { ids, found: Vec::new() };
        let items = items
            .into_iter()
            .map(|item| Ok(Item { typed: Typed { expr: windows.replaced(item.typed.expr)?, ..item.typed }, ..item }))
            .collect::<Result<_>>()?;
        Ok((items, windows))
    }

    /// Inner functions first: those around them then read their attributes.
    fn replaced(&mut self, expr: Expr) -> Result<Expr> {
        let replaced = expr.transform_up(|expr| match expr {
            Expr::WindowFunction(_) => {
                let known = self.found.iter().find(|(known, _)| *known == expr).map(|(_, attribute)| attribute.expr());
                let reference = known.unwrap_or_else(|| {
                    // Only the identity matters here; whoever uses the value knows its Spark type.
                    let attribute = self.ids.attribute(SparkType::Void, true);
                    let reference = attribute.expr();
                    self.found.push((expr, attribute));
                    reference
                });
                Ok(Transformed::yes(reference))
            }
            other => Ok(Transformed::no(other)),
        })?;
        Ok(replaced.data)
    }

    /// `input` with the functions' values as further columns.
    pub fn plan(self, input: LogicalPlan) -> Result<LogicalPlan> {
        let mut plan = input;
        let mut waiting = self.found;
        while !waiting.is_empty() {
            // One node takes the functions that share partitions and order with the first and need none that still waits.
            let pending: HashSet<_> = waiting.iter().map(|(_, attribute)| attribute.id.column()).collect();
            let Some((first, _)) = waiting.first() else { break };
            let first = first.clone();
            let (now, later) = waiting.into_iter().partition(|(expr, _)| {
                same_window(&first, expr) && expr.column_refs().iter().all(|column| !pending.contains(*column))
            });
            plan = with_functions(plan, now)?;
            waiting = later;
        }
        Ok(plan)
    }
}

fn same_window(left: &Expr, right: &Expr) -> bool {
    match (left, right) {
        (Expr::WindowFunction(left), Expr::WindowFunction(right)) => {
            left.params.partition_by == right.params.partition_by && left.params.order_by == right.params.order_by
        }
        _ => false,
    }
}

/// One node for functions over one window. They stand in it under the names that DataFusion gives them, as its rules expect.
fn with_functions(input: LogicalPlan, functions: Vec<(Expr, Attribute)>) -> Result<LogicalPlan> {
    let mut names = HashSet::new();
    let kept: Vec<Expr> = input.schema().columns().into_iter().map(Expr::Column).collect();
    let (mut exprs, mut shown) = (Vec::with_capacity(functions.len()), kept);
    for (expr, attribute) in functions {
        let name = expr.schema_name().to_string();
        if names.insert(name.clone()) {
            shown.push(plan::define(Expr::Column(datafusion::common::Column::new_unqualified(name)), attribute.id));
            exprs.push(expr);
        } else {
            // The names leave casts out, so that different expressions may have the same.
            shown.push(attribute.expr());
            exprs.push(plan::define(expr, attribute.id));
        }
    }
    plan::project(plan::window(input, exprs)?, shown)
}
