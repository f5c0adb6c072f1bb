//! The bytes of a connection: keeps back what hyper would answer by itself, and gives up on a client that takes nothing.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// The stage of the newest request on a connection, which the service and the [`Wire`] share.
#[derive(Clone, Debug, Default)]
pub(super) struct Stage(Arc<Mutex<State>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// There is none, or its answer is written: what hyper writes now, it answers by itself.
    #[default]
    Idle,
    /// The service has it.
    Serving,
    /// The service has answered, and hyper writes the answer.
    Answered,
}

impl Stage {
    pub fn serving(&self) {
        self.set(State::Serving);
    }

    pub fn answered(&self) {
        self.set(State::Answered);
    }

    fn set(&self, state: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn get(&self) -> State {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection to a client, as hyper reads and writes it.
///
/// hyper answers what it cannot read by itself: with a status and no body, unseen by the service. Such an
/// answer is not written, so that [`kept_back`](Self::kept_back) tells to write another.
pub(super) struct Wire {
    stream: TcpStream,
    stage: Stage,
    kept_back: bool,
    /// How long a write may wait for the client.
    limit: Duration,
    /// Until when the write that is waiting may.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    pub fn new(stream: TcpStream, stage: Stage, limit: Duration) -> Self {
        Self {
            stream,
            stage,
            kept_back: false,
            limit,
            waiting: None,
        }
    }

    /// The stream, if hyper's own answer was kept back: the client still waits for one.
    pub fn kept_back(self) -> Option<TcpStream> {
        self.kept_back.then_some(self.stream)
    }

    /// Returns `true` if hyper begins an answer that the service did not give.
    fn is_hypers_own(&self, bytes: &[u8]) -> bool {
        self.stage.get() == State::Idle && bytes.starts_with(b"HTTP/")
    }

    fn keep_back(&mut self, bytes: usize) -> Poll<io::Result<usize>> {
        self.kept_back = true;
        Poll::Ready(Ok(bytes))
    }

    /// The outcome of a write, or an error when it has waited too long.
    fn within_limit(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let limit = self.limit;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_hypers_own(bytes) {
            return self.keep_back(bytes.len());
        }
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.within_limit(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if slices
            .first()
            .is_some_and(|first| self.is_hypers_own(first))
        {
            return self.keep_back(slices.iter().map(|slice| slice.len()).sum());
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.within_limit(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper flushes when it has nothing left to write.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.stage.get() == State::Answered {
            self.stage.set(State::Idle);
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.kept_back {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
