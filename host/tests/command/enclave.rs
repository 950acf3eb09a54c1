//! `casemate enclave` and `casemate serve --enclave-image` with a script in the place of AWS's `nitro-cli`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use casemate_host::enclave::eif;

use crate::common::{Ran, casemate, folder};

const RUNNING: &str = r#"[{"EnclaveName": "casemate", "EnclaveID": "i-1-enc2", "ProcessID": 42, "EnclaveCID": 16,
  "NumberOfCPUs": 2, "CPUIDs": [1, 5], "MemoryMiB": 4096, "State": "RUNNING", "Flags": "NONE",
  "Measurements": {"HashAlgorithm": "Sha384 { ... }", "PCR0": "0a", "PCR1": "0b", "PCR2": "0c"}}]"#;

/// A folder with an image and a `nitro-cli` that says that these enclaves run, starts and ends any, and notes it.
fn parent(running: &str) -> tempfile::TempDir {
    let folder = folder();
    let at = folder.path();
    std::fs::write(at.join("running.json"), running).unwrap();
    std::fs::write(at.join("casemate.eif"), vec![0; 3 << 20]).unwrap();
    script(
        at,
        r#"case "$1" in
        describe-enclaves) cat running.json ;;
        run-enclave) echo "Start allocating memory..." >&2
          echo '{"EnclaveName": "casemate", "EnclaveID": "i-1-enc2", "ProcessID": 42, "EnclaveCID": 16,'
          echo ' "NumberOfCPUs": 2, "CPUIDs": [1, 5], "MemoryMiB": 4096}' ;;
        terminate-enclave) echo "{\"EnclaveID\": \"$3\", \"Terminated\": true}" ;;
        console) echo "the console of $3" ;;
        esac"#,
    );
    folder
}

fn script(at: &Path, text: &str) {
    let path = at.join("nitro-cli");
    std::fs::write(&path, format!("#!/bin/sh\necho \"$@\" >> calls\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn enclave(at: &Path, arguments: &str) -> Ran {
    let words = ["enclave"].into_iter().chain(arguments.split_whitespace()).chain(["--nitro-cli", "./nitro-cli"]);
    casemate(at, &words.collect::<Vec<_>>())
}

fn calls(at: &Path) -> String {
    std::fs::read_to_string(at.join("calls")).unwrap_or_default()
}

#[test]
fn an_enclave_is_not_started_where_something_stands_in_its_way() {
    if Path::new("/dev/nitro_enclaves").exists() {
        eprintln!("SKIPPED: this machine has /dev/nitro_enclaves");
        return;
    }
    let folder = parent("[]");
    let at = folder.path();
    write_image(at, "1GiB");
    enclave(at, "run small.eif --cpus 2 --memory 4GiB").fails(1, "there is no /dev/nitro_enclaves");
    enclave(at, "run small.eif --cpus 2 --memory 4GiB --dry-run").fails(1, "enclaves enabled");
    enclave(at, "run casemate.eif --cpus 2 --memory 4GiB").fails(5, "image");
    assert_eq!(calls(at), "describe-enclaves\ndescribe-enclaves\n");
}

#[test]
fn force_starts_it_all_the_same_and_says_what_was_wrong() {
    let folder = parent("[]");
    let at = folder.path();
    let ran = enclave(at, "run casemate.eif --cpus 2 --memory 4GiB --cid 16 --name casemate --force");
    let printed = ran.works();
    assert!(printed.contains("i-1-enc2") && printed.contains("vsock://16:5005"), "{printed}");
    // 4096 MiB without four times the image and 256 MiB of its own.
    assert!(printed.contains("about 3828 MiB"), "{printed}");
    let call =
        "run-enclave --eif-path casemate.eif --cpu-count 2 --memory 4096 --enclave-cid 16 --enclave-name casemate";
    assert!(calls(at).ends_with(&format!("{call}\n")), "{}", calls(at));
    let json = enclave(at, "run casemate.eif --cpus 2 --memory 4096 --force --json").works();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["cid"], &json["debug"]), (&16.into(), &false.into()));
}

