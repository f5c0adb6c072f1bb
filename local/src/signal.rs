//! The signals that ask the program to stop.

use std::io;

/// The listener for Ctrl-C and, on Unix, for SIGTERM.
#[derive(Debug)]
pub struct Signal {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(not(unix))]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signal {
    /// Registers handlers for the signals: from now on they do not end the process, and none is missed.
    ///
    /// # Errors
    /// Returns the operating system's error if a handler cannot be registered.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Registers handlers for the signals: from now on they do not end the process, and none is missed.
    ///
    /// # Errors
    /// Returns the operating system's error if a handler cannot be registered.
    #[cfg(not(unix))]
    pub fn listen() -> io::Result<Self> {
        let interrupt = tokio::signal::windows::ctrl_c()?;
        Ok(Self { interrupt })
    }

    /// Waits for the next signal, which may have come before the call. Returns the exit code of a process that
    /// the signal ends: 128 plus the signal's number.
    #[cfg(unix)]
    pub async fn received(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => 130,
            _ = self.terminate.recv() => 143,
        }
    }

    /// Waits for the next signal, which may have come before the call. Returns the exit code of a process that
    /// the signal ends.
    #[cfg(not(unix))]
    pub async fn received(&mut self) -> u8 {
        let _ = self.interrupt.recv().await;
        130
    }
}
