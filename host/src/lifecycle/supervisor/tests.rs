//! The supervisor over an enclave that says `busy` to everybody, dies, hangs, or never begins to listen.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use casemate_wire::frame::StatusCode;
use casemate_wire::handshake::refuse;
use casemate_wire::transport::Listener;
use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;

use super::*;

/// What a start leads to.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Answers,
    Hangs,
    NeverListens,
    EndsAtOnce,
    Fails,
}

struct Fake {
    address: Address,
    fates: Mutex<VecDeque<Fate>>,
    running: Mutex<Option<JoinHandle<()>>>,
    starts: AtomicU32,
    stops: AtomicU32,
}

impl Fake {
    fn kill(&self) {
        if let Some(task) = self.running.lock().unwrap().take() {
            task.abort();
        }
    }
}

#[async_trait]
impl Launcher for Arc<Fake> {
    async fn start(&self) -> Result<String, LaunchError> {
        self.kill();
        self.starts.fetch_add(1, Ordering::Relaxed);
        let fate = self.fates.lock().unwrap().pop_front().unwrap_or(Fate::Answers);
        let task = match fate {
            Fate::Fails => return Err(io::Error::other("no CPUs").into()),
            Fate::EndsAtOnce => return Ok("nothing".to_owned()),
            Fate::NeverListens => tokio::spawn(std::future::pending()),
            Fate::Answers | Fate::Hangs => {
                let listener = Listener::bind(&self.address).await.unwrap();
                tokio::spawn(async move {
                    let mut open = tokio::task::JoinSet::new();
                    while let Ok(mut io) = listener.accept().await {
                        open.spawn(async move {
                            if fate == Fate::Answers {
                                // A first byte of what is no hello stands for a session that stays open.
                                let mut byte = [0];
                                if io.read_exact(&mut byte).await.is_ok() && byte == [1] {
                                    let _ = refuse(io, StatusCode::Busy).await;
                                    return;
                                }
                            }
                            std::future::pending::<()>().await;
                        });
                    }
                })
            }
        };
        *self.running.lock().unwrap() = Some(task);
        Ok("a fake".to_owned())
    }

    async fn health(&self) -> Health {
        match self.running.lock().unwrap().as_ref().is_some_and(|task| !task.is_finished()) {
            true => Health::Running,
            false => Health::Ended("killed".to_owned()),
        }
    }

    async fn ended(&self) {
        while self.health().await == Health::Running {
            sleep(Duration::from_millis(5)).await;
        }
    }

    async fn stop(&self) {
        self.stops.fetch_add(1, Ordering::Relaxed);
        self.kill();
    }
}

struct World {
    fake: Arc<Fake>,
    supervisor: Arc<Supervisor>,
    _folder: tempfile::TempDir,
}

/// Everything a hundred times as fast as it is.
fn world(fates: &[Fate], change: impl FnOnce(&mut Watch)) -> World {
    let folder = tempfile::tempdir().unwrap();
    let address = Address::Unix(folder.path().join("enclave.sock"));
    let fake = Arc::new(Fake {
        address: address.clone(),
        fates: Mutex::new(fates.iter().copied().collect()),
        running: Mutex::default(),
        starts: AtomicU32::new(0),
        stops: AtomicU32::new(0),
    });
    let mut watch = Watch {
        interval: Duration::from_millis(20),
        hello_interval: Duration::from_secs(3600),
        hello_timeout: Duration::from_millis(500),
        start_timeout: Duration::from_secs(2),
        first_pause: Duration::from_millis(300),
        ..Watch::default()
    };
    change(&mut watch);
    World { supervisor: Supervisor::new(Box::new(fake.clone()), address, watch), fake, _folder: folder }
}

impl World {
    /// Starts it and watches it in the background.
    async fn run(&self) -> (CancellationToken, JoinHandle<Result<(), SupervisorError>>) {
        self.supervisor.start().await.unwrap();
        let shutdown = CancellationToken::new();
        let (supervisor, token) = (self.supervisor.clone(), shutdown.clone());
        (shutdown, tokio::spawn(async move { supervisor.run(&token).await }))
    }

