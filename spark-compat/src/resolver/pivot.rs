//! PIVOT: groups by the columns that it does not name, with a column for each value and aggregate function.
//!
//! Spark has two ways, by the types of the aggregate functions, and they differ where a group has no row for a value. In the first one
//! (`PivotFirst`) the functions are computed for each group and value, and what is missing is NULL, even a count. In the
//! second one each function runs over the group's rows with that value: a count of none is 0.

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::expr::{AggregateFunction, Case};
use datafusion::logical_expr::{Expr, lit};
use sqlparser::ast;

use super::attribute::Attribute;
use super::expr::{Clause, Lowering, conjunction, evaluate_constant, has_aggregate};
use super::grouping::Grouping;
use super::relation::Relation;
use super::scope::{Scope, ScopeColumn};
use super::typed::Typed;
use super::{Place, Resolver, plan, refuse};
use crate::aggregates;
use crate::cast;
use crate::comparison::{self, ComparisonOp};
use crate::error::{ErrorKind, Result, SparkError};
use crate::parse::pivoted;
use crate::types::SparkType;

/// A PIVOT clause may make this many columns.
const MAX_COLUMNS: usize = 10_000;

/// One value of the IN list.
struct Value {
    /// What the columns of the value are called.
    name: String,
    /// One expression for each column behind FOR, of that column's type.
    parts: Vec<Typed>,
}

/// An aggregate function with the name that it adds to columns where there are several.
struct Measure {
    name: String,
    typed: Typed,
}

