//! The whole API: a table, the function's service on it, and a gateway in front.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;

use function::Service;
use tokio::net::TcpListener;

use crate::bootstrap::{self, Bootstrap};
use crate::error::Error;
use crate::gateway::{Exchange, Gateway, Handler, Observer, Settings, handler};
use crate::inspector::Inspector;
use crate::json_lines;
use crate::page::{self, About};
use crate::store::Store;
use crate::table::Table;
use crate::trace::Trace;

/// The options of a local API. The default suits tests: any free port, and a table in memory.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on. Only this machine reaches the loopback address, which is the default.
    pub address: IpAddr,
    /// The port to listen on; 0 for any free port.
    pub port: u16,
    /// The store of the table.
    pub store: Store,
    /// The name of the table.
    pub table_name: String,
    /// A file of items that are stored before the API accepts requests: one on each line, as PUT accepts it.
    pub seed: Option<PathBuf>,
    /// The settings of the gateway.
    pub gateway: Settings,
    /// The binary of the function, to run in processes of its own instead of in this one.
    pub bootstrap: Option<PathBuf>,
    /// The number of processes that run [`Options::bootstrap`]. Each handles one request at a time.
    pub instances: NonZeroU64,
    /// `true` to serve the page at `/_local`, and to keep the last requests for it.
    pub page: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            store: Store::Memory,
            table_name: "http-crud-tutorial-items".to_owned(),
            seed: None,
            gateway: Settings::default(),
            bootstrap: None,
            instances: NonZeroU64::MIN,
            page: false,
        }
    }
}

/// A running API. Several can run in one process, independently of each other.
#[derive(Debug)]
pub struct LocalApi {
    gateway: Gateway,
    bootstrap: Option<Bootstrap>,
    table: Table,
    seeded: usize,
    inspector: Option<Inspector>,
}

/// Starts the API, which accepts requests when this returns.
///
/// # Errors
/// Returns the reason why the API cannot start.
pub async fn start(options: Options) -> Result<LocalApi, Error> {
    // The port comes first, because it is the step most likely to fail, and leaves nothing to clean up.
    let listener = listen(options.address, options.port).await?;
    // The file is parsed before the table is opened, so that an error in the file changes nothing.
    let seed_error = |reason| Error::Seed(options.seed.clone().unwrap_or_default(), reason);
    let items = options
        .seed
        .as_deref()
        .map_or(Ok(Vec::new()), json_lines::read);
    let items = items.map_err(seed_error)?;
    let table = Table::open(&options.store, &options.table_name).await?;
    let stored = json_lines::store(&items, &table.items()).await;
    stored.map_err(seed_error)?;
    let mut settings = options.gateway;
    let (bootstrap, mut handler) = match &options.bootstrap {
        Some(file) => {
            let function_timeout = settings.function_timeout;
            settings.function_timeout = bootstrap::GATEWAY_TIMEOUT;
            let (store, instances) = (&options.store, options.instances);
            let bootstrap = Bootstrap::start(file, &table, store, function_timeout, instances);
            let bootstrap = bootstrap.await?;
            let handler = bootstrap.handler();
            (Some(bootstrap), handler)
        }
        None => (None, in_this_process(table.service())),
    };
    let inspector = options.page.then(Inspector::default);
    if let Some(inspector) = &inspector {
        handler = inspector.traced(handler);
        settings.observer = observe_also(inspector, settings.observer);
        let about = About {
            table: options.table_name,
            store: options.store.to_string(),
            bootstrap: options.bootstrap.map(|file| file.display().to_string()),
        };
        settings.pages = Some(page::pages(about, table.items(), inspector.clone()));
    }
    let gateway = Gateway::start(listener, handler, settings)
        .map_err(|reason| Error::Listen((options.address, options.port).into(), reason))?;
    Ok(LocalApi {
        gateway,
        bootstrap,
        table,
        seeded: items.len(),
        inspector,
    })
}

/// Returns the handler that calls the service, and adds its reply and its log line to the current trace.
fn in_this_process(service: Service) -> Handler {
    handler(move |event| {
        let service = service.clone();
        async move {
            let handled = service.handle(event).await;
            if let Some(trace) = Trace::current() {
                let mut invocation = trace.invocation();
                invocation.reply = Some(handled.response.json().to_owned());
                invocation.log = handled.record.line();
            }
            handled
        }
    })
}

/// Returns an observer that also keeps each request in the inspector.
fn observe_also(inspector: &Inspector, observer: Observer) -> Observer {
    let inspector = inspector.clone();
    Arc::new(move |exchange: &Exchange<'_>| {
        observer(exchange);
        inspector.keep(exchange);
    })
}

/// Listens on a port of an address. An IPv4 address may be written as an IPv6 one.
///
/// # Errors
/// Returns an error if the address is not one of this machine, or if the port is taken or may not be used.
pub async fn listen(address: IpAddr, port: u16) -> Result<TcpListener, Error> {
    let address = SocketAddr::new(address.to_canonical(), port);
    let listener = TcpListener::bind(address).await;
    listener.map_err(|reason| match reason.kind() {
        ErrorKind::AddrInUse => Error::PortTaken(address),
        _ => Error::Listen(address, reason),
    })
}

impl LocalApi {
    /// Returns the base URL, without a slash at the end: `http://127.0.0.1:3000`.
    #[must_use]
    pub fn url(&self) -> String {
        self.gateway.url()
    }

    /// Returns the address and the port that the API listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.gateway.address()
    }

    /// Returns the number of items that were loaded from [`Options::seed`].
    #[must_use]
    pub fn seeded(&self) -> usize {
        self.seeded
    }

    /// Returns the table behind the API.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Stops the API, after the requests in progress, or at the latest after the function's timeout; with
    /// [`Options::bootstrap`], after 31 seconds.
    pub async fn stop(self) {
        if let Some(inspector) = &self.inspector {
            inspector.close();
        }
        self.gateway.stop().await;
        if let Some(bootstrap) = self.bootstrap {
            bootstrap.stop().await;
        }
    }
}
