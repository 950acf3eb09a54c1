//! A plan together with what its columns are called.

use datafusion::logical_expr::LogicalPlan;

use super::attribute::{Attribute, AttributeIds};
use super::plan;
use super::scope::{Scope, ScopeColumn};
use crate::error::Result;

/// A plan and its scope. The plan may have columns that the scope does not show.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    /// The plan; its columns are attributes.
    pub plan: LogicalPlan,
    /// The columns that can be named, in order.
    pub scope: Scope,
}

impl Relation {
    /// The attributes that the scope shows, in order, repetitions included.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.scope.columns.iter().map(|column| &column.attribute)
    }

    /// A plan with exactly the scope's columns, each as an attribute of its own: repeated attributes get new identities,
    /// hidden columns are gone. Set operations, DISTINCT and subqueries need this.
    pub fn into_exact(self, ids: &AttributeIds) -> Result<Self> {
        if self.is_exact() {
            return Ok(Self { plan: self.plan, scope: Scope::new(self.scope.columns) });
        }
        let mut exprs = Vec::with_capacity(self.scope.columns.len());
        let mut columns: Vec<ScopeColumn> = Vec::with_capacity(self.scope.columns.len());
        for mut column in self.scope.columns {
            if columns.iter().any(|seen| seen.attribute.id == column.attribute.id) {
                let id = ids.next();
                exprs.push(plan::define(column.attribute.expr(), id));
                column.attribute.id = id;
            } else {
                exprs.push(column.attribute.expr());
            }
            columns.push(column);
        }
        Ok(Self { plan: plan::project(self.plan, exprs)?, scope: Scope::new(columns) })
    }

    fn is_exact(&self) -> bool {
        let fields = self.plan.schema().fields();
        fields.len() == self.scope.columns.len()
            && fields.iter().zip(self.attributes()).all(|(field, attribute)| *field.name() == attribute.id.plan_name())
    }
}