impl Resolver<'_> {
    /// `table PIVOT (aggregates FOR columns IN (values))`
    pub(super) fn pivot(&self, factor: &ast::TableFactor, place: &Place<'_>) -> Result<Relation> {
        let ast::TableFactor::Pivot { table, aggregate_functions, value_column, value_source, default_on_null, alias } =
            factor
        else {
            return Err(SparkError::internal("not a PIVOT"));
        };
        refuse(default_on_null.is_some(), "DEFAULT ON NULL in PIVOT")?;
        if alias.is_some() {
            return Err(SparkError::new(ErrorKind::Parse, "PIVOT takes no alias"));
        }
        let input = self.table_factor(table, place)?;
        let columns = self.pivot_columns(value_column, &input.scope, place)?;
        let measures = self.measures(aggregate_functions, &input.scope, place)?;
        let values = self.pivot_values(value_source, &columns, place)?;
        if values.len().saturating_mul(measures.len()) > MAX_COLUMNS {
            return Err(SparkError::unsupported(format!("PIVOT with more than {MAX_COLUMNS} columns")));
        }
        let is_named = |column: &ScopeColumn| {
            let column = column.attribute.id.column();
            columns.iter().any(|c| c.attribute.id.column() == column)
                || measures.iter().any(|measure| measure.typed.expr.column_refs().contains(&column))
        };
        let groups: Vec<ScopeColumn> = input.scope.columns.iter().filter(|c| !is_named(c)).cloned().collect();
        if measures.iter().all(|measure| is_kept_by_first(&measure.typed.data_type)) {
            // `PivotFirst` then writes behind its buffer: what Spark answers is what happens to lie there.
            refuse(has_twin(&values), "PIVOT of numbers or booleans with the same value twice")?;
            self.pivot_first(input, groups, &columns, &measures, &values)
        } else {
            self.pivot_filtered(input, groups, &columns, &measures, &values)
        }
    }

    /// The functions for each group and combination of values, then for each group those of the listed values.
    fn pivot_first(
        &self,
        input: Relation,
        groups: Vec<ScopeColumn>,
        columns: &[ScopeColumn],
        measures: &[Measure],
        values: &[Value],
    ) -> Result<Relation> {
        let keys: Vec<&Attribute> = groups.iter().chain(columns).map(|column| &column.attribute).collect();
        let grouping = Grouping::by_columns(self.ids, &input.scope, &keys)?;
        let mut exprs: Vec<Expr> = keys.iter().map(|key| key.expr()).collect();
        let mut results = Vec::with_capacity(measures.len());
        for measure in measures {
            let attribute = self.ids.attribute(measure.typed.data_type.clone(), true);
            exprs.push(plan::define(grouping.rewrite(measure.typed.expr.clone(), &Scope::default())?, attribute.id));
            results.push(attribute);
        }
        let first = plan::project(grouping.plan(input.plan)?, exprs)?;

        let inner = Scope::new(groups.iter().chain(columns).cloned().collect());
        let mut outputs = Vec::with_capacity(values.len() * measures.len());
        for value in values {
            let condition = match self.equals(columns, value)? {
                _ if has_nan(value) => lit(false),
                condition => condition,
            };
            for (measure, result) in measures.iter().zip(&results) {
                // One row at most has the value, so that any function that skips NULLs finds it.
                let only = Case::new(None, vec![(Box::new(condition.clone()), Box::new(result.expr()))], None);
                let function = aggregates::max_udaf(&result.data_type)?;
                let found = AggregateFunction::new_udf(function, vec![Expr::Case(only)], false, None, vec![], None);
                outputs.push((
                    column_name(value, measure, measures.len()),
                    Typed { expr: Expr::AggregateFunction(found), ..measure.typed.clone() },
                ));
            }
        }
        self.pivoted(Relation { plan: first, scope: inner }, groups, outputs)
    }

    /// The functions over the rows of each group that have the value.
    fn pivot_filtered(
        &self,
        input: Relation,
        groups: Vec<ScopeColumn>,
        columns: &[ScopeColumn],
        measures: &[Measure],
        values: &[Value],
    ) -> Result<Relation> {
        let mut outputs = Vec::with_capacity(values.len() * measures.len());
        for value in values {
            let condition = self.equals(columns, value)?;
            for measure in measures {
                let expr = measure.typed.expr.clone().transform_down(|expr| match expr {
                    Expr::AggregateFunction(AggregateFunction { func, mut params }) => {
                        let filter = match params.filter {
                            Some(filter) => condition.clone().and(*filter),
                            None => condition.clone(),
                        };
                        params.filter = Some(Box::new(filter));
                        let func = aggregates::in_pivot(func);
                        let filtered = Expr::AggregateFunction(AggregateFunction { func, params });
                        Ok(Transformed::new(filtered, true, datafusion::common::tree_node::TreeNodeRecursion::Jump))
                    }
                    other => Ok(Transformed::no(other)),
                })?;
                let typed = Typed { expr: expr.data, ..measure.typed.clone() };
                outputs.push((column_name(value, measure, measures.len()), typed));
            }
        }
        self.pivoted(input, groups, outputs)
    }

    /// The groups with the outputs as their columns.
    fn pivoted(&self, input: Relation, groups: Vec<ScopeColumn>, outputs: Vec<(String, Typed)>) -> Result<Relation> {
        let keys: Vec<&Attribute> = groups.iter().map(|column| &column.attribute).collect();
        let grouping = Grouping::by_columns(self.ids, &input.scope, &keys)?;
        let mut exprs: Vec<Expr> = keys.iter().map(|key| key.expr()).collect();
        let mut columns = groups.clone();
        for (name, typed) in outputs {
            let attribute = self.ids.attribute(typed.data_type, true);
            exprs.push(plan::define(grouping.rewrite(typed.expr, &Scope::default())?, attribute.id));
            columns.push(ScopeColumn { name, qualifier: None, attribute });
        }
        let plan = plan::project(grouping.plan(input.plan)?, exprs)?;
        Ok(Relation { plan, scope: Scope::new(columns) })
    }

    /// The columns behind FOR.
    fn pivot_columns(&self, columns: &[ast::Expr], input: &Scope, place: &Place<'_>) -> Result<Vec<ScopeColumn>> {
        let scopes = [input];
        let lowering = Lowering::new(self, place, &scopes, Clause::GroupBy);
        let of = |expr: &ast::Expr| {
            if !matches!(expr, ast::Expr::Identifier(_)) {
                return Err(SparkError::new(ErrorKind::Parse, "FOR in PIVOT takes names of columns"));
            }
            let typed = lowering.lower(expr)?;
            let found = input.columns.iter().find(|column| column.attribute.expr() == typed.expr);
            found.cloned().ok_or_else(|| SparkError::unsupported("PIVOT by a column of an outer query"))
        };
        columns.iter().map(of).collect()
    }

    fn measures(&self, functions: &[ast::ExprWithAlias], input: &Scope, place: &Place<'_>) -> Result<Vec<Measure>> {
        let scopes = [input];
        let lowering = Lowering::new(self, place, &scopes, Clause::Select);
        let of = |ast::ExprWithAlias { expr, alias }: &ast::ExprWithAlias| {
            let typed = lowering.lower(pivoted(expr).unwrap_or(expr))?;
            // A constant is as good as an aggregate.
            if !has_aggregate(&typed.expr) && !typed.expr.column_refs().is_empty() {
                return Err(SparkError::analysis(format!(
                    "Aggregate expression required for pivot, but '{}' did not appear in any aggregate function.",
                    typed.name
                )));
            }
            let name = alias.as_ref().map_or_else(|| typed.name.clone(), |alias| alias.value.clone());
            Ok(Measure { name, typed })
        };
        functions.iter().map(of).collect()
    }

    fn pivot_values(
        &self,
        source: &ast::PivotValueSource,
        columns: &[ScopeColumn],
        place: &Place<'_>,
    ) -> Result<Vec<Value>> {
        let ast::PivotValueSource::List(list) = source else {
            return Err(SparkError::new(ErrorKind::Parse, "PIVOT takes a list of values"));
        };
        let lowering = Lowering::new(self, place, &[], Clause::Constant("pivot value"));
        let mut values: Vec<Value> = Vec::with_capacity(list.len());
        for ast::ExprWithAlias { expr, alias } in list {
            let parts = match expr {
                ast::Expr::Tuple(parts) => parts.iter().collect(),
                single => vec![single],
            };
            let parts = parts.into_iter().map(|part| lowering.lower(part)).collect::<Result<Vec<_>>>()?;
            if parts.len() != columns.len() {
                return Err(SparkError::analysis(format!(
                    "Invalid pivot value: {} values do not match {} pivot columns",
                    parts.len(),
                    columns.len()
                )));
            }
            let texts = parts.iter().map(|part| self.text(part)).collect::<Result<Vec<_>>>()?;
            let name = match (alias, &texts[..]) {
                (Some(alias), _) => alias.value.clone(),
                (None, [text]) => text.clone(),
                (None, texts) => format!("{{{}}}", texts.join(", ")),
            };
            let value = Value { name, parts: self.typed_parts(parts, columns)? };
            values.push(value);
        }
        Ok(values)
    }

    /// The values as constants of the columns' types.
    fn typed_parts(&self, parts: Vec<Typed>, columns: &[ScopeColumn]) -> Result<Vec<Typed>> {
        let pairs = parts.into_iter().zip(columns);
        let typed = pairs.map(|(part, column)| {
            let to = &column.attribute.data_type;
            if !cast::can_cast(&part.data_type, to) {
                return Err(SparkError::analysis(format!(
                    "Invalid pivot value '{}': value data type {} does not match pivot column data type {to}",
                    part.name, part.data_type
                )));
            }
            let part = part.coerced(to, self.facts.zone)?;
            Ok(Typed { expr: Expr::Literal(evaluate_constant(&part.expr)?, None), ..part })
        });
        typed.collect()
    }

    /// The value as a string, as it names columns.
    fn text(&self, value: &Typed) -> Result<String> {
        let text = value.clone().coerced(&SparkType::String, self.facts.zone)?;
        let text = evaluate_constant(&text.expr)?;
        Ok(text.try_as_str().flatten().unwrap_or("null").to_string())
    }

    /// Whether a row has the value; NULL equals NULL.
    fn equals(&self, columns: &[ScopeColumn], value: &Value) -> Result<Expr> {
        let conditions = columns.iter().zip(&value.parts).map(|(column, part)| {
            let Attribute { data_type, .. } = &column.attribute;
            let column = (column.attribute.expr(), data_type.clone());
            let part = (part.expr.clone(), data_type.clone());
            comparison::lower_comparison(ComparisonOp::NullSafeEq, column, part, self.facts.zone)
        });
        let conditions = conditions.collect::<Result<Vec<_>>>()?;
        conjunction(conditions).ok_or_else(|| SparkError::internal("PIVOT without columns"))
    }
}

/// Whether a value stands in the list twice.
fn has_twin(values: &[Value]) -> bool {
    let same = |a: &Value, b: &Value| a.parts.iter().zip(&b.parts).all(|(a, b)| a.expr == b.expr);
    values.iter().enumerate().any(|(at, value)| values.iter().take(at).any(|other| same(other, value)))
}

/// The types of which Spark's `PivotFirst` keeps values.
fn is_kept_by_first(data_type: &SparkType) -> bool {
    data_type.is_numeric() || *data_type == SparkType::Boolean
}

/// A NaN is found by no lookup of `PivotFirst`.
fn has_nan(value: &Value) -> bool {
    use datafusion::common::ScalarValue as V;
    value.parts.iter().filter_map(Typed::as_literal).any(|part| match part {
        V::Float64(Some(number)) => number.is_nan(),
        V::Float32(Some(number)) => number.is_nan(),
        _ => false,
    })
}

fn column_name(value: &Value, measure: &Measure, measures: usize) -> String {
    if measures == 1 { value.name.clone() } else { format!("{}_{}", value.name, measure.name) }
}
