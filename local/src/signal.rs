//! The signals that ask the program to stop.

use std::io;

/// Ctrl-C, and the SIGTERM of a supervisor where there is one.
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
    /// Takes the signals over from the system: from now on none ends the process, and none is missed.
    ///
    /// # Errors
    /// The operating system's, if it does not let a process handle signals.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Takes the signals over from the system: from now on none ends the process, and none is missed.
    ///
    /// # Errors
    /// The operating system's, if it does not let a process handle signals.
    #[cfg(not(unix))]
    pub fn listen() -> io::Result<Self> {
        let interrupt = tokio::signal::windows::ctrl_c()?;
        Ok(Self { interrupt })
    }

    /// Waits until one has come that was not waited for before. Returns the exit code of a process that it ends: 128
    /// and the number of the signal.
    #[cfg(unix)]
    pub async fn received(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => 130,
            _ = self.terminate.recv() => 143,
        }
    }

    /// Waits until one has come that was not waited for before. Returns the exit code of a process that it ends.
    #[cfg(not(unix))]
    pub async fn received(&mut self) -> u8 {
        let _ = self.interrupt.recv().await;
        130
    }
}
