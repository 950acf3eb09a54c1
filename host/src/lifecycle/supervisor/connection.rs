//! A connection to an enclave, which ends with it: a hung one, or one whose vsock is not reset, would hold on to it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use casemate_wire::transport::BoxedIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Reads and writes fail once the token is cancelled.
pub(super) struct UntilGone {
    io: BoxedIo,
    gone: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl UntilGone {
    pub(super) fn new(io: BoxedIo, token: CancellationToken) -> Self {
        Self { io, gone: Box::pin(token.cancelled_owned()) }
    }

    /// What the connection gives, or the error where it gives nothing and there is no enclave any more. What has
    /// arrived before counts: the last words of an enclave may be an authenticated end.
    fn unless_gone<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match polled {
            Poll::Pending => self.gone.as_mut().poll(cx).map(|()| Err(io::ErrorKind::ConnectionReset.into())),
            ready => ready,
        }
    }
}

impl AsyncRead for UntilGone {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_read(cx, buffer);
        self.unless_gone(cx, polled)
    }
}

impl AsyncWrite for UntilGone {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.unless_gone(cx, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_flush(cx);
        self.unless_gone(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
