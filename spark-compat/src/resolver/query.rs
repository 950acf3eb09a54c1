//! A whole query: WITH around a body (SELECT, VALUES, set operation, parentheses), then ORDER BY and LIMIT.

use datafusion::common::ScalarValue;
use sqlparser::ast;

use super::depth::descend;
use super::expr::{Clause, Lowering};
use super::relation::Relation;
use super::{Place, Resolver, plan, refuse};
use crate::error::{Result, SparkError};
use crate::types::SparkType;

impl Resolver<'_> {
    /// Resolves a query with all its clauses.
    pub(super) fn query(&self, query: &ast::Query, place: &Place<'_>) -> Result<Relation> {
        self.ids.count_query()?;
        descend(|| self.query_level(query, place))
    }

    fn query_level(&self, query: &ast::Query, place: &Place<'_>) -> Result<Relation> {
        let ast::Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        refuse(fetch.is_some(), "FETCH FIRST")?;
        refuse(!locks.is_empty() || for_clause.is_some(), "FOR UPDATE")?;
        refuse(settings.is_some() || format_clause.is_some(), "SETTINGS and FORMAT")?;
        refuse(!pipe_operators.is_empty(), "the pipe operator |>")?;

        let inner = match with {
            Some(with) => self.with_ctes(with, place)?,
            None => {
                let whole = place.whole && order_by.is_none() && limit_clause.is_none();
                Place { whole, ..place.clone() }
            }
        };
        let keys = order_by.as_ref().map_or(Ok(&[][..]), order_keys)?;
        let sorted = self.ordered_set_expr(body, keys, &inner)?;
        match limit_clause {
            Some(clause) => self.limited(sorted, clause, &inner),
            None => Ok(sorted),
        }
    }

    /// The body of a query, sorted. A SELECT sorts itself, since its ORDER BY reaches columns that it does not output.
    fn ordered_set_expr(&self, body: &ast::SetExpr, keys: &[ast::OrderByExpr], place: &Place<'_>) -> Result<Relation> {
        if let ast::SetExpr::Select(select) = body {
            return self.select(select, keys, place);
        }
        let relation = self.set_expr(body, place)?;
        self.sorted(relation, keys, place)
    }

    /// The body of a query, or one side of a set operation.
    pub(super) fn set_expr(&self, body: &ast::SetExpr, place: &Place<'_>) -> Result<Relation> {
        descend(|| match body {
            ast::SetExpr::Select(select) => self.select(select, &[], place),
            ast::SetExpr::Query(query) => self.query(query, place),
            ast::SetExpr::SetOperation { .. } => self.set_operation(body, place),
            ast::SetExpr::Values(values) => self.values(values, place),
            ast::SetExpr::Table(_) => Err(SparkError::internal("TABLE that is not SELECT * FROM")),
            ast::SetExpr::Insert(_) | ast::SetExpr::Update(_) | ast::SetExpr::Delete(_) | ast::SetExpr::Merge(_) => {
                Err(SparkError::unsupported("INSERT, UPDATE, DELETE and MERGE"))
            }
        })
    }

    fn limited(&self, input: Relation, clause: &ast::LimitClause, place: &Place<'_>) -> Result<Relation> {
        let limit = match clause {
            ast::LimitClause::LimitOffset { limit, offset, limit_by } => {
                refuse(offset.is_some(), "OFFSET")?;
                refuse(!limit_by.is_empty(), "LIMIT BY")?;
                limit
            }
            ast::LimitClause::OffsetCommaLimit { .. } => return Err(SparkError::unsupported("LIMIT with an offset")),
        };
        match limit {
            // LIMIT ALL
            None => Ok(input),
            Some(limit) => {
                let count = self.limit_value(limit, place)?;
                Ok(Relation { plan: plan::limit(input.plan, count), scope: input.scope })
            }
        }
    }

    /// The value of a LIMIT expression, which must be a constant int of at least 0 (Spark's `checkLimitLikeClause`).
    pub(super) fn limit_value(&self, limit: &ast::Expr, place: &Place<'_>) -> Result<i64> {
        let typed = Lowering::new(self, place, &[], Clause::Constant("LIMIT")).lower(limit)?;
        if !matches!(typed.data_type, SparkType::Byte | SparkType::Short | SparkType::Int) {
            return Err(SparkError::analysis(format!(
                "The limit expression must be integer type, but got {}",
                typed.data_type
            )));
        }
        let value = match super::expr::evaluate_constant(&typed.expr)? {
            ScalarValue::Int8(value) => value.map(i64::from),
            ScalarValue::Int16(value) => value.map(i64::from),
            ScalarValue::Int32(value) => value.map(i64::from),
            _ => None,
        };
        match value {
            Some(value) if value >= 0 => Ok(value),
            Some(value) => Err(SparkError::analysis(format!(
                "The limit expression must be equal to or greater than 0, but got {value}"
            ))),
            None => Err(SparkError::analysis(format!(
                "The evaluated limit expression must not be null, but got {}",
                typed.name
            ))),
        }
    }
}

/// The sort keys of an ORDER BY clause.
fn order_keys(order_by: &ast::OrderBy) -> Result<&[ast::OrderByExpr]> {
    let ast::OrderBy { kind, interpolate } = order_by;
    refuse(interpolate.is_some(), "INTERPOLATE")?;
    match kind {
        ast::OrderByKind::Expressions(keys) => Ok(keys),
        ast::OrderByKind::All(_) => Err(SparkError::unsupported("ORDER BY ALL")),
    }
}
