//! Keeps an enclave running: starts it, sees that it answers, and starts it again when it is gone.
//!
//! The supervisor knows no more than the parent may: that a process or an enclave is there, and that somebody answers a
//! hello. Whether the right image answers is for the clients to find out, each time anew: an enclave that was started
//! again has none of the sessions and keys of the one before.

mod connection;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use casemate_wire::address::Address;
use casemate_wire::handshake::{HandshakeError, inspect};
use casemate_wire::transport::{self, BoxedIo};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::launcher::{Health, LaunchError, Launcher};
use crate::parent::EnclaveConnector;

use connection::UntilGone;

/// How a supervisor watches and how often it starts again.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Between two looks at whether the enclave is there.
    pub interval: Duration,
    /// Between two hellos: what is there may still hang.
    pub hello_interval: Duration,
    /// How long an answer to a hello may take.
    pub hello_timeout: Duration,
    /// Hellos in a row without an answer after which the enclave counts as hung.
    pub hellos_missed: u32,
    /// How long it may take from the start to the first answer.
    pub start_timeout: Duration,
    /// The pause before the first restart; it doubles with each one.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// Restarts in a row before the supervisor gives up.
    pub restarts: u32,
    /// An enclave that ran for so long was well: restarts are counted from 0 again.
    pub well_after: Duration,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(5),
            hello_interval: Duration::from_secs(30),
            hello_timeout: Duration::from_secs(10),
            hellos_missed: 3,
            start_timeout: Duration::from_secs(90),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            restarts: 5,
            well_after: Duration::from_secs(600),
        }
    }
}

/// Why there is no enclave any more, and none will be started.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// The first start failed.
    #[error("the enclave does not start: {0}")]
    Start(#[from] LaunchError),
    /// It was started and nobody answered.
    #[error(
        "the enclave was started, and nobody answered at {address} within {} seconds: is that the address on which the \
         engine in the image listens?", .waited.as_secs()
    )]
    Silent {
        /// Where it should listen.
        address: Address,
        /// How long it was waited for.
        waited: Duration,
    },
    /// It ended before it answered.
    #[error("the enclave was started and ended before it answered: {0}; what it printed last says why")]
    Ended(String),
    /// It was started again as often as it may be.
    #[error("the enclave was started again {restarts} times and is gone again ({why}): there is no use in going on")]
    GaveUp {
        /// How often.
        restarts: u32,
        /// The last reason.
        why: String,
    },
}

/// An enclave that is started again when it is gone.
pub struct Supervisor {
    launcher: Box<dyn Launcher>,
    address: Address,
    watch: Watch,
    /// Set while the enclave answers; cancelled when it is gone.
    up: watch::Sender<Option<CancellationToken>>,
    /// Asks for a look at it now.
    suspicion: Notify,
}

/// The pause between two tries to reach an enclave that is booting.
const BOOT_PAUSE: Duration = Duration::from_millis(100);

/// A process that dies closes its sockets one after the other: how long until the listening one is closed as well.
const DYING: Duration = Duration::from_millis(100);

impl Supervisor {
    /// Watches what `launcher` starts, which listens on `address`.
    pub fn new(launcher: Box<dyn Launcher>, address: Address, watch: Watch) -> Arc<Self> {
        Arc::new(Self { launcher, address, watch, up: watch::Sender::new(None), suspicion: Notify::new() })
    }

    /// Starts the enclave and waits until it answers.
    ///
    /// # Errors
    /// When it does not start or does not answer; nothing is left running.
    pub async fn start(&self) -> Result<(), SupervisorError> {
        let started = self.try_start().await;
        if started.is_err() {
            self.launcher.stop().await;
        }
        started
    }

    /// Watches the enclave that was started, and starts it again when it is gone, until `shutdown`, which ends it.
    ///
    /// # Errors
    /// When it was started again as often as it may be.
    pub async fn run(&self, shutdown: &CancellationToken) -> Result<(), SupervisorError> {
        let gave_up = tokio::select! {
            gave_up = self.keep_running() => Err(gave_up),
            () = shutdown.cancelled() => Ok(()),
        };
        self.stop().await;
        gave_up
    }

    /// Ends the enclave, if it runs. Nothing starts it again while nobody is in [`run`](Self::run).
    pub async fn stop(&self) {
        self.lost();
        self.launcher.stop().await;
    }

