//! The whole API: a table, the function's service on it, and a gateway in front.

use std::io::ErrorKind;
use std::net::Ipv4Addr;

use function::Service;
use tokio::net::TcpListener;

use crate::error::Error;
use crate::gateway::{Gateway, Settings, handler};
use crate::store::Store;
use crate::table::Table;

/// What can be chosen of a local API. The default suits tests: a free port, a table in memory.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on the loopback interface; 0 for any free one.
    pub port: u16,
    /// Where the table is.
    pub store: Store,
    /// The name of the table.
    pub table_name: String,
    /// What can be set of the gateway.
    pub gateway: Settings,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            store: Store::Memory,
            table_name: "http-crud-tutorial-items".to_owned(),
            gateway: Settings::default(),
        }
    }
}

/// A running API. Any number of them can run in one process, and none knows of the others.
#[derive(Debug)]
pub struct LocalApi {
    gateway: Gateway,
    table: Table,
}

/// Starts the API; when this returns, it answers.
///
/// # Errors
/// Whatever keeps it from starting, and what to do about it.
pub async fn start(options: Options) -> Result<LocalApi, Error> {
    // First, because it is the likeliest to fail and leaves nothing behind.
    let listener = listen(options.port).await?;
    let table = Table::open(&options.store, &options.table_name).await?;
    let service = table.service();
    let handler = handler(move |event| {
        let service: Service = service.clone();
        async move { service.handle(event).await }
    });
    let gateway = Gateway::start(listener, handler, options.gateway)
        .map_err(|reason| Error::Listen(options.port, reason))?;
    Ok(LocalApi { gateway, table })
}

/// Takes a port of the loopback interface, where nobody but this machine can reach it.
///
/// # Errors
/// When the port is taken, or may not be used.
pub async fn listen(port: u16) -> Result<TcpListener, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    listener.map_err(|reason| match reason.kind() {
        ErrorKind::AddrInUse => Error::PortTaken(port),
        _ => Error::Listen(port, reason),
    })
}

impl LocalApi {
    /// Where the API is to be found, without a slash at the end: `http://127.0.0.1:3000`.
    #[must_use]
    pub fn url(&self) -> String {
        self.gateway.url()
    }

    /// The table behind the API.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Stops it: the requests under way are answered, at most for the function's time limit.
    pub async fn stop(self) {
        self.gateway.stop().await;
    }
}
