//! The relay between real sockets.

use std::sync::Mutex;

use casemate_wire::frame::{FrameType, HEADER_LEN};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// What the enclave had read when its connection ended.
type Ended = Arc<Mutex<Option<Vec<u8>>>>;

/// An enclave that upper-cases what it is sent, after a greeting, and records how the connection ended.
struct Echo {
    ended: Ended,
}

#[async_trait]
impl EnclaveConnector for Echo {
    async fn connect(&self) -> io::Result<BoxedIo> {
        let (near, mut far) = tokio::io::duplex(64);
        let ended = self.ended.clone();
        tokio::spawn(async move {
            let mut all = Vec::new();
            let _ = far.write_all(b"hello ").await;
            let _ = far.read_to_end(&mut all).await;
            let _ = far.write_all(&all.to_ascii_uppercase()).await;
            let _ = far.shutdown().await;
            *ended.lock().unwrap() = Some(all);
        });
        Ok(Box::new(near))
    }

    fn describe(&self) -> String {
        "echo".to_owned()
    }
}

struct Running {
    _folder: tempfile::TempDir,
    server: Arc<ParentServer>,
    address: Address,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    record: std::path::PathBuf,
}

async fn start(enclave: Arc<dyn EnclaveConnector>) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record");
    let directory = DataDirectory::open(folder.path()).unwrap();
    let server = ParentServer::new(directory, Some(Recorder::new(&record).unwrap()));
    let listener = Listener::bind(&"tcp://127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_address();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(server.clone().serve_clients(listener, enclave, shutdown.clone()));
    Running { _folder: folder, server, address, shutdown, task, record }
}

fn echo() -> (Arc<Echo>, Ended) {
    let ended = Ended::default();
    (Arc::new(Echo { ended: ended.clone() }), ended)
}

async fn until<T>(mut value: impl FnMut() -> Option<T>) -> T {
    for _ in 0..1000 {
        if let Some(value) = value() {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it did not happen within five seconds");
}

#[tokio::test]
async fn bytes_pass_both_ways_and_a_half_close_is_passed_on() {
    let running = start(echo().0).await;
    let mut client = transport::connect(&running.address).await.unwrap();
    let sent = vec![b'x'; 300_000];
    let (mut reader, mut writer) = tokio::io::split(&mut client);
    let write = async {
        writer.write_all(&sent).await.unwrap();
        writer.shutdown().await.unwrap();
    };
    let mut answer = Vec::new();
    let (_, read) = tokio::join!(write, reader.read_to_end(&mut answer));
    read.unwrap();
    assert_eq!(answer.len(), 6 + sent.len());
    assert!(answer.starts_with(b"hello XXX"));
    let values = until(|| Some(running.server.counters().values()).filter(|now| now.bytes_to_client == 300_006)).await;
    assert_eq!((values.connections, values.bytes_to_enclave), (1, 300_000));
}

#[tokio::test]
async fn the_recorder_holds_every_byte_that_passed() {
    let running = start(echo().0).await;
    let mut client = transport::connect(&running.address).await.unwrap();
    client.write_all(b"question").await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    let read = |name: &str| std::fs::read(running.record.join(name)).unwrap();
    assert_eq!(read("relay-0001-to-enclave"), b"question");
    assert_eq!(read("relay-0001-to-client"), b"hello QUESTION");
}

#[tokio::test]
async fn a_client_that_vanishes_ends_its_connection_to_the_enclave() {
    let (enclave, ended) = echo();
    let running = start(enclave).await;
    let mut client = transport::connect(&running.address).await.unwrap();
    client.write_all(b"half a ques").await.unwrap();
    let mut greeting = [0; 6];
    client.read_exact(&mut greeting).await.unwrap();
    drop(client);
    assert_eq!(until(|| ended.lock().unwrap().clone()).await, b"half a ques");
}

#[tokio::test]
async fn without_an_enclave_clients_are_turned_away_and_the_server_stays() {
    let nowhere: Address = "unix:///nonexistent/enclave.sock".parse().unwrap();
    let running = start(Arc::new(nowhere)).await;
    for _ in 0..3 {
        let mut client = transport::connect(&running.address).await.unwrap();
        client.write_all(&[1; 500]).await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert_eq!((answer.len(), answer[1], answer[44]), (45, FrameType::Status as u8, StatusCode::Unavailable as u8));
    }
    assert_eq!(running.server.counters().values().refused, 3);
}

/// An enclave that sends some bytes and dies.
struct Dying {
    says: Vec<u8>,
    gone: bool,
}

#[async_trait]
impl EnclaveConnector for Dying {
    async fn connect(&self) -> io::Result<BoxedIo> {
        let (near, mut far) = tokio::io::duplex(1024);
        far.write_all(&self.says).await?;
        Ok(Box::new(near))
    }

    async fn is_gone(&self) -> bool {
        self.gone
    }

    fn describe(&self) -> String {
        "dying".to_owned()
    }
}

/// A frame with three bytes of payload.
fn frame() -> Vec<u8> {
    let mut frame = vec![1; HEADER_LEN - 4];
    frame.extend([0, 0, 0, 3, 7, 8, 9]);
    frame
}

/// What a client gets from an enclave that says this and dies, or only ends the connection.
async fn last_words(says: Vec<u8>, gone: bool) -> Vec<u8> {
    let running = start(Arc::new(Dying { says, gone })).await;
    let mut client = transport::connect(&running.address).await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_client_learns_between_two_frames_that_its_enclave_is_gone_and_never_inside_one() {
    for whole in [Vec::new(), frame(), [frame(), frame()].concat()] {
        let answer = last_words(whole.clone(), true).await;
        let status = answer.strip_prefix(&whole[..]).unwrap();
        assert_eq!((status.len(), status[1], status[44]), (45, FrameType::Status as u8, StatusCode::Unavailable as u8));
        assert_eq!(last_words(whole.clone(), false).await, whole, "the enclave lives: it ended one connection");
    }
    for cut in [1, HEADER_LEN, HEADER_LEN + 2] {
        let part = [frame(), frame()[..cut].to_vec()].concat();
        assert_eq!(last_words(part.clone(), true).await, part);
    }
}

#[tokio::test]
async fn shutdown_ends_open_connections_and_returns() {
    let running = start(echo().0).await;
    let mut client = transport::connect(&running.address).await.unwrap();
    let mut greeting = [0; 6];
    client.read_exact(&mut greeting).await.unwrap();
    running.shutdown.cancel();
    running.task.await.unwrap();
    assert_eq!(client.read(&mut greeting).await.unwrap_or(0), 0);
}
