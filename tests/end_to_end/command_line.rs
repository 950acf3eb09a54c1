//! The client's programs with bad files and arguments: a clear message, an exit code that tells, and no harm done.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use casemate_tests::deployment::{Deployment, Plan};
use casemate_tests::process;

use crate::{ONE, PROGRAMS, small_tables};

async fn deployment() -> Deployment {
    Plan::new(PROGRAMS, &small_tables()).start().await
}

#[tokio::test]
async fn a_keys_file_that_can_not_be_used_is_an_error_that_names_it() {
    let deployment = deployment().await;
    let keys = deployment.file("keys.json");
    let good = fs::read(&keys).unwrap();
    let cases: [(&str, &dyn Fn()); 4] = [
        ("garbage", &|| fs::write(&keys, "garbage").unwrap()),
        ("cut", &|| fs::write(&keys, &good[..good.len() / 2]).unwrap()),
        ("readable by all", &|| {
            fs::write(&keys, &good).unwrap();
            fs::set_permissions(&keys, fs::Permissions::from_mode(0o644)).unwrap();
        }),
        ("missing", &|| fs::remove_file(&keys).unwrap()),
    ];
    for (case, damage) in cases {
        damage();
        let stderr = deployment.client("sql", &["-e", ONE]).await.failure(5);
        assert!(stderr.contains("keys.json"), "{case}: {stderr}");
    }
}

#[tokio::test]
async fn a_trust_file_that_can_not_be_used_is_an_error_that_names_it() {
    let deployment = deployment().await;
    let trust = deployment.file("trust.json");
    for text in ["", "[]", r#"{"roots": [], "pcr_sets": []}"#, r#"{"roots": ["aws-nitro"], "pcr_sets": []}"#] {
        fs::write(&trust, text).unwrap();
        let stderr = deployment.client("sql", &["-e", ONE]).await.failure(5);
        assert!(stderr.contains("trust.json"), "{text}: {stderr}");
    }
}

#[tokio::test]
async fn an_engine_that_the_trust_file_does_not_accept_ends_the_program_with_3() {
    let deployment = deployment().await;
    let trust = deployment.file("trust.json");
    let text = fs::read_to_string(&trust).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let pcr0 = json["pcr_sets"][0]["pcrs"]["0"].as_str().unwrap();
    fs::write(&trust, text.replace(pcr0, &"ab".repeat(48))).unwrap();

    let stderr = deployment.client("sql", &["-e", ONE]).await.failure(3);
    assert!(stderr.contains("measurements"), "{stderr}");
    let arguments = [format!("--connect={}", deployment.address), format!("--trust={}", trust.display())];
    let arguments: Vec<&str> = ["attest"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    deployment.casemate(&arguments).await.failure(3);
}

#[tokio::test]
async fn attest_prints_what_an_accepted_engine_proved_and_that_it_is_simulated() {
    let deployment = deployment().await;
    let connect = format!("--connect={}", deployment.address);
    let trust = format!("--trust={}", deployment.file("trust.json").display());
    let finished = deployment.casemate(&["attest", &connect, &trust]).await;
    assert!(finished.stderr.contains("SIMULATED") || finished.stdout.contains("SIMULATED"), "{finished:?}");
    let stdout = finished.success();
    let pcr0: String = deployment.trust.pcr_sets[0].pcrs[&0].iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(stdout.contains(&pcr0), "{stdout}");
}

#[tokio::test]
async fn a_simulated_engine_is_marked_on_stderr_and_never_in_the_result() {
    let deployment = deployment().await;
    let finished = deployment.client("sql", &["-e", ONE, "--format=csv"]).await;
    assert!(finished.stderr.contains("SIMULATED"), "{finished:?}");
    assert_eq!(finished.success(), "n_name\nGERMANY\n");
    assert!(deployment.engine.log().contains("SIMULATED"));
}

#[tokio::test]
async fn nobody_at_the_address_is_an_error_with_exit_code_4() {
    let deployment = deployment().await;
    let nowhere = format!("unix://{}", deployment.file("nobody.sock").display()).parse().unwrap();
    let stderr = deployment.client_at(&nowhere, "sql", &["-e", ONE], "").await.failure(4);
    assert!(stderr.contains("nobody.sock"), "{stderr}");
}

#[tokio::test]
async fn wrong_usage_ends_with_2_and_help_with_0() {
    for program in [PROGRAMS.casemate, PROGRAMS.engine] {
        let program = program.as_ref();
        process::run(program, &["--no-such-option"], "").await.failure(2);
        assert!(process::run(program, &["--help"], "").await.success().contains("Usage"));
        assert!(process::run(program, &["--version"], "").await.success().contains(env!("CARGO_PKG_VERSION")));
    }
}

#[tokio::test]
async fn files_made_on_the_command_line_open_a_session() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let casemate = PROGRAMS.casemate.as_ref();
    process::run(casemate, &["keys", "new", &at("mine.json"), "--data-key", "k1"], "").await.success();
    let mode = fs::metadata(at("mine.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let key = process::run(casemate, &["keys", "public", &at("mine.json")], "").await.success();
    let client = format!("carol={}", key.trim());
    process::run(casemate, &["access", "new", &at("mine-access.json"), "--client", &client], "").await.success();

    let access = fs::read_to_string(at("mine-access.json")).unwrap();
    let file = casemate_wire::access_file::AccessFile::from_json(&access).unwrap();
    let deployment = Plan::new(PROGRAMS, &small_tables()).access(move |default| *default = file).start().await;
    fs::copy(at("mine.json"), deployment.file("keys.json")).unwrap();
    let stdout = deployment.client("sql", &["-e", "SELECT 1 AS one", "--format=csv"]).await.success();
    assert_eq!(stdout, "one\n1\n");
}

#[tokio::test]
async fn an_engine_does_not_start_with_files_that_make_no_sense() {
    let folder = tempfile::tempdir().unwrap();
    let access = folder.path().join("access.json");
    let base = ["--listen=tcp://127.0.0.1:0", "--storage=tcp://127.0.0.1:1", "--memory-limit=64MiB", "--nsm=simulated"];
    let arguments: Vec<String> =
        base.iter().map(|text| (*text).to_owned()).chain([format!("--access={}", access.display())]).collect();
    for text in [None, Some("garbage"), Some(r#"{"clients": []}"#)] {
        if let Some(text) = text {
            fs::write(&access, text).unwrap();
        }
        let stderr = process::run(PROGRAMS.engine.as_ref(), &arguments, "").await.failure(1);
        assert!(stderr.contains("access.json"), "{stderr}");
    }
}
