//! The program `casemate-engine` as others start it: its exit codes, its one line, its signals.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime};

use casemate_wire::UnixMillis;
use casemate_wire::access_file::{AccessFile, ClientEntry};
use casemate_wire::address::Address;
use casemate_wire::data_policy::DataPolicy;
use casemate_wire::handshake::{ClientOptions, connect};
use casemate_wire::identity::ClientIdentity;
use casemate_wire::keys::DataKeys;
use casemate_wire::session::{EndStatus, QueryRequest, ResultItem, StreamOpener};
use casemate_wire::transport;
use casemate_wire::trust_file::TrustFile;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// An engine process, ended at the latest with the test.
struct Engine {
    process: Child,
    folder: TempDir,
    identity: ClientIdentity,
    address: String,
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_casemate-engine"));
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

const REQUIRED: [&str; 8] = [
    "--listen",
    "unix://engine.sock",
    "--storage",
    "unix://storage.sock",
    "--access",
    "access.json",
    "--memory-limit",
    "64MiB",
];

fn write_access_file(folder: &Path) -> ClientIdentity {
    let identity = ClientIdentity::generate().unwrap();
    let client = ClientEntry { name: "alice".into(), key: identity.public(), memory_limit: None };
    let file =
        AccessFile { clients: vec![client], max_sessions: 4, idle_timeout_seconds: 60, handshake_timeout_seconds: 10 };
    std::fs::write(folder.join("access.json"), file.to_json()).unwrap();
    identity
}

/// Starts a simulated engine on a socket in a new folder and waits until it is ready.
fn start() -> Engine {
    let folder = TempDir::new().unwrap();
    let identity = write_access_file(folder.path());
    let socket = format!("unix://{}", folder.path().join("engine.sock").display());
    let mut process = command(folder.path())
        .args(["--listen", &socket, "--storage", "unix:///nowhere/storage.sock", "--access", "access.json"])
        .args(["--memory-limit", "64MiB", "--nsm", "simulated", "--simulated-trust-out", "trust.json"])
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("first line: {line:?}"));
    assert_eq!(address, socket);
    Engine { process, folder, identity, address: address.to_owned() }
}

impl Engine {
    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    fn wait(&mut self) -> ExitStatus {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(begin.elapsed() < PATIENCE, "the engine did not stop");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn stderr(&mut self) -> String {
        let mut text = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    /// Connects with the trust file that the engine wrote, runs `sql` and gives how it ended.
    async fn query(&self, sql: &str) -> EndStatus {
        let trust = std::fs::read_to_string(self.folder.path().join("trust.json")).unwrap();
        let trust = TrustFile::from_json(&trust).unwrap().to_policy().unwrap();
        let io = transport::connect(&self.address.parse::<Address>().unwrap()).await.unwrap();
        let clock = || UnixMillis::from(SystemTime::now());
        let options = ClientOptions {
            identity: &self.identity,
            data_keys: &DataKeys::new(),
            data_policy: &DataPolicy::allow_all(),
            trust: &trust,
            clock: &clock,
        };
        let session = connect(io, options).await.unwrap();
        assert!(session.attested().simulated);
        let (mut sender, mut receiver) = session.split();
        let mut opener = StreamOpener::new(sender.query(&QueryRequest { sql: sql.to_owned() }).await.unwrap());
        loop {
            let item = opener.open(receiver.next_frame().await.unwrap()).unwrap();
            if let Some(ResultItem::End(status)) = item {
                sender.close().await.unwrap();
                return status;
            }
        }
    }
}

fn run(arguments: &[&str], folder: &Path) -> (i32, String, String) {
    let output = command(folder).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn help_succeeds_and_wrong_usage_is_exit_code_2() {
    let folder = TempDir::new().unwrap();
    let (code, stdout, _) = run(&["--help"], folder.path());
    assert_eq!(code, 0);
    assert!(stdout.contains("Examples:"));
    let (code, stdout, stderr) = run(&["--listen", "here"], folder.path());
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("vsock://"), "{stderr}");
}

#[test]
fn an_access_file_that_is_missing_or_broken_is_named() {
    let folder = TempDir::new().unwrap();
    let arguments: Vec<&str> = REQUIRED.iter().chain(&["--nsm", "simulated"]).copied().collect();
    let (code, _, stderr) = run(&arguments, folder.path());
    assert_eq!(code, 1);
    assert!(stderr.contains("'access.json'"), "{stderr}");
    std::fs::write(folder.path().join("access.json"), r#"{"clients": []}"#).unwrap();
    let (code, _, stderr) = run(&arguments, folder.path());
    assert_eq!(code, 1);
    assert!(stderr.contains("at least one client"), "{stderr}");
}

#[test]
fn without_the_device_there_is_no_silent_simulation() {
    let folder = TempDir::new().unwrap();
    write_access_file(folder.path());
    let arguments: Vec<&str> = REQUIRED.iter().chain(&["--nsm", "device"]).copied().collect();
    let (code, stdout, stderr) = run(&arguments, folder.path());
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("--nsm simulated"), "{stderr}");
}

#[test]
fn a_trust_file_is_never_written_for_a_real_device() {
    let folder = TempDir::new().unwrap();
    write_access_file(folder.path());
    let extra = ["--nsm", "device", "--simulated-trust-out", "trust.json"];
    let arguments: Vec<&str> = REQUIRED.iter().chain(&extra).copied().collect();
    let (code, _, stderr) = run(&arguments, folder.path());
    assert_eq!(code, 1);
    assert!(stderr.contains("--simulated-trust-out"), "{stderr}");
    assert!(!folder.path().join("trust.json").exists());
}

#[tokio::test]
async fn a_simulated_engine_says_so_serves_and_stops_cleanly_at_either_signal() {
    for signal in ["-TERM", "-INT"] {
        let mut engine = start();
        let idle = engine.resident_bytes();
        assert!(idle < 100 << 20, "{idle} bytes resident");
        let status = engine.query("SELECT canary_column_name FROM canary_table_name").await;
        assert!(matches!(status, EndStatus::Failed(_)), "{status:?}");

        engine.signal(signal);
        assert_eq!(engine.wait().code(), Some(0));
        let stderr = engine.stderr();
        assert!(stderr.contains("SIMULATED"), "{stderr}");
        assert!(!stderr.contains("canary"), "{stderr}");
        assert!(!engine.folder.path().join("engine.sock").exists());
    }
}

#[tokio::test]
async fn a_second_engine_on_the_same_address_is_refused() {
    let engine = start();
    let (code, stdout, stderr) = run(
        &[
            "--listen",
            &engine.address,
            "--storage",
            "unix:///nowhere/storage.sock",
            "--access",
            "access.json",
            "--memory-limit",
            "64MiB",
            "--nsm",
            "simulated",
        ],
        engine.folder.path(),
    );
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("can't listen on"), "{stderr}");
}
