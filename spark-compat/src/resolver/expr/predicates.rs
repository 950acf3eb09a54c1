//! BETWEEN, IN with a list, LIKE, and the IS predicates.

use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::InList;
use sqlparser::ast;

use super::operators::compare;
use super::{Lowering, evaluate_constant, literals, logic};
use crate::coercion;
use crate::comparison::{self, ComparisonOp};
use crate::datetime::zone::Zone;
use crate::error::{ErrorKind, Result, SparkError};
use crate::functions;
use crate::resolver::names;
use crate::resolver::typed::Typed;
use crate::types::SparkType;

impl Lowering<'_, '_> {
    /// `x BETWEEN low AND high` is `x >= low AND x <= high`.
    pub(super) fn between(&self, expr: &ast::Expr, negated: bool, low: &ast::Expr, high: &ast::Expr) -> Result<Typed> {
        let value = self.lower(expr)?;
        let above = self.comparison(ComparisonOp::GtEq, value.clone(), self.lower(low)?)?;
        let below = self.comparison(ComparisonOp::LtEq, value, self.lower(high)?)?;
        let name = names::infix(&above.name, "AND", &below.name);
        let nullable = above.nullable || below.nullable;
        let both = logic::conjunction(vec![above.expr, below.expr]);
        let both = both.ok_or_else(|| SparkError::internal("BETWEEN without conditions"))?;
        self.negated_if(negated, Typed::new(both, SparkType::Boolean, nullable, name))
    }

    /// `x IN (a, b)`: all are cast to one type (Spark's `InConversion`).
    pub(super) fn in_list(&self, expr: &ast::Expr, list: &[ast::Expr], negated: bool) -> Result<Typed> {
        let value = self.lower(expr)?;
        let list = self.lower_all(list)?;
        let list_names: Vec<_> = list.iter().map(|item| item.name.as_str()).collect();
        let name = format!("({} IN ({}))", value.name, list_names.join(", "));

        let types: Vec<_> = std::iter::once(&value).chain(&list).map(|item| item.data_type.clone()).collect();
        let common = coercion::wider_common_type(&types).or_else(|| one_structure(&types)).ok_or_else(|| {
            let other = types.iter().find(|t| **t != value.data_type).unwrap_or(&value.data_type);
            SparkError::analysis(format!(
                "cannot resolve '{name}' due to data type mismatch: Arguments must be same type but were: {} != {other}",
                value.data_type
            ))
        })?;
        let nullable = value.nullable || list.iter().any(|item| item.nullable);
        let value = self.coerced_to(value, &common)?.expr;
        let list = list.into_iter().map(|item| Ok(self.coerced_to(item, &common)?.expr)).collect::<Result<Vec<_>>>()?;
        let is_in = in_values(value, list, &common, self.zone())?;
        self.negated_if(negated, Typed::new(is_in, SparkType::Boolean, nullable, name))
    }

    pub(super) fn like(
        &self,
        negated: bool,
        expr: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ast::ValueWithSpan>,
    ) -> Result<Typed> {
        let escape = escape.map(escape_character).transpose()?.unwrap_or('\\');
        let like = functions::like::lower(self.lower(expr)?, self.lower(pattern)?, escape, self.zone())?;
        self.negated_if(negated, like)
    }

    /// `x [NOT] LIKE ANY (..)` or `ALL (..)`: single LIKEs with OR or AND between. Spark has another form, and another name, for
    /// constants.
    pub(super) fn like_quantified(
        &self,
        left: &ast::Expr,
        op: &ast::BinaryOperator,
        patterns: &ast::Expr,
        all: bool,
    ) -> Result<Typed> {
        let negated = *op == ast::BinaryOperator::PGNotLikeMatch;
        let ast::Expr::Tuple(patterns) = patterns else {
            return Err(SparkError::unsupported("comparisons with ANY and ALL"));
        };
        let value = self.lower(left)?;
        let patterns = self.lower_all(patterns)?;
        let constant = patterns.iter().all(|p| evaluate_constant(&p.expr).is_ok_and(|value| !value.is_null()));
        let nullable = value.nullable || patterns.iter().any(|pattern| pattern.nullable);
        let quantifier = if all { "all" } else { "any" };
        let mut name = String::new();
        let mut likes = Vec::new();
        for pattern in patterns {
            let like = self.negated_if(negated, functions::like::lower(value.clone(), pattern, '\\', self.zone())?)?;
            name = match likes.is_empty() {
                true => like.name,
                false => names::infix(&name, if all { "AND" } else { "OR" }, &like.name),
            };
            likes.push(like.expr);
        }
        if constant {
            name = format!("{}like{quantifier}({})", if negated { "not" } else { "" }, value.name);
        }
        let expr = if all { logic::conjunction(likes) } else { logic::disjunction(likes) };
        let expr = expr.ok_or_else(|| SparkError::internal("LIKE without patterns"))?;
        Ok(Typed::new(expr, SparkType::Boolean, nullable, name))
    }

