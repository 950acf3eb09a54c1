//! Table-valued functions in FROM; Spark 3.2 has one, `range`.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::datasource::provider_as_source;
use datafusion::functions_table::generate_series::{GenSeriesArgs, GenerateSeriesTable};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use sqlparser::ast;

use super::expr::{Clause, Lowering};
use super::relation::Relation;
use super::scope::{Scope, ScopeColumn};
use super::{Place, Resolver, evaluate_constant, plan};
use crate::coercion;
use crate::error::{Result, SparkError};
use crate::types::SparkType;

impl Resolver<'_> {
    /// The relation that a call in FROM gives.
    pub(super) fn table_function(&self, name: &str, args: &[ast::FunctionArg], place: &Place<'_>) -> Result<Relation> {
        let args = args.iter().map(|arg| self.table_argument(arg, place)).collect::<Result<Vec<_>>>()?;
        if !name.eq_ignore_ascii_case("range") {
            return Err(SparkError::analysis(format!("could not resolve `{name}` to a table-valued function")));
        }
        let args = args.into_iter().collect::<Option<Vec<_>>>();
        let range = args.as_deref().and_then(Range::of).ok_or_else(wrong_arguments)?;
        let attribute = self.ids.attribute(SparkType::Long, false);
        let rows = range.plan()?;
        let values = rows.schema().columns().into_iter().map(|column| plan::define(Expr::Column(column), attribute.id));
        let values = values.collect();
        let column = ScopeColumn { name: "id".into(), qualifier: None, attribute };
        Ok(Relation { plan: plan::project(rows, values)?, scope: Scope::new(vec![column]) })
    }

    /// The value of an argument as a bigint; `None` if it has none.
    fn table_argument(&self, arg: &ast::FunctionArg, place: &Place<'_>) -> Result<Option<i64>> {
        let ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) = arg else {
            return Err(SparkError::unsupported("named arguments and * of a table function"));
        };
        let typed = Lowering::new(self, place, &[], Clause::Constant("an argument of a table function")).lower(expr)?;
        if coercion::implicit_cast(&typed.data_type, &SparkType::Long).is_none() {
            return Ok(None);
        }
        let value = evaluate_constant(&typed.coerced(&SparkType::Long, self.facts.zone)?.expr)?;
        Ok(match value {
            ScalarValue::Int64(value) => value,
            _ => None,
        })
    }
}

fn wrong_arguments() -> SparkError {
    SparkError::analysis(
        "Table-valued function range with alternatives: range(end: long), range(start: long, end: long), range(start: long, end: \
         long, step: long), range(start: long, end: long, step: long, numSlices: integer) cannot be applied to the arguments",
    )
}

/// The integers from `start` up to but without `end`, every `step`th.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    start: i64,
    end: i64,
    step: i64,
}

impl Range {
    /// The range of a call's arguments; the fourth one, a number of partitions, changes no answer.
    fn of(args: &[i64]) -> Option<Self> {
        let range = match args {
            [end] => Self { start: 0, end: *end, step: 1 },
            [start, end] => Self { start: *start, end: *end, step: 1 },
            [start, end, step] | [start, end, step, _] => Self { start: *start, end: *end, step: *step },
            _ => return None,
        };
        (range.step != 0).then_some(range)
    }

    fn plan(self) -> Result<LogicalPlan> {
        let Self { start, end, step } = self;
        let schema = Arc::new(Schema::new(vec![Field::new("value", DataType::Int64, false)]));
        let is_empty = if step > 0 { start >= end } else { start <= end };
        let args = if is_empty {
            GenSeriesArgs::ContainsNull { name: "range" }
        } else {
            GenSeriesArgs::Int64Args { start, end, step, include_end: false, name: "range" }
        };
        let table = GenerateSeriesTable::new(schema, args);
        Ok(LogicalPlanBuilder::scan("range", provider_as_source(Arc::new(table)), None)?.build()?)
    }
}
