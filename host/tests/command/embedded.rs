//! Queries through the embedded engine: the whole sealed path, as a user meets it.

use casemate_host::tpch::{Table, write_table};

use crate::common::{casemate, casemate_with_stdin, folder};
use serde_json::{Value as Json, json};

#[test]
fn a_query_prints_a_table_and_says_that_the_enclave_is_simulated() {
    let folder = folder();
    let ran = casemate(folder.path(), &["sql", "-e", "SELECT 1 AS one, 'x' AS two"]);
    assert!(ran.err.contains("SIMULATED"), "{}", ran.err);
    assert_eq!(ran.works(), "+-----+-----+\n| one | two |\n+-----+-----+\n|   1 | x   |\n+-----+-----+\n(1 row)\n");
}

#[test]
fn sql_comes_from_an_argument_a_file_or_stdin() {
    let folder = folder();
    let at = folder.path();
    std::fs::write(at.join("q.sql"), "SELECT 1 AS a;\nSELECT 2 AS b;\n").unwrap();
    let both = "a\n1\n\nb\n2\n";
    assert_eq!(casemate(at, &["sql", "-f", "q.sql", "--format", "csv"]).works(), both);
    assert_eq!(casemate_with_stdin(at, &["sql", "--format", "csv"], "SELECT 1 AS a; SELECT 2 AS b").works(), both);
    assert_eq!(casemate_with_stdin(at, &["sql", "-f", "-", "--format", "json"], "SELECT 1 a").works(), "{\"a\":1}\n");
}

#[test]
fn results_become_files_of_every_format() {
    let folder = folder();
    let at = folder.path();
    let sql = "SELECT CAST('1.50' AS decimal(10,2)) AS price, 'a' AS name UNION ALL SELECT NULL, '' ORDER BY name DESC";
    for format in ["table", "csv", "json", "arrow", "arrow-stream", "parquet"] {
        let out = casemate(at, &["sql", "-e", sql, "--format", format, "-o", format]).works();
        assert_eq!(out, "");
        assert!(at.join(format).metadata().unwrap().len() > 20);
    }
    assert_eq!(std::fs::read_to_string(at.join("csv")).unwrap(), "price,name\n1.50,a\n,\"\"\n");
    let read =
        casemate(at, &["sql", "-e", "SELECT * FROM parquet.`parquet` ORDER BY name DESC", "--format", "csv"]).works();
    assert_eq!(read, "price,name\n1.50,a\n,\"\"\n");
}

#[test]
fn a_failing_query_says_why_and_leaves_the_output_file_as_it_was() {
    let folder = folder();
    let at = folder.path();
    std::fs::write(at.join("out"), "before").unwrap();
    let syntax = casemate(at, &["sql", "-e", "SELECT 1,\n  FROM WHERE x", "-o", "out"]).fails(1, "line 2");
    assert!(syntax.err.contains('^'), "{}", syntax.err);
    casemate(at, &["sql", "-e", "SELECT * FROM nowhere", "-o", "out"]).fails(1, "nowhere");
    let near = "CREATE TEMPORARY VIEW lineitem AS SELECT 1 AS a; SELECT * FROM lineitm";
    casemate(at, &["sql", "-e", near, "-o", "out"]).fails(1, "lineitem");
    casemate(at, &["sql", "-e", "SELECT * FROM parquet.`none.parquet`", "-o", "out"]).fails(1, "none.parquet");
    casemate(at, &["sql", "-e", "SELECT * FROM parquet.`../secret`", "-o", "out"]).fails(1, "secret");
    assert_eq!(std::fs::read_to_string(at.join("out")).unwrap(), "before");
    assert_eq!(std::fs::read_dir(at).unwrap().count(), 1, "no half-written file is left");
}

#[test]
fn a_sealed_result_is_opened_later_with_the_same_keys_only() {
    let folder = folder();
    let at = folder.path();
    casemate(at, &["keys", "new"]).works();
    casemate(at, &["keys", "new", "other.json"]).works();
    write_table(at, Table::Orders, 0.01, None).unwrap();
    let sql = "SELECT o_orderkey, o_orderpriority FROM parquet.`orders.parquet` ORDER BY o_orderkey";
    casemate(at, &["sql", "-e", sql, "--keys", "keys.json", "--sealed", "-o", "result.sealed"]).works();
    let sealed = std::fs::read(at.join("result.sealed")).unwrap();
    assert!(!sealed.windows(7).any(|part| part == b"1-URGEN"));

    let open = |file: &str, keys: &str| casemate(at, &["open", file, "--keys", keys, "--format", "csv"]);
    let csv = open("result.sealed", "keys.json").works();
    assert_eq!((csv.lines().count(), csv.lines().nth(1)), (15001, Some("1,5-LOW")));
    open("result.sealed", "other.json").fails(5, "keys file that was used");
}

