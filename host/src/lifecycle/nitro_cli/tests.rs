//! `nitro-cli` played by a script that records how it was called and prints what version 1.5.2 prints.

use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;

/// A folder with a program in it that stands for `nitro-cli`.
pub(crate) struct FakeNitroCli {
    folder: TempDir,
}

impl FakeNitroCli {
    /// One that runs the lines of a shell script; its first argument is `$1`.
    pub(crate) fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fake = Self { folder };
        let text = format!("#!/bin/sh\necho \"$@\" >> {}\n{script}\n", fake.path("calls").display());
        std::fs::write(fake.path("nitro-cli"), text).unwrap();
        std::fs::set_permissions(fake.path("nitro-cli"), std::fs::Permissions::from_mode(0o755)).unwrap();
        fake
    }

    /// One whose every command prints this.
    pub(crate) fn printing(stdout: &str) -> Self {
        let fake = Self::new("cat \"$(dirname \"$0\")/stdout\"");
        std::fs::write(fake.path("stdout"), stdout).unwrap();
        fake
    }

    /// One whose every command fails with this exit code and this on its standard error stream.
    pub(crate) fn failing(code: u8, stderr: &str) -> Self {
        let fake = Self::new(&format!("cat \"$(dirname \"$0\")/stderr\" >&2\nexit {code}"));
        std::fs::write(fake.path("stderr"), stderr).unwrap();
        fake
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn program(&self) -> NitroCli {
        NitroCli::new(self.path("nitro-cli"))
    }

    /// How it was called, one line for each time.
    pub(crate) fn calls(&self) -> String {
        std::fs::read_to_string(self.path("calls")).unwrap_or_default()
    }
}

pub(crate) const STARTED: &str = r#"{
  "EnclaveName": "casemate",
  "EnclaveID": "i-0abc12345def67890-enc19a0b1c2d3e4f5a6",
  "ProcessID": 4711,
  "EnclaveCID": 16,
  "NumberOfCPUs": 2,
  "CPUIDs": [
    1,
    5
  ],
  "MemoryMiB": 4096
}
"#;

pub(crate) const RUNNING: &str = r#"[
  {
    "EnclaveName": "casemate",
    "EnclaveID": "i-0abc12345def67890-enc19a0b1c2d3e4f5a6",
    "ProcessID": 4711,
    "EnclaveCID": 16,
    "NumberOfCPUs": 2,
    "CPUIDs": [
      1,
      5
    ],
    "MemoryMiB": 4096,
    "State": "RUNNING",
    "Flags": "NONE",
    "Measurements": {
      "HashAlgorithm": "Sha384 { ... }",
      "PCR0": "0a",
      "PCR1": "0b",
      "PCR2": "0c"
    }
  }
]
"#;

fn request() -> RunRequest {
    RunRequest { image: "casemate.eif".into(), cpus: 2, memory_mib: 4096, cid: None, name: None, debug: false }
}

#[tokio::test]
async fn an_enclave_is_started_with_what_was_asked_for() {
    let fake = FakeNitroCli::printing(STARTED);
    let info = fake.program().run(&request()).await.unwrap();
    assert_eq!((info.cid, info.memory_mib, info.cpu_ids), (16, 4096, vec![1, 5]));
    assert_eq!(info.id, "i-0abc12345def67890-enc19a0b1c2d3e4f5a6");
    let all = RunRequest { cid: Some(16), name: Some("casemate".to_owned()), debug: true, ..request() };
    fake.program().run(&all).await.unwrap();
    let plain = "run-enclave --eif-path casemate.eif --cpu-count 2 --memory 4096";
    assert_eq!(fake.calls(), format!("{plain}\n{plain} --enclave-cid 16 --enclave-name casemate --debug-mode\n"));
}