    async fn keep_running(&self) -> SupervisorError {
        let mut restarts = 0;
        let mut well_since = Instant::now();
        loop {
            let mut why = self.until_gone().await;
            self.lost();
            if well_since.elapsed() >= self.watch.well_after {
                restarts = 0;
            }
            loop {
                tracing::error!("the enclave is gone: {why}");
                if restarts == self.watch.restarts {
                    return SupervisorError::GaveUp { restarts, why };
                }
                sleep(self.pause(restarts)).await;
                restarts += 1;
                tracing::info!("starting the enclave again ({restarts} of {})", self.watch.restarts);
                match self.start().await {
                    Ok(()) => break,
                    Err(error) => why = error.to_string(),
                }
            }
            well_since = Instant::now();
        }
    }

    fn pause(&self, restarts: u32) -> Duration {
        let doubled = self.watch.first_pause.saturating_mul(2_u32.saturating_pow(restarts));
        doubled.min(self.watch.longest_pause)
    }

    async fn try_start(&self) -> Result<(), SupervisorError> {
        let started = Instant::now();
        let what = self.launcher.start().await?;
        let limit = self.watch.start_timeout;
        tokio::select! {
            () = self.until_answer() => {}
            why = self.until_ended() => return Err(SupervisorError::Ended(why)),
            () = sleep(limit) => {
                return Err(SupervisorError::Silent { address: self.address.clone(), waited: limit });
            }
        }
        let took = started.elapsed().as_secs_f64();
        tracing::info!("the enclave is up after {took:.1} s: {what}; it answers at {}", self.address);
        self.up.send_replace(Some(CancellationToken::new()));
        Ok(())
    }

    /// Takes it for gone: clients are turned away from now on, and those that are connected are told.
    fn lost(&self) {
        if let Some(token) = self.up.send_replace(None) {
            token.cancel();
        }
    }

    async fn until_answer(&self) {
        while self.hello().await.is_err() {
            sleep(BOOT_PAUSE).await;
        }
    }

    async fn until_ended(&self) -> String {
        loop {
            tokio::select! {
                () = sleep(self.watch.interval) => {}
                () = self.launcher.ended() => {}
            }
            if let Health::Ended(why) = self.launcher.health().await {
                return why;
            }
        }
    }

    /// Waits until the enclave is gone, and says why.
    async fn until_gone(&self) -> String {
        let mut next_hello = Instant::now() + self.watch.hello_interval;
        let mut missed = 0;
        loop {
            tokio::select! {
                () = sleep(self.watch.interval) => {}
                () = self.suspicion.notified() => {}
                () = self.launcher.ended() => {}
            }
            match self.launcher.health().await {
                Health::Running => {}
                Health::Ended(why) => return why,
                Health::Unknown(why) => tracing::warn!("can't see whether the enclave runs: {why}"),
            }
            if Instant::now() < next_hello {
                continue;
            }
            match self.hello().await {
                Ok(()) => missed = 0,
                Err(why) => {
                    missed += 1;
                    tracing::warn!("the enclave did not answer {missed} of {} times: {why}", self.watch.hellos_missed);
                    if missed >= self.watch.hellos_missed {
                        return format!("it does not answer: {why}");
                    }
                }
            }
            next_hello = Instant::now() + self.watch.hello_interval;
        }
    }

    /// Says hello and takes any answer of an engine for a sign of life, also that it is busy.
    async fn hello(&self) -> Result<(), String> {
        let answered = async {
            let io = transport::connect(&self.address).await.map_err(|error| error.to_string())?;
            match inspect(io).await {
                Ok(_) | Err(HandshakeError::Connection(casemate_wire::Error::Status(_))) => Ok(()),
                Err(error) => Err(error.to_string()),
            }
        };
        let limit = self.watch.hello_timeout;
        timeout(limit, answered).await.unwrap_or_else(|_| Err(format!("no answer within {} seconds", limit.as_secs())))
    }
}

#[async_trait]
impl EnclaveConnector for Supervisor {
    async fn connect(&self) -> io::Result<BoxedIo> {
        let Some(token) = self.up.borrow().clone() else {
            return Err(io::Error::new(io::ErrorKind::NotConnected, "it is being started again"));
        };
        match transport::connect(&self.address).await {
            Ok(io) => Ok(Box::new(UntilGone::new(io, token))),
            Err(error) => {
                self.suspicion.notify_one();
                Err(error)
            }
        }
    }

    async fn is_gone(&self) -> bool {
        let before = self.up.borrow().clone();
        self.suspicion.notify_one();
        sleep(DYING).await;
        let gone = before.is_none_or(|token| token.is_cancelled());
        gone || Address::is_gone(&self.address).await
    }

    fn describe(&self) -> String {
        self.address.to_string()
    }
}
