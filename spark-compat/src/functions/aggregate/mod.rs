//! Aggregate functions: what the families share, the call with its DISTINCT, FILTER and IGNORE NULLS.

pub(super) mod numbers;
pub(super) mod percentiles;
pub(super) mod rows;
pub(super) mod sketches;
pub(super) mod statistics;

use std::sync::Arc;

use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{AggregateUDF, Expr, lit};

use super::float_keys;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::resolver::Typed;

/// A call of an aggregate function. The arguments are cast to what the function takes.
#[derive(Clone, Debug)]
pub(crate) struct AggregateCall<'a> {
    /// The name it was called by, in lower case.
    pub called: &'a str,
    /// Whether repetitions don't count.
    pub distinct: bool,
    /// The arguments.
    pub args: Vec<Typed>,
    /// Whether IGNORE NULLS stands behind the call.
    pub ignore_nulls: bool,
    /// The condition of FILTER (WHERE ..).
    pub filter: Option<Typed>,
    /// The session time zone.
    pub zone: Zone,
}

impl AggregateCall<'_> {
    /// `sum(DISTINCT a) FILTER (WHERE (b > 1))`
    fn name(&self) -> String {
        let args: Vec<_> = self.args.iter().map(|arg| arg.name.as_str()).collect();
        let distinct = if self.distinct { "DISTINCT " } else { "" };
        let mut name = format!("{}({distinct}{})", self.called, args.join(", "));
        if let Some(filter) = &self.filter {
            name.push_str(&format!(" FILTER (WHERE {})", filter.name));
        }
        name
    }

    /// The same call without DISTINCT, for functions to which repetitions make no difference.
    fn with_repetitions(self) -> Self {
        Self { distinct: false, ..self }
    }

    /// The function over `args`, with this call's DISTINCT and FILTER.
    fn over(&self, function: Arc<AggregateUDF>, mut args: Vec<Expr>) -> Expr {
        let filter = self.filter.as_ref().map(|filter| Box::new(filter.expr.clone()));
        if let [first, second] = &args[..]
            && self.distinct
            && first == second
        {
            // DataFusion's rule for DISTINCT over a single expression takes for granted that it is a single argument.
            args.push(lit(true));
        }
        Expr::AggregateFunction(AggregateFunction::new_udf(function, args, self.distinct, filter, vec![], None))
    }

    /// The arguments as expressions, in the form in which equal values are the same where that decides what is distinct.
    fn exprs(&self) -> Vec<Expr> {
        let expr = |arg: &Typed| match self.distinct {
            true => float_keys::normalized(arg.expr.clone(), &arg.data_type),
            false => arg.expr.clone(),
        };
        self.args.iter().map(expr).collect()
    }

    /// The error for arguments that do not fit.
    fn mismatch(&self, why: impl std::fmt::Display) -> SparkError {
        let name = crate::resolver::call_name(self.called, &self.args);
        SparkError::analysis(format!("cannot resolve '{name}' due to data type mismatch: {why}"))
    }

    /// The argument, of which there is one by the function's arity.
    fn single(&self) -> Result<Typed> {
        match &self.args[..] {
            [arg] => Ok(arg.clone()),
            _ => Err(SparkError::internal(format!("{} was called with another arity", self.called))),
        }
    }
}
