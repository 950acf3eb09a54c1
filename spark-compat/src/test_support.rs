//! Columns and the evaluation of expressions over them, for unit tests of kernels.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::DFSchema;
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use datafusion::prelude::{SessionContext, ident};

use crate::types::SparkType;
use crate::types::ddl::parse_type;

/// A column of a test's only batch.
pub(crate) struct Column {
    name: String,
    spark_type: SparkType,
    array: ArrayRef,
}

impl Column {
    /// A column whose values are read from texts by Arrow (not by this crate's casts).
    pub(crate) fn new(name: &str, type_text: &str, values: &[Option<&str>]) -> Self {
        let spark_type = parse_type(type_text).unwrap();
        let texts: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
        let array = match spark_type.to_arrow() {
            DataType::Null => new_null_array(&DataType::Null, values.len()),
            arrow_type => cast(&texts, &arrow_type).unwrap(),
        };
        Self { name: name.into(), spark_type, array }
    }

    /// A column of an array in the Arrow type of plans.
    pub(crate) fn from_array(name: &str, spark_type: SparkType, array: ArrayRef) -> Self {
        Self { name: name.into(), spark_type, array }
    }

    pub(crate) fn expr(&self) -> Expr {
        ident(&self.name)
    }

    pub(crate) fn spark_type(&self) -> SparkType {
        self.spark_type.clone()
    }

    pub(crate) fn array(&self) -> ArrayRef {
        Arc::clone(&self.array)
    }

    pub(crate) fn typed(&self) -> (Expr, SparkType) {
        (self.expr(), self.spark_type())
    }
}

/// A decimal column of one value.
pub(crate) fn decimal_column(name: &str, value: &str, type_text: &str) -> Column {
    Column::new(name, type_text, &[Some(value)])
}

/// Evaluates an expression over columns and returns its values as text, `NULL` for NULL, joined by commas.
pub(crate) fn evaluate(expr: &Expr, columns: &[Column]) -> String {
    texts(&evaluate_array(expr, columns)).join(",")
}

/// Evaluates an expression over columns.
pub(crate) fn evaluate_array(expr: &Expr, columns: &[Column]) -> ArrayRef {
    let fields: Vec<Field> = columns.iter().map(|c| Field::new(&c.name, c.array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch =
        RecordBatch::try_new(Arc::clone(&schema), columns.iter().map(|c| Arc::clone(&c.array)).collect()).unwrap();
    let df_schema = DFSchema::try_from(schema).unwrap();
    let physical: Arc<dyn PhysicalExpr> =
        create_physical_expr(expr, &df_schema, &Default::default(), &Default::default()).unwrap();
    let result = physical.evaluate(&batch).unwrap().into_array(batch.num_rows()).unwrap();
    assert_eq!(result.data_type(), &physical.data_type(batch.schema_ref()).unwrap(), "{expr}");
    result
}

/// Evaluates an expression over a column by way of DataFusion's analyzer and optimizers.
pub(crate) async fn optimize_and_run(expr: &Expr, column: &Column) -> ArrayRef {
    let nullable = column.array.null_count() > 0;
    let fields = vec![Field::new(&column.name, column.array.data_type().clone(), nullable)];
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![column.array()]).unwrap();
    let frame = SessionContext::new().read_batch(batch).unwrap().select(vec![expr.clone().alias("r")]).unwrap();
    let batches = frame.collect().await.unwrap();
    Arc::clone(batches.first().unwrap().column(0))
}

/// The values of an array as text.
pub(crate) fn texts(array: &ArrayRef) -> Vec<String> {
    let options = FormatOptions::default().with_null("NULL");
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options).unwrap();
    (0..array.len()).map(|at| formatter.value(at).to_string()).collect()
}
