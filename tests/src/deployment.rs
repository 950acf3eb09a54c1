//! A whole deployment: an engine process, the parent's server as another, and the files that a client needs.

use std::path::{Path, PathBuf};

use casemate_host::client::Client;
use casemate_host::files::{self, Keys};
use casemate_wire::access_file::AccessFile;
use casemate_wire::address::Address;
use casemate_wire::attestation::TrustPolicy;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::answers::Answer;
use crate::engines;
use crate::process::{self, Finished, Server};
use crate::soon;
use crate::tap::{Recording, Tap};

/// Where the programs under test are.
#[derive(Debug, Clone, Copy)]
pub struct Programs {
    /// The command line `casemate`.
    pub casemate: &'static str,
    /// The engine `casemate-engine`.
    pub engine: &'static str,
}

/// What a deployment is started with.
pub struct Plan {
    programs: Programs,
    data: PathBuf,
    memory_limit: &'static str,
    access: Box<dyn FnOnce(&mut AccessFile)>,
    engine_arguments: Vec<String>,
    parent_arguments: Vec<String>,
    parent_environment: &'static [(&'static str, &'static str)],
    tapped: bool,
}

impl Plan {
    /// A deployment with one client that reads the tables in `data`.
    pub fn new(programs: Programs, data: &Path) -> Self {
        Self {
            programs,
            data: data.to_owned(),
            memory_limit: "1GiB",
            access: Box::new(|_| ()),
            engine_arguments: Vec::new(),
            parent_arguments: Vec::new(),
            parent_environment: &[],
            tapped: false,
        }
    }

    /// The engine's memory limit.
    pub fn memory_limit(mut self, limit: &'static str) -> Self {
        self.memory_limit = limit;
        self
    }

    /// Changes the access file before the engine reads it.
    pub fn access(mut self, change: impl FnOnce(&mut AccessFile) + 'static) -> Self {
        self.access = Box::new(change);
        self
    }

    /// Adds arguments of the engine.
    pub fn engine_arguments(mut self, arguments: &[&str]) -> Self {
        self.engine_arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Adds arguments of the parent's server, and variables of its environment.
    pub fn parent(mut self, arguments: &[String], environment: &'static [(&'static str, &'static str)]) -> Self {
        self.parent_arguments.extend_from_slice(arguments);
        self.parent_environment = environment;
        self
    }

    /// Puts taps on the way between client and parent, parent and engine, engine and storage.
    pub fn tapped(mut self) -> Self {
        self.tapped = true;
        self
    }

    /// Starts it.
    pub async fn start(self) -> Deployment {
        Deployment::start(self).await
    }
}

/// A running deployment. Its processes end when it is dropped.
pub struct Deployment {
    /// The engine's process.
    pub engine: Server,
    /// The parent's process.
    pub parent: Server,
    /// What clients connect to: the parent's relay.
    pub address: Address,
    /// What the engine listens on.
    pub engine_address: Address,
    /// What the parent's storage server listens on.
    pub storage_address: Address,
    /// The client's keys.
    pub keys: Keys,
    /// Which engines the client accepts.
    pub trust: TrustPolicy,
    /// What passed the taps, if there are any.
    pub recordings: Vec<Recording>,
    programs: Programs,
    _taps: Vec<Tap>,
    folder: TempDir,
}

impl Deployment {
    async fn start(plan: Plan) -> Self {
        let folder = tempfile::tempdir().expect("a folder in the temporary one");
        let at = |name: &str| folder.path().join(name);
        let socket = |name: &str| Address::Unix(at(name));
        let keys = engines::keys();
        keys.save(&at("keys.json"), false).expect("a keys file");
        let mut access = engines::access(&keys);
        (plan.access)(&mut access);
        std::fs::write(at("access.json"), access.to_json()).expect("an access file");

        // With taps, each side talks to a tap instead of the other.
        let (engine_address, storage_address) = (socket("engine.sock"), socket("storage.sock"));
        let (engine_seen, storage_seen) = if plan.tapped {
            (socket("e.tap"), socket("s.tap"))
        } else {
            (engine_address.clone(), storage_address.clone())
        };
        let mut taps = Vec::new();
        if plan.tapped {
            taps.push(Tap::start(&engine_seen, engine_address.clone()).await);
            taps.push(Tap::start(&storage_seen, storage_address.clone()).await);
        }

        let mut parent = vec![
            "serve".into(),
            "--listen=tcp://127.0.0.1:0".into(),
            format!("--enclave={engine_seen}"),
            format!("--storage={storage_address}"),
            format!("--data={}", plan.data.display()),
        ];
        parent.extend(plan.parent_arguments);
        let casemate = Path::new(plan.programs.casemate);
        let parent = Server::start_with(casemate, &parent, plan.parent_environment, &at("parent.log")).await;
        let mut engine = engine_arguments(folder.path(), &engine_address, &storage_seen, plan.memory_limit);
        engine.extend(plan.engine_arguments);
        let engine = Server::start(Path::new(plan.programs.engine), &engine, &at("engine.log")).await;
        let mut address: Address = parent.address.parse().expect("an address");
        if plan.tapped {
            let tap = Tap::start(&Address::Tcp("127.0.0.1:0".to_owned()), address).await;
            address = tap.address.clone();
            taps.push(tap);
        }
        let trust = files::load_trust(&at("trust.json")).expect("the engine wrote a trust file");
        let recordings = taps.iter().map(|tap| tap.recording.clone()).collect();
        let programs = plan.programs;
        Self {
            engine,
            parent,
            address,
            engine_address,
            storage_address,
            keys,
            trust,
            recordings,
            programs,
            _taps: taps,
            folder,
        }
    }

