//! Connections over TCP, Unix sockets and vsock (also as virtual machine monitors show it), all behind one boxed type.

use std::any::Any;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_vsock::{VsockAddr, VsockListener, VsockStream};

use crate::address::Address;

mod hybrid;
mod limited;

use limited::LimitedWrites;

/// A connection in both directions.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {
    /// The Unix socket, if bytes that are handed to the kernel for it are as good as bytes that are written here: nothing
    /// stands between that counts, cuts or records them.
    fn unix_socket(&self) -> Option<&UnixStream>;
}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {
    fn unix_socket(&self) -> Option<&UnixStream> {
        let io: &dyn Any = self;
        match io.downcast_ref::<BoxedIo>() {
            Some(boxed) => boxed.as_ref().unix_socket(),
            None => io.downcast_ref(),
        }
    }
}

/// A connection of whatever transport.
pub type BoxedIo = Box<dyn Io>;

/// Opens a connection.
pub async fn connect(address: &Address) -> io::Result<BoxedIo> {
    match address {
        Address::Tcp(host_port) => tcp(TcpStream::connect(host_port).await?),
        Address::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        Address::Vsock { cid, port } => Ok(vsock(VsockStream::connect(VsockAddr::new(*cid, *port)).await?)),
        Address::HybridVsock { path, port } => Ok(Box::new(hybrid::connect(path, *port).await?)),
    }
}

/// A listening socket. The socket file of a Unix listener is removed when the listener is dropped.
pub struct Listener {
    socket: Socket,
    local_address: Address,
}

enum Socket {
    Tcp(TcpListener),
    Unix { listener: UnixListener, _file: SocketFile },
    Vsock(VsockListener),
}

impl Listener {
    /// Starts to listen. Port 0 of TCP takes any free port, which [`Listener::local_address`] tells. A socket
    /// file left behind by a process that is gone is replaced; one that somebody listens on is an error.
    pub async fn bind(address: &Address) -> io::Result<Self> {
        match address {
            Address::Tcp(host_port) => {
                let listener = TcpListener::bind(host_port).await?;
                let local_address = Address::Tcp(listener.local_addr()?.to_string());
                Ok(Self { socket: Socket::Tcp(listener), local_address })
            }
            Address::Unix(path) => Ok(Self { socket: bind_unix(path).await?, local_address: address.clone() }),
            Address::HybridVsock { path, port } => {
                let socket = bind_unix(&hybrid::host_socket(path, *port)).await?;
                Ok(Self { socket, local_address: address.clone() })
            }
            Address::Vsock { cid, port } => {
                let listener = VsockListener::bind(VsockAddr::new(*cid, *port))?;
                Ok(Self { socket: Socket::Vsock(listener), local_address: address.clone() })
            }
        }
    }

    /// Waits for the next connection. Cancel safe.
    pub async fn accept(&self) -> io::Result<BoxedIo> {
        match &self.socket {
            Socket::Tcp(listener) => tcp(listener.accept().await?.0),
            Socket::Unix { listener, .. } => Ok(Box::new(listener.accept().await?.0)),
            Socket::Vsock(listener) => Ok(vsock(listener.accept().await?.0)),
        }
    }

    /// The address that others can call, with the port that was chosen.
    pub fn local_address(&self) -> Address {
        self.local_address.clone()
    }
}

fn tcp(stream: TcpStream) -> io::Result<BoxedIo> {
    // A record is written at once and answered at once; Nagle's algorithm would only delay its last segment.
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

fn vsock(stream: VsockStream) -> BoxedIo {
    Box::new(LimitedWrites::new(stream, MAX_VSOCK_WRITE))
}

/// Some vhost devices lose the rest of a larger packet.
const MAX_VSOCK_WRITE: usize = 28 * 1024;

async fn bind_unix(path: &Path) -> io::Result<Socket> {
    remove_stale_socket(path).await?;
    let listener = UnixListener::bind(path)?;
    Ok(Socket::Unix { listener, _file: SocketFile::of(path)? })
}

/// Removes a socket file that nobody listens on. Anything else at that path is left for `bind` to refuse.
async fn remove_stale_socket(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => {}
        _ => return Ok(()),
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        _ => Ok(()),
    }
}

/// The file of a Unix listener, removed at the end if it is still the one that was made.
struct SocketFile {
    path: PathBuf,
    device_and_inode: (u64, u64),
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), device_and_inode: identity(path)? })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).ok() == Some(self.device_and_inode) {
            // Nothing can be done about a failure here, and the next bind replaces a stale file.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = std::fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests;