#[test]
fn debug_mode_is_shouted_at() {
    let folder = parent("[]");
    let ran = enclave(folder.path(), "run casemate.eif --cpus 2 --memory 4GiB --debug-mode --force");
    assert!(ran.err.contains("DEBUG MODE") && ran.err.contains("PCRs are zero"), "{}", ran.err);
    assert!(calls(folder.path()).contains("--debug-mode"));
}

#[test]
fn a_failed_start_is_explained() {
    let folder = parent("[]");
    let at = folder.path();
    script(
        at,
        r#"[ "$1" = describe-enclaves ] && { echo '[]'; exit 0; }
        echo "[ E22 ] Insufficient CPUs available in the pool." >&2; exit 22"#,
    );
    enclave(at, "run casemate.eif --cpus 2 --memory 4GiB --force").fails(1, "raise cpu_count in /etc/nitro_enclaves");
    enclave(at, "run none.eif --cpus 2 --memory 4GiB").fails(5, "none.eif");
    enclave(at, "run casemate.eif --cpus 0 --memory 4GiB").fails(2, "--cpus");
    enclave(at, "run casemate.eif --cpus 2 --memory much").fails(2, "4GiB");
    casemate(at, &["enclave", "describe", "--nitro-cli", "/nonexistent/nitro-cli"]).fails(1, "aws-nitro-enclaves-cli");
}

#[test]
fn enclaves_are_described_for_people_and_for_programs() {
    let folder = parent(RUNNING);
    let at = folder.path();
    let printed = enclave(at, "describe").works();
    for part in ["casemate", "i-1-enc2", "RUNNING", "PCR0         0a"] {
        assert!(printed.contains(part), "{printed}");
    }
    assert!(!printed.contains("HashAlgorithm") && !printed.contains("DEBUG"), "{printed}");
    let json: serde_json::Value = serde_json::from_str(&enclave(at, "describe --json").works()).unwrap();
    assert_eq!((&json[0]["state"], &json[0]["pcrs"]["2"]), (&"RUNNING".into(), &"0c".into()));
    std::fs::write(at.join("running.json"), "[]").unwrap();
    assert_eq!(enclave(at, "describe --json").works(), "[]\n");
    std::fs::write(at.join("running.json"), RUNNING.replace("NONE", "DEBUG_MODE")).unwrap();
    assert!(enclave(at, "describe").works().contains("no client accepts it"));
}

/// An image whose engine may use so much for queries, in a folder.
fn write_image(at: &Path, memory_limit: &str) -> eif::Measurements {
    let metadata = serde_json::json!({
        "ImageName": "test",
        "ImageVersion": "1",
        "BuildMetadata": {
            "BuildTime": "1970-01-01T00:00:00+00:00", "BuildTool": "test", "BuildToolVersion": "1",
            "OperatingSystem": "Linux", "KernelVersion": "6.12"
        },
        "DockerInfo": {},
        "CustomMetadata": { "EngineArguments": [format!("--memory-limit={memory_limit}")] }
    });
    let metadata = serde_json::from_value(metadata).unwrap();
    let image = eif::Eif::new(b"kernel".to_vec(), "reboot=k".to_owned(), &metadata, vec![vec![7; 9000]], None).unwrap();
    image.write(&mut std::fs::File::create(at.join("small.eif")).unwrap()).unwrap();
    image.measurements().clone()
}

