//! TABLESAMPLE. A number of rows is a limit. Of a share only none and all are certain: any other is a random choice, which no two
//! runs of Spark agree on either.

use datafusion::logical_expr::lit;
use sqlparser::ast;

use super::relation::Relation;
use super::{Place, Resolver, plan, refuse};
use crate::error::{ErrorKind, Result, SparkError};

/// Spark lets a share be this much outside of 0 to 1 (`RandomSampler.roundingEpsilon`).
const EPSILON: f64 = 1e-6;

impl Resolver<'_> {
    /// The relation's rows that a TABLESAMPLE clause chooses.
    pub(super) fn sampled(
        &self,
        relation: Relation,
        sample: Option<&ast::TableSampleKind>,
        place: &Place<'_>,
    ) -> Result<Relation> {
        let Some(ast::TableSampleKind::BeforeTableAlias(sample) | ast::TableSampleKind::AfterTableAlias(sample)) =
            sample
        else {
            return Ok(relation);
        };
        let ast::TableSample { modifier: _, name, quantity, seed, bucket, offset } = sample.as_ref();
        refuse(name.is_some() || seed.is_some() || offset.is_some(), "TABLESAMPLE with a method or a seed")?;
        let share = match (bucket, quantity) {
            (Some(ast::TableSampleBucket { on: Some(_), .. }), _) => {
                return Err(parse_error("TABLESAMPLE(BUCKET x OUT OF y ON colname) is not supported"));
            }
            (Some(ast::TableSampleBucket { bucket, total, on: None }), _) => number(bucket)? / number(total)?,
            (None, Some(ast::TableSampleQuantity { parenthesized: _, value, unit })) => match unit {
                Some(ast::TableSampleUnit::Rows) => {
                    let count = self.limit_value(value, place)?;
                    return Ok(Relation { plan: plan::limit(relation.plan, count), scope: relation.scope });
                }
                Some(ast::TableSampleUnit::Percent) => match value {
                    ast::Expr::Value(value) => number(value)? / 100.0,
                    _ => return Err(SparkError::unsupported("TABLESAMPLE with an expression as percentage")),
                },
                None => return Err(parse_error("TABLESAMPLE(byteLengthLiteral) is not supported")),
            },
            (None, None) => return Err(parse_error("TABLESAMPLE does not accept empty inputs.")),
        };
        if !(-EPSILON..=1.0 + EPSILON).contains(&share) {
            return Err(parse_error(&format!("Sampling fraction ({share}) must be on interval [0, 1]")));
        }
        if share >= 1.0 {
            return Ok(relation);
        }
        if share <= 0.0 {
            return Ok(Relation { plan: plan::filter(relation.plan, lit(false))?, scope: relation.scope });
        }
        Err(SparkError::unsupported("TABLESAMPLE of a random part of the rows"))
    }
}

fn number(value: &ast::ValueWithSpan) -> Result<f64> {
    match &value.value {
        ast::Value::Number(text, _) => text.parse().map_err(|_| parse_error("TABLESAMPLE takes plain numbers")),
        _ => Err(parse_error("TABLESAMPLE takes numbers")),
    }
}

fn parse_error(message: &str) -> SparkError {
    SparkError::new(ErrorKind::Parse, message)
}
