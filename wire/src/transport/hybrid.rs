//! Vsock as virtual machine monitors show it to their host: one Unix socket for each machine.
//!
//! Firecracker (`docs/vsock.md`), Cloud Hypervisor and vhost-device-vsock speak it. The host calls a port of the guest by
//! connecting to the socket and writing `CONNECT PORT\n`; `OK HOST_PORT\n` comes back before the guest's first byte. What
//! the guest calls on its host arrives at the socket whose name has `_PORT` behind it.

use std::io;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// The longest answer that is read: `OK ` and a port, with room to spare.
const MAX_ANSWER: usize = 32;

/// Calls `port` of the guest whose monitor listens at `path`.
///
/// # Errors
/// When nobody listens there, neither a monitor nor in its guest, or when the answer is none of a monitor.
pub(super) async fn connect(path: &Path, port: u32) -> io::Result<UnixStream> {
    let mut stream = UnixStream::connect(path).await?;
    stream.write_all(format!("CONNECT {port}\n").as_bytes()).await.map_err(|error| unheard(error, port))?;
    let answer = read_line(&mut stream).await.map_err(|error| unheard(error, port))?;
    match answer.strip_prefix(b"OK ").map(<[u8]>::trim_ascii) {
        Some(host_port) if !host_port.is_empty() && host_port.iter().all(u8::is_ascii_digit) => Ok(stream),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the socket's answer is not that of a vsock of a monitor")),
    }
}

/// Where the monitor of the socket `path` takes what the guest calls on its host's `port`.
pub(super) fn host_socket(path: &Path, port: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!("_{port}"));
    PathBuf::from(name)
}

/// Up to the line's end, and not a byte more: what follows is the guest's.
async fn read_line(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut line = Vec::with_capacity(MAX_ANSWER);
    while line.len() < MAX_ANSWER {
        match stream.read_u8().await? {
            b'\n' => return Ok(line),
            byte => line.push(byte),
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "the socket's answer has no end"))
}

/// A monitor whose guest does not listen closes the connection, with or without a reset.
fn unheard(error: io::Error, port: u32) -> io::Error {
    use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, UnexpectedEof};
    match error.kind() {
        BrokenPipe | ConnectionReset | UnexpectedEof => io::Error::new(
            ConnectionRefused,
            format!("nothing in the virtual machine listens on its port {port} (yet)"),
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::transport::{self, Listener};
    use tokio::net::UnixListener;

    /// A monitor that reads one request, answers with `answer`, and closes. Gives what the caller got.
    async fn call(answer: &'static [u8]) -> (io::Result<Vec<u8>>, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vm.vsock");
        let listener = UnixListener::bind(&path).unwrap();
        let monitor = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = read_line(&mut stream).await.unwrap();
            stream.write_all(answer).await.unwrap();
            String::from_utf8(request).unwrap()
        };
        let caller = async {
            let mut stream = transport::connect(&Address::HybridVsock { path: path.clone(), port: 5005 }).await?;
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await?;
            Ok(rest)
        };
        tokio::join!(caller, monitor)
    }

    #[tokio::test]
    async fn a_guest_s_port_is_called_by_its_number_and_its_first_bytes_are_not_lost() {
        let (received, request) = call(b"OK 1073741824\nhello").await;
        assert_eq!(request, "CONNECT 5005");
        assert_eq!(received.unwrap(), b"hello");
    }

    #[tokio::test]
    async fn a_port_on_which_nobody_listens_yet_is_refused() {
        let (received, _) = call(b"").await;
        let error = received.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(error.to_string().contains("5005"), "{error}");
    }

    #[tokio::test]
    async fn answers_of_something_else_are_refused() {
        for answer in [&b"OK\n"[..], b"OK \n", b"OK x1\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", &[b'O'; 64]] {
            let (received, _) = call(answer).await;
            assert_eq!(received.unwrap_err().kind(), io::ErrorKind::InvalidData, "{answer:?}");
        }
    }

    #[tokio::test]
    async fn what_the_guest_calls_on_its_host_arrives_at_the_socket_with_its_port() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vm.vsock");
        let address = Address::HybridVsock { path: path.clone(), port: 5006 };
        let listener = Listener::bind(&address).await.unwrap();
        assert_eq!(listener.local_address(), address);
        let mut guest = UnixStream::connect(folder.path().join("vm.vsock_5006")).await.unwrap();
        let mut host = listener.accept().await.unwrap();
        guest.write_all(b"ping").await.unwrap();
        let mut received = [0; 4];
        host.read_exact(&mut received).await.unwrap();
        assert_eq!(&received, b"ping");
    }
}
