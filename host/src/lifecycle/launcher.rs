//! What a supervisor starts and watches: an enclave through `nitro-cli`, or an engine by a command line.

use std::io;
use std::os::fd::AsFd;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Mutex;

use super::nitro_cli::{EnclaveInfo, EnclaveState, NitroCli, NitroCliError, RunRequest};

/// How long a command may take to end after it was asked to, before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs the command line `$0`, and kills its process group once the standard input stream ends: that is when the
/// supervisor is gone, however it ended. An engine without its relay would serve nobody and hold its addresses.
const TIED_TO_THE_SUPERVISOR: &str =
    r#"exec 3<&0; { cat <&3; kill -s KILL -- -$$; } >/dev/null 2>&1 & exec sh -c "$0" </dev/null 3<&-"#;

/// Why something could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// `nitro-cli` did not start the enclave.
    #[error(transparent)]
    NitroCli(#[from] NitroCliError),
    /// The command could not be run.
    #[error("the enclave's command can't be run: {0}")]
    Command(#[from] io::Error),
}

/// Whether what was started still runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It runs.
    Running,
    /// It has ended, and why.
    Ended(String),
    /// It can't be said at the moment, and why.
    Unknown(String),
}

/// Starts an enclave, and knows whether it runs. One at a time.
#[async_trait]
pub trait Launcher: Send + Sync {
    /// Starts it, and says what was started. What is left of the one before is ended first.
    ///
    /// # Errors
    /// When it does not start.
    async fn start(&self) -> Result<String, LaunchError>;

    /// Whether it still runs.
    async fn health(&self) -> Health;

    /// Waits until something tells that it has ended, without being asked; for ever where nothing does.
    async fn ended(&self);

    /// Ends it, if it runs.
    async fn stop(&self);
}

/// An enclave of this parent instance.
pub struct NitroLauncher {
    nitro_cli: NitroCli,
    request: RunRequest,
    /// The id of the one that was started.
    id: Mutex<Option<String>>,
}

impl NitroLauncher {
    /// Starts what `request` describes. An enclave of this name that runs already is taken for one that an earlier
    /// supervisor left behind: its clients are gone with that one, and it is ended.
    pub fn new(nitro_cli: NitroCli, request: RunRequest) -> Self {
        Self { nitro_cli, request, id: Mutex::default() }
    }

    fn is_ours(&self, enclave: &EnclaveInfo, id: Option<&str>) -> bool {
        id == Some(enclave.id.as_str()) || (enclave.name.is_some() && enclave.name == self.request.name)
    }
}

#[async_trait]
impl Launcher for NitroLauncher {
    async fn start(&self) -> Result<String, LaunchError> {
        let mut id = self.id.lock().await;
        for left in self.nitro_cli.enclaves().await? {
            if self.is_ours(&left, id.as_deref()) {
                tracing::warn!("ending the enclave {}, which was left behind", left.id);
                self.nitro_cli.terminate(&left.id).await?;
            }
        }
        *id = None;
        let info = self.nitro_cli.run(&self.request).await?;
        let text = format!("{}, context id {}, {} MiB, CPUs {:?}", info.id, info.cid, info.memory_mib, info.cpu_ids);
        *id = Some(info.id);
        Ok(text)
    }

    async fn health(&self) -> Health {
        let Some(id) = self.id.lock().await.clone() else { return Health::Ended("it was not started".to_owned()) };
        match self.nitro_cli.enclaves().await {
            Err(error) => Health::Unknown(error.to_string()),
            Ok(enclaves) => match enclaves.into_iter().find(|enclave| enclave.id == id).map(|enclave| enclave.state) {
                Some(EnclaveState::Running) => Health::Running,
                Some(state) => Health::Ended(format!("nitro-cli says that it is {state}")),
                None => Health::Ended("nitro-cli does not list it any more".to_owned()),
            },
        }
    }

    async fn ended(&self) {
        std::future::pending().await
    }

    async fn stop(&self) {
        let Some(id) = self.id.lock().await.take() else { return };
        if let Err(error) = self.nitro_cli.terminate(&id).await {
            // It may be gone already; the next start looks for what is left.
            tracing::warn!("the enclave {id} was not ended: {error}");
        }
    }
}

/// Any engine: a process that a shell command line starts.
pub struct CommandLauncher {
    command: String,
    child: Mutex<Option<Tied>>,
}

/// A process group that ends with this process.
struct Tied {
    child: Child,
    /// Open as long as the group may live. Apart from the child, because waiting for a child closes its input.
    lifeline: Option<ChildStdin>,
}

impl CommandLauncher {
    /// Starts what `sh -c COMMAND` starts, in a process group of its own. What it prints goes to the standard error
    /// stream of this process.
    pub fn new(command: String) -> Self {
        Self { command, child: Mutex::default() }
    }
}

#[async_trait]
impl Launcher for CommandLauncher {
    async fn start(&self) -> Result<String, LaunchError> {
        self.stop().await;
        let mut child = Command::new("sh")
            .args(["-c", TIED_TO_THE_SUPERVISOR, &self.command])
            .stdin(Stdio::piped())
            .stdout(io::stderr().as_fd().try_clone_to_owned()?)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let text = format!("process {}", child.id().unwrap_or_default());
        let lifeline = child.stdin.take();
        *self.child.lock().await = Some(Tied { child, lifeline });
        Ok(text)
    }

    async fn health(&self) -> Health {
        match self.child.lock().await.as_mut().map(|tied| tied.child.try_wait()) {
            None => Health::Ended("it was not started".to_owned()),
            Some(Ok(None)) => Health::Running,
            Some(Ok(Some(status))) => Health::Ended(status_text(status)),
            Some(Err(error)) => Health::Unknown(error.to_string()),
        }
    }

