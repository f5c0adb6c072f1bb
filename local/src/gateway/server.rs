//! The server: accepts connections, serves each until it ends, and stops without cutting a request.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::connection;
use super::exchange::Exchange;
use super::host::HostName;
use super::invoke::Handler;

/// Is told of every request, once it has been answered.
pub type Observer = Arc<dyn Fn(&Exchange<'_>) + Send + Sync>;

/// What can be set of a gateway.
#[derive(Clone)]
pub struct Settings {
    /// How long one invocation may take, as a Lambda function's `Timeout`; 10 s unless set.
    pub time_limit: Duration,
    /// How long a client may take to send the head of a request, to send its body, and to take in each part
    /// of an answer; 30 s unless set.
    pub client_limit: Duration,
    /// The hosts that a request may be for, besides the loopback interface with the gateway's port.
    pub allowed_hosts: Vec<HostName>,
    /// Who is told of every request; nobody unless set.
    pub observer: Observer,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            time_limit: Duration::from_secs(10),
            client_limit: Duration::from_secs(30),
            allowed_hosts: Vec::new(),
            observer: Arc::new(|_| {}),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("time_limit", &self.time_limit)
            .field("client_limit", &self.client_limit)
            .field("allowed_hosts", &self.allowed_hosts)
            .finish_non_exhaustive()
    }
}

/// A running gateway. Dropping it stops it too, only without waiting until it has stopped.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    running: oneshot::Sender<Infallible>,
    server: JoinHandle<()>,
}

impl Gateway {
    /// Serves `handler` on `listener`, from the Tokio runtime that this is called in.
    ///
    /// # Errors
    /// When the listener does not know its own address.
    pub fn start(listener: TcpListener, handler: Handler, settings: Settings) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (running, stopped) = oneshot::channel();
        let api = Arc::new(Api {
            port: address.port(),
            handler,
            settings,
        });
        Ok(Self {
            address,
            running,
            server: tokio::spawn(serve(listener, api, stopped)),
        })
    }

    /// Where the API is to be found, without a slash at the end: `http://127.0.0.1:3000`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Accepts no more, closes idle connections, and waits for the requests under way: at most for
    /// the function's time limit, after which they are cut.
    pub async fn stop(self) {
        drop(self.running);
        // An error would be a panic of the server's task, which has then stopped as well.
        let _ = self.server.await;
    }
}

/// What every request needs to know of the gateway that it came to.
pub(super) struct Api {
    pub port: u16,
    pub handler: Handler,
    pub settings: Settings,
}

/// Runs until the other end of `stopped` is gone.
async fn serve(listener: TcpListener, api: Arc<Api>, mut stopped: oneshot::Receiver<Infallible>) {
    let (running, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let serving = connection::serve(stream, peer, Arc::clone(&api), stopping.clone());
                    connections.spawn(serving);
                }
                // Out of file descriptors, or a client gone already: both pass.
                Err(_) => sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop((listener, running));
    // Whatever is still connected after that is cut when `connections` is dropped.
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(api.settings.time_limit, ended).await;
}