    async fn until(&self, up: bool) {
        let mut changes = self.supervisor.up.subscribe();
        let changed = changes.wait_for(|token| token.is_some() == up);
        timeout(Duration::from_secs(10), changed).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn an_enclave_that_dies_is_started_again_and_its_clients_learn_of_it() {
    let world = world(&[], |_| ());
    let (shutdown, running) = world.run().await;
    let mut client = world.supervisor.connect().await.unwrap();
    assert!(!world.supervisor.is_gone().await);
    world.fake.kill();
    let ended = timeout(Duration::from_secs(10), client.read(&mut [0])).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)));
    assert!(world.supervisor.is_gone().await);
    world.until(false).await;
    let refused = world.supervisor.connect().await.err().unwrap();
    assert_eq!(refused.kind(), io::ErrorKind::NotConnected);
    world.until(true).await;
    world.supervisor.connect().await.unwrap();
    assert_eq!(world.fake.starts.load(Ordering::Relaxed), 2);
    shutdown.cancel();
    running.await.unwrap().unwrap();
    assert!(world.fake.running.lock().unwrap().is_none(), "it does not outlive its supervisor");
    assert!(world.supervisor.connect().await.is_err());
}

#[tokio::test]
async fn an_enclave_that_hangs_is_started_again_and_lets_go_of_its_clients() {
    let world = world(&[], |watch| {
        watch.hello_interval = Duration::from_millis(20);
        watch.hello_timeout = Duration::from_millis(50);
        watch.hellos_missed = 2;
    });
    let (_shutdown, _running) = world.run().await;
    let mut client = world.supervisor.connect().await.unwrap();
    // The listener goes on to accept, as a hung machine's kernel does, and nobody answers.
    world.fake.kill();
    world.fake.fates.lock().unwrap().push_back(Fate::Hangs);
    Launcher::start(&world.fake).await.unwrap();
    let ended = timeout(Duration::from_secs(10), client.read(&mut [0])).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)));
    world.until(false).await;
    world.until(true).await;
    assert!(world.fake.starts.load(Ordering::Relaxed) >= 3);
}

#[tokio::test]
async fn a_connection_ends_with_its_enclave_even_if_nobody_closes_it() {
    let (near, _far) = tokio::io::duplex(64);
    let token = CancellationToken::new();
    let mut connection = UntilGone::new(Box::new(near), token.clone());
    let reading = tokio::spawn(async move { connection.read(&mut [0]).await });
    token.cancel();
    let ended = timeout(Duration::from_secs(10), reading).await.unwrap().unwrap();
    assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn after_so_many_restarts_in_a_row_the_supervisor_gives_up() {
    let fates = [Fate::Answers, Fate::Fails, Fate::EndsAtOnce];
    let world = world(&fates, |watch| {
        watch.restarts = 2;
        watch.first_pause = Duration::from_millis(1);
    });
    let (_shutdown, running) = world.run().await;
    world.fake.kill();
    let error = timeout(Duration::from_secs(10), running).await.unwrap().unwrap().unwrap_err();
    assert!(matches!(&error, SupervisorError::GaveUp { restarts: 2, .. }), "{error}");
    assert_eq!(world.fake.starts.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn an_enclave_that_was_well_for_long_may_be_started_again_as_often_as_ever() {
    let world = world(&[], |watch| {
        watch.restarts = 1;
        watch.first_pause = Duration::from_millis(1);
        watch.well_after = Duration::ZERO;
    });
    let (_shutdown, running) = world.run().await;
    for starts in 2..5 {
        world.fake.kill();
        let reached = async {
            while world.fake.starts.load(Ordering::Relaxed) < starts || world.supervisor.up.borrow().is_none() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(10), reached).await.unwrap();
    }
    assert!(!running.is_finished());
}

#[tokio::test]
async fn a_first_start_that_leads_to_nothing_is_an_error_with_its_reason_and_leaves_nothing_running() {
    let start = |fate| async move {
        let world = world(&[fate], |watch| watch.start_timeout = Duration::from_millis(100));
        let error = world.supervisor.start().await.unwrap_err();
        assert_eq!(world.fake.stops.load(Ordering::Relaxed), 1);
        error
    };
    assert!(start(Fate::Fails).await.to_string().contains("no CPUs"));
    assert!(matches!(start(Fate::EndsAtOnce).await, SupervisorError::Ended(_)));
    assert!(matches!(start(Fate::NeverListens).await, SupervisorError::Silent { .. }));
}

#[test]
fn pauses_double_up_to_the_longest() {
    let world = world(&[], |watch| *watch = Watch::default());
    let pauses = [0, 1, 2, 5, 6, 40].map(|restarts| world.supervisor.pause(restarts).as_secs());
    assert_eq!(pauses, [1, 2, 4, 32, 60, 60]);
}
