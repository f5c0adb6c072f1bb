//! The server: accepts connections, serves each until it ends, and drains them when it stops.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::connection;
use super::invoke::Handler;
use super::settings::{Api, Settings};

/// A running gateway. Dropping it also stops it, but does not wait until it has stopped.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    shutdown: oneshot::Sender<Infallible>,
    server: JoinHandle<()>,
}

impl Gateway {
    /// Serves `handler` on `listener`, in the current Tokio runtime.
    ///
    /// # Errors
    /// Returns an error if the address of the listener cannot be read.
    pub fn start(listener: TcpListener, handler: Handler, settings: Settings) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (shutdown, shutdown_receiver) = oneshot::channel();
        let api = Arc::new(Api {
            port: address.port(),
            handler,
            settings,
        });
        Ok(Self {
            address,
            shutdown,
            server: tokio::spawn(serve(listener, api, shutdown_receiver)),
        })
    }

    /// Returns the base URL of the API, without a slash at the end: `http://127.0.0.1:3000`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops accepting connections, closes idle ones, and drains the requests in progress. Those that are not
    /// finished after the function's timeout are cut off.
    pub async fn stop(self) {
        drop(self.shutdown);
        // An error means that the server's task panicked, and so has also stopped.
        let _ = self.server.await;
    }
}

/// Accepts connections until the sender of `shutdown` is dropped, and then drains them.
async fn serve(listener: TcpListener, api: Arc<Api>, mut shutdown: oneshot::Receiver<Infallible>) {
    let (stop_connections, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let serving = connection::serve(stream, peer, Arc::clone(&api), stopping.clone());
                    connections.spawn(serving);
                }
                // Out of file descriptors, or the client has disconnected: both are temporary.
                Err(_) => sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop((listener, stop_connections));
    // Dropping `connections` cuts off those that are still open after the timeout.
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(api.settings.function_timeout, ended).await;
}
