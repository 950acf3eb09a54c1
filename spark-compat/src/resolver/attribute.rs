//! Attributes: what a column is inside a plan. Names are only labels that scopes put on them.

use std::cell::Cell;

use datafusion::common::Column;
use datafusion::logical_expr::Expr;

use crate::error::{Result, SparkError};
use crate::types::SparkType;

/// The identity of an attribute, unique within a statement (Spark's `ExprId`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct AttributeId(u32);

impl AttributeId {
    /// The attribute's name inside the plan. It can't be mistaken for a name that a user wrote, and needs no qualifier.
    pub fn plan_name(self) -> String {
        format!("#{}", self.0)
    }

    /// The plan's column for this attribute.
    pub fn column(self) -> Column {
        Column::new_unqualified(self.plan_name())
    }
}

/// One column of a plan.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attribute {
    /// Identity, and through it the name inside the plan.
    pub id: AttributeId,
    /// The column's Spark type; the plan's Arrow type is [`SparkType::to_arrow`] of it.
    pub data_type: SparkType,
    /// Whether Spark takes the column for nullable.
    pub nullable: bool,
}

impl Attribute {
    /// A reference to this attribute.
    pub fn expr(&self) -> Expr {
        Expr::Column(self.id.column())
    }
}

/// A statement may hold this many queries once its views and WITH queries are put in. Each use of one of those resolves it
/// anew: thirty that use the one before twice would be a billion.
const MAX_QUERIES: u32 = 10_000;

/// Hands out attribute identities for one statement, and counts its queries.
#[derive(Debug, Default)]
pub(crate) struct AttributeIds {
    next: Cell<u32>,
    queries: Cell<u32>,
}

impl AttributeIds {
    /// An identity that no other attribute of the statement has.
    pub fn next(&self) -> AttributeId {
        let id = self.next.get();
        self.next.set(id + 1);
        AttributeId(id)
    }

    /// Counts one more query.
    ///
    /// # Errors
    ///
    /// The statement holds too many.
    pub fn count_query(&self) -> Result<()> {
        let queries = self.queries.get() + 1;
        self.queries.set(queries);
        if queries > MAX_QUERIES {
            return Err(SparkError::analysis(format!(
                "the statement holds more than {MAX_QUERIES} queries, counting each use of a view and of a WITH query"
            )));
        }
        Ok(())
    }

    /// A new attribute.
    pub fn attribute(&self, data_type: SparkType, nullable: bool) -> Attribute {
        Attribute { id: self.next(), data_type, nullable }
    }
}
