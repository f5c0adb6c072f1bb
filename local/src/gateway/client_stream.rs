//! The TCP stream below hyper: suppresses hyper's automatic responses, and sets a time limit for writes.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::exchange::REQUEST_ID;

/// A connection to a client, as hyper reads and writes it.
///
/// If hyper cannot parse a request, hyper writes a response without a body, and does not call the service. This
/// stream suppresses that response. [`has_suppressed_response`](Self::has_suppressed_response) is then `true`, and
/// the gateway must respond instead.
pub(super) struct ClientStream {
    stream: TcpStream,
    suppressed: bool,
    /// The maximum time that a write may wait for the client.
    timeout: Duration,
    /// The deadline of the write that is waiting.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl ClientStream {
    pub fn new(stream: TcpStream, timeout: Duration) -> Self {
        Self {
            stream,
            suppressed: false,
            timeout,
            deadline: None,
        }
    }

    /// Returns `true` if an automatic response was suppressed.
    pub fn has_suppressed_response(&self) -> bool {
        self.suppressed
    }

    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    fn suppress(&mut self, bytes: usize) -> Poll<io::Result<usize>> {
        self.suppressed = true;
        Poll::Ready(Ok(bytes))
    }

    /// Returns the outcome of a write, or an error if the write has waited too long.
    fn within_timeout(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.deadline = None;
            return written;
        }
        let timeout = self.timeout;
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(sleep(timeout)));
        ready!(deadline.as_mut().poll(context));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

/// Returns `true` if the bytes are an automatic response: a whole head without a body, and without the id that
/// every response of the gateway has.
fn is_hyper_error_response(bytes: &[u8]) -> bool {
    let has = |part: &[u8]| bytes.windows(part.len()).any(|bytes| bytes == part);
    bytes.starts_with(b"HTTP/1.")
        && bytes.ends_with(b"\r\n\r\n")
        && has(b"content-length: 0\r\n")
        && !has(REQUEST_ID.as_bytes())
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if is_hyper_error_response(bytes) {
            return self.suppress(bytes.len());
        }
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.within_timeout(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = slices
            && is_hyper_error_response(only)
        {
            return self.suppress(only.len());
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.within_timeout(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.suppressed {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
