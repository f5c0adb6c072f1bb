//! The server: accepts connections, serves each until it ends, and stops without cutting a request.

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

/// A running gateway. Dropping it stops it too, only without waiting until it has stopped.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    shutdown: oneshot::Sender<Infallible>,
    server: JoinHandle<()>,
}

impl Gateway {
    /// Serves `handler` on `listener`, from the Tokio runtime that this is called in.
    ///
    /// # Errors
    /// When the listener does not know its own address.
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

    /// Where the API is to be found, without a slash at the end: `http://127.0.0.1:3000`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Accepts no more, closes idle connections, and waits for the requests under way: at most for
    /// the function's time limit, after which they are cut.
    pub async fn stop(self) {
        drop(self.shutdown);
        // An error would be a panic of the server's task, which has then stopped as well.
        let _ = self.server.await;
    }
}

/// Runs until the other end of `stopped` is gone.
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
                // Out of file descriptors, or a client gone already: both pass.
                Err(_) => sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop((listener, stop_connections));
    // Whatever is still connected after that is cut when `connections` is dropped.
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(api.settings.function_timeout, ended).await;
}
