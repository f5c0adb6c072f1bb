//! A proxy between the service and its table, which does to each request what a script says.

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

/// What a table's answer is turned into by a planted bug.
pub type Filter = fn(Bytes) -> Bytes;

/// What becomes of the requests to the table, one after the other; once it is used up they pass.
#[derive(Debug, Default)]
pub struct Script(Mutex<Plan>);

#[derive(Debug, Default)]
struct Plan {
    next: std::collections::VecDeque<Fault>,
    always: Option<Fault>,
    /// How many writes the table was sent, faulty or not.
    writes: usize,
    /// Writes that the service was told nothing of, and which are still to be applied.
    late: Vec<Delayed>,
}

type Delayed = (reqwest::header::HeaderMap, Bytes);

impl Script {
    /// Lets the next requests come to this, one after the other.
    pub fn then(&self, faults: impl IntoIterator<Item = Fault>) {
        self.plan().next.extend(faults);
    }

    /// Lets every request come to this that the script says nothing else of; `None` lets them pass.
    pub fn always(&self, fault: Option<Fault>) {
        self.plan().always = fault;
    }

    /// Lets everything pass from now on.
    pub fn heal(&self) {
        let mut plan = self.plan();
        plan.next.clear();
        plan.always = None;
    }

    /// How many writes the table was sent so far.
    #[must_use]
    pub fn writes(&self) -> usize {
        self.plan().writes
    }

    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        // A plan cannot be left half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, write: bool) -> Fault {
        let mut plan = self.plan();
        plan.writes += usize::from(write);
        let always = plan.always.unwrap_or(Fault::Pass);
        plan.next.pop_front().unwrap_or(always)
    }
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    address: std::net::SocketAddr,
    onward: Arc<Onward>,
    running: oneshot::Sender<Infallible>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Onward {
    table: Table,
    script: Script,
    filter: Option<Filter>,
}

/// The DynamoDB that requests are forwarded to.
#[derive(Debug)]
enum Table {
    /// In this process.
    Embedded(Embedded),
    /// At a URL.
    Endpoint(String, reqwest::Client),
}

impl Proxy {
    /// Starts one in front of this store.
    ///
    /// # Errors
    /// What kept it from starting.
    pub async fn start(store: &Store, filter: Option<Filter>) -> Result<Self, String> {
        let failed = |error| format!("failed to {error}");
        let table = match store {
            Store::Endpoint(url) => Table::Endpoint(url.clone(), direct(url)),
            Store::Memory | Store::File(_) => {
                Table::Embedded(Embedded::in_memory().map_err(failed)?)
            }
        };
        let onward = Arc::new(Onward {
            table,
            script: Script::default(),
            filter,
        });
        let listener = local::listen(0).await.map_err(failed)?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let (running, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listener, Arc::clone(&onward), stopped));
        Ok(Self {
            address,
            onward,
            running,
            server,
        })
    }

    /// What it does to each request.
    #[must_use]
    pub fn script(&self) -> &Script {
        &self.onward.script
    }

    /// Where the service finds it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Applies the writes that were held back, in the order in which they came.
    pub async fn apply_late(&self) {
        self.onward.apply_late(|_| true).await;
    }

    /// Stops it, whatever hangs in it; a table in this process is then gone.
    pub async fn stop(self) {
        drop(self.running);
        // An error would be a panic of the server's task, which has then stopped as well.
        let _ = self.server.await;
    }
}

async fn serve(
    listener: TcpListener,
    onward: Arc<Onward>,
    mut stopped: oneshot::Receiver<Infallible>,
) {
    // Whatever still hangs is cut when this is dropped.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                // Small answers must not wait for acknowledgements; it works without.
                let _ = stream.set_nodelay(true);
                let onward = Arc::clone(&onward);
                let answer = service_fn(move |request| {
                    let onward = Arc::clone(&onward);
                    async move { onward.answer(request).await }
                });
                let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
                connections.spawn(async move { drop(connection.await) });
            }
        }
    }
}

