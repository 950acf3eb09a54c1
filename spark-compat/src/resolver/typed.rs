//! A lowered expression: the DataFusion expression with what Spark knows of it.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;

use super::attribute::Attribute;
use crate::cast;
use crate::coercion;
use crate::datetime::zone::Zone;
use crate::error::Result;
use crate::types::SparkType;

/// An expression after lowering. Its `expr` has the Arrow type [`SparkType::to_arrow`] of `data_type`, with every cast in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Typed {
    /// The DataFusion expression.
    pub expr: Expr,
    /// The Spark type.
    pub data_type: SparkType,
    /// Whether Spark takes the expression for nullable.
    pub nullable: bool,
    /// The name that Spark would give to a column made from it (`toPrettySQL`): implicit casts don't show.
    pub name: String,
}

impl Typed {
    /// An expression under the given name.
    pub fn new(expr: Expr, data_type: SparkType, nullable: bool, name: impl Into<String>) -> Self {
        Self { expr, data_type, nullable, name: name.into() }
    }

    /// A reference to an attribute under the name that the user wrote.
    pub fn attribute(attribute: &Attribute, name: impl Into<String>) -> Self {
        Self::new(attribute.expr(), attribute.data_type.clone(), attribute.nullable, name)
    }

    /// A literal; `value` must be of the Arrow type of `data_type`.
    pub fn literal(value: ScalarValue, data_type: SparkType, name: impl Into<String>) -> Self {
        let nullable = value.is_null();
        Self::new(Expr::Literal(value, None), data_type, nullable, name)
    }

    /// The literal's value, if this is a literal.
    pub fn as_literal(&self) -> Option<&ScalarValue> {
        match &self.expr {
            Expr::Literal(value, _) => Some(value),
            _ => None,
        }
    }

    /// The same expression cast to `to` where that is another type; the name stays (an implicit cast).
    pub fn coerced(self, to: &SparkType, zone: Zone) -> Result<Self> {
        if self.data_type == *to {
            return Ok(self);
        }
        let nullable = self.nullable || coercion::force_nullable(&self.data_type, to);
        let expr = cast::lower(self.expr, &self.data_type, to, zone)?;
        Ok(Self { expr, data_type: to.clone(), nullable, name: self.name })
    }

    /// The same expression under another name.
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }
}
