//! GROUP BY, aggregate functions and HAVING: an aggregation below, everything computed from its groups above.

use std::cell::RefCell;
use std::collections::HashSet;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{Aggregate, Expr, GroupingSet, LogicalPlan, cast, lit};
use sqlparser::ast;

use super::attribute::Attribute;
use super::expr::{Clause, Lowering, evaluate_integer_literal};
use super::grouping_keys::{alias_of_item, by_position, canonical, refuse_ungroupable};
use super::grouping_sets::{GroupBy, MAX_KEYS, Sets};
use super::relation::Relation;
use super::scope::{Scope, ScopeColumn};
use super::select::{Item, add_missing_columns, without_repetitions};
use super::typed::Typed;
use super::windows::{Windows, has_window};
use super::{AttributeIds, Place, Resolver, order, plan, subqueries_below};
use crate::aggregates::takes_order;
use crate::error::{Result, SparkError};
use crate::functions::float_keys;
use crate::functions::grouping::GroupingFunction;
use crate::types::SparkType;

impl Resolver<'_> {
    /// A SELECT list over groups, with HAVING and the sort keys of the query around it.
    pub(super) fn grouped(
        &self,
        input: Relation,
        items: Vec<Item>,
        groups: GroupBy<'_>,
        having: Option<&ast::Expr>,
        keys: &[ast::OrderByExpr],
        place: &Place<'_>,
    ) -> Result<Relation> {
        let grouping = self.grouping(&groups, &items, &input.scope, place)?;
        // In the rows of some sets a key is NULL, and what is computed from it.
        let items = match grouping.sets {
            None => items,
            Some(_) => items.into_iter().map(Item::nullable).collect(),
        };

        // The list's own names are known to HAVING and ORDER BY, as new attributes whose definitions are the items.
        let (columns, definitions) = self.named_items(&items);
        let output = Scope::new(columns);
        let condition = having.map(|having| self.having(having, &grouping, &output, &definitions, &input, place));
        let condition = condition.transpose()?;

        let rewritten = items
            .into_iter()
            .map(|item| Ok(Item { typed: grouping.over_groups(item.typed)?, ..item }))
            .collect::<Result<Vec<_>>>()?;
        let (rewritten, windows) = Windows::of_items(self.ids, rewritten)?;
        let over_groups = grouping.scope();
        let mut columns = Vec::with_capacity(rewritten.len());
        let mut exprs = Vec::with_capacity(rewritten.len());
        for (item, named) in rewritten.iter().zip(&output.columns) {
            let (column, expr) = item.output_as(named, &over_groups);
            columns.push(column);
            exprs.push(expr);
        }
        let shown = Scope::new(columns);

        // Above GROUPING SETS the input's columns are out of reach.
        let beside = if grouping.sets.is_some() { &shown } else { &input.scope };
        let scopes = [&shown, beside];
        let inside_aggregates = [&input.scope, &shown];
        let lowering = Lowering::new(self, place, &scopes, Clause::OrderBy).with_aggregates_over(&inside_aggregates);
        let mut sort_keys = order::lower_keys(&lowering, keys, &shown)?;
        for key in &mut sort_keys {
            key.expr = grouping.rewrite(key.expr.clone(), &shown)?;
        }

        let mut plan = grouping.plan(input.plan)?;
        if let Some(condition) = condition {
            plan = plan::filter(plan, condition)?;
        }
        plan = windows.plan(plan)?;
        for key in &sort_keys {
            add_missing_columns(&mut exprs, &key.expr, &plan);
        }
        plan = plan::project(plan, without_repetitions(exprs))?;
        if !sort_keys.is_empty() {
            plan = plan::sort(plan, sort_keys);
        }
        Ok(Relation { plan, scope: shown })
    }

    /// The keys of GROUP BY: positions, columns and expressions of the input, then aliases of the list.
    fn grouping<'g>(
        &'g self,
        group_by: &GroupBy<'_>,
        items: &[Item],
        input: &'g Scope,
        place: &Place<'_>,
    ) -> Result<Grouping<'g>> {
        let scopes = [input];
        let lowering = Lowering::new(self, place, &scopes, Clause::GroupBy);
        let mut keys: Vec<GroupKey> = Vec::with_capacity(group_by.exprs.len());
        let mut key_of = Vec::with_capacity(group_by.exprs.len());
        for group in &group_by.exprs {
            let position = evaluate_integer_literal(group).filter(|_| self.rules.group_by_ordinal);
            let alias = if self.rules.group_by_aliases { alias_of_item(group, items, input)? } else { None };
            let typed = match (position, alias) {
                (Some(position), _) => by_position(position, items)?,
                (None, Some(typed)) => typed,
                (None, None) => lowering.lower(group)?,
            };
            refuse_ungroupable(&typed)?;
            if let Some(known) = keys.iter().position(|key| key.written == typed.expr) {
                key_of.push(known);
                continue;
            }
            key_of.push(keys.len());
            let attribute = match &typed.expr {
                Expr::Column(_) if group_by.sets.is_none() => {
                    input.columns.iter().chain(&input.hidden).find(|c| c.attribute.expr() == typed.expr)
                }
                _ => None,
            };
            let nullable = typed.nullable || group_by.sets.is_some();
            let attribute = attribute.map_or_else(
                || self.ids.attribute(typed.data_type.clone(), nullable),
                |column| column.attribute.clone(),
            );
            let computed = lowering.group_key(&typed)?;
            keys.push(GroupKey { written: typed.expr, computed, attribute, name: typed.name });
        }
        if group_by.sets.is_some() && keys.len() > MAX_KEYS {
            return Err(SparkError::analysis(format!("Grouping sets size cannot be greater than {MAX_KEYS}")));
        }
        let sets = group_by.sets.as_ref().map(|sets| Sets::new(sets, &key_of, self.ids));
        Ok(Grouping { ids: self.ids, input, keys, sets, aggregates: RefCell::new(Vec::new()) })
    }

    /// The items under their names, as new attributes, and what each stands for.
    fn named_items(&self, items: &[Item]) -> (Vec<ScopeColumn>, Vec<(Expr, Expr)>) {
        items
            .iter()
            .map(|item| {
                let attribute = self.ids.attribute(item.typed.data_type.clone(), item.typed.nullable);
                let definition = (attribute.expr(), item.typed.expr.clone());
                let name = item.alias.clone().unwrap_or_else(|| item.typed.name.clone());
                (ScopeColumn { name, qualifier: item.qualifier.clone(), attribute }, definition)
            })
            .unzip()
    }

    /// The condition of HAVING over the groups. A name means a grouping column of the input, or an output column, or inside
    /// an aggregate function any column of the input (Spark's `ResolveAggregateFunctions`).
    fn having(
        &self,
        having: &ast::Expr,
        grouping: &Grouping<'_>,
        output: &Scope,
        definitions: &[(Expr, Expr)],
        input: &Relation,
        place: &Place<'_>,
    ) -> Result<Expr> {
        let grouped_columns = grouping.grouped_columns();
        let scopes = [&grouped_columns, output, &input.scope];
        let inside_aggregates = [&input.scope, output];
        let condition = Lowering::new(self, place, &scopes, Clause::Having)
            .with_aggregates_over(&inside_aggregates)
            .filter(having)?;
        let expanded =
            condition.expr.transform_up(|expr| match definitions.iter().find(|(attribute, _)| *attribute == expr) {
                Some((_, definition)) => Ok(Transformed::yes(definition.clone())),
                None => Ok(Transformed::no(expr)),
            })?;
        if has_window(&expanded.data) {
            return Err(SparkError::analysis("It is not allowed to use window functions inside HAVING clause"));
        }
        grouping.rewrite(expanded.data, &Scope::default())
    }
}