    /// A file of the deployment: `keys.json`, `trust.json`, `access.json`, `engine.log`, `parent.log`, or a new one.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of those files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Opens a session through the parent.
    ///
    /// # Panics
    /// When that fails.
    pub async fn connect(&self) -> Client {
        self.try_connect(&self.address).await.expect("a session")
    }

    /// Opens a session with whoever answers at `address`.
    ///
    /// # Errors
    /// When there is no session.
    pub async fn try_connect(&self, address: &Address) -> casemate_host::Result<Client> {
        soon("a session", Client::connect(address, &self.keys, &self.trust)).await
    }

    /// Runs `casemate COMMAND ..` without naming an engine.
    pub async fn casemate(&self, arguments: &[&str]) -> Finished {
        process::run(Path::new(self.programs.casemate), arguments, "").await
    }

    /// Runs `casemate COMMAND ..` with this deployment's engine, keys and trust file.
    pub async fn client(&self, command: &str, arguments: &[&str]) -> Finished {
        self.client_at(&self.address, command, arguments, "").await
    }

    /// As [`client`](Self::client), at another address and with an input.
    pub async fn client_at(&self, address: &Address, command: &str, arguments: &[&str], stdin: &str) -> Finished {
        let mut all = vec![
            command.to_owned(),
            format!("--connect={address}"),
            format!("--keys={}", self.file("keys.json").display()),
            format!("--trust={}", self.file("trust.json").display()),
        ];
        all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        process::run(Path::new(self.programs.casemate), &all, stdin).await
    }

    /// What `casemate statements` answers to queries that share their setup, each in a session of its own.
    ///
    /// # Panics
    /// When the command fails; an error of a query is part of the answer.
    pub async fn statements(&self, setup: &[String], queries: &[&str]) -> Vec<Result<Answer, String>> {
        let request = |(id, query)| json!({ "id": id, "setup": setup, "query": query }).to_string() + "\n";
        let input: String = queries.iter().enumerate().map(request).collect();
        let finished = self.client_at(&self.address, "statements", &["--time-zone=UTC"], &input).await;
        let output = finished.success();
        let answers: Vec<_> = output.lines().map(read_answer).collect();
        assert_eq!(answers.len(), queries.len(), "one answer for each request");
        answers
    }
}

/// The arguments of a simulated engine whose files are in `folder`.
pub fn engine_arguments(folder: &Path, listen: &Address, storage: &Address, memory_limit: &str) -> Vec<String> {
    vec![
        format!("--listen={listen}"),
        format!("--storage={storage}"),
        format!("--access={}", folder.join("access.json").display()),
        format!("--memory-limit={memory_limit}"),
        "--nsm=simulated".to_owned(),
        format!("--simulated-trust-out={}", folder.join("trust.json").display()),
    ]
}

fn read_answer(line: &str) -> Result<Answer, String> {
    let json: Json = serde_json::from_str(line).unwrap_or_else(|error| panic!("not JSON ({error}): {line}"));
    match json.get("error") {
        Some(error) => Err(error.as_str().unwrap_or_default().to_owned()),
        None => Ok(serde_json::from_value(json).unwrap_or_else(|error| panic!("not an answer ({error}): {line}"))),
    }
}
