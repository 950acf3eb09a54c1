//! Verdicts on pairs of answers.

use serde_json::{Value as Json, json};

use super::*;

fn table(schema: &[(&str, &str)], rows: Json) -> Outcome {
    let schema = schema.iter().map(|(name, data_type)| (name.to_string(), data_type.to_string())).collect();
    let rows = serde_json::from_value(rows).unwrap();
    Outcome::Table(Table { schema, rows })
}

fn refusal(kind: &str) -> Outcome {
    Outcome::Refusal(Refusal::new(kind, "no\nwhy"))
}

fn levels(verdict: &Verdict) -> (Closeness, bool, bool) {
    match verdict {
        Verdict::BothAnswer { values, types, names, .. } => (*values, *types, *names),
        other => panic!("{other:?}"),
    }
}

/// The closeness of single cells of one type.
fn cell(data_type: &str, expected: Json, got: Json) -> Closeness {
    let answer = |value| table(&[("a", data_type)], json!([[value]]));
    levels(&compare("select a", &answer(expected), &answer(got))).0
}

#[test]
fn rows_without_an_order_are_multisets() {
    let schema = [("a", "int")];
    let expected = table(&schema, json!([[1], [2], [2]]));
    let verdict = compare("select a from t", &expected, &table(&schema, json!([[2], [1], [2]])));
    assert_eq!(levels(&verdict), (Closeness::Same, true, true));
    let verdict = compare("select a from t", &expected, &table(&schema, json!([[2], [1], [1]])));
    assert_eq!(verdict.difference().unwrap(), "the row [1], Spark has [2]");
    let verdict = compare("select a from t", &expected, &table(&schema, json!([[2], [1]])));
    assert_eq!(verdict.difference().unwrap(), "2 rows, Spark has 3: the row [2] of Spark's answer is missing");
}

#[test]
fn sort_keys_follow_the_reference_and_ties_stand_in_any_order() {
    let schema = [("a", "double"), ("b", "int")];
    let query = "select a, b from t order by a";
    let expected = table(&schema, json!([["-0.0", 1], ["0.0", 2], ["1.0", 3]]));
    let tied = compare(query, &expected, &table(&schema, json!([["0.0", 2], ["-0.0", 1], ["1.0", 3]])));
    assert_eq!(levels(&tied).0, Closeness::Same);
    let wrong = compare(query, &expected, &table(&schema, json!([["0.0", 2], ["1.0", 3], ["-0.0", 1]])));
    assert_eq!(wrong.difference().unwrap(), "the order of the rows: the row [\"1.0\",3], Spark has [\"0.0\",2]");
}

#[test]
fn floating_point_is_same_close_or_different() {
    assert_eq!(cell("double", json!("1e-05"), json!("0.00001")), Closeness::Same);
    assert_eq!(cell("double", json!("0.1"), json!("0.10000000000000002")), Closeness::Close);
    assert_eq!(cell("double", json!("0.1"), json!("0.1000001")), Closeness::Different);
    assert_eq!(cell("double", json!("-0.0"), json!("0.0")), Closeness::Different);
    assert_eq!(cell("double", json!("NaN"), json!("NaN")), Closeness::Same);
    assert_eq!(cell("double", json!("NaN"), json!(null)), Closeness::Different);
    assert_eq!(cell("string", json!("0.1"), json!("0.10000000000000002")), Closeness::Different);
    let (array, close) = (json!(["1.0", null]), json!(["1.0000000000000002", null]));
    assert_eq!(cell("array<float>", array.clone(), close), Closeness::Close);
    assert_eq!(cell("array<float>", array, json!(["1.0"])), Closeness::Different);
}

#[test]
fn decimals_are_compared_by_value_and_their_scale_is_part_of_the_type() {
    let expected = table(&[("a", "decimal(10,2)")], json!([["1.50"], ["0.00"]]));
    let got = table(&[("a", "decimal(11,1)")], json!([["1.5"], ["0.0"]]));
    let verdict = compare("select a", &expected, &got);
    assert_eq!(levels(&verdict), (Closeness::Same, false, true));
    assert_eq!(verdict.difference().unwrap(), "type of column 1: decimal(11,1), Spark has decimal(10,2)");
}

#[test]
fn nested_values_are_compared_by_their_types() {
    let map = |value: &str| json!({ "map": [["k", [value, "2.0"]]] });
    let of = "map<string,struct<a:decimal(3,1),b:double>>";
    assert_eq!(cell(of, map("1.0"), map("1.0")), Closeness::Same);
    assert_eq!(cell(of, map("1.0"), map("1.1")), Closeness::Different);
    assert_eq!(cell(of, map("1.0"), json!(null)), Closeness::Different);
}

#[test]
fn names_are_compared_to_the_letter() {
    let verdict = compare("select a", &table(&[("A", "int")], json!([[1]])), &table(&[("a", "int")], json!([[1]])));
    assert_eq!(levels(&verdict), (Closeness::Same, true, false));
    assert!(!verdict.is_equal());
}

#[test]
fn two_refusals_agree_unless_ours_says_nothing_about_the_query() {
    let reference = refusal("analysis");
    assert_eq!(compare("x", &reference, &refusal("analysis")), Verdict::BothRefuse { same_kind: true });
    assert_eq!(compare("x", &reference, &refusal("parse")), Verdict::BothRefuse { same_kind: false });
    assert!(matches!(compare("x", &reference, &refusal("unsupported")), Verdict::NotSupported { .. }));
    assert!(matches!(compare("x", &reference, &refusal("internal")), Verdict::RefusedHere { .. }));
    let rows = table(&[("a", "int")], json!([]));
    assert!(matches!(compare("x", &rows, &refusal("parse")), Verdict::RefusedHere { .. }));
    let answered = compare("x", &reference, &rows);
    assert_eq!(answered.difference().unwrap(), "answers where Spark refuses: analysis: no");
}
