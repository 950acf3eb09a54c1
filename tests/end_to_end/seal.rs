//! From a CSV file to an answer of an engine, with nothing but the command line.

use std::fs;
use std::path::Path;

use casemate_host::files::Keys;
use casemate_tests::deployment::{Deployment, Plan};
use casemate_wire::data_policy::DataPolicy;

use crate::PROGRAMS;

const PEOPLE: &str = "name,age,born,seen,zip\n\"Lovelace, Ada\",36,1815-12-10,2021-03-09 10:11:12,00123\n\
                      Turing,41,1912-06-23,,04711\nHypatia,45,0370-01-01,,\n";

/// A deployment over `data` whose client accepts only what is encrypted and signed.
async fn deployment(data: &Path) -> Deployment {
    let deployment = Plan::new(PROGRAMS, data).start().await;
    let path = deployment.file("keys.json");
    let mut keys = Keys::load(&path).unwrap();
    keys.data_policy = DataPolicy::default();
    keys.save(&path, true).unwrap();
    deployment
}

async fn dataset(deployment: &Deployment, action: &str, arguments: &[&str]) -> casemate_tests::process::Finished {
    let keys = deployment.file("keys.json").display().to_string();
    deployment.casemate(&[&["dataset", action], arguments, &["--keys", &keys]].concat()).await
}

#[tokio::test]
async fn a_csv_file_becomes_a_table_in_one_command() {
    let data = tempfile::tempdir().unwrap();
    let deployment = deployment(data.path()).await;
    let (csv, table) = (deployment.file("people.csv"), data.path().join("people"));
    fs::write(&csv, PEOPLE).unwrap();
    let (csv, table_text) = (csv.display().to_string(), table.display().to_string());
    let sealed = dataset(&deployment, "seal", &[&csv, &table_text]).await;
    assert!(
        sealed.stderr.contains("made the master key 'people'") && sealed.stderr.contains("born date"),
        "{}",
        sealed.stderr
    );
    sealed.success();

    let sql = "SELECT name, age + 1 AS next, born, zip FROM parquet.`people` ORDER BY age";
    let answer = deployment.client("sql", &["-e", sql, "--format=csv"]).await.success();
    let expected = "name,next,born,zip\n\"Lovelace, Ada\",37,1815-12-10,00123\nTuring,42,1912-06-23,04711\n\
                    Hypatia,46,0370-01-01,\n";
    assert_eq!(answer, expected);
    let times = "SELECT count(seen) AS n, max(seen) = TIMESTAMP '2021-03-09 10:11:12' AS same FROM parquet.`people`";
    let answer = deployment.client("sql", &["-e", times, "--format=csv"]).await.success();
    assert_eq!(answer, "n,same\n1,true\n");

    let shown = dataset(&deployment, "inspect", &[&table_text]).await.success();
    assert!(shown.contains("AES_GCM_V1") && shown.contains("dataset    people version 1"), "{shown}");
    assert!(dataset(&deployment, "verify", &[&table_text]).await.success().contains("1 decrypted"));

    // The keys file knows the version now: without the manifest there is no table, whatever is allowed.
    fs::remove_file(table.join("_casemate.manifest")).unwrap();
    let all = ["-e", sql, "--allow-unsigned", "all", "--allow-plaintext", "all"];
    assert!(deployment.client("sql", &all).await.failure(1).contains("is gone"));
    dataset(&deployment, "verify", &[&table_text]).await.failure(5);
}

#[tokio::test]
async fn a_table_in_many_files_is_sealed_and_read_as_one() {
    let data = tempfile::tempdir().unwrap();
    let deployment = deployment(data.path()).await;
    let input = deployment.file("events");
    fs::create_dir(&input).unwrap();
    for part in 0..3 {
        let lines: String =
            (0..1_000).map(|row| format!("{{\"id\": {}, \"tags\": [\"t{part}\"]}}\n", part * 1_000 + row)).collect();
        fs::write(input.join(format!("{part}.jsonl")), lines).unwrap();
    }
    let (input, table) = (input.display().to_string(), data.path().join("lake/events").display().to_string());
    let more = ["--name", "lake/events", "--compression", "zstd", "--key-bits", "128", "--row-group-rows", "300"];
    dataset(&deployment, "seal", &[&[input.as_str(), &table], &more[..]].concat()).await.success();
    let sql = "SELECT count(*) AS n, sum(id) AS s, max(tags[0]) AS t FROM parquet.`lake/events`";
    let answer = deployment.client("sql", &["-e", sql, "--format=csv"]).await.success();
    assert_eq!(answer, "n,s,t\n3000,4498500,t2\n");
}

#[tokio::test]
async fn folders_of_partitions_are_sealed_signed_and_read_as_one_table() {
    let data = tempfile::tempdir().unwrap();
    let deployment = deployment(data.path()).await;
    let input = deployment.file("sales");
    for (folder, lines) in [
        ("year=2023/region=north%2Feast", "id,amount\n1,1.5\n2,2.5\n"),
        ("year=2024/region=south", "id,amount\n3,4.0\n"),
        ("year=2024/region=__HIVE_DEFAULT_PARTITION__", "id,amount\n4,8.25\n"),
    ] {
        fs::create_dir_all(input.join(folder)).unwrap();
        fs::write(input.join(folder).join("part.csv"), lines).unwrap();
    }
    let table = data.path().join("lake/sales");
    let (input, table_text) = (input.display().to_string(), table.display().to_string());
    dataset(&deployment, "seal", &[&input, &table_text, "--name", "lake/sales"]).await.success();
    assert!(dataset(&deployment, "inspect", &[&table_text]).await.success().contains("partition  region"));
    assert!(dataset(&deployment, "verify", &[&table_text]).await.success().contains("3 decrypted"));

    let sql = "SELECT * FROM parquet.`lake/sales` ORDER BY id";
    let answer = deployment.client("sql", &["-e", sql, "--format=csv"]).await.success();
    assert_eq!(
        answer,
        "id,amount,year,region\n1,1.5,2023,north/east\n2,2.5,2023,north/east\n3,4.0,2024,south\n4,8.25,2024,\n"
    );
    // A file that is not asked for may be unreadable; that it is there is checked all the same.
    let other = table.join("year=2024/region=south/part-00002.parquet");
    assert!(other.is_file());
    let size = fs::metadata(&other).unwrap().len() as usize;
    fs::write(&other, vec![0; size]).unwrap();
    let chosen = "SELECT sum(amount) AS s FROM parquet.`lake/sales` WHERE year = 2023";
    let answer = deployment.client("sql", &["-e", chosen, "--format=csv"]).await.success();
    assert_eq!(answer, "s\n4.0\n");
    assert!(deployment.client("sql", &["-e", sql]).await.failure(1).contains("changed, swapped or rolled back"));
    fs::remove_file(&other).unwrap();
    assert!(deployment.client("sql", &["-e", chosen]).await.failure(1).contains("is missing"));
}