#[test]
fn an_image_is_described_without_nitro_cli() {
    let folder = parent("[]");
    let at = folder.path();
    let measurements = write_image(at, "1GiB");
    let printed = enclave(at, "describe small.eif").works();
    assert!(printed.contains("signature    none") && printed.contains("--memory 4MiB or more"), "{printed}");
    let json: serde_json::Value = serde_json::from_str(&enclave(at, "describe small.eif --json").works()).unwrap();
    let pcrs: serde_json::Map<_, _> = measurements
        .pcrs
        .iter()
        .map(|(index, value)| {
            (index.to_string(), value.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
        })
        .collect();
    assert_eq!((&json["pcrs"], &json["command_line"]), (&pcrs.into(), &"reboot=k".into()));
    assert_eq!(calls(at), "");
}

#[test]
fn an_engine_that_may_use_more_than_its_enclave_has_left_gets_a_warning() {
    let folder = parent("[]");
    let at = folder.path();
    write_image(at, "4GiB");
    let ran = enclave(at, "run small.eif --cpus 2 --memory 4GiB --force");
    assert!(ran.err.contains("warning: the engine may use 4096 MiB"), "{}", ran.err);
    write_image(at, "3GiB");
    let ran = enclave(at, "run small.eif --cpus 2 --memory 4GiB --force");
    assert!(!ran.err.contains("warning"), "{}", ran.err);
}

#[test]
fn what_is_no_enclave_image_is_not_described() {
    let folder = parent("[]");
    let at = folder.path();
    enclave(at, "describe none.eif").fails(5, "none.eif");
    enclave(at, "describe casemate.eif").fails(5, "image");
    assert_eq!(calls(at), "", "an image is read without nitro-cli");
}

#[test]
fn only_an_enclave_in_debug_mode_has_a_console() {
    let folder = parent(RUNNING);
    let at = folder.path();
    enclave(at, "console").fails(1, "as it should be");
    std::fs::write(at.join("running.json"), RUNNING.replace("NONE", "DEBUG_MODE")).unwrap();
    assert_eq!(enclave(at, "console casemate").works(), "the console of i-1-enc2\n");
}

#[test]
fn an_enclave_is_ended_by_any_of_its_names() {
    let folder = parent(RUNNING);
    let at = folder.path();
    for name in ["", "casemate", "16", "i-1-enc2", "--all"] {
        assert_eq!(enclave(at, &format!("stop {name}")).works(), "ended        i-1-enc2\n");
    }
    enclave(at, "stop other").fails(1, "no enclave of this user is called other");
    let two = format!("[{0}, {0}]", RUNNING.trim_matches(['[', ']']));
    std::fs::write(at.join("running.json"), two).unwrap();
    enclave(at, "stop").fails(2, "2 enclaves could be meant");
    std::fs::write(at.join("running.json"), "[]").unwrap();
    enclave(at, "stop").fails(1, "no enclave of this user runs");
}

#[test]
fn a_server_whose_enclave_does_not_start_says_why_and_ends() {
    let folder = parent("[]");
    let at = folder.path();
    script(
        at,
        r#"[ "$1" = describe-enclaves ] && { echo '[]'; exit 0; }
        echo "[ E27 ] Insufficient memory available." >&2; exit 27"#,
    );
    let arguments = "serve --listen tcp://127.0.0.1:0 --storage unix://s.sock --enclave-image casemate.eif --cpus 2 \
                     --memory 4GiB --data . --nitro-cli ./nitro-cli";
    casemate(at, &arguments.split_whitespace().collect::<Vec<_>>()).fails(1, "raise memory_mib");
    let call =
        "run-enclave --eif-path casemate.eif --cpu-count 2 --memory 4096 --enclave-cid 16 --enclave-name casemate";
    assert!(calls(at).contains(call), "{}", calls(at));
}

#[test]
fn a_server_is_told_what_to_start_in_one_way_only() {
    let folder = parent("[]");
    let at = folder.path();
    let serve = |arguments: &str| {
        let words = ["serve", "--data", "."].into_iter().chain(arguments.split_whitespace());
        casemate(at, &words.collect::<Vec<_>>())
    };
    serve("").fails(2, "--enclave");
    serve("--enclave-image casemate.eif").fails(2, "--cpus");
    serve("--enclave-image casemate.eif --cpus 2 --memory 4GiB --enclave tcp://h:1 --storage unix://s")
        .fails(2, "vsock");
    serve("--enclave embedded --enclave-command true").fails(2, "embedded");
    serve("--enclave-command true").fails(2, "--enclave");
    serve("--enclave unix://e --restarts 3").fails(2, "--enclave-image");
    serve("--enclave-image no.eif --cpus 2 --memory 4GiB --storage unix://s").fails(5, "no.eif");
}
