//! Casts of columns and literals with the values that Spark 3.2.0 gives.

use super::*;
use crate::test_support::{Column, evaluate};
use crate::types::ddl::parse_type;

/// The values of a column of type `from`, cast to `to`, as text.
fn cast_values(from: &str, to: &str, values: &[&str]) -> String {
    let values: Vec<Option<&str>> = values.iter().map(|v| (*v != "NULL").then_some(*v)).collect();
    let column = Column::new("c", from, &values);
    let expr = lower(column.expr(), &column.spark_type(), &parse_type(to).unwrap(), Zone::UTC).unwrap();
    evaluate(&expr, &[column])
}

#[test]
fn integers_wrap_into_narrower_types() {
    assert_eq!(cast_values("int", "tinyint", &["300", "-129", "NULL"]), "44,127,NULL");
    assert_eq!(cast_values("bigint", "int", &["4294967297"]), "1");
    assert_eq!(cast_values("tinyint", "bigint", &["-1"]), "-1");
    assert_eq!(cast_values("int", "decimal(4,0)", &["12345", "1234"]), "NULL,1234");
    assert_eq!(cast_values("int", "decimal(10,0)", &["-2147483648"]), "-2147483648");
    assert_eq!(cast_values("int", "string", &["-5", "NULL"]), "-5,NULL");
    assert_eq!(cast_values("int", "boolean", &["2", "0"]), "true,false");
    assert_eq!(cast_values("smallint", "binary", &["258"]), "0102");
}

#[test]
fn floats_saturate_and_narrow_integers_wrap_behind_int() {
    assert_eq!(cast_values("double", "int", &["1.5", "-1.5", "3e9", "-3e9", "NaN"]), "1,-1,2147483647,-2147483648,0");
    assert_eq!(cast_values("double", "tinyint", &["300", "3e9"]), "44,-1");
    assert_eq!(cast_values("double", "bigint", &["1e19", "inf"]), "9223372036854775807,9223372036854775807");
    assert_eq!(cast_values("float", "smallint", &["40000.5"]), "-25536");
    assert_eq!(cast_values("double", "boolean", &["NaN", "-0.0"]), "true,false");
}

#[test]
fn floats_become_decimals_by_their_text() {
    assert_eq!(cast_values("double", "decimal(10,1)", &["1.25", "1.35", "NaN"]), "1.3,1.4,NULL");
    assert_eq!(cast_values("double", "decimal(38,2)", &["1e30", "1e40"]), "1000000000000000000000000000000.00,NULL");
    assert_eq!(cast_values("float", "decimal(20,18)", &["0.1"]), "0.100000001490116120");
    assert_eq!(cast_values("double", "decimal(5,2)", &["123456.789"]), "NULL");
}

#[test]
fn decimals_round_half_up_and_are_null_beyond_their_precision() {
    assert_eq!(cast_values("decimal(6,3)", "decimal(5,1)", &["123.456"]), "123.5");
    assert_eq!(cast_values("decimal(6,3)", "decimal(4,2)", &["123.456"]), "NULL");
    assert_eq!(cast_values("decimal(4,2)", "decimal(3,1)", &["99.95", "99.94"]), "NULL,99.9");
    assert_eq!(cast_values("decimal(2,2)", "decimal(1,1)", &["-0.05"]), "-0.1");
    assert_eq!(cast_values("decimal(15,2)", "decimal(38,10)", &["1.5"]), "1.5000000000");
}

#[test]
fn decimals_lose_their_fraction_and_wrap_into_integers() {
    assert_eq!(cast_values("decimal(6,3)", "int", &["123.456", "-123.956"]), "123,-123");
    assert_eq!(cast_values("decimal(12,1)", "int", &["99999999999.5"]), "1215752191");
    assert_eq!(cast_values("decimal(21,1)", "bigint", &["12345678901234567890.5"]), "-6101065172474983726");
    assert_eq!(cast_values("decimal(4,1)", "tinyint", &["300.5"]), "44");
    assert_eq!(cast_values("decimal(3,2)", "string", &["1.10"]), "1.10");
    assert_eq!(cast_values("decimal(2,1)", "timestamp", &["-1.5"]), "1969-12-31T23:59:58.500Z");
}

#[test]
fn dates_and_timestamps_are_cast_in_the_sessions_zone() {
    let zone = Zone::parse("America/Los_Angeles").unwrap();
    let column = Column::new("c", "date", &[Some("2020-07-01")]);
    let expr = lower(column.expr(), &SparkType::Date, &SparkType::Timestamp, zone).unwrap();
    assert_eq!(evaluate(&expr, &[column]), "2020-07-01T07:00:00Z");
    let column = Column::new("c", "timestamp", &[Some("2020-07-01T06:00:00Z")]);
    let date = lower(column.expr(), &SparkType::Timestamp, &SparkType::Date, zone).unwrap();
    let text = lower(column.expr(), &SparkType::Timestamp, &SparkType::String, zone).unwrap();
    assert_eq!(evaluate(&date, std::slice::from_ref(&column)), "2020-06-30");
    assert_eq!(evaluate(&text, &[column]), "2020-06-30 23:00:00");
}

