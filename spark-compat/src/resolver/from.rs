//! FROM: views, WITH queries, files, subqueries, VALUES and their aliases; comma means cross join.

use datafusion::common::JoinType;
use sqlparser::ast;

use super::attribute::Attribute;
use super::depth::descend;
use super::relation::Relation;
use super::scope::{Scope, ScopeColumn};
use super::tables::{Table, TableDefinition, ViewName, ViewQuery};
use super::{Facts, Place, Resolver, ctes, name_parts, plan, refuse};
use crate::error::{ErrorKind, Result, SparkError};

/// The name that Spark gives to a subquery in FROM that has no alias.
const SUBQUERY_WITHOUT_ALIAS: &str = "__auto_generated_subquery_name";

/// Views may use views this deep (Spark's `spark.sql.view.maxNestedViewDepth`).
const MAX_VIEW_DEPTH: usize = 100;

impl Resolver<'_> {
    /// The relation that a FROM clause gives; without FROM, one row without columns.
    pub(super) fn from(&self, from: &[ast::TableWithJoins], place: &Place<'_>) -> Result<Relation> {
        // PIVOT turns all of FROM; behind several relations it would be taken for the last one's.
        let is_pivot = |factor: &ast::TableFactor| matches!(factor, ast::TableFactor::Pivot { .. });
        let several = from.len() > 1 || from.iter().any(|table| !table.joins.is_empty());
        let mut factors =
            from.iter().flat_map(|t| std::iter::once(&t.relation).chain(t.joins.iter().map(|j| &j.relation)));
        refuse(several && factors.any(is_pivot), "PIVOT of several relations")?;
        // A comma binds as joins do, from left to right: in `a, b JOIN c` the join is one of `a, b` with `c`.
        let mut joined: Option<Relation> = None;
        for ast::TableWithJoins { relation, joins } in from {
            let first = match joined {
                None => self.table_factor(relation, place)?,
                Some(left) if is_lateral(relation) => {
                    self.lateral_join(left, relation, JoinType::Inner, &ast::JoinConstraint::None, place)?
                }
                Some(left) => {
                    let right = self.table_factor(relation, place)?;
                    Relation {
                        plan: plan::join(left.plan, right.plan, JoinType::Inner, None)?,
                        scope: left.scope.joined(right.scope),
                    }
                }
            };
            joined = Some(joins.iter().try_fold(first, |left, join| self.join(left, join, place))?);
        }
        Ok(joined.unwrap_or_else(|| Relation { plan: plan::one_row(), scope: Scope::default() }))
    }

    fn table_with_joins(&self, table: &ast::TableWithJoins, place: &Place<'_>) -> Result<Relation> {
        let ast::TableWithJoins { relation, joins } = table;
        let first = self.table_factor(relation, place)?;
        joins.iter().try_fold(first, |left, join| self.join(left, join, place))
    }

    /// One item of FROM, or the right side of a join.
    pub(super) fn table_factor(&self, factor: &ast::TableFactor, place: &Place<'_>) -> Result<Relation> {
        descend(|| match factor {
            ast::TableFactor::Table { .. } => self.table_name(factor, place),
            // What LATERAL lets the subquery see stands in the place.
            ast::TableFactor::Derived { lateral: _, subquery, alias, sample } => {
                if alias.is_some() && matches!(sample, Some(ast::TableSampleKind::AfterTableAlias(_))) {
                    return Err(SparkError::new(ErrorKind::Parse, "mismatched input 'tablesample' behind an alias"));
                }
                let relation = self.query(subquery, place)?;
                let relation = self.sampled(relation, sample.as_ref(), place)?;
                aliased(relation, alias.as_ref(), Some(SUBQUERY_WITHOUT_ALIAS))
            }
            ast::TableFactor::NestedJoin { table_with_joins, alias } => {
                let relation = self.table_with_joins(table_with_joins, place)?;
                aliased(relation, alias.as_ref(), None)
            }
            ast::TableFactor::Function { lateral: true, .. } => {
                Err(SparkError::new(ErrorKind::Parse, "LATERAL can only be used with subquery"))
            }
            ast::TableFactor::Function { name, .. } => {
                Err(SparkError::unsupported(format!("the table function {name}")))
            }
            ast::TableFactor::TableFunction { .. } => {
                Err(SparkError::analysis("could not resolve `table` to a table-valued function"))
            }
            ast::TableFactor::Pivot { .. } => self.pivot(factor, place),
            ast::TableFactor::Unpivot { .. } => Err(SparkError::unsupported("UNPIVOT")),
            ast::TableFactor::UNNEST { .. } => Err(SparkError::unsupported("UNNEST")),
            ast::TableFactor::MatchRecognize { .. } => Err(SparkError::unsupported("MATCH_RECOGNIZE")),
            ast::TableFactor::JsonTable { .. }
            | ast::TableFactor::OpenJsonTable { .. }
            | ast::TableFactor::XmlTable { .. }
            | ast::TableFactor::SemanticView { .. } => Err(SparkError::unsupported(format!("{factor} in FROM"))),
        })
    }

    fn table_name(&self, factor: &ast::TableFactor, place: &Place<'_>) -> Result<Relation> {
        let ast::TableFactor::Table {
            name,
            alias,
            args,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints,
        } = factor
        else {
            return Err(SparkError::internal("not a table name"));
        };
        refuse(version.is_some(), "time travel")?;
        refuse(!with_hints.is_empty() || !index_hints.is_empty(), "table hints")?;
        refuse(*with_ordinality || json_path.is_some() || !partitions.is_empty(), "table name modifiers")?;
        let parts = name_parts(name)?;
        let relation = match args {
            Some(ast::TableFunctionArgs { args, settings }) => {
                refuse(settings.is_some(), "SETTINGS")?;
                self.table_function(&parts.join("."), args, place)
            }
            None => self.named_table(&parts, place),
        };
        let relation = relation.map_err(|error| error.at(sqlparser::ast::Spanned::span(name).start))?;
        let relation = self.sampled(relation, sample.as_ref(), place)?;
        aliased(relation, alias.as_ref(), None)
    }

    /// The relation that a name stands for: a WITH query, a temporary view, or ``format.`path` ``.
    pub(super) fn named_table(&self, parts: &[String], place: &Place<'_>) -> Result<Relation> {
        if let [name] = parts
            && let Some(cte) = ctes::find(&place.ctes, name)
        {
            return self.cte(cte);
        }
        let view = ViewName::of(parts).and_then(|name| self.tables.view(&name).map(|found| (name, found)));
        if let Some((name, definition)) = view {
            let relation = match definition.as_ref() {
                TableDefinition::Files(table) => self.scan(table)?,
                TableDefinition::Query(view) => self.view_query(&name.to_string(), view)?,
            };
            return Ok(Relation { plan: relation.plan, scope: relation.scope.requalified(&name.name) });
        }
        match parts {
            [format, path] => match self.tables.file(format, path) {
                Some(table) => self.scan(table),
                None => Err(self.tables.not_found(&parts.join("."))),
            },
            _ => Err(self.tables.not_found(&parts.join("."))),
        }
    }

    /// A table whose columns are new attributes.
    fn scan(&self, table: &Table) -> Result<Relation> {
        let mut exprs = Vec::with_capacity(table.columns.len());
        let mut columns = Vec::with_capacity(table.columns.len());
        for column in &table.columns {
            let attribute = self.ids.attribute(column.data_type.clone(), column.nullable);
            exprs.push(plan::define(table.definition(column), attribute.id));
            columns.push(ScopeColumn { name: column.name.clone(), qualifier: None, attribute });
        }
        Ok(Relation { plan: plan::project(table.scan(self.facts.zone)?, exprs)?, scope: Scope::new(columns) })
    }

    /// A view's query, resolved in the view's own settings and seeing no WITH queries. The columns are those that the view
    /// had when it was made.
    fn view_query(&self, name: &str, view: &ViewQuery) -> Result<Relation> {
        if self.view_depth >= MAX_VIEW_DEPTH {
            return Err(SparkError::analysis(format!(
                "The depth of view {name} exceeds the maximum view resolution depth ({MAX_VIEW_DEPTH})"
            )));
        }
        let facts = Facts { zone: view.zone, ..self.facts };
        let inside = Resolver { facts, rules: view.rules, view_depth: self.view_depth + 1, ..*self };
        let relation = inside.resolve(&view.query)?;
        let mut columns = Vec::with_capacity(view.columns.len());
        for (at, (shown, query_name)) in view.columns.iter().zip(&view.query_names).enumerate() {
            let now = relation.scope.columns.get(at).filter(|column| column.name == *query_name);
            let attribute = now.map(|column| column.attribute.clone());
            let attribute = attribute.filter(|attribute| attribute.data_type == shown.data_type).ok_or_else(|| {
                SparkError::analysis(format!(
                    "The SQL query of view {name} has an incompatible schema change and column {query_name} cannot be \
                     resolved. Please re-create the view."
                ))
            })?;
            columns.push(ScopeColumn { name: shown.name.clone(), qualifier: None, attribute });
        }
        Ok(Relation { plan: relation.plan, scope: Scope::new(columns) })
    }
}