impl Item {
    fn nullable(mut self) -> Self {
        self.typed.nullable = true;
        self
    }

    /// As [`Item::output`], but with the attribute of `named` where this item needs a new one.
    fn output_as(&self, named: &ScopeColumn, over_groups: &Scope) -> (ScopeColumn, Expr) {
        let known = over_groups.columns.iter().find(|column| column.attribute.expr() == self.typed.expr);
        match (&self.alias, known) {
            (None, Some(column)) => {
                let Typed { data_type, nullable, .. } = &self.typed;
                let attribute =
                    Attribute { id: column.attribute.id, data_type: data_type.clone(), nullable: *nullable };
                (ScopeColumn { attribute, ..named.clone() }, self.typed.expr.clone())
            }
            _ => (named.clone(), plan::define(self.typed.expr.clone(), named.attribute.id)),
        }
    }
}

/// A key of GROUP BY.
#[derive(Debug)]
struct GroupKey {
    /// The expression as it occurs in the SELECT list.
    written: Expr,
    /// The expression that rows are grouped by: as written, with floats normalized.
    computed: Expr,
    /// The attribute that holds the key above the aggregation; a plain column stays the attribute it is, but for GROUPING
    /// SETS, where it is NULL in the rows of some sets.
    attribute: Attribute,
    /// What the user calls it.
    name: String,
}

