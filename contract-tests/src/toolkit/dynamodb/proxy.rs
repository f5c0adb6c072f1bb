//! A proxy between the service and its table, which injects the faults of a script into the requests.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use function::table::PARTITION_KEY;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use local::Store;
use local::embedded::Embedded;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::toolkit::dynamodb::fault::Fault;
use crate::toolkit::http::client::direct;

/// A mutant's change to the body of a faulty response, made before the service receives it.
pub type Filter = fn(Bytes) -> Bytes;

/// The faults of the next requests to the table, in order, and the default for all requests after them.
#[derive(Debug, Default)]
pub struct Script(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    scripted: std::collections::VecDeque<Fault>,
    default_fault: Option<Fault>,
    /// The number of writes that the service sent, faulty or not.
    writes: usize,
    /// The writes with [`Fault::ApplyLater`] that are not applied yet.
    delayed: Vec<DelayedWrite>,
}

type DelayedWrite = (reqwest::header::HeaderMap, Bytes);

impl Script {
    /// Appends faults to the script, one for each of the next requests.
    pub fn enqueue(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().scripted.extend(faults);
    }

    /// Sets the fault of every request after those of the script; `None` lets them pass.
    pub fn set_default(&self, fault: Option<Fault>) {
        self.state().default_fault = fault;
    }

    /// Removes all faults, so that every request passes.
    pub fn reset(&self) {
        let mut state = self.state();
        state.scripted.clear();
        state.default_fault = None;
    }

    /// Returns the number of writes that the service sent so far.
    #[must_use]
    pub fn writes(&self) -> usize {
        self.state().writes
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // A panic cannot leave a script half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_fault(&self, is_write: bool) -> Fault {
        let mut state = self.state();
        state.writes += usize::from(is_write);
        let default_fault = state.default_fault.unwrap_or(Fault::Pass);
        state.scripted.pop_front().unwrap_or(default_fault)
    }
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    address: std::net::SocketAddr,
    upstream: Arc<Upstream>,
    shutdown: oneshot::Sender<Infallible>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Upstream {
    table: Table,
    script: Script,
    filter: Option<Filter>,
}

/// The DynamoDB to which requests are forwarded.
#[derive(Debug)]
enum Table {
    /// In this process.
    Embedded(Embedded),
    /// At a URL.
    Endpoint(String, reqwest::Client),
}

impl Proxy {
    /// Starts a proxy in front of the endpoint of this store. If the store is not an endpoint, the proxy forwards to a
    /// new DynamoDB in memory, not to the store.
    ///
    /// # Errors
    /// If the proxy does not start.
    pub async fn start(store: &Store, filter: Option<Filter>) -> Result<Self, String> {
        let failed = |error| format!("failed to {error}");
        let table = match store {
            Store::Endpoint(url) => Table::Endpoint(url.clone(), direct(url)),
            Store::Memory | Store::File(_) => {
                Table::Embedded(Embedded::in_memory().map_err(failed)?)
            }
        };
        let upstream = Arc::new(Upstream {
            table,
            script: Script::default(),
            filter,
        });
        let listener = local::listen(0).await.map_err(failed)?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let (shutdown, stop_signal) = oneshot::channel();
        let server = tokio::spawn(serve(listener, Arc::clone(&upstream), stop_signal));
        Ok(Self {
            address,
            upstream,
            shutdown,
            server,
        })
    }

    /// Returns the script of faults.
    #[must_use]
    pub fn script(&self) -> &Script {
        &self.upstream.script
    }

    /// Returns the URL of the proxy, for the service.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Applies the delayed writes, in the order in which they came.
    pub async fn apply_delayed(&self) {
        self.upstream.apply_delayed(|_| true).await;
    }

    /// Stops the proxy, even if requests hang in it. A table in this process is then gone.
    pub async fn stop(self) {
        drop(self.shutdown);
        // An error means that the server's task panicked, so it has stopped too.
        let _ = self.server.await;
    }
}

async fn serve(
    listener: TcpListener,
    upstream: Arc<Upstream>,
    mut stop_signal: oneshot::Receiver<Infallible>,
) {
    // Dropping this closes the connections that still hang.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stop_signal => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                // Disables Nagle's algorithm: a small response does not wait for a delayed ACK. A failure is harmless.
                let _ = stream.set_nodelay(true);
                let upstream = Arc::clone(&upstream);
                let response = service_fn(move |request| {
                    let upstream = Arc::clone(&upstream);
                    async move { upstream.handle(request).await }
                });
                let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), response);
                connections.spawn(async move { drop(connection.await) });
            }
        }
    }
}