#[test]
fn timestamps_become_seconds() {
    assert_eq!(cast_values("timestamp", "int", &["1969-12-31T23:59:59.5Z"]), "-1");
    assert_eq!(cast_values("timestamp", "double", &["2020-01-01T00:00:00.999999Z"]), "1577836800.999999");
    assert_eq!(cast_values("timestamp", "decimal(10,0)", &["2020-01-01T00:00:00.5Z"]), "1577836801");
    assert_eq!(cast_values("timestamp", "smallint", &["2020-01-01T00:00:00Z"]), "-7936");
    assert_eq!(cast_values("bigint", "timestamp", &["1"]), "1970-01-01T00:00:01Z");
    assert_eq!(cast_values("double", "timestamp", &["1.9999999", "NaN"]), "1970-01-01T00:00:01.999999Z,NULL");
    assert_eq!(cast_values("date", "int", &["2020-01-01"]), "NULL");
}

#[test]
fn strings_are_read_or_null() {
    assert_eq!(cast_values("string", "int", &["abc", " 12 ", "12.7", "1e3", "2147483648"]), "NULL,12,12,NULL,NULL");
    assert_eq!(cast_values("string", "tinyint", &["128", "-128"]), "NULL,-128");
    assert_eq!(cast_values("string", "date", &["2020", "x", "2020-1-2"]), "2020-01-01,NULL,2020-01-02");
    assert_eq!(cast_values("string", "decimal(10,2)", &["1.555", "x"]), "1.56,NULL");
    assert_eq!(cast_values("string", "boolean", &["yes", "2"]), "true,NULL");
    assert_eq!(cast_values("string", "binary", &["A"]), "41");
}

#[test]
fn booleans_are_one_and_zero() {
    assert_eq!(cast_values("boolean", "int", &["true", "false", "NULL"]), "1,0,NULL");
    assert_eq!(cast_values("boolean", "string", &["true"]), "true");
    assert_eq!(cast_values("boolean", "decimal(3,1)", &["true"]), "1.0");
    assert_eq!(cast_values("boolean", "timestamp", &["true"]), "1970-01-01T00:00:00.000001Z");
}

#[test]
fn null_casts_to_everything() {
    for to in ["int", "string", "decimal(10,2)", "array<int>", "struct<a:int>", "timestamp", "interval"] {
        assert_eq!(cast_values("void", to, &["NULL"]), "NULL", "{to}");
    }
}

#[test]
fn literals_are_cast_when_the_plan_is_made() {
    let literal = Expr::Literal(datafusion::common::ScalarValue::Int32(Some(24)), None);
    let folded = lower(literal, &SparkType::Int, &SparkType::decimal(15, 2), Zone::UTC).unwrap();
    assert_eq!(folded.to_string(), "Decimal128(24.00,15,2)");
}

#[test]
fn special_dates_are_read_in_literals_only() {
    let literal = Expr::Literal(datafusion::common::ScalarValue::Utf8View(Some("epoch".into())), None);
    let folded = lower(literal, &SparkType::String, &SparkType::Date, Zone::UTC).unwrap();
    assert_eq!(folded.to_string(), "Date32(\"1970-01-01\")");
    assert_eq!(cast_values("string", "date", &["epoch"]), "NULL");
}

#[test]
fn nested_values_are_written_member_by_member() {
    use arrow::array::{ArrayRef, Int32Array, ListArray};
    use arrow::buffer::OffsetBuffer;
    use std::sync::Arc;
    let values: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None, Some(300)]));
    let from = parse_type("array<int>").unwrap();
    let arrow::datatypes::DataType::List(field) = from.to_arrow() else { panic!() };
    let offsets = OffsetBuffer::new(vec![0, 2, 2, 3].into());
    let list: ArrayRef = Arc::new(ListArray::new(field, offsets, values, None));
    let text = array(&list, &from, &SparkType::String, Zone::UTC).unwrap();
    assert_eq!(crate::test_support::texts(&text), ["[1, null]", "[]", "[300]"]);
    let bytes = array(&list, &from, &parse_type("array<tinyint>").unwrap(), Zone::UTC).unwrap();
    assert_eq!(crate::test_support::texts(&bytes), ["[1, NULL]", "[]", "[44]"]);
}

#[test]
fn intervals_are_cut_to_their_last_field_and_written_in_ansi_form() {
    use datafusion::common::ScalarValue;
    let run = |value: ScalarValue, from: &str, to: &str| {
        let literal = Expr::Literal(value, None);
        lower(literal, &parse_type(from).unwrap(), &parse_type(to).unwrap(), Zone::UTC).unwrap().to_string()
    };
    let (day_time, months) =
        (ScalarValue::DurationMicrosecond(Some(-93_784_500_000)), ScalarValue::IntervalYearMonth(Some(14)));
    assert_eq!(
        run(day_time.clone(), "interval day to second", "interval day to hour"),
        "DurationMicrosecond(\"-93600000000\")"
    );
    assert_eq!(run(months.clone(), "interval year to month", "interval year"), "IntervalYearMonth(\"12\")");
    assert_eq!(run(months, "interval year to month", "string"), "Utf8View(\"INTERVAL '1-2' YEAR TO MONTH\")");
    assert_eq!(
        run(day_time, "interval day to second", "string"),
        "Utf8View(\"INTERVAL '-1 02:03:04.5' DAY TO SECOND\")"
    );
}

#[test]
fn casts_that_spark_does_not_have_are_refused() {
    for (from, to) in [("int", "date"), ("boolean", "date"), ("array<int>", "int"), ("binary", "int")] {
        assert!(!can_cast(&parse_type(from).unwrap(), &parse_type(to).unwrap()), "{from} {to}");
    }
}
