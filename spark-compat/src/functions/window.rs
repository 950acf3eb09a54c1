//! Window functions that are no aggregates: ranks, `lag` and `lead`, `nth_value`.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::functions_window::{cume_dist, lead_lag, nth_value, ntile, rank, row_number};
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Expr, WindowFrame, WindowUDF, cast, lit};

use super::Function;
use super::arguments::{Arity, Input};
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::resolver::{Over, Typed, evaluate_constant};
use crate::types::SparkType;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::window("row_number", Arity::Exactly(0), &[], |call| number(call, row_number::row_number_udwf())),
    Function::window("rank", Arity::AtLeast(0), &[Input::Any], |call| number(call, rank::rank_udwf())),
    Function::window("dense_rank", Arity::AtLeast(0), &[Input::Any], |call| number(call, rank::dense_rank_udwf())),
    Function::window("percent_rank", Arity::AtLeast(0), &[Input::Any], |call| share(call, rank::percent_rank_udwf())),
    Function::window("cume_dist", Arity::Exactly(0), &[], |call| share(call, cume_dist::cume_dist_udwf())),
    Function::window("ntile", Arity::Between(0, 1), &[Input::Int], tile),
    Function::window("lag", Arity::Between(1, 3), &[Input::Any], |call| shifted(call, lead_lag::lag_udwf(), -1)),
    Function::window("lead", Arity::Between(1, 3), &[Input::Any], |call| shifted(call, lead_lag::lead_udwf(), 1)),
    Function::window("nth_value", Arity::Between(2, 2), &[Input::Any], nth),
];

/// A call of a window function that is no aggregate.
#[derive(Clone, Debug)]
pub(crate) struct WindowCall<'a> {
    /// The name it was called by, in lower case.
    pub called: &'a str,
    /// The arguments, cast to what the function takes.
    pub args: Vec<Typed>,
    /// Whether NULLs are passed over.
    pub ignore_nulls: bool,
    /// Its window.
    pub over: &'a Over,
    /// The session time zone.
    pub zone: Zone,
}

impl WindowCall<'_> {
    /// The frame that the function needs, which is an error to give otherwise. Without an order there is no rank.
    fn required_frame(&self, frame: WindowFrame, text: &str) -> Result<(WindowFrame, String)> {
        if self.over.order_by.is_empty() {
            let call = format!("{}()", self.called);
            return Err(SparkError::analysis(format!(
                "Window function {call} requires window to be ordered, please add ORDER BY clause. For example SELECT \
                 {call}(value_expr) OVER (PARTITION BY window_partition ORDER BY window_ordering) from table"
            )));
        }
        match &self.over.frame {
            Some((given, given_text)) if *given != frame || given_text != text => {
                Err(SparkError::analysis(format!("Window Frame {given_text} must match the required frame {text}")))
            }
            _ => Ok((frame, text.to_string())),
        }
    }

    /// An argument that must be a constant int.
    fn constant(&self, at: usize, otherwise: i32) -> Result<Option<i32>> {
        let Some(arg) = self.args.get(at) else { return Ok(Some(otherwise)) };
        let arg = arg.clone().coerced(&SparkType::Int, self.zone)?;
        if !arg.expr.column_refs().is_empty() || arg.expr.is_volatile() {
            return Err(SparkError::analysis(format!(
                "cannot resolve '{}({})' due to data type mismatch: '{}' must be a literal.",
                self.called,
                self.args.iter().map(|arg| arg.name.as_str()).collect::<Vec<_>>().join(", "),
                arg.name
            )));
        }
        match evaluate_constant(&arg.expr)? {
            ScalarValue::Int32(value) => Ok(value),
            _ => Err(SparkError::internal("a constant int has another type")),
        }
    }
}

/// `row_number`, `rank`, `dense_rank`: int. What Spark takes as arguments of the ranks says nothing that the order does not.
fn number(call: WindowCall<'_>, function: Arc<WindowUDF>) -> Result<Typed> {
    let (frame, text) = call.required_frame(rows_so_far(), ROWS_SO_FAR)?;
    let expr = call.over.apply(function, vec![], frame, false);
    let name = call.over.name(&format!("{}()", shown(call.called)), &text);
    Ok(Typed::new(cast(expr, SparkType::Int.to_arrow()), SparkType::Int, false, name))
}

/// `percent_rank`, `cume_dist`: double.
fn share(call: WindowCall<'_>, function: Arc<WindowUDF>) -> Result<Typed> {
    let (frame, text) = match call.called {
        "cume_dist" => call.required_frame(WindowFrame::new(Some(false)), RANGE_SO_FAR)?,
        _ => call.required_frame(rows_so_far(), ROWS_SO_FAR)?,
    };
    let expr = call.over.apply(function, vec![], frame, false);
    Ok(Typed::new(expr, SparkType::Double, false, call.over.name(&format!("{}()", shown(call.called)), &text)))
}