#[tokio::test]
async fn lines_for_people_around_the_json_are_passed_over() {
    let noisy = format!("Start allocating memory...\nStarted enclave, cpu-ids: [1, 5]\n{STARTED}done\n");
    assert_eq!(FakeNitroCli::printing(&noisy).program().run(&request()).await.unwrap().cid, 16);
}

#[tokio::test]
async fn enclaves_are_listed_with_their_state_and_mode() {
    let fake = FakeNitroCli::printing(RUNNING);
    let enclaves = fake.program().enclaves().await.unwrap();
    let [enclave] = &enclaves[..] else { panic!("{enclaves:?}") };
    assert_eq!((&enclave.state, enclave.is_debug(), enclave.process), (&EnclaveState::Running, false, Some(4711)));
    assert_eq!(enclave.measurements["PCR2"], "0c");
    for name in ["casemate", "16", "i-0abc12345def67890-enc19a0b1c2d3e4f5a6"] {
        assert!(enclave.is_called(name), "{name}");
    }
    assert!(!enclave.is_called("17"));

    let debug = RUNNING.replace("NONE", "DEBUG_MODE").replace("RUNNING", "TERMINATING");
    let enclaves = FakeNitroCli::printing(&debug).program().enclaves().await.unwrap();
    assert_eq!((&enclaves[0].state, enclaves[0].is_debug()), (&EnclaveState::Terminating, true));
    assert!(FakeNitroCli::printing("[]\n").program().enclaves().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_old_version_that_knows_no_names_and_measurements_is_understood() {
    let old =
        r#"[{"EnclaveID": "i-1-enc2", "EnclaveCID": 18, "NumberOfCPUs": 2, "MemoryMiB": 512, "State": "RUNNING"}]"#;
    let enclaves = FakeNitroCli::printing(old).program().enclaves().await.unwrap();
    assert_eq!((enclaves[0].cid, &enclaves[0].name), (18, &None));
}

#[tokio::test]
async fn an_enclave_is_terminated_and_says_so() {
    let fake = FakeNitroCli::printing(r#"{"EnclaveName": "c", "EnclaveID": "i-1-enc2", "Terminated": true}"#);
    fake.program().terminate("i-1-enc2").await.unwrap();
    assert_eq!(fake.calls(), "terminate-enclave --enclave-id i-1-enc2\n");
    let not = FakeNitroCli::printing(r#"{"EnclaveID": "i-1-enc2", "Terminated": false}"#);
    assert!(matches!(not.program().terminate("i-1-enc2").await, Err(NitroCliError::Output { .. })));
}

#[tokio::test]
async fn what_is_no_json_is_an_error_that_names_the_command() {
    for printed in ["", "no json\n", "[{\"EnclaveID\": 7}]", "{\n", "[1, 2"] {
        let error = FakeNitroCli::printing(printed).program().enclaves().await.unwrap_err().to_string();
        assert!(error.contains("describe-enclaves") && error.contains("--version"), "{error}");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_an_error_that_says_how_to_get_it() {
    let error = NitroCli::new("/nonexistent/nitro-cli").enclaves().await.unwrap_err();
    assert!(matches!(error, NitroCliError::Missing(_)));
    assert!(error.to_string().contains("aws-nitro-enclaves-cli"), "{error}");
    let error = NitroCli::new("/etc/passwd").enclaves().await.unwrap_err();
    assert!(matches!(error, NitroCliError::Spawn { .. }), "{error}");
}

#[tokio::test]
async fn a_command_that_hangs_is_given_up() {
    let fake = FakeNitroCli::new("sleep 60");
    let error = fake.program().ask("describe-enclaves", &[], Duration::from_millis(200)).await.err().unwrap();
    assert!(matches!(error, NitroCliError::Timeout { command: "describe-enclaves", .. }), "{error}");
}

/// What version 1.5.2 prints when a start fails, with the code and sentence of the cause.
fn refused_start(code: &str, sentence: &str, backtrace: &str) -> String {
    format!(
        "Start allocating memory...\n[ {code} ] {sentence}\n\nFor more details, please visit \
         https://docs.aws.amazon.com/enclaves/latest/user/cli-errors.html#{code}\n\nBacktrace:\n  Action: Run Enclave\n  \
         Subactions:\n    Failed to handle all enclave process replies\n    {backtrace}\n\nIf you open a support ticket, \
         please provide the error log found at \"/var/log/nitro_enclaves/err2026-01-01.log\"\nFailed connections: 1\n[ E39 \
         ] Enclave process connection failure. Such error appears when the enclave manager fails to connect to at least \
         one enclave process for retrieving the description information.\n"
    )
}

async fn failure(exit: u8, stderr: &str) -> String {
    match FakeNitroCli::failing(exit, stderr).program().run(&request()).await.unwrap_err() {
        NitroCliError::Failed(failure) => failure.to_string(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn each_failure_is_explained_with_what_to_do() {
    let pages = "Insufficient memory available. User provided `memory` is 4096 MB, which is more than the available \
                 hugepage memory.";
    let cpus = "Insufficient CPUs available in the pool. User provided `cpu-count` is 2, which is more than the \
                configured CPU pool size.";
    let small = "Insufficient memory requested. User provided `memory` is 64 MB, but based on the EIF file size, the \
                 minimum memory should be 312 MB";
    let file =
        "File operation failure. Such error appears when the system fails to perform the requested file operations";
    let device = format!("{file}\nFile: '/dev/nitro_enclaves', failing operation: 'Open'.");
    let driver = format!("{file}\nFile: '/sys/module/nitro_enclaves/parameters/ne_cpus', failing operation: 'Open'.");
    let cases = [
        ("E27", pages, "", "memory_mib in /etc/nitro_enclaves/allocator.yaml"),
        ("E22", cpus, "", "cpu_count in /etc/nitro_enclaves/allocator.yaml"),
        ("E26", small, "", "four times the size"),
        ("E19", &device, "Failed to open device file", "usermod -aG ne"),
        ("E19", &driver, "Failed to open CPU pool file", "modprobe nitro_enclaves"),
        ("E19", file, "Failed to open the EIF file", "must be readable"),
        ("E29", "Ioctl failure.", "The enclave cannot start because full CPU cores have not been set", "whole cores"),
        ("E29", "Ioctl failure.", "because no CPUs are available in the pool", "casemate enclave describe"),
        ("E29", "Ioctl failure.", "An error has occurred: 22 (rc: -1)", "context id may be taken"),
        ("E35", "EIF file parsing error.", "", "casemate enclave describe FILE"),
        ("E36", "Enclave boot failure.", "", "--debug-mode"),
    ];
    for (code, sentence, backtrace, next) in cases {
        let text = failure(39, &refused_start(code, sentence, backtrace)).await;
        assert!(text.starts_with(&format!("`nitro-cli run-enclave` failed with {code}: ")), "{text}");
        assert!(text.contains(next), "{code}: {text}");
        assert!(text.contains(sentence.lines().next().unwrap()), "its own words are kept: {text}");
    }
}

#[tokio::test]
async fn an_option_that_it_does_not_know_means_that_it_is_old() {
    for stderr in [
        "error: Found argument '--enclave-name' which wasn't expected, or isn't valid in this context",
        "error: unexpected argument '--enclave-name' found",
    ] {
        assert!(failure(1, stderr).await.contains("too old"), "{stderr}");
    }
}

#[tokio::test]
async fn an_unknown_failure_keeps_its_words_without_what_a_terminal_would_obey() {
    let text = failure(57, "[ E57 ] Hasher error.\x1b[2J\x07 more").await;
    assert!(text.contains("with E57") && text.contains("Hasher error.[2J more"), "{text}");
    assert!(!text.contains('\x1b'));
    assert!(failure(101, "").await.contains("said nothing"));
    assert!(failure(1, &"long ".repeat(10_000)).await.len() < 3000);
}
