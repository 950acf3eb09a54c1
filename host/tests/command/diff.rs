//! `casemate diff`: against stored answers, against a reference command, and what it says by its exit code; and `casemate
//! fuzz`, which makes the statements too.

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::common::{casemate, folder};

/// Writes a statement file and its stored answers.
fn suite(folder: &Path, statements: &str, answers: &[Json]) {
    for (path, text) in [
        ("statements/some/file.sql", statements.to_owned()),
        ("answers/some/file.jsonl", answers.iter().map(|answer| format!("{answer}\n")).collect()),
    ] {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// A view, a query that answers 1, and one that is refused.
const STATEMENTS: &str = "create temporary view v as select 1 a;\nselect a from v;\nselect b from v;\n";

fn answer_of_a(value: i32) -> Json {
    json!({"id": "some/file#f80415be", "query": "select a from v", "schema": [["a", "int"]], "rows": [[value]]})
}

fn answer_of_b() -> Json {
    json!({"id": "some/file#f2139dea", "query": "select b from v", "error": "no b", "kind": "analysis"})
}

#[test]
fn equal_answers_end_with_0_and_a_count() {
    let folder = folder();
    suite(folder.path(), STATEMENTS, &[answer_of_a(1), answer_of_b()]);
    let out = casemate(folder.path(), &["diff", "statements"]).works();
    assert!(out.lines().last().unwrap().ends_with("100.00%"), "{out}");
    assert!(!out.contains("select"), "{out}");
}

#[test]
fn a_difference_is_shown_with_both_answers_and_ends_with_1() {
    let folder = folder();
    suite(folder.path(), STATEMENTS, &[answer_of_a(2), answer_of_b()]);
    let ran = casemate(folder.path(), &["diff", "statements"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("1 of 2 statements differ"), "{}", ran.err);
    for shown in ["some/file#f80415be", "| select a from v", "the row [1], Spark has [2]", "50.00%"] {
        assert!(ran.out.contains(shown), "{shown}: {}", ran.out);
    }

    fs::write(folder.path().join("known.tsv"), "some/file#f80415be\tby design\n").unwrap();
    let known = casemate(folder.path(), &["diff", "statements", "--known", "known.tsv", "--json"]).works();
    let report: Json = serde_json::from_str(&known).unwrap();
    assert_eq!(report["total"]["queries"], 2);
    assert_eq!(report["total"]["values"], 0);
    assert_eq!(report["total"]["same_kind"], 1);
    assert_eq!(report["differences"][0]["known"], "by design");
    assert_eq!(report["differences"][0]["here"]["rows"], json!([[1]]));
}

#[test]
fn a_reference_command_is_asked_in_the_same_time_zone() {
    let folder = folder();
    let query = "select cast(timestamp '1970-01-01 00:00:00' as bigint) x;\nselect 1;\n";
    fs::write(folder.path().join("own.sql"), query).unwrap();
    let reference = format!("{} statements --time-zone Asia/Tokyo --jobs 1", env!("CARGO_BIN_EXE_casemate"));
    let arguments = ["diff", "own.sql", "--reference-command", &reference, "--jobs", "2"];
    for zone in ["UTC", "America/Los_Angeles"] {
        let out = casemate(folder.path(), &[&arguments[..], &["--time-zone", zone]].concat()).works();
        assert!(out.contains("100.00%"), "{out}");
    }
}

#[test]
fn a_reference_that_gives_no_answer_is_an_error_that_names_it() {
    let folder = folder();
    fs::write(folder.path().join("own.sql"), "select 1;\n").unwrap();
    casemate(folder.path(), &["diff", "own.sql", "--reference-command", "exit 7"]).fails(1, "`exit 7` ended");
}

#[test]
fn stale_or_missing_answers_are_errors_of_files() {
    let folder = folder();
    suite(folder.path(), STATEMENTS, &[answer_of_a(1)]);
    casemate(folder.path(), &["diff", "statements"]).fails(5, "stale answers");
    fs::remove_dir_all(folder.path().join("answers")).unwrap();
    casemate(folder.path(), &["diff", "statements"]).fails(5, "answers/some/file.jsonl");
    casemate(folder.path(), &["diff", "nowhere"]).fails(5, "nowhere");
}

#[test]
fn a_fuzzed_difference_is_made_small_and_kept_as_a_statement() {
    let folder = folder();
    let reference = format!(
        "{} statements --time-zone UTC --jobs 1 | sed -u 's/\"boolean\"/\"maybe\"/'",
        env!("CARGO_BIN_EXE_casemate")
    );
    let arguments = ["fuzz", "--seed", "1", "--statements", "4", "--out", "found", "--reference-command", &reference];
    let ran = casemate(folder.path(), &arguments);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("seed 1;"), "{}", ran.err);
    assert!(ran.out.contains("boolean, Spark has maybe"), "{}", ran.out);
    let again = casemate(folder.path(), &["diff", "found/statements", "--json"]);
    assert_eq!(again.code, 1, "{}", again.err);
    let report: Json = serde_json::from_str(&again.out).unwrap();
    assert_eq!(report["total"]["types"], 0);
    assert_eq!(report["total"]["values"], report["total"]["queries"]);
}
