//! `casemate serve` that starts its engine itself: what clients see when that dies, and afterwards.

use std::path::Path;
use std::time::Duration;

use casemate_host::HostError;
use casemate_host::client::Client;
use casemate_host::files::{Keys, load_trust};
use casemate_tests::deployment::engine_arguments;
use casemate_tests::process::{self, Finished, Server};
use casemate_tests::{engines, eventually, soon};
use casemate_wire::Error;
use casemate_wire::address::Address;
use casemate_wire::attestation::AttestationError;
use casemate_wire::frame::StatusCode;
use casemate_wire::handshake::HandshakeError;
use casemate_wire::session::ResultItem;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::{ENDLESS, ONE, PROGRAMS, small_tables};

/// A parent whose engine writes its process id to a file, and a client's files.
struct Supervised {
    parent: Server,
    address: Address,
    keys: Keys,
    folder: TempDir,
}

impl Supervised {
    async fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let keys = engines::keys();
        keys.save(&at("keys.json"), false).unwrap();
        std::fs::write(at("access.json"), engines::access(&keys).to_json()).unwrap();
        let (engine, storage) = (Address::Unix(at("e.sock")), Address::Unix(at("e.sock.storage")));
        let engine_arguments = engine_arguments(folder.path(), &engine, &storage, "1GiB").join(" ");
        let command = format!("echo $$ > {}; exec {} {engine_arguments}", at("engine.pid").display(), PROGRAMS.engine);
        let mut all = vec![
            "serve".to_owned(),
            "--listen=tcp://127.0.0.1:0".to_owned(),
            format!("--enclave={engine}"),
            format!("--enclave-command={command}"),
            format!("--data={}", small_tables().display()),
        ];
        all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        let parent = Server::start(Path::new(PROGRAMS.casemate), &all, &at("parent.log")).await;
        let address = parent.address.parse().unwrap();
        Self { parent, address, keys, folder }
    }

    fn kill_engine(&self) {
        let pid = std::fs::read_to_string(self.folder.path().join("engine.pid")).unwrap();
        kill(Pid::from_raw(pid.trim().parse().unwrap()), Signal::SIGKILL).unwrap();
    }

    async fn connect(&self) -> casemate_host::Result<Client> {
        let trust = load_trust(&self.folder.path().join("trust.json")).unwrap();
        soon("a session or a refusal", Client::connect(&self.address, &self.keys, &trust)).await
    }

    async fn sql(&self, arguments: &[&str]) -> Finished {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let mut all = vec!["sql".to_owned(), format!("--connect={}", self.address), "--format=csv".to_owned()];
        all.extend([format!("--keys={}", file("keys.json")), format!("--trust={}", file("trust.json"))]);
        all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        process::run(Path::new(PROGRAMS.casemate), &all, "").await
    }

    async fn until_up(&self, times: usize) {
        let up = || self.parent.log().matches("the enclave is up").count() >= times;
        eventually("the engine is up again", up).await;
    }
}

#[tokio::test]
async fn an_engine_that_dies_is_started_again_and_clients_attest_the_new_one() {
    let served = Supervised::start(&[]).await;
    let before = load_trust(&served.folder.path().join("trust.json")).unwrap();
    let mut idle = served.connect().await.unwrap();
    let mut busy = served.connect().await.unwrap();
    let mut answer = busy.query(ENDLESS).await.unwrap();
    while !matches!(soon("rows", answer.next()).await.unwrap(), Some(ResultItem::Batch(_))) {}

    served.kill_engine();
    // In the middle of an answer: cut, or the status between two records. Never an end.
    let cut = loop {
        match soon("the end of the answer", answer.next()).await {
            Ok(Some(ResultItem::End(status))) => panic!("an end that no engine has sealed: {status:?}"),
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(cut.is_passing(), "{cut}");
    // In a session that waits: the reason.
    served.until_up(2).await;
    let told = match idle.query(ONE).await {
        Ok(answer) => soon("the reason", answer.collect()).await.unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(told, HostError::Protocol(Error::Status(StatusCode::Unavailable))), "{told}");
    assert!(told.to_string().contains("attests the next one anew"), "{told}");

    // The engine that answers now is another: who has not learnt to trust it does not, and who has, gets answers.
    let stranger = soon("a refusal", Client::connect(&served.address, &served.keys, &before)).await.err().unwrap();
    let HostError::Handshake(HandshakeError::Attestation(AttestationError::UntrustedRoot(_))) = stranger else {
        panic!("{stranger}")
    };
    assert!(served.sql(&["-e", ONE]).await.success().contains("GERMANY"));
    let log = served.parent.log();
    for line in ["the enclave is gone: its process ended", "starting the enclave again (1 of 5)"] {
        assert!(log.contains(line), "{log}");
    }
}

#[tokio::test]
async fn while_the_engine_is_down_clients_are_told_so_and_those_who_wait_get_their_answer() {
    let served = Supervised::start(&[]).await;
    served.kill_engine();
    eventually("the parent has noticed", || served.parent.log().contains("the enclave is gone")).await;
    // The pause before a restart is a second.
    let refused = served.sql(&["-e", ONE]).await.failure(4);
    assert!(refused.contains("unavailable"), "{refused}");
    let waited = served.sql(&["-e", ONE, "--retry=60"]).await;
    assert!(waited.success().contains("GERMANY"));
}

#[tokio::test]
async fn a_parent_that_may_not_start_its_engine_again_ends_with_the_reason() {
    let mut served = Supervised::start(&["--restarts=0"]).await;
    served.kill_engine();
    assert_eq!(served.parent.stop_after_signal().await, Some(1));
    let log = served.parent.log();
    assert!(log.contains("started again 0 times and is gone again"), "{log}");
}

#[tokio::test]
async fn a_parent_that_is_stopped_takes_its_engine_with_it() {
    let mut served = Supervised::start(&[]).await;
    assert_eq!(served.parent.stop().await, Some(0));
    let pid = std::fs::read_to_string(served.folder.path().join("engine.pid")).unwrap();
    assert!(!Path::new("/proc").join(pid.trim()).exists(), "the engine ended before its parent did");
}

#[tokio::test]
async fn an_engine_that_does_not_start_is_an_error_with_its_own_words() {
    let folder = tempfile::tempdir().unwrap();
    let address = Address::Unix(folder.path().join("e.sock"));
    let arguments = [
        "serve".to_owned(),
        "--listen=tcp://127.0.0.1:0".to_owned(),
        format!("--enclave={address}"),
        "--enclave-command=echo no access file >&2; exit 3".to_owned(),
        format!("--data={}", folder.path().display()),
    ];
    let finished =
        tokio::time::timeout(Duration::from_secs(60), process::run(Path::new(PROGRAMS.casemate), &arguments, ""));
    let stderr = finished.await.unwrap().failure(1);
    assert!(stderr.contains("no access file") && stderr.contains("ended before it answered"), "{stderr}");
}
