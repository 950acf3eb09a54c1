//! CSV files, with the answers that Spark 3.2.0 gives to the same files.

use spark_compat::ErrorKind;

use crate::support::{error, put, rows, run, session};

async fn types(session: &spark_compat::SparkSession, sql: &str) -> Vec<String> {
    run(session, sql).await.unwrap().schema.into_iter().map(|(name, data_type)| format!("{name}:{data_type}")).collect()
}

#[tokio::test]
async fn without_options_columns_are_strings_called_by_their_place() {
    let (session, store) = session();
    put(&store, "t.csv", b"a,b,c\n1,x,1.5\n2,,\n\n   \n3,\"\",NaN\n9\n10,a,1,extra\n".to_vec()).await;
    assert_eq!(types(&session, "SELECT * FROM csv.`t.csv`").await, ["_c0:string", "_c1:string", "_c2:string"]);
    assert_eq!(
        rows(&session, "SELECT * FROM csv.`t.csv`").await,
        ["a|b|c", "1|x|1.5", "2|null|null", "3|null|NaN", "9|null|null", "10|a|1"]
    );
}

#[tokio::test]
async fn a_header_names_the_columns_and_repeated_or_empty_names_get_their_place() {
    let (session, store) = session();
    put(&store, "t.csv", b"\n\na,a,,A b,\"q\",a\n1,2,3,4,5,6\n".to_vec()).await;
    run(&session, "CREATE TEMPORARY VIEW t USING csv OPTIONS (path 't.csv', header 'true')").await.unwrap();
    assert_eq!(
        types(&session, "SELECT * FROM t").await,
        ["a0:string", "a1:string", "_c2:string", "A b:string", "q:string", "a5:string"]
    );
    assert_eq!(rows(&session, "SELECT * FROM t").await, ["1|2|3|4|5|6"]);
}

#[tokio::test]
async fn types_are_inferred_from_all_values() {
    let (session, store) = session();
    let text = "a;b;c;d;e;f\n1;9223372036854775808;1.5;true;2147483648;x;y\n2;1;2;FALSE;1;\n;;;;;\n";
    put(&store, "t.csv", text.as_bytes().to_vec()).await;
    let options = "path 't.csv', header true, sep ';', inferSchema true";
    run(&session, &format!("CREATE TEMPORARY VIEW t USING csv OPTIONS ({options})")).await.unwrap();
    assert_eq!(
        types(&session, "SELECT * FROM t").await,
        ["a:int", "b:decimal(19,0)", "c:double", "d:boolean", "e:bigint", "f:string"]
    );
    assert_eq!(
        rows(&session, "SELECT * FROM t").await,
        ["1|9223372036854775808|1.5|true|2147483648|x", "2|1|2.0|false|1|null", "null|null|null|null|null|null"]
    );
}

#[tokio::test]
async fn values_that_do_not_fit_a_declared_type_are_null() {
    let (session, store) = session();
    put(&store, "t.csv", b"a,b,c\n1,x,1.5\n \"11\" , y ,  7\n12,,1e3\n8,\"x,y\",-Inf\n4\n".to_vec()).await;
    let view = "CREATE TEMPORARY VIEW t (a int, b string, c double) USING csv OPTIONS (path 't.csv', header 'true')";
    run(&session, view).await.unwrap();
    assert_eq!(
        rows(&session, "SELECT * FROM t").await,
        ["1|x|1.5", "null| y |7.0", "12|null|1000.0", "8|x,y|-Infinity", "4|null|null"]
    );
    assert_eq!(rows(&session, "SELECT sum(a), count(b) FROM t WHERE c > 1").await, ["13|2"]);
}

#[tokio::test]
async fn the_files_of_a_directory_have_a_header_each() {
    let (session, store) = session();
    put(&store, "t/1.csv", b"a,b\r\n1,2\r\n".to_vec()).await;
    put(&store, "t/2.csv", b"a,b\n3,\"x\"\n".to_vec()).await;
    run(&session, "CREATE TEMPORARY VIEW t USING csv OPTIONS (path 't', header true)").await.unwrap();
    assert_eq!(rows(&session, "SELECT a, b FROM t ORDER BY a").await, ["1|2", "3|x"]);
    assert_eq!(rows(&session, "SELECT count(*) FROM t").await, ["2"]);
}

#[tokio::test]
async fn lines_of_a_large_file_are_read_in_parallel_and_each_once() {
    let (session, store) = session();
    let mut text = String::from("id,text\r\n");
    for id in 0..600_000 {
        text.push_str(&format!("{id},\"some text, {}\"\r\n", id % 7));
    }
    assert!(text.len() > 10 << 20, "not large enough to be split");
    put(&store, "t.csv", text.into_bytes()).await;
    let view =
        "CREATE TEMPORARY VIEW t (id int, text string) USING csv OPTIONS (path 't.csv', header true, mode 'FAILFAST')";
    run(&session, view).await.unwrap();
    assert_eq!(
        rows(&session, "SELECT count(*), count(DISTINCT id), sum(id), count(DISTINCT text) FROM t").await,
        ["600000|600000|179999700000|7"]
    );
    let plan = rows(&session, "EXPLAIN SELECT id FROM t").await.remove(0);
    assert!(plan.contains("file_groups={2 groups"), "{plan}");
}

#[tokio::test]
async fn what_is_not_supported_of_csv_is_refused_by_name() {
    let (session, store) = session();
    put(&store, "t.csv", b"a,b\n5,6\n".to_vec()).await;
    put(&store, "t.csv.gz", b"a,b\n5,6\n".to_vec()).await;
    for (options, what) in [
        ("path 't.csv', encoding 'latin1'", "encoding"),
        ("path 't.csv', enforceSchema false", "enforceSchema"),
        ("path 't.csv', unescapedQuoteHandling 'RAISE_ERROR'", "unescapedQuoteHandling"),
        ("path 't.csv', samplingRatio '0.1'", "samplingRatio"),
        ("path 't.csv', locale 'de'", "locale"),
        ("path 't.csv', basePath 'x'", "basePath"),
        ("path 't.csv.gz'", "compressed"),
    ] {
        let refused = error(&session, &format!("CREATE TEMPORARY VIEW v USING csv OPTIONS ({options})")).await;
        assert_eq!(refused.kind, ErrorKind::Unsupported, "{options}: {refused}");
        assert!(refused.message.contains(what), "{options}: {refused}");
    }
    let refused = error(&session, "CREATE TEMPORARY VIEW v USING csv OPTIONS (path 't.csv', header 'maybe')").await;
    assert!(refused.message.contains("header"), "{refused}");
}