/// An aggregation that is being put together: its keys, and the aggregate functions found so far.
#[derive(Debug)]
pub(super) struct Grouping<'a> {
    ids: &'a AttributeIds,
    input: &'a Scope,
    keys: Vec<GroupKey>,
    sets: Option<Sets>,
    aggregates: RefCell<Vec<(Expr, Attribute)>>,
}

impl<'a> Grouping<'a> {
    /// A grouping by columns of the input.
    pub(super) fn by_columns(ids: &'a AttributeIds, input: &'a Scope, columns: &[&Attribute]) -> Result<Self> {
        let keys = columns.iter().map(|attribute| {
            let typed = Typed::attribute(attribute, "");
            refuse_ungroupable(&typed)?;
            let computed = float_keys::normalized(attribute.expr(), &attribute.data_type);
            let attribute = Attribute::clone(attribute);
            Ok(GroupKey { written: typed.expr, computed, attribute, name: typed.name })
        });
        let keys = keys.collect::<Result<_>>()?;
        Ok(Self { ids, input, keys, sets: None, aggregates: RefCell::new(Vec::new()) })
    }

    /// The input's columns that are keys themselves.
    fn grouped_columns(&self) -> Scope {
        let is_key = |column: &&ScopeColumn| self.keys.iter().any(|key| key.written == column.attribute.expr());
        Scope {
            columns: self.input.columns.iter().filter(is_key).cloned().collect(),
            hidden: self.input.hidden.iter().filter(is_key).cloned().collect(),
        }
    }

    /// The aggregation of `input`, with its keys and aggregate functions as attributes.
    ///
    /// The functions stand in the aggregation without aliases, under the names that DataFusion gives them: rules of its
    /// optimizer (the one for DISTINCT, for example) look for functions there and nothing else.
    pub(super) fn plan(&self, input: LogicalPlan) -> Result<LogicalPlan> {
        let aggregates = self.aggregates.borrow();
        if self.keys.is_empty() && aggregates.is_empty() && self.sets.is_none() {
            // HAVING alone: one group of all rows, of which nothing is asked.
            return Ok(plan::one_row());
        }
        let takes_order = |expr: &Expr| matches!(expr, Expr::AggregateFunction(call) if takes_order(&call.func));
        let input = if aggregates.iter().any(|(expr, _)| takes_order(expr)) { plan::kept_order(input)? } else { input };
        let mut names = HashSet::new();
        // The names leave casts out, so that different expressions may have the same.
        let mut unlike = |expr: &Expr, attribute: &Attribute| match names.insert(expr.schema_name().to_string()) {
            true => expr.clone(),
            false => plan::define(expr.clone(), attribute.id),
        };
        let mut computed: Vec<Expr> = self.keys.iter().map(|key| key.computed.clone()).collect();
        let mut functions: Vec<Expr> = aggregates.iter().map(|(expr, _)| expr.clone()).collect();
        let input = subqueries_below::below(self.ids, input, computed.iter_mut().chain(&mut functions))?;
        let (input, keys) = match &self.sets {
            None => {
                let keys = computed.iter().zip(&self.keys).map(|(expr, key)| unlike(expr, &key.attribute));
                (input, keys.collect())
            }
            Some(sets) => self.keys_of_sets(input, computed, sets)?,
        };
        let attributes = aggregates.iter().map(|(_, attribute)| attribute);
        let functions = functions.iter().zip(attributes).map(|(expr, attribute)| unlike(expr, attribute)).collect();
        let aggregated = plan::aggregate(input, keys, functions)?;

        let columns = aggregated.schema().columns();
        let functions = columns.len().saturating_sub(aggregates.len());
        let mut renamed = match &self.sets {
            None => renamed(&columns, self.keys.iter().map(|key| &key.attribute)),
            Some(sets) => self.columns_of_sets(&aggregated, sets)?,
        };
        let results = columns.get(functions..).unwrap_or_default();
        renamed.extend(self::renamed(results, aggregates.iter().map(|(_, attribute)| attribute)));
        plan::project(aggregated, renamed)
    }

