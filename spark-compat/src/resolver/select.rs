//! SELECT: FROM and WHERE, then the SELECT list, grouped or not, then DISTINCT and the ORDER BY of the query around it.

use datafusion::logical_expr::Expr;
use sqlparser::ast;

use super::attribute::AttributeIds;
use super::expr::{Clause, Lowering, has_aggregate};
use super::generators::{self, GeneratorItem};
use super::grouping_sets::GroupBy;
use super::relation::Relation;
use super::scope::{Scope, ScopeColumn};
use super::typed::Typed;
use super::windows::Windows;
use super::{Place, Resolver, order, plan, refuse, star};
use crate::error::{ErrorKind, Result, SparkError};
use crate::functions;
use crate::parse::regex_columns;

/// One column of a SELECT list.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// The expression.
    pub typed: Typed,
    /// The name that the user gave with AS.
    pub alias: Option<String>,
    /// For a column taken over as it is: its qualifier.
    pub qualifier: Option<String>,
    /// Whether this came out of a star.
    pub from_star: bool,
}

impl Item {
    /// The column that this item gives, and the expression that defines it.
    ///
    /// A column without an alias stays the attribute it is; everything else becomes a new attribute.
    pub fn output(&self, ids: &AttributeIds, scope: &Scope) -> (ScopeColumn, Expr) {
        let Typed { expr, data_type, nullable, name } = &self.typed;
        let known = scope.columns.iter().chain(&scope.hidden).find(|column| column.attribute.expr() == *expr);
        match (&self.alias, known) {
            (None, Some(column)) => {
                let attribute = column.attribute.clone();
                (ScopeColumn { name: name.clone(), qualifier: self.qualifier.clone(), attribute }, expr.clone())
            }
            _ => {
                let attribute = ids.attribute(data_type.clone(), *nullable);
                let definition = plan::define(expr.clone(), attribute.id);
                let name = self.alias.clone().unwrap_or_else(|| name.clone());
                (ScopeColumn { name, qualifier: None, attribute }, definition)
            }
        }
    }
}

