//! Lambdas: an expression over parameters and captured columns, evaluated once over all elements of a batch.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt64Array};
use arrow::datatypes::{Field, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result as DataFusionResult};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};

use super::lists;
use crate::error::Result;
use crate::resolver::{Attribute, Typed};

/// A lambda as it was resolved: its body is over the attributes of the parameters and those of the query around it.
#[derive(Clone, Debug)]
pub(crate) struct LambdaBody {
    /// The parameters.
    pub params: Vec<Attribute>,
    /// The body.
    pub body: Typed,
}

impl LambdaBody {
    /// `lambdafunction(body, parameters)`
    pub fn name(&self) -> String {
        let params = ", namedlambdavariable()".repeat(self.params.len());
        format!("lambdafunction({}{params})", self.body.name)
    }
}

/// What the lambdas of one call take from the query around them: columns, aggregate functions, subqueries. The function that
/// runs the lambdas gets them as arguments.
#[derive(Debug, Default)]
pub(super) struct Captured {
    exprs: Vec<Expr>,
}

impl Captured {
    /// The column that stands for `expr` in a lambda's batches.
    fn column(&mut self, expr: Expr) -> Expr {
        let known = self.exprs.iter().position(|known| *known == expr);
        let place = known.unwrap_or_else(|| {
            self.exprs.push(expr);
            self.exprs.len() - 1
        });
        Expr::Column(Column::new_unqualified(captured_name(place)))
    }

    /// What was captured, in the order of the arguments.
    pub fn into_exprs(self) -> Vec<Expr> {
        self.exprs
    }
}

/// Parameters are known by their places: lambdas that do the same are the same.
fn param_name(place: usize) -> String {
    format!("parameter {place}")
}

fn captured_name(place: usize) -> String {
    format!("captured {place}")
}

/// A lambda that can run: the columns of its batches are the parameters, then what the call captures.
#[derive(Debug)]
pub(super) struct Lambda {
    params: Vec<Field>,
    body: Expr,
    compiled: OnceLock<Arc<Compiled>>,
}

#[derive(Debug)]
struct Compiled {
    schema: Arc<Schema>,
    body: Arc<dyn PhysicalExpr>,
}

impl PartialEq for Lambda {
    fn eq(&self, other: &Self) -> bool {
        self.params == other.params && self.body == other.body
    }
}

impl Eq for Lambda {}

impl Hash for Lambda {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.params.hash(state);
        self.body.hash(state);
    }
}

impl Lambda {
    /// The lambda with everything but its parameters captured.
    pub fn new(lambda: LambdaBody, captured: &mut Captured) -> Result<Self> {
        let own: Vec<Expr> = lambda.params.iter().map(Attribute::expr).collect();
        let body = lambda.body.expr.transform_down(|expr| {
            let is_outer = matches!(
                expr,
                Expr::Column(_)
                    | Expr::OuterReferenceColumn(..)
                    | Expr::AggregateFunction(_)
                    | Expr::WindowFunction(_)
                    | Expr::ScalarSubquery(_)
            );
            if let Some(place) = own.iter().position(|param| *param == expr) {
                let param = Expr::Column(Column::new_unqualified(param_name(place)));
                return Ok(Transformed::new(param, true, TreeNodeRecursion::Jump));
            }
            if !is_outer {
                return Ok(Transformed::no(expr));
            }
            Ok(Transformed::new(captured.column(expr), true, TreeNodeRecursion::Jump))
        })?;
        let params = lambda.params.iter().enumerate();
        let params = params.map(|(place, param)| Field::new(param_name(place), param.data_type.to_arrow(), true));
        Ok(Self { params: params.collect(), body: body.data, compiled: OnceLock::new() })
    }

    /// The number of parameters.
    pub fn arity(&self) -> usize {
        self.params.len()
    }

    /// The parameters and the body as text, which differs where lambdas do.
    pub fn describe(&self) -> String {
        let params: Vec<_> = self.params.iter().map(|param| param.name().as_str()).collect();
        format!("({}) -> {}", params.join(", "), self.body)
    }

    /// Whether the body may give another value each time.
    pub fn is_volatile(&self) -> bool {
        self.body.is_volatile()
    }

    /// The values of the body for rows of parameters. `rows` are the rows of the captured columns that they belong to.
    pub fn evaluate(
        &self,
        params: Vec<ArrayRef>,
        captured: &[ArrayRef],
        rows: &UInt64Array,
    ) -> DataFusionResult<ArrayRef> {
        let compiled = self.compiled(captured)?;
        let count = rows.len();
        let mut columns = params;
        for array in captured {
            columns.push(lists::taken(array, rows)?);
        }
        let fields = compiled.schema.fields();
        let columns = columns.iter().zip(fields).map(|(column, field)| lists::relabelled(column, field.data_type()));
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        let columns = columns.collect::<DataFusionResult<Vec<_>>>()?;
        let batch = RecordBatch::try_new_with_options(Arc::clone(&compiled.schema), columns, &options)?;
        lists::expanded(compiled.body.evaluate(&batch)?, count)
    }

    fn compiled(&self, captured: &[ArrayRef]) -> DataFusionResult<Arc<Compiled>> {
        if let Some(compiled) = self.compiled.get() {
            return Ok(Arc::clone(compiled));
        }
        let captured = captured.iter().enumerate();
        let captured = captured.map(|(place, array)| Field::new(captured_name(place), array.data_type().clone(), true));
        let schema = Arc::new(Schema::new(self.params.iter().cloned().chain(captured).collect::<Vec<_>>()));
        let df_schema = DFSchema::try_from(Arc::clone(&schema))?;
        let body = stacker::grow(PLANNING_STACK, || physical(&self.body, &df_schema))?;
        Ok(Arc::clone(self.compiled.get_or_init(|| Arc::new(Compiled { schema, body }))))
    }
}

/// Stack for planning a body: it recurses over expressions as deep as the resolver lets them be.
const PLANNING_STACK: usize = 16 * 1024 * 1024;

fn physical(body: &Expr, schema: &DFSchema) -> DataFusionResult<Arc<dyn PhysicalExpr>> {
    let context = SimplifyContext::builder().with_schema(Arc::new(schema.clone())).build();
    let body = ExprSimplifier::new(context).simplify(body.clone())?;
    create_physical_expr(&body, schema, &Default::default(), &Default::default())
}