    /// The input with the keys as attributes of their own, and GROUPING SETS over them.
    ///
    /// Every set has a constant as its first key: a set without keys would otherwise be a row even where there is no input.
    fn keys_of_sets(&self, input: LogicalPlan, computed: Vec<Expr>, sets: &Sets) -> Result<(LogicalPlan, Vec<Expr>)> {
        let constant = self.ids.next();
        let mut exprs: Vec<Expr> = input.schema().columns().into_iter().map(Expr::Column).collect();
        exprs.push(plan::define(lit(true), constant));
        exprs.extend(computed.into_iter().zip(&self.keys).map(|(expr, key)| plan::define(expr, key.attribute.id)));
        let constant = Expr::Column(constant.column());
        let keys = |set: &Vec<usize>| {
            let keys = set.iter().filter_map(|key| self.keys.get(*key)).map(|key| key.attribute.expr());
            std::iter::once(constant.clone()).chain(keys).collect()
        };
        let sets = GroupingSet::GroupingSets(sets.sets.iter().map(keys).collect());
        Ok((plan::project(input, exprs)?, vec![Expr::GroupingSet(sets)]))
    }

    /// The keys and the number of the set. A key that no set has is NULL.
    fn columns_of_sets(&self, aggregated: &LogicalPlan, sets: &Sets) -> Result<Vec<Expr>> {
        let mut columns = Vec::with_capacity(self.keys.len() + 1);
        for key in &self.keys {
            let column = key.attribute.id.column();
            columns.push(if aggregated.schema().has_column(&column) {
                Expr::Column(column)
            } else {
                let null = ScalarValue::try_from(&key.attribute.data_type.to_arrow())?;
                plan::define(Expr::Literal(null, None), key.attribute.id)
            });
        }
        let number = Expr::Column(Column::new_unqualified(Aggregate::INTERNAL_GROUPING_ID));
        columns.push(plan::define(cast(number, DataType::Int64), sets.id.id));
        Ok(columns)
    }

    /// The columns of the aggregation, without names.
    fn scope(&self) -> Scope {
        let aggregates = self.aggregates.borrow();
        let number = self.sets.iter().map(|sets| &sets.id);
        let attributes = self.keys.iter().map(|key| &key.attribute).chain(number);
        let attributes = attributes.chain(aggregates.iter().map(|(_, attribute)| attribute));
        Scope::new(
            attributes.map(|a| ScopeColumn { name: String::new(), qualifier: None, attribute: a.clone() }).collect(),
        )
    }

    fn over_groups(&self, typed: Typed) -> Result<Typed> {
        self.check_scalar_subqueries(&typed)?;
        Ok(Typed { expr: self.rewrite(typed.expr, &Scope::default())?, ..typed })
    }

    /// A correlated scalar subquery may stand in the list only as a key or inside an aggregate function.
    fn check_scalar_subqueries(&self, typed: &Typed) -> Result<()> {
        typed.expr.apply(|expr| match expr {
            _ if self.key(expr).is_some() => Ok(TreeNodeRecursion::Jump),
            Expr::AggregateFunction(_) => Ok(TreeNodeRecursion::Jump),
            Expr::ScalarSubquery(subquery) if !subquery.outer_ref_columns.is_empty() => {
                Err(SparkError::analysis(format!(
                    "Correlated scalar subquery in '{}' is neither present in the group by, nor in an aggregate function. Add \
                     it to group by using ordinal position or wrap it in first() (or first_value) if you don't care which value \
                     you get.",
                    typed.name
                ))
                .into())
            }
            _ => Ok(TreeNodeRecursion::Continue),
        })?;
        Ok(())
    }

    /// The expression over the aggregation's columns: keys and aggregate functions become attributes. `above` has columns
    /// that are defined above the aggregation and stay as they are.
    pub(super) fn rewrite(&self, expr: Expr, above: &Scope) -> Result<Expr> {
        let rewritten = expr.transform_down(|expr| {
            if let Some(key) = self.key(&expr) {
                return Ok(Transformed::new(key.attribute.expr(), true, TreeNodeRecursion::Jump));
            }
            if let Some((function, args)) = GroupingFunction::of(&expr) {
                return Ok(Transformed::new(self.grouping_function(function, args)?, true, TreeNodeRecursion::Jump));
            }
            match &expr {
                Expr::AggregateFunction(_) => {
                    Ok(Transformed::new(self.aggregate(expr)?, true, TreeNodeRecursion::Jump))
                }
                Expr::Column(column) if !above.columns.iter().any(|c| c.attribute.id.column() == *column) => {
                    Err(self.not_grouped(&expr).into())
                }
                Expr::ScalarSubquery(subquery) => self.check_outer(expr.clone(), &subquery.outer_ref_columns),
                Expr::Exists(exists) => self.check_outer(expr.clone(), &exists.subquery.outer_ref_columns),
                Expr::InSubquery(within) => self.check_outer(expr.clone(), &within.subquery.outer_ref_columns),
                _ => Ok(Transformed::no(expr)),
            }
        });
        Ok(rewritten?.data)
    }