#[test]
fn a_sealed_result_that_was_cut_or_altered_is_refused() {
    let folder = folder();
    let at = folder.path();
    casemate(at, &["keys", "new"]).works();
    casemate(at, &["sql", "-e", "SELECT 1 AS a; SELECT 2 AS b", "--keys", "keys.json", "--sealed", "-o", "r"]).works();
    let sealed = std::fs::read(at.join("r")).unwrap();
    let refused = |bytes: &[u8]| {
        std::fs::write(at.join("broken"), bytes).unwrap();
        let ran = casemate(at, &["open", "broken", "--keys", "keys.json", "-o", "out"]);
        assert!(ran.code == 4 || ran.code == 5, "{} {}", ran.code, ran.err);
        assert!(!at.join("out").exists());
    };
    for part in [0, 1, 3, 7] {
        refused(&sealed[..sealed.len() * part / 8]);
    }
    refused(&sealed[..sealed.len() - 1]);
    refused(&[&sealed[..], b"x"].concat());
    for part in 0..16 {
        let mut altered = sealed.clone();
        altered[sealed.len() * part / 16] ^= 1;
        refused(&altered);
    }
}

fn answers(requests: &[Json], arguments: &[&str]) -> Vec<Json> {
    let folder = folder();
    let input: String = requests.iter().map(|request| format!("{request}\n")).collect();
    let arguments = [&["statements", "--time-zone", "America/Los_Angeles"], arguments].concat();
    let out = casemate_with_stdin(folder.path(), &arguments, &input).works();
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn statements_are_answered_in_order_each_from_a_fresh_session() {
    let requests = [
        json!({"id": "a", "setup": ["CREATE TEMPORARY VIEW v AS SELECT 1 AS x"], "query": "SELECT x, x AS x FROM v"}),
        json!({"id": "b", "query": "SELECT x FROM v"}),
        json!({"id": 3, "setup": ["SELECT nothing"], "query": "SELECT 1"}),
        json!({"id": null, "query": "SELECT timestamp'2021-03-09 10:11:12' AS t, 1.5D AS d, CAST(1.5 AS decimal(10,2)) AS p"}),
        json!({"query": "SELECT 1"}),
        json!({"id": "z", "setup": ["SET spark.sql.session.timeZone=UTC"], "query": "SELECT CAST(0 AS timestamp) AS t"}),
    ];
    let answers = answers(&requests, &["--jobs", "4"]);
    assert_eq!(answers[0], json!({"id": "a", "schema": [["x", "int"], ["x", "int"]], "rows": [[1, 1]]}));
    assert_eq!(answers[1]["id"], "b");
    assert!(answers[1]["error"].as_str().unwrap().contains('v'), "{}", answers[1]);
    assert!(answers[2]["error"].as_str().unwrap().contains("nothing"));
    let schema = json!([["t", "timestamp"], ["d", "double"], ["p", "decimal(10,2)"]]);
    assert_eq!(answers[3]["schema"], schema);
    assert_eq!(answers[3]["rows"], json!([["2021-03-09T10:11:12.000000", "1.5", "1.50"]]));
    assert!(answers[4]["error"].as_str().unwrap().contains("not a request"));
    assert_eq!(answers[5]["rows"], json!([["1970-01-01T00:00:00.000000"]]));
}

#[test]
fn a_request_that_takes_too_long_is_an_error_and_the_next_one_is_answered() {
    let data = folder();
    write_table(data.path(), Table::LineItem, 0.001, None).unwrap();
    let view = "CREATE TEMPORARY VIEW l USING parquet OPTIONS (path 'lineitem.parquet')";
    let slow =
        "SELECT count(*) FROM l a CROSS JOIN l b CROSS JOIN l c WHERE a.l_comment < concat(b.l_comment, c.l_comment)";
    let requests = [json!({"id": 1, "setup": [view], "query": slow}), json!({"id": 2, "query": "SELECT 1 AS one"})];
    let answers = answers(&requests, &["--timeout", "5", "--jobs", "1", "--data", data.path().to_str().unwrap()]);
    assert!(answers[0]["error"].as_str().unwrap().contains("timeout"), "{}", answers[0]);
    assert_eq!(answers[1]["rows"], json!([[1]]));
}

/// A file of `sealed-parquet/interop`, whose master keys are known to everybody.
#[test]
fn a_table_that_spark_encrypted_is_read_with_its_master_keys() {
    let folder = folder();
    let at = folder.path();
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/../sealed-parquet/tests/files/");
    std::fs::create_dir(at.join("data")).unwrap();
    std::fs::copy(format!("{files}spark-gcm-128.parquet"), at.join("data/t.parquet")).unwrap();
    casemate(at, &["keys", "new"]).works();
    for (id, key) in [("footer", "footer-key-16-by"), ("money", "money-key-of-thirty-two-bytes-..")] {
        let digits: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
        std::fs::write(at.join("key.hex"), digits).unwrap();
        casemate(at, &["keys", "add", "keys.json", id, "--master", "--from", "key.hex"]).works();
    }
    let ask = |format: &str, sql: &str| {
        casemate(at, &["sql", "--data", "data", "--keys", "keys.json", "--format", format, "-e", sql])
    };
    let sums = "SELECT sum(amount) AS s, count(place.city) AS c FROM parquet.`t.parquet`";
    assert_eq!(ask("csv", sums).works(), "s,c\n2212.50,60\n");
    ask("table", "SELECT max(name) FROM parquet.`t.parquet`").fails(1, "the column 'name' can't be read");
}