impl Resolver<'_> {
    /// A SELECT, sorted by `keys`.
    pub(super) fn select(
        &self,
        select: &ast::Select,
        keys: &[ast::OrderByExpr],
        place: &Place<'_>,
    ) -> Result<Relation> {
        refuse_unsupported(select)?;
        let keys = order::keys_of_select(select, keys)?;
        check_window_names(&select.named_window)?;
        let place = &Place { windows: &select.named_window, whole: false, ..place.clone() };
        let input = self.from(&select.from, place)?;
        let mut views = select.lateral_views.iter();
        let input = views.try_fold(input, |input, view| self.lateral_view(input, view, place))?;
        let input = self.filtered(input, select.selection.as_ref(), place)?;
        let input = self.windowed(input, select, &keys, place)?;
        let (mut items, generators) = self.items(&select.projection, &input.scope, place)?;
        let generator = generators::check_single(&generators)?;
        let distinct = match &select.distinct {
            None | Some(ast::Distinct::All) => false,
            Some(ast::Distinct::Distinct) => true,
            // To Spark a call of a function ON.
            Some(ast::Distinct::On(_)) => return Err(functions::undefined("on")),
        };

        let groups = GroupBy::of(&select.group_by)?;
        let array = generator.map(GeneratorItem::array);
        let in_list = items.iter().chain(&array).any(|item| has_aggregate(&item.typed.expr));
        let grouped = groups.is_some() || select.having.is_some() || in_list;
        let sort_here = if distinct { &[][..] } else { &keys };
        let selected = match (grouped, generator, array) {
            (true, Some(generator), Some(array)) => {
                refuse_having(select.having.is_some())?;
                items.insert(generator.at.min(items.len()), array);
                let groups = groups.unwrap_or_default();
                let grouped = self.grouped(input, items, groups, select.having.as_ref(), &[], place)?;
                self.sorted(self.generated_over_groups(grouped, generator)?, sort_here, place)?
            }
            (true, _, _) => {
                self.grouped(input, items, groups.unwrap_or_default(), select.having.as_ref(), sort_here, place)?
            }
            (false, Some(generator), _) => {
                let (input, items) = self.generated(input, items, generator)?;
                self.projected(input, items, sort_here, place)?
            }
            (false, None, _) => self.projected(input, items, sort_here, place)?,
        };
        if distinct {
            let relation = self.distinct(selected)?;
            return self.sorted(relation, &keys, place);
        }
        Ok(selected)
    }

    fn filtered(&self, input: Relation, condition: Option<&ast::Expr>, place: &Place<'_>) -> Result<Relation> {
        let Some(condition) = condition else { return Ok(input) };
        let scopes = [&input.scope];
        let condition = Lowering::new(self, place, &scopes, Clause::Where).filter(condition)?;
        Ok(Relation { plan: plan::filter(input.plan, condition.expr)?, scope: input.scope })
    }

    /// The SELECT list with its stars expanded, and apart from it its generators.
    fn items(
        &self,
        projection: &[ast::SelectItem],
        scope: &Scope,
        place: &Place<'_>,
    ) -> Result<(Vec<Item>, Vec<GeneratorItem>)> {
        let scopes = [scope];
        let lowering = Lowering::new(self, place, &scopes, Clause::Select);
        let mut items = Vec::new();
        let mut generators = Vec::new();
        for item in projection {
            let generator = match item {
                ast::SelectItem::UnnamedExpr(expr) => lowering.generator_item(expr, &[], items.len())?,
                ast::SelectItem::ExprWithAlias { expr, alias } => {
                    lowering.generator_item(expr, std::slice::from_ref(alias), items.len())?
                }
                ast::SelectItem::ExprWithAliases { expr, aliases } => {
                    lowering.generator_item(expr, aliases, items.len())?
                }
                _ => None,
            };
            if let Some(generator) = generator {
                generators.push(generator);
                continue;
            }
            if let ast::SelectItem::UnnamedExpr(expr) = item
                && let Some((qualifier, regex)) = regex_columns(expr)
            {
                items.extend(star::fitting(scope, qualifier, regex)?.into_iter().map(star_item));
                continue;
            }
            match item {
                ast::SelectItem::UnnamedExpr(expr) => {
                    let typed = lowering.lower(expr)?;
                    let field = lowering.is_field(expr)?;
                    let name = if field { path_column(expr) } else { cast_column(expr).or_else(|| path_column(expr)) };
                    let typed = match name {
                        Some(name) => typed.named(name),
                        None => typed,
                    };
                    let qualifier = lowering.qualifier_of(expr)?;
                    items.push(Item { typed, alias: None, qualifier, from_star: false });
                }
                ast::SelectItem::ExprWithAlias { expr, alias } => {
                    let typed = lowering.lower(expr)?;
                    items.push(Item { typed, alias: Some(alias.value.clone()), qualifier: None, from_star: false });
                }
                ast::SelectItem::ExprWithAliases { .. } => {
                    return Err(SparkError::analysis("AS with several names is for generators only"));
                }
                ast::SelectItem::Wildcard(options) => {
                    items.extend(star::columns(scope, options)?.into_iter().map(star_item));
                }
                ast::SelectItem::QualifiedWildcard(kind, options) => {
                    let starred = star::qualified_columns(scope, kind, options, self.facts.zone)?;
                    items.extend(starred.into_iter().map(starred_item));
                }
            }
        }
        Ok((items, generators))
    }

    /// A SELECT list without grouping. Sort keys may use columns that the list leaves out.
    fn projected(
        &self,
        input: Relation,
        items: Vec<Item>,
        keys: &[ast::OrderByExpr],
        place: &Place<'_>,
    ) -> Result<Relation> {
        let (items, windows) = Windows::of_items(self.ids, items)?;
        let input = Relation { plan: windows.plan(input.plan)?, scope: input.scope };
        let (columns, mut exprs): (Vec<_>, Vec<_>) =
            items.iter().map(|item| item.output(self.ids, &input.scope)).unzip();
        let output = Scope::new(columns);
        let scopes = [&output, &input.scope];
        let lowering = Lowering::new(self, place, &scopes, Clause::OrderBy);
        let keys = order::lower_keys(&lowering, keys, &output)?;
        for key in &keys {
            if has_aggregate(&key.expr) {
                return Err(SparkError::analysis(
                    "ORDER BY has an aggregate function, but the query has neither GROUP BY nor aggregate functions in its list",
                ));
            }
            add_missing_columns(&mut exprs, &key.expr, &input.plan);
        }
        let plan = plan::project(input.plan, without_repetitions(exprs))?;
        let plan = if keys.is_empty() { plan } else { plan::sort(plan, keys) };
        // Columns merged by USING stay within reach of ORDER BY only; an outer query sees the list.
        Ok(Relation { plan, scope: output })
    }

    /// The distinct rows of a relation.
    pub(super) fn distinct(&self, relation: Relation) -> Result<Relation> {
        let exact = self.with_normalized_floats(relation.into_exact(self.ids)?)?;
        Ok(Relation { plan: plan::distinct(exact.plan), scope: exact.scope })
    }
}

