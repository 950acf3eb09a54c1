//! Aggregations run by DataFusion, with and without groups, over the values that Spark 3.2.0 was asked about.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{AggregateUDF, Expr};
use datafusion::prelude::{SessionConfig, SessionContext, ident};

use super::*;
use crate::test_support::{Column, texts};

/// `function(a)` over values of a type, first without and then with a single group; partitions are merged.
async fn aggregate(
    function: Arc<AggregateUDF>,
    type_text: &str,
    values: &[Option<&str>],
    distinct: bool,
) -> [String; 2] {
    let array = Column::new("a", type_text, values).array();
    let keys: ArrayRef = Arc::new(Int32Array::from(vec![1; values.len()]));
    let schema = Arc::new(Schema::new(vec![
        Field::new("k", DataType::Int32, false),
        Field::new("a", array.data_type().clone(), true),
    ]));
    let rows: Vec<RecordBatch> = (0..values.len())
        .map(|at| RecordBatch::try_new(Arc::clone(&schema), vec![keys.slice(at, 1), array.slice(at, 1)]).unwrap())
        .collect();
    let call =
        Expr::AggregateFunction(AggregateFunction::new_udf(function, vec![ident("a")], distinct, None, vec![], None));
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
    let mut results = Vec::new();
    for groups in [vec![], vec![ident("k")]] {
        let frame =
            context.read_batches(rows.clone()).unwrap().aggregate(groups, vec![call.clone().alias("r")]).unwrap();
        let frame = frame.select(vec![ident("r")]).unwrap();
        let schema = Arc::new(frame.schema().as_arrow().clone());
        let batch = concat_batches(&schema, &frame.collect().await.unwrap()).unwrap();
        results.push(texts(batch.column(0)).join(","));
    }
    results.try_into().unwrap()
}

fn sum_of(type_text: &str) -> Arc<AggregateUDF> {
    sum_udaf(&crate::types::ddl::parse_type(type_text).unwrap())
}

#[tokio::test]
async fn sums_of_integers_wrap() {
    let found = aggregate(sum_of("bigint"), "bigint", &[Some("9223372036854775807"), Some("1"), None], false).await;
    assert_eq!(found, ["-9223372036854775808", "-9223372036854775808"]);
}

#[tokio::test]
async fn sums_of_decimals_have_ten_more_digits() {
    let found = aggregate(sum_of("decimal(3,2)"), "decimal(3,2)", &[Some("1.10"), Some("2.25"), None], false).await;
    assert_eq!(found, ["3.35", "3.35"]);
    assert_eq!(sum_of("decimal(3,2)").return_type(&[DataType::Decimal128(3, 2)]).unwrap(), DataType::Decimal128(13, 2));
}

#[tokio::test]
async fn a_total_over_38_digits_is_null_even_if_it_comes_back_within_a_group() {
    let big = "60000000000000000000000000000000000000";
    let (plus, minus) = (Some(big), format!("-{big}"));
    let found = aggregate(sum_of("decimal(38,0)"), "decimal(38,0)", &[plus, plus, Some(&minus)], false).await;
    assert_eq!(found, [big, "NULL"]);
    let found = aggregate(sum_of("decimal(38,0)"), "decimal(38,0)", &[plus, plus], false).await;
    assert_eq!(found, ["NULL", "NULL"]);
}

#[tokio::test]
async fn without_values_there_is_no_result() {
    assert_eq!(aggregate(sum_of("decimal(38,2)"), "decimal(38,2)", &[None, None], false).await, ["NULL", "NULL"]);
    assert_eq!(aggregate(max_udaf(&SparkType::Double).unwrap(), "double", &[None], false).await, ["NULL", "NULL"]);
}

#[tokio::test]
async fn distinct_values_count_once() {
    let values = [Some("1.5"), Some("1.5"), Some("2.5"), None];
    assert_eq!(aggregate(sum_of("decimal(38,1)"), "decimal(38,1)", &values, true).await, ["4.0", "4.0"]);
    assert_eq!(aggregate(sum_of("decimal(5,1)"), "decimal(5,1)", &values, true).await, ["4.0", "4.0"]);
}

#[tokio::test]
async fn nan_is_the_largest_float_and_the_first_zero_stays() {
    let (min, max) = (min_udaf(&SparkType::Double).unwrap(), max_udaf(&SparkType::Double).unwrap());
    let values = [Some("NaN"), Some("1.0"), None, Some("-inf")];
    assert_eq!(aggregate(max.clone(), "double", &values, false).await, ["NaN", "NaN"]);
    assert_eq!(aggregate(min.clone(), "double", &values, false).await, ["-inf", "-inf"]);
    assert_eq!(aggregate(max, "double", &[Some("-inf")], false).await, ["-inf", "-inf"]);
    assert_eq!(aggregate(min, "float", &[Some("0.0"), Some("-0.0")], false).await, ["0.0", "0.0"]);
}