    fn key(&self, expr: &Expr) -> Option<&GroupKey> {
        let exact = self.keys.iter().find(|key| key.written == *expr);
        exact.or_else(|| {
            let may_be_reordered =
                |expr: &Expr| matches!(expr, Expr::BinaryExpr(_) | Expr::Cast(_) | Expr::ScalarFunction(_));
            let mut candidates = self.keys.iter().filter(|key| may_be_reordered(&key.written)).peekable();
            if !may_be_reordered(expr) || candidates.peek().is_none() {
                return None;
            }
            let expr = canonical(expr);
            candidates.find(|key| canonical(&key.written) == expr)
        })
    }

    /// A subquery may use those columns of the query around it that are keys.
    fn check_outer(&self, expr: Expr, outer: &[Expr]) -> datafusion::error::Result<Transformed<Expr>> {
        for reference in outer {
            if let Expr::OuterReferenceColumn(_, column) = reference {
                let inside = Expr::Column(column.clone());
                let key = self.keys.iter().find(|key| key.written == inside);
                let key = key.ok_or_else(|| self.not_grouped(&inside))?;
                if key.attribute.id.column() != *column {
                    return Err(SparkError::unsupported("a subquery that uses a key of GROUPING SETS").into());
                }
            }
        }
        Ok(Transformed::no(expr))
    }

    /// The value of `grouping` or `grouping_id`.
    fn grouping_function(&self, function: GroupingFunction, args: &[Expr]) -> Result<Expr> {
        let Some(sets) = &self.sets else {
            return Err(SparkError::analysis(format!(
                "{}() can only be used with GroupingSets/Cube/Rollup",
                function.name()
            )));
        };
        let number_of = |arg: &Expr| self.key(arg).and_then(|key| self.keys.iter().position(|k| std::ptr::eq(k, key)));
        let asked: Vec<Option<usize>> = args.iter().map(number_of).collect();
        let keys: Vec<&str> = self.keys.iter().map(|key| key.name.as_str()).collect();
        let keys = keys.join(",");
        match function {
            GroupingFunction::Grouping => match asked[..] {
                [Some(key)] => Ok(cast(sets.bit(key), DataType::Int8)),
                _ => Err(SparkError::analysis(format!("Column of grouping can't be found in grouping columns {keys}"))),
            },
            GroupingFunction::GroupingId => {
                let all = asked.iter().copied().eq((0..self.keys.len()).map(Some));
                if !asked.is_empty() && !all {
                    return Err(SparkError::analysis(format!(
                        "Columns of grouping_id does not match grouping columns ({keys})"
                    )));
                }
                Ok(sets.bits(self.keys.len()))
            }
        }
    }

    /// The attribute that holds an aggregate function's value.
    fn aggregate(&self, expr: Expr) -> Result<Expr> {
        let mut aggregates = self.aggregates.borrow_mut();
        if let Some((_, attribute)) = aggregates.iter().find(|(known, _)| *known == expr) {
            return Ok(attribute.expr());
        }
        // Only the identity matters here; whoever uses the value knows its Spark type.
        let attribute = self.ids.attribute(SparkType::Void, true);
        let reference = attribute.expr();
        aggregates.push((expr, attribute));
        Ok(reference)
    }

    fn not_grouped(&self, column: &Expr) -> SparkError {
        let found = self.input.columns.iter().chain(&self.input.hidden).find(|c| c.attribute.expr() == *column);
        let name = found.map_or_else(|| column.to_string(), ScopeColumn::qualified_name);
        let advice = "if you don't care which value you get.";
        SparkError::analysis(if self.keys.is_empty() {
            format!(
                "grouping expressions sequence is empty, and '{name}' is not an aggregate function. Wrap '{name}' in first() \
                 (or first_value) {advice}"
            )
        } else {
            format!(
                "expression '{name}' is neither present in the group by, nor is it an aggregate function. Add to group by or \
                 wrap in first() (or first_value) {advice}"
            )
        })
    }
}

/// The columns under the names of the attributes.
fn renamed<'a>(columns: &[Column], attributes: impl Iterator<Item = &'a Attribute>) -> Vec<Expr> {
    let renamed = columns.iter().cloned().map(Expr::Column).zip(attributes);
    renamed
        .map(|(column, attribute)| match column == attribute.expr() {
            true => column,
            false => plan::define(column, attribute.id),
        })
        .collect()
}
