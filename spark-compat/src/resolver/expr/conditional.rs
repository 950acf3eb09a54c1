//! CASE.

use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::Case;
use sqlparser::ast;

use super::Lowering;
use super::operators::compare;
use crate::coercion;
use crate::comparison::ComparisonOp;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::resolver::names;
use crate::resolver::typed::Typed;
use crate::types::SparkType;

impl Lowering<'_, '_> {
    /// `CASE [operand] WHEN .. THEN .. [ELSE ..] END`; with an operand each WHEN is `operand = value`.
    pub(super) fn case(
        &self,
        operand: Option<&ast::Expr>,
        branches: &[ast::CaseWhen],
        otherwise: Option<&ast::Expr>,
    ) -> Result<Typed> {
        let operand = operand.map(|operand| self.lower(operand)).transpose()?;
        let mut conditions = Vec::with_capacity(branches.len());
        let mut results = Vec::with_capacity(branches.len() + 1);
        for ast::CaseWhen { condition, result } in branches {
            let condition = self.lower(condition)?;
            conditions.push(match &operand {
                Some(operand) => compare(ComparisonOp::Eq, operand.clone(), condition, self.zone())?,
                None => condition,
            });
            results.push(self.lower(result)?);
        }
        let otherwise = otherwise.map(|otherwise| self.lower(otherwise)).transpose()?;
        if let Some(at) = conditions.iter().position(|condition| condition.data_type == SparkType::Void) {
            return Err(SparkError::analysis(format!(
                "cannot resolve '{}' due to data type mismatch: WHEN expressions in CaseWhen should all be boolean type, but the \
                 {}th when expression's type is null",
                names::case_when(&conditions, &results, otherwise.as_ref()),
                at + 1
            )));
        }
        case_when(conditions, results, otherwise, self.zone())
    }
}

/// `CASE WHEN conditions[0] THEN results[0] .. ELSE otherwise END` of Spark's common type.
pub(crate) fn case_when(
    conditions: Vec<Typed>,
    results: Vec<Typed>,
    otherwise: Option<Typed>,
    zone: Zone,
) -> Result<Typed> {
    let name = names::case_when(&conditions, &results, otherwise.as_ref());
    let types: Vec<_> = results.iter().chain(&otherwise).map(|result| result.data_type.clone()).collect();
    let common = coercion::wider_common_type(&types).ok_or_else(|| {
        let types: Vec<_> = types.iter().map(SparkType::to_string).collect();
        SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: THEN and ELSE expressions should all be same type or coercible to \
             a common type, got CASE WHEN ... THEN {} END",
            types.join(", ")
        ))
    })?;
    let nullable = otherwise.as_ref().is_none_or(|otherwise| otherwise.nullable) || results.iter().any(|r| r.nullable);

    let mut branches = Vec::with_capacity(conditions.len());
    for (condition, result) in conditions.into_iter().zip(results) {
        let condition = boolean(condition, &name, zone)?;
        branches.push((Box::new(condition.expr), Box::new(result.coerced(&common, zone)?.expr)));
    }
    let otherwise = otherwise.map(|otherwise| otherwise.coerced(&common, zone)).transpose()?;
    let expr = Expr::Case(Case::new(None, branches, otherwise.map(|otherwise| Box::new(otherwise.expr))));
    Ok(Typed::new(expr, common, nullable, name))
}

fn boolean(condition: Typed, whole: &str, zone: Zone) -> Result<Typed> {
    match condition.data_type {
        SparkType::Boolean => Ok(condition),
        SparkType::Void => condition.coerced(&SparkType::Boolean, zone),
        other => Err(SparkError::analysis(format!(
            "cannot resolve '{whole}' due to data type mismatch: WHEN expressions should all be boolean type, but '{}' is of \
             {other} type",
            condition.name
        ))),
    }
}