    async fn ended(&self) {
        while !matches!(self.health().await, Health::Ended(_)) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn stop(&self) {
        let Some(Tied { mut child, lifeline: _lifeline }) = self.child.lock().await.take() else { return };
        let Some(group) = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw) else { return };
        // The group is there as long as one of its processes is; the shell itself is waited for below.
        let _ = killpg(group, Signal::SIGTERM);
        if tokio::time::timeout(STOP_TIMEOUT, child.wait()).await.is_err() {
            let _ = killpg(group, Signal::SIGKILL);
            let _ = child.wait().await;
        }
    }
}

fn status_text(status: ExitStatus) -> String {
    format!("its process ended ({status})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::nitro_cli::tests::{FakeNitroCli, RUNNING, STARTED};

    fn request() -> RunRequest {
        RunRequest {
            image: "casemate.eif".into(),
            cpus: 2,
            memory_mib: 4096,
            cid: Some(16),
            name: Some("casemate".to_owned()),
            debug: false,
        }
    }

    /// One that lists what the file `running` holds.
    fn nitro() -> (FakeNitroCli, NitroLauncher) {
        let fake = FakeNitroCli::new(
            "here=$(dirname \"$0\")\ncase \"$1\" in\n\
             run-enclave) cat \"$here/started\" ;;\n\
             describe-enclaves) cat \"$here/running\" ;;\n\
             terminate-enclave) echo '[]' > \"$here/running\"; echo \"{\\\"EnclaveID\\\": \\\"$3\\\", \\\"Terminated\\\": true}\" ;;\n\
             esac",
        );
        std::fs::write(fake.path("started"), STARTED).unwrap();
        std::fs::write(fake.path("running"), "[]").unwrap();
        let launcher = NitroLauncher::new(fake.program(), request());
        (fake, launcher)
    }

    #[tokio::test]
    async fn an_enclave_is_started_seen_to_run_and_seen_to_end() {
        let (fake, launcher) = nitro();
        assert!(matches!(launcher.health().await, Health::Ended(_)));
        let what = launcher.start().await.unwrap();
        assert!(what.contains("context id 16"), "{what}");
        std::fs::write(fake.path("running"), RUNNING).unwrap();
        assert_eq!(launcher.health().await, Health::Running);
        std::fs::write(fake.path("running"), RUNNING.replace("RUNNING", "TERMINATING")).unwrap();
        assert!(matches!(launcher.health().await, Health::Ended(why) if why.contains("TERMINATING")));
        std::fs::write(fake.path("running"), "[]").unwrap();
        assert!(matches!(launcher.health().await, Health::Ended(_)));
        std::fs::write(fake.path("running"), "garbage").unwrap();
        assert!(matches!(launcher.health().await, Health::Unknown(_)));
        launcher.stop().await;
        assert!(fake.calls().ends_with("terminate-enclave --enclave-id i-0abc12345def67890-enc19a0b1c2d3e4f5a6\n"));
    }

    #[tokio::test]
    async fn what_was_left_behind_under_its_name_is_ended_first_and_other_enclaves_are_left_alone() {
        let (fake, launcher) = nitro();
        std::fs::write(fake.path("running"), RUNNING).unwrap();
        launcher.start().await.unwrap();
        let commands =
            |calls: String| calls.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(commands(fake.calls()), ["describe-enclaves", "terminate-enclave", "run-enclave"]);
        let (fake, launcher) = nitro();
        std::fs::write(fake.path("running"), RUNNING.replace("\"casemate\"", "\"other\"")).unwrap();
        launcher.start().await.unwrap();
        assert_eq!(commands(fake.calls()), ["describe-enclaves", "run-enclave"]);
    }

    /// A command that starts a process of its own, and that one's id.
    async fn started_with_a_grandchild(end: &str) -> (CommandLauncher, i32) {
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        let launcher = CommandLauncher::new(format!("sleep 600 & echo $! > {}; {end}", pid.display()));
        launcher.start().await.unwrap();
        let id = loop {
            match std::fs::read_to_string(&pid) {
                Ok(text) if text.ends_with('\n') => break text.trim().parse::<i32>().unwrap(),
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        (launcher, id)
    }

    /// Nobody waits for grandchildren here: they may stay as zombies, which run nothing any more.
    async fn gone(id: i32) {
        let ended = async {
            while std::fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
    }

    #[tokio::test]
    async fn a_command_is_ended_with_all_that_it_started() {
        let (launcher, id) = started_with_a_grandchild("wait").await;
        assert_eq!(launcher.health().await, Health::Running);
        launcher.stop().await;
        gone(id).await;
    }

    /// What a killed supervisor leaves is what the kernel closes for it.
    #[tokio::test]
    async fn a_command_ends_when_its_lifeline_is_cut() {
        let (launcher, id) = started_with_a_grandchild("trap '' TERM; wait").await;
        let mut child = launcher.child.lock().await.take().unwrap();
        drop(child.lifeline.take());
        gone(id).await;
        assert!(!child.child.wait().await.unwrap().success());
    }

    #[tokio::test]
    async fn what_a_command_left_behind_ends_with_the_next_start() {
        let (launcher, id) = started_with_a_grandchild("exit 3").await;
        tokio::time::timeout(Duration::from_secs(10), launcher.ended()).await.unwrap();
        launcher.stop().await;
        gone(id).await;
    }

    #[tokio::test]
    async fn a_command_that_ends_is_noticed_with_its_status() {
        let launcher = CommandLauncher::new("exit 7".to_owned());
        launcher.start().await.unwrap();
        tokio::time::timeout(Duration::from_secs(10), launcher.ended()).await.unwrap();
        assert!(matches!(launcher.health().await, Health::Ended(why) if why.contains('7')));
    }
}