/// Whether an item of FROM sees the items before it.
pub(super) fn is_lateral(factor: &ast::TableFactor) -> bool {
    matches!(factor, ast::TableFactor::Derived { lateral: true, .. })
}

/// The relation under its alias, or under `default` if it has none.
fn aliased(relation: Relation, alias: Option<&ast::TableAlias>, default: Option<&str>) -> Result<Relation> {
    let Some(ast::TableAlias { explicit: _, name, columns, at }) = alias else {
        let scope = match default {
            Some(default) => relation.scope.requalified(default),
            None => relation.scope,
        };
        return Ok(Relation { plan: relation.plan, scope });
    };
    refuse(at.is_some(), "AT in a table alias")?;
    let scope = with_column_aliases(relation.scope, columns)?.requalified(&name.value);
    Ok(Relation { plan: relation.plan, scope })
}

/// The scope with the column names of `t (a, b)`.
pub(super) fn with_column_aliases(scope: Scope, aliases: &[ast::TableAliasColumnDef]) -> Result<Scope> {
    if aliases.is_empty() {
        return Ok(scope);
    }
    if aliases.len() != scope.columns.len() {
        return Err(SparkError::analysis(format!(
            "Number of column aliases does not match number of columns. Number of column aliases: {}; number of columns: {}.",
            aliases.len(),
            scope.columns.len()
        )));
    }
    let columns = scope.columns.into_iter().zip(aliases).map(|(column, alias)| {
        let ast::TableAliasColumnDef { name, data_type } = alias;
        if data_type.is_some() {
            return Err(SparkError::new(
                ErrorKind::Parse,
                format!("mismatched input behind the alias {name} of a column"),
            ));
        }
        Ok(ScopeColumn { name: name.value.clone(), ..column })
    });
    Ok(Scope::new(columns.collect::<Result<_>>()?))
}

/// The attribute as it is on the side of an outer join that may be missing.
pub(super) fn nullable(column: ScopeColumn) -> ScopeColumn {
    ScopeColumn { attribute: Attribute { nullable: true, ..column.attribute }, ..column }
}