/// The name of the column that is cast by `expr`, if it is just that: such a cast is called as the column is (Spark's
/// `ResolveAliases`).
fn cast_column(expr: &ast::Expr) -> Option<&str> {
    match expr {
        ast::Expr::Nested(inner) => cast_column(inner),
        ast::Expr::Cast { kind: ast::CastKind::Cast, expr, .. } => column_name(expr),
        _ => None,
    }
}

fn column_name(expr: &ast::Expr) -> Option<&str> {
    match expr {
        ast::Expr::Nested(inner) => column_name(inner),
        ast::Expr::Identifier(ident) => Some(&ident.value),
        ast::Expr::CompoundIdentifier(parts) => parts.last().map(|part| part.value.as_str()),
        _ => None,
    }
}

/// Spark resolves no HAVING above a generator.
fn refuse_having(having: bool) -> Result<()> {
    if having {
        return Err(SparkError::analysis(
            "The query operator `UnresolvedHaving` contains one or more unsupported expression types Aggregate, Window or Generate.",
        ));
    }
    Ok(())
}

/// The last part of a dotted name, which is what a field of a struct is called.
fn path_column(expr: &ast::Expr) -> Option<&str> {
    match expr {
        ast::Expr::Nested(inner) => path_column(inner),
        ast::Expr::CompoundIdentifier(parts) => parts.last().map(|part| part.value.as_str()),
        _ => None,
    }
}

fn starred_item(starred: star::Starred) -> Item {
    let star::Starred { typed, name, qualifier, is_field } = starred;
    Item { typed, alias: is_field.then_some(name), qualifier, from_star: true }
}

fn star_item(column: &ScopeColumn) -> Item {
    Item {
        typed: Typed::attribute(&column.attribute, &column.name),
        alias: None,
        qualifier: column.qualifier.clone(),
        from_star: true,
    }
}

/// Adds to a projection the columns of its input that `expr` needs and that it does not have yet.
pub(super) fn add_missing_columns(exprs: &mut Vec<Expr>, expr: &Expr, input: &datafusion::logical_expr::LogicalPlan) {
    for column in expr.column_refs() {
        let defined = exprs.iter().any(|e| e.qualified_name().1 == column.name);
        if !defined && input.schema().has_column(column) {
            exprs.push(Expr::Column(column.clone()));
        }
    }
}

/// The same expressions, each attribute defined once: a scope may show it more often than the plan has it.
pub(super) fn without_repetitions(exprs: Vec<Expr>) -> Vec<Expr> {
    let mut unique: Vec<Expr> = Vec::with_capacity(exprs.len());
    let mut names = std::collections::HashSet::with_capacity(exprs.len());
    for expr in exprs {
        if names.insert(expr.qualified_name().1) {
            unique.push(expr);
        }
    }
    unique
}

/// Each window of the WINDOW clause has a name of its own.
fn check_window_names(windows: &[ast::NamedWindowDefinition]) -> Result<()> {
    let mut names = std::collections::HashSet::new();
    match windows.iter().find(|definition| !names.insert(definition.0.value.to_lowercase())) {
        Some(repeated) => Err(SparkError::new(
            crate::error::ErrorKind::Parse,
            format!("The definition of window '{}' is repetitive", repeated.0.value),
        )),
        None => Ok(()),
    }
}

/// Refuses the clauses that are not supported. Every field stands here, so that a new one can't be overlooked.
fn refuse_unsupported(select: &ast::Select) -> Result<()> {
    let ast::Select {
        select_token: _,
        optimizer_hints: _,
        distinct: _,
        select_modifiers,
        top,
        top_before_distinct: _,
        projection: _,
        exclude,
        into,
        from: _,
        lateral_views: _,
        prewhere,
        selection: _,
        connect_by,
        group_by: _,
        cluster_by: _,
        distribute_by: _,
        sort_by: _,
        having: _,
        named_window: _,
        qualify,
        window_before_qualify: _,
        value_table_mode,
        flavor,
    } = select;
    if *flavor == ast::SelectFlavor::FromFirstNoSelect {
        return Err(SparkError::new(ErrorKind::Parse, "no viable alternative at a FROM without SELECT"));
    }
    refuse(select_modifiers.is_some(), "SELECT modifiers")?;
    refuse(top.is_some(), "TOP")?;
    refuse(exclude.is_some(), "EXCLUDE")?;
    refuse(into.is_some(), "SELECT INTO")?;
    refuse(prewhere.is_some(), "PREWHERE")?;
    refuse(!connect_by.is_empty(), "CONNECT BY")?;
    refuse(qualify.is_some(), "QUALIFY")?;
    refuse(value_table_mode.is_some(), "SELECT AS VALUE")
}
