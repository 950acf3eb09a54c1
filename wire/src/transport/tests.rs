//! Connections over every transport that a test machine has.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

fn scratch_socket(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("casemate-wire-{}-{name}.sock", std::process::id()))
}

async fn echo_once(address: &Address) {
    let listener = Listener::bind(address).await.unwrap();
    let called = listener.local_address();
    let (caller, answerer) = tokio::join!(connect(&called), listener.accept());
    let (mut caller, mut answerer) = (caller.unwrap(), answerer.unwrap());
    caller.write_all(b"ping").await.unwrap();
    let mut received = [0; 4];
    answerer.read_exact(&mut received).await.unwrap();
    assert_eq!(&received, b"ping");
}

#[tokio::test]
async fn tcp_takes_a_free_port_and_tells_which() {
    echo_once(&"tcp://127.0.0.1:0".parse().unwrap()).await;
}

#[tokio::test]
async fn a_connection_shows_its_unix_socket_however_often_it_is_boxed_and_never_one_behind_a_limit() {
    let (unix, _other) = UnixStream::pair().unwrap();
    let boxed: BoxedIo = Box::new(unix);
    let twice: BoxedIo = Box::new(boxed);
    assert!(twice.unix_socket().is_some());
    let (unix, _other) = UnixStream::pair().unwrap();
    assert!(LimitedWrites::new(unix, 7).unix_socket().is_none());
    assert!(tokio::io::duplex(7).0.unix_socket().is_none());
}

#[tokio::test]
async fn a_unix_listener_removes_its_socket_file_when_dropped() {
    let path = scratch_socket("dropped");
    echo_once(&Address::Unix(path.clone())).await;
    assert!(!path.exists());
}

#[tokio::test]
async fn a_stale_unix_socket_is_replaced() {
    let path = scratch_socket("stale");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    echo_once(&Address::Unix(path)).await;
}

#[tokio::test]
async fn a_unix_socket_in_use_is_not_taken_over() {
    let path = scratch_socket("in-use");
    let first = Listener::bind(&Address::Unix(path.clone())).await.unwrap();
    assert!(Listener::bind(&Address::Unix(path.clone())).await.is_err());
    assert!(path.exists());
    drop(first);
}

#[tokio::test]
async fn a_plain_file_at_the_socket_path_is_never_removed() {
    let path = scratch_socket("plain-file");
    std::fs::write(&path, "precious").unwrap();
    assert!(Listener::bind(&Address::Unix(path.clone())).await.is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn vsock_writes_never_exceed_their_limit() {
    let (sender, mut receiver) = tokio::io::duplex(1 << 20);
    let mut sender = LimitedWrites::new(sender, MAX_VSOCK_WRITE);
    let written = sender.write(&vec![7; 100_000]).await.unwrap();
    assert_eq!(written, 28 * 1024);
    sender.write_all(&vec![7; 100_000]).await.unwrap();
    drop(sender);
    let mut all = Vec::new();
    receiver.read_to_end(&mut all).await.unwrap();
    assert_eq!(all.len(), 28 * 1024 + 100_000);
}
