//! The server: accepts connections, serves each until it ends, and drains them when it stops.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
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
            address,
            handler,
            settings,
        });
        Ok(Self {
            address,
            shutdown,
            server: tokio::spawn(serve(listener, api, shutdown_receiver)),
        })
    }

    /// Returns the address and the port that the gateway listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the base URL of the API, without a slash at the end: `http://127.0.0.1:3000`.
    #[must_use]
    pub fn url(&self) -> String {
        base_url(self.address)
    }

    /// Stops accepting connections, closes idle ones, and drains the requests in progress. Those that are not
    /// finished after the function's timeout are cut off.
    pub async fn stop(self) {
        drop(self.shutdown);
        // An error means that the server's task panicked, and so has also stopped.
        let _ = self.server.await;
    }
}

/// Returns the base URL of a gateway. One that listens on every address has the URL of the loopback address, because
/// `0.0.0.0` and `[::]` are refused as hosts.
fn base_url(mut address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    format!("http://{address}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_names_an_address_that_is_allowed_as_a_host() {
        for (address, url) in [
            ("127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("192.0.2.7:80", "http://192.0.2.7:80"),
            ("0.0.0.0:3000", "http://127.0.0.1:3000"),
            ("[2001:db8::a]:3000", "http://[2001:db8::a]:3000"),
            ("[::]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(base_url(address.parse().expect("an address")), url);
        }
    }
}
