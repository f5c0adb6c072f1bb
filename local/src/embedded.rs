//! A DynamoDB in this process: dynoxide, served on a port of the loopback interface.
//!
//! Served, and not called as a library, so that the real SDK, its signatures and its HTTP are at
//! work between the service and the table.

use std::convert::Infallible;
use std::fs::OpenOptions;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use dynoxide::Database;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::error::Error;
use crate::start::listen;

/// How long the requests under way may take when it stops; none is left once the gateway has.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// A running DynamoDB. Dropping it stops it too, only without waiting until it has stopped.
#[derive(Debug)]
pub(crate) struct Embedded {
    address: SocketAddr,
    running: oneshot::Sender<Infallible>,
    server: JoinHandle<Result<(), String>>,
}

impl Embedded {
    /// Starts one whose tables are in memory.
    pub async fn in_memory() -> Result<Self, Error> {
        let database = Database::memory().map_err(|reason| Error::Memory(reason.to_string()))?;
        Self::serve(database).await
    }

    /// Starts one whose tables are in this file.
    pub async fn in_file(path: &Path) -> Result<Self, Error> {
        let unusable = |reason| Error::DataFile(path.to_owned(), reason);
        // Opened here first, for the system says better than SQLite what is wrong with a path; and
        // an absolute path is never one of SQLite's special names, such as ":memory:".
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true);
        options.open(path).map_err(unusable)?;
        let absolute = std::path::absolute(path).map_err(unusable)?;
        let absolute = absolute
            .to_str()
            .ok_or_else(|| unusable(io::Error::other("its path is not UTF-8")))?;
        let database = Database::new(absolute).map_err(|reason| {
            // What follows the first sentence speaks to users of the library.
            let reason = reason.to_string();
            let reason = reason.split(". ").next().unwrap_or_default();
            Error::NotOurs(path.to_owned(), reason.to_owned())
        })?;
        Self::serve(database).await
    }

    async fn serve(database: Database) -> Result<Self, Error> {
        let listener = listen(0).await?;
        let address = listener
            .local_addr()
            .map_err(|reason| Error::Listen(0, reason))?;
        let (running, stopped) = oneshot::channel::<Infallible>();
        let stopped = async { drop(stopped.await) };
        let server = dynoxide::server::serve_with_shutdown(listener, database, stopped);
        Ok(Self {
            address,
            running,
            server: tokio::spawn(server),
        })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets the requests under way finish; what is kept in a file is then all there.
    pub async fn stop(self) {
        drop(self.running);
        // It is over either way, and nothing that was acknowledged is lost.
        let _ = timeout(STOP_LIMIT, self.server).await;
    }
}