    pub(super) fn rlike(&self, negated: bool, expr: &ast::Expr, pattern: &ast::Expr) -> Result<Typed> {
        let matches = functions::call("rlike", vec![self.lower(expr)?, self.lower(pattern)?], self.zone())?;
        self.negated_if(negated, matches)
    }

    pub(super) fn is_null(&self, operand: &ast::Expr) -> Result<Typed> {
        functions::call("isnull", vec![self.lower(operand)?], self.zone())
    }

    pub(super) fn is_not_null(&self, operand: &ast::Expr) -> Result<Typed> {
        functions::call("isnotnull", vec![self.lower(operand)?], self.zone())
    }

    /// `x IS [NOT] TRUE` is `[NOT] (x <=> true)`.
    pub(super) fn is_boolean(&self, operand: &ast::Expr, value: bool, negated: bool) -> Result<Typed> {
        let literal = Typed::literal(value.into(), SparkType::Boolean, value.to_string());
        let same = self.comparison(ComparisonOp::NullSafeEq, self.lower(operand)?, literal)?;
        self.negated_if(negated, same)
    }

    /// `x IS [NOT] DISTINCT FROM y` is `[NOT] (x <=> y)`.
    pub(super) fn is_distinct(&self, left: &ast::Expr, right: &ast::Expr, distinct: bool) -> Result<Typed> {
        let same = compare(ComparisonOp::NullSafeEq, self.lower(left)?, self.lower(right)?, self.zone())?;
        self.negated_if(distinct, same)
    }

    fn negated_if(&self, negated: bool, predicate: Typed) -> Result<Typed> {
        if negated { self.negation_of(predicate) } else { Ok(predicate) }
    }
}

/// The first of types that differ in the names of fields only, which IN takes for one type (`DataType.equalsStructurally`).
fn one_structure(types: &[SparkType]) -> Option<SparkType> {
    let (first, others) = types.split_first()?;
    others.iter().all(|other| same_structure(first, other)).then(|| first.clone())
}

fn same_structure(a: &SparkType, b: &SparkType) -> bool {
    use SparkType as T;
    match (a, b) {
        (T::Array { element: e1, .. }, T::Array { element: e2, .. }) => same_structure(e1, e2),
        (T::Map { key: k1, value: v1, .. }, T::Map { key: k2, value: v2, .. }) => {
            same_structure(k1, k2) && same_structure(v1, v2)
        }
        (T::Struct(f1), T::Struct(f2)) => {
            f1.len() == f2.len() && f1.iter().zip(f2).all(|(a, b)| same_structure(&a.data_type, &b.data_type))
        }
        _ => a == b,
    }
}

/// `value IN (list)` over values of one type. DataFusion's own lists do not compare floats as Spark does.
fn in_values(value: Expr, list: Vec<Expr>, data_type: &SparkType, zone: Zone) -> Result<Expr> {
    if comparison::is_plain(data_type) {
        return Ok(Expr::InList(InList::new(Box::new(value), list, false)));
    }
    let equalities = list.into_iter().map(|item| {
        let sides = ((value.clone(), data_type.clone()), (item, data_type.clone()));
        comparison::lower_comparison(ComparisonOp::Eq, sides.0, sides.1, zone)
    });
    let any = logic::disjunction(equalities.collect::<Result<_>>()?);
    any.ok_or_else(|| SparkError::internal("IN without values"))
}

fn escape_character(escape: &ast::ValueWithSpan) -> Result<char> {
    let mut characters = literals::string(escape)?.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Ok(character),
        _ => {
            let message = "Invalid escape string. Escape string must contain only one character.";
            Err(SparkError::new(ErrorKind::Parse, message).at(escape.span.start))
        }
    }
}