/// The id that a write is about.
fn id(write: &[u8]) -> Option<String> {
    let write: serde_json::Value = serde_json::from_slice(write).ok()?;
    let key = ["Item", "Key"].map(|member| &write[member][PARTITION_KEY]["S"]);
    key.into_iter()
        .find_map(|key| key.as_str())
        .map(str::to_owned)
}

/// The header of a request to DynamoDB that ends in the name of the operation.
fn target(headers: &hyper::HeaderMap) -> &str {
    let target = headers.get("x-amz-target");
    target
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// A response of DynamoDB's JSON protocol.
fn json(status: u16, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() =
        hyper::StatusCode::from_u16(status).expect("a status of DynamoDB's is one");
    let json = hyper::header::HeaderValue::from_static("application/x-amz-json-1.0");
    response
        .headers_mut()
        .insert(hyper::header::CONTENT_TYPE, json);
    response
}

/// Ends a connection without an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is cut")
    }
}

impl std::error::Error for Cut {}

impl Onward {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
        let operation = target(&head.headers).rsplit('.').next().unwrap_or_default();
        let write = ["PutItem", "DeleteItem"].contains(&operation);
        if !write && !["GetItem", "Scan"].contains(&operation) {
            // Making and dropping the table is no business of the service's.
            return self.forward(head.headers, body).await;
        }
        let fault = self.script.next(write);
        match fault {
            Fault::Pass => {
                let answer = self.forward(head.headers, body.clone()).await;
                if write {
                    // The same body is the same write, sent again: that is no newer one.
                    let newer = |late: &Bytes| *late != body && id(late) == id(&body);
                    self.apply_late(newer).await;
                }
                answer
            }
            Fault::Cut => Err(Cut),
            Fault::CutAfter => {
                self.forward(head.headers, body).await?;
                Err(Cut)
            }
            Fault::Late => {
                if write {
                    self.script.plan().late.push((head.headers, body));
                }
                Err(Cut)
            }
            // The service hangs up when its patience ends, or the proxy is stopped.
            Fault::Hang => std::future::pending().await,
            Fault::HangAfter => {
                self.forward(head.headers, body).await?;
                std::future::pending().await
            }
            Fault::Slow => {
                sleep(Duration::from_millis(150)).await;
                self.forward(head.headers, body).await
            }
            other => {
                let (status, body) = other.reply();
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
    ) -> Result<Response<Full<Bytes>>, Cut> {
        let (table, client) = match &self.table {
            Table::Embedded(embedded) => {
                let (status, body) = embedded.answer(target(&headers), body).await;
                return Ok(json(status, body));
            }
            Table::Endpoint(url, client) => (url, client),
        };
        for name in [hyper::header::HOST, hyper::header::CONTENT_LENGTH] {
            headers.remove(name);
        }
        let request = client.post(table).headers(headers).body(body);
        let answer = request.send().await.map_err(|_| Cut)?;
        let status = answer.status();
        let mut response = Response::new(Full::default());
        *response.status_mut() = status;
        for name in [
            hyper::header::CONTENT_TYPE.as_str(),
            "x-amz-crc32",
            "x-amzn-requestid",
        ] {
            if let Some(value) = answer.headers().get(name) {
                let name = hyper::header::HeaderName::from_static(name);
                response.headers_mut().insert(name, value.clone());
            }
        }
        *response.body_mut() = Full::new(answer.bytes().await.map_err(|_| Cut)?);
        Ok(response)
    }

    async fn apply_late(&self, due: impl Fn(&Bytes) -> bool) {
        let late: Vec<_> = {
            let mut plan = self.script.plan();
            plan.late.extract_if(.., |(_, body)| due(body)).collect()
        };
        for (headers, body) in late {
            // Nobody waits for what comes of it.
            drop(self.forward(headers, body).await);
        }
    }
}