/// Returns the id of the item that a write puts or deletes.
fn written_id(body: &[u8]) -> Option<String> {
    let write: serde_json::Value = serde_json::from_slice(body).ok()?;
    let key = ["Item", "Key"].map(|member| &write[member][PARTITION_KEY]["S"]);
    key.into_iter()
        .find_map(|key| key.as_str())
        .map(str::to_owned)
}

/// Returns the header of a request to DynamoDB whose last part is the name of the operation; empty if there is none.
fn target(headers: &hyper::HeaderMap) -> &str {
    let target = headers.get("x-amz-target");
    target
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// Returns a response of DynamoDB's JSON protocol.
fn json(status: u16, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = hyper::StatusCode::from_u16(status).expect("a valid status");
    let json = hyper::header::HeaderValue::from_static("application/x-amz-json-1.0");
    response
        .headers_mut()
        .insert(hyper::header::CONTENT_TYPE, json);
    response
}

/// The error that closes a connection without a response.
#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is closed")
    }
}

impl std::error::Error for Dropped {}

impl Upstream {
    async fn handle(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Dropped> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
        let operation = target(&head.headers).rsplit('.').next().unwrap_or_default();
        let is_write = ["PutItem", "DeleteItem"].contains(&operation);
        if !is_write && !["GetItem", "Scan"].contains(&operation) {
            // Only the tests create and delete the table. Faults are for the service's requests.
            return self.forward(head.headers, body).await;
        }
        let fault = self.script.next_fault(is_write);
        match fault {
            Fault::Pass => {
                let response = self.forward(head.headers, body.clone()).await;
                if is_write {
                    // The same body counts as the same write, sent again. All PUTs have different bodies; DELETEs of
                    // one item do not.
                    let superseded = |delayed: &Bytes| {
                        *delayed != body && written_id(delayed) == written_id(&body)
                    };
                    self.apply_delayed(superseded).await;
                }
                response
            }
            Fault::DropBeforeApply => Err(Dropped),
            Fault::DropAfterApply => {
                self.forward(head.headers, body).await?;
                Err(Dropped)
            }
            Fault::ApplyLater => {
                if is_write {
                    self.script.state().delayed.push((head.headers, body));
                }
                Err(Dropped)
            }
            // This ends when the service closes the connection at its timeout, or when the proxy is stopped.
            Fault::Hang => std::future::pending().await,
            Fault::HangAfterApply => {
                self.forward(head.headers, body).await?;
                std::future::pending().await
            }
            Fault::Slow => {
                sleep(Duration::from_millis(150)).await;
                self.forward(head.headers, body).await
            }
            fault => {
                let (status, body) = fault.response();
                let body = self.filter.map_or(Bytes::from_static(body), |filter| {
                    filter(Bytes::from_static(body))
                });
                Ok(json(status, body))
            }
        }
    }

    async fn forward(
        &self,
        mut headers: hyper::HeaderMap,
        body: Bytes,
    ) -> Result<Response<Full<Bytes>>, Dropped> {
        let (table, client) = match &self.table {
            Table::Embedded(embedded) => {
                let (status, body) = embedded.execute(target(&headers), body).await;
                return Ok(json(status, body));
            }
            Table::Endpoint(url, client) => (url, client),
        };
        for name in [hyper::header::HOST, hyper::header::CONTENT_LENGTH] {
            headers.remove(name);
        }
        let request = client.post(table).headers(headers).body(body);
        let received = request.send().await.map_err(|_| Dropped)?;
        let status = received.status();
        let mut response = Response::new(Full::default());
        *response.status_mut() = status;
        for name in [
            hyper::header::CONTENT_TYPE.as_str(),
            "x-amz-crc32",
            "x-amzn-requestid",
        ] {
            if let Some(value) = received.headers().get(name) {
                let name = hyper::header::HeaderName::from_static(name);
                response.headers_mut().insert(name, value.clone());
            }
        }
        *response.body_mut() = Full::new(received.bytes().await.map_err(|_| Dropped)?);
        Ok(response)
    }

    async fn apply_delayed(&self, is_due: impl Fn(&Bytes) -> bool) {
        let delayed: Vec<_> = {
            let mut state = self.script.state();
            state
                .delayed
                .extract_if(.., |(_, body)| is_due(body))
                .collect()
        };
        for (headers, body) in delayed {
            // The service no longer waits for the response.
            drop(self.forward(headers, body).await);
        }
    }
}
