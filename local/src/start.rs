//! The whole API: a table, the function's service on it, and a gateway in front.

use std::io::ErrorKind;
use std::net::Ipv4Addr;

use function::Service;
use tokio::net::TcpListener;

use crate::error::Error;
use crate::gateway::{Gateway, Settings, handler};
use crate::store::Store;
use crate::table::Table;

/// The options of a local API. The default suits tests: any free port, and a table in memory.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on the loopback interface; 0 for any free port.
    pub port: u16,
    /// The store of the table.
    pub store: Store,
    /// The name of the table.
    pub table_name: String,
    /// The settings of the gateway.
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

/// A running API. Several can run in one process, independently of each other.
#[derive(Debug)]
pub struct LocalApi {
    gateway: Gateway,
    table: Table,
}

/// Starts the API, which accepts requests when this returns.
///
/// # Errors
/// Returns the reason why the API cannot start.
pub async fn start(options: Options) -> Result<LocalApi, Error> {
    // The port comes first, because it is the step most likely to fail, and leaves nothing to clean up.
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

/// Listens on a port of the loopback interface, which only this machine can reach.
///
/// # Errors
/// Returns an error if the port is taken, or may not be used.
pub async fn listen(port: u16) -> Result<TcpListener, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    listener.map_err(|reason| match reason.kind() {
        ErrorKind::AddrInUse => Error::PortTaken(port),
        _ => Error::Listen(port, reason),
    })
}

impl LocalApi {
    /// Returns the base URL, without a slash at the end: `http://127.0.0.1:3000`.
    #[must_use]
    pub fn url(&self) -> String {
        self.gateway.url()
    }

    /// Returns the table behind the API.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Stops the API, after the requests in progress or at the latest after the function's timeout.
    pub async fn stop(self) {
        self.gateway.stop().await;
    }
}