/// `ntile(n)`: int, 1 to n.
fn tile(call: WindowCall<'_>) -> Result<Typed> {
    let (frame, text) = call.required_frame(rows_so_far(), ROWS_SO_FAR)?;
    let buckets = match call.constant(0, 1)? {
        Some(buckets) if buckets > 0 => buckets,
        other => {
            let found = other.map_or("null".to_string(), |n| n.to_string());
            return Err(SparkError::analysis(format!(
                "cannot resolve 'ntile({found})' due to data type mismatch: Buckets expression must be positive, but got: {found}"
            )));
        }
    };
    let expr = call.over.apply(ntile::ntile_udwf(), vec![lit(i64::from(buckets))], frame, false);
    let written = call.args.first().map_or("1", |arg| arg.name.as_str());
    let name = call.over.name(&format!("ntile({written})"), &text);
    Ok(Typed::new(cast(expr, SparkType::Int.to_arrow()), SparkType::Int, false, name))
}

/// `lag` and `lead`: the value some rows before or after, or the default where there is no such row.
fn shifted(call: WindowCall<'_>, function: Arc<WindowUDF>, direction: i32) -> Result<Typed> {
    let cannot_frame = || SparkError::analysis(format!("Cannot specify window frame for {} function", call.called));
    if call.over.frame.is_some() {
        return Err(cannot_frame());
    }
    let (_, _) = call.required_frame(rows_so_far(), ROWS_SO_FAR)?;
    let offset = call.constant(1, 1)?.ok_or_else(cannot_frame)?;
    let [value, ..] = &call.args[..] else { return Err(SparkError::internal("lag without arguments")) };
    let default = match call.args.get(2) {
        Some(default) => default.clone(),
        None => Typed::literal(ScalarValue::Null, SparkType::Void, "NULL"),
    };
    let rows = offset.wrapping_mul(direction);
    let text = format!("ROWS BETWEEN {rows} FOLLOWING AND {rows} FOLLOWING");
    let offset_text = call.args.get(1).map_or("1", |arg| arg.name.as_str());
    let written = format!("{}({}, {offset_text}, {})", call.called, value.name, default.name);
    let (name, data_type) = (call.over.name(&written, &text), value.data_type.clone());
    let default = default.coerced(&data_type, call.zone)?;
    let nullable = value.nullable || default.nullable;

    let shift = |expr: Expr, extra: Option<Expr>, ignore_nulls: bool| {
        let args = [expr, lit(i64::from(offset))].into_iter().chain(extra).collect();
        call.over.apply(Arc::clone(&function), args, rows_so_far(), ignore_nulls)
    };
    let constant = default.expr.column_refs().is_empty() && !default.expr.is_volatile();
    let expr = if constant {
        let default = Expr::Literal(evaluate_constant(&default.expr)?, None);
        shift(value.expr.clone(), Some(default), call.ignore_nulls)
    } else if call.ignore_nulls {
        return Err(SparkError::unsupported(format!(
            "{} IGNORE NULLS with a default that is no constant",
            call.called
        )));
    } else {
        let there = shift(lit(true), None, false);
        let otherwise = (Box::new(there.is_null()), Box::new(default.expr));
        Expr::Case(Case::new(None, vec![otherwise], Some(Box::new(shift(value.expr.clone(), None, false)))))
    };
    Ok(Typed::new(expr, data_type, nullable, name))
}

/// `nth_value(x, n)`: the n-th row of the frame, from 1.
fn nth(call: WindowCall<'_>) -> Result<Typed> {
    let [value, position] = &call.args[..] else {
        return Err(SparkError::internal("nth_value was called with another arity"));
    };
    let n = match call.constant(1, 1)? {
        Some(n) if n > 0 => n,
        other => {
            let found = other.map_or("null".to_string(), |n| n.to_string());
            return Err(SparkError::analysis(format!(
                "cannot resolve 'nth_value({}, {})' due to data type mismatch: The 'offset' argument of nth_value must be greater \
                 than zero but it is {found}.",
                value.name, position.name
            )));
        }
    };
    let (frame, text) = call.over.frame_or_default();
    let args = vec![value.expr.clone(), lit(i64::from(n))];
    let expr = call.over.apply(nth_value::nth_value_udwf(), args, frame, call.ignore_nulls);
    let ignore = if call.ignore_nulls { " ignore nulls" } else { "" };
    let name = call.over.name(&format!("nth_value({}, {}){ignore}", value.name, position.name), &text);
    Ok(Typed::new(expr, value.data_type.clone(), true, name))
}

/// Ranks are shown in capital letters, the others as they are called.
fn shown(called: &str) -> String {
    match called {
        "rank" | "dense_rank" | "percent_rank" => called.to_uppercase(),
        other => other.to_string(),
    }
}

const ROWS_SO_FAR: &str = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW";
const RANGE_SO_FAR: &str = "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW";

fn rows_so_far() -> WindowFrame {
    WindowFrame::new(Some(true))
}
