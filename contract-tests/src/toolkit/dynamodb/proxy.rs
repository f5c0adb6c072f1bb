//! A proxy between the service and its table, which injects the faults of a script into the requests, and answers a
//! read that is not strongly consistent from an older state.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use function::attribute::PARTITION_KEY;
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
use crate::toolkit::dynamodb::replica::Replica;
use crate::toolkit::dynamodb::script::Script;
use crate::toolkit::http::client::direct;

/// The header with the id of the API's request for which the service sends a request to the table.
pub const REQUEST_ID: &str = "x-contract-tests-request";

/// The operations of the service that write.
const WRITES: [&str; 2] = ["PutItem", "DeleteItem"];

/// The operations of the service that read.
const READS: [&str; 2] = ["GetItem", "Scan"];

/// The change of the body of a request to the table. The arguments are the name of the operation and the body.
pub type RequestFilter = fn(&str, Bytes) -> Bytes;

/// The change of the status and the body of a faulty response before the service receives it.
pub type ResponseFilter = fn(u16, &Bytes) -> (u16, Bytes);

/// The changes of a mutant to the messages between the service and its table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filters {
    /// The change of each request.
    pub request: Option<RequestFilter>,
    /// The change of each faulty response.
    pub response: Option<ResponseFilter>,
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
    replica: Replica,
    script: Script,
    filters: Filters,
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
    pub async fn start(store: &Store, filters: Filters) -> Result<Self, String> {
        let failed = |error| format!("failed to {error}");
        let table = match store {
            Store::Endpoint(url) => Table::Endpoint(url.clone(), direct(url)),
            Store::Memory | Store::File(_) => {
                Table::Embedded(Embedded::in_memory().map_err(failed)?)
            }
        };
        let upstream = Arc::new(Upstream {
            table,
            replica: Replica::default(),
            script: Script::default(),
            filters,
        });
        let listener = local::listen(Ipv4Addr::LOCALHOST.into(), 0)
            .await
            .map_err(failed)?;
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

/// Returns the headers and the body of a PUT of this item into the table of a write.
fn put_of_another_writer(
    headers: &hyper::HeaderMap,
    write: &[u8],
    item: &serde_json::Value,
) -> (hyper::HeaderMap, Bytes) {
    let write: serde_json::Value = serde_json::from_slice(write).unwrap_or_default();
    let put = serde_json::json!({ "TableName": write["TableName"], "Item": item });
    let mut headers = headers.clone();
    let target = hyper::header::HeaderValue::from_static("DynamoDB_20120810.PutItem");
    headers.insert("x-amz-target", target);
    (headers, put.to_string().into())
}

/// Returns the body of the same write with a condition that never holds, whether or not there is an item: the key is a
/// string, and so never null.
fn with_failing_condition(body: &[u8]) -> Bytes {
    let mut write: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    // An unused name or value would be an error.
    write["ExpressionAttributeNames"] = serde_json::json!({ "#key": PARTITION_KEY });
    write["ExpressionAttributeValues"] = serde_json::json!({ ":null": { "NULL": true } });
    write["ConditionExpression"] = "#key = :null".into();
    write.to_string().into()
}

/// Returns the header of a request to DynamoDB whose last part is the name of the operation; empty if there is none.
fn target(headers: &hyper::HeaderMap) -> &str {
    let target = headers.get("x-amz-target");
    target
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// Returns the name of the operation of a request to DynamoDB; empty if there is none.
fn operation(headers: &hyper::HeaderMap) -> &str {
    target(headers).rsplit('.').next().unwrap_or_default()
}

/// Returns `true` if this read asks for the latest state of the table.
fn is_strongly_consistent(body: &[u8]) -> bool {
    let read: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    read.is_some_and(|read| read["ConsistentRead"] == true)
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
        let operation = operation(&head.headers);
        let body = match self.filters.request {
            Some(filter) => filter(operation, body),
            None => body,
        };
        let is_write = WRITES.contains(&operation);
        if !is_write && !READS.contains(&operation) {
            // Only the tests create and delete the table. Faults are for the service's requests.
            return self.forward(head.headers, body).await;
        }
        if is_write && let Some(item) = self.script.take_interleaved() {
            let (headers, put) = put_of_another_writer(&head.headers, &body, &item);
            self.forward(headers, put).await?;
        }
        let fault = self.script.next_fault(is_write);
        let request_id = head.headers.get(REQUEST_ID);
        if let Some(request_id) = request_id.and_then(|id| id.to_str().ok()) {
            self.script.record(request_id, fault);
        }
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
                    self.script.delay((head.headers, body));
                }
                Err(Dropped)
            }
            // This ends when the service closes the connection at its timeout, or when the proxy is stopped.
            Fault::Hang => std::future::pending().await,
            Fault::HangAfterApply => {
                self.forward(head.headers, body).await?;
                std::future::pending().await
            }
            Fault::FailCondition => {
                let body = if is_write {
                    with_failing_condition(&body)
                } else {
                    body
                };
                self.forward(head.headers, body).await
            }
            Fault::Slow => {
                sleep(Duration::from_millis(150)).await;
                self.forward(head.headers, body).await
            }
            Fault::Response(response) => {
                let (status, body) = (response.status, response.body());
                let (status, body) = match self.filters.response {
                    Some(filter) => filter(status, &body),
                    None => (status, body),
                };
                Ok(json(status, body))
            }
        }
    }

    /// Forwards a request to the table, or to its copy if the request is a read that may be stale.
    async fn forward(
        &self,
        headers: hyper::HeaderMap,
        body: Bytes,
    ) -> Result<Response<Full<Bytes>>, Dropped> {
        let target = target(&headers).to_owned();
        let operation = operation(&headers);
        if READS.contains(&operation) && !is_strongly_consistent(&body) {
            let read = self.replica.read(&target, body).await;
            return read
                .map(|(status, body)| json(status, body))
                .map_err(|_| Dropped);
        }
        let is_change = WRITES.contains(&operation) || operation == "CreateTable";
        let response = self.execute(headers, body.clone()).await?;
        if is_change && response.status().is_success() {
            self.replica.record(&target, body);
        }
        Ok(response)
    }

    async fn execute(
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
        for (headers, body) in self.script.take_delayed(is_due) {
            // The service no longer waits for the response.
            drop(self.forward(headers, body).await);
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    /// Checks a proxy in front of a table in this process, and one in front of the endpoint of that proxy.
    #[tokio::test]
    async fn only_a_strongly_consistent_read_shows_the_latest_write() {
        let memory = Proxy::start(&Store::Memory, Filters::default()).await;
        let memory = memory.expect("a proxy");
        let endpoint = Store::Endpoint(memory.url());
        let forwarding = Proxy::start(&endpoint, Filters::default()).await;
        let forwarding = forwarding.expect("a proxy");
        for (proxy, name) in [(&memory, "memory"), (&forwarding, "endpoint")] {
            let endpoint = Store::Endpoint(proxy.url());
            let table = local::table::Table::open(&endpoint, name).await;
            let client = table.expect("a table").client();
            for (id, stale_count) in [("a", 0), ("b", 1)] {
                let id = AttributeValue::S(id.to_owned());
                let put = client.put_item().table_name(name).item(PARTITION_KEY, id);
                put.send().await.expect("a write");
                for (is_consistent, count) in [(false, stale_count), (true, stale_count + 1)] {
                    let scan = client.scan().table_name(name);
                    let page = scan.consistent_read(is_consistent).send().await;
                    assert_eq!(page.expect("a page").count(), count, "{name}");
                }
            }
        }
        forwarding.stop().await;
        memory.stop().await;
    }
}
