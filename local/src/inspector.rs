//! The inspector: keeps the last requests of the API with their traces, for the page that shows them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, UNIX_EPOCH};

use base64::prelude::{BASE64_STANDARD, Engine};
use hyper::HeaderMap;
use hyper::body::Bytes;
use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use crate::gateway::{Exchange, Handler};
use crate::trace::{Trace, milliseconds};

/// The maximum number of requests that are kept.
pub const MAX_REQUESTS: usize = 200;

/// The maximum number of invocations that are traced at the same time, each with an event of at most 6 MB.
const MAX_RUNNING: usize = 32;

/// The approximate maximum size of all kept requests, in bytes. The newest is kept whatever its size.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The last requests of an API. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Inspector(Arc<State>);

#[derive(Debug, Default)]
struct State {
    requests: Mutex<Requests>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Requests {
    /// The number of requests so far, which is also the number of the newest.
    count: u64,
    kept: VecDeque<Arc<Request>>,
    /// The traces of requests without a response, with their ids. If the client disconnects, there is never a response,
    /// and the trace stays here until [`MAX_RUNNING`] newer ones replace it.
    running: VecDeque<(String, Trace)>,
    is_closed: bool,
}

/// A request to the API, its response, and the path between them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    #[serde(flatten)]
    summary: Summary,
    headers: Headers,
    /// The body, unless the gateway could not read it.
    body: Option<Content>,
    response_headers: Headers,
    response_body: Content,
    /// The reason why the gateway itself responded.
    error: Option<String>,
    /// The trace of the function's invocation; `None` if the gateway did not invoke it.
    invocation: Option<Trace>,
    /// The approximate size, in bytes.
    #[serde(skip)]
    size: usize,
}

/// The part of a request that a list shows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The number of the request, from 1.
    number: u64,
    request_id: String,
    /// The time of the response, in milliseconds since 1970.
    time: f64,
    method: String,
    target: String,
    status: u16,
    milliseconds: f64,
}

type Headers = Vec<(String, String)>;

/// A body: text, or base64 if it is not UTF-8, or has a NUL, which no argument of a command can have.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    text: String,
    is_base64: bool,
}

impl Inspector {
    /// Returns a handler that calls `inner`, and traces its invocations.
    #[must_use]
    pub fn traced(&self, inner: Handler) -> Handler {
        let inspector = self.clone();
        Arc::new(move |event: LambdaEvent<Value>| {
            let trace = inspector.begin(&event.payload);
            let inner = Arc::clone(&inner);
            Box::pin(trace.clone().scope(async move {
                let started = Instant::now();
                let response = inner(event).await;
                trace.invocation().milliseconds = Some(milliseconds(started.elapsed()));
                response
            }))
        })
    }

    fn begin(&self, event: &Value) -> Trace {
        let trace = Trace::default();
        trace.invocation().event = event.to_string();
        let id = event["requestContext"]["requestId"].as_str();
        let running = &mut self.requests().running;
        running.push_back((id.unwrap_or_default().to_owned(), trace.clone()));
        if running.len() > MAX_RUNNING {
            running.pop_front();
        }
        trace
    }

    /// Keeps a request and its response, and forgets the oldest ones.
    pub fn keep(&self, exchange: &Exchange<'_>) {
        let mut requests = self.requests();
        requests.count += 1;
        let invocation = requests.take_trace(exchange.request_id);
        let request = Request::new(requests.count, exchange, invocation);
        requests.kept.push_back(Arc::new(request));
        requests.forget_oldest();
        drop(requests);
        self.0.changed.send_replace(());
    }

    /// Waits for a request with a higher number than `after`. Returns all of them that are kept, the oldest first, or
    /// none after [`Self::close`].
    pub async fn newer(&self, after: u64) -> Vec<Summary> {
        let mut changed = self.0.changed.subscribe();
        loop {
            if let Some(newer) = self.newer_now(after) {
                return newer;
            }
            // The sender is dropped only with `self`.
            let _ = changed.changed().await;
        }
    }

    fn newer_now(&self, after: u64) -> Option<Vec<Summary>> {
        let requests = self.requests();
        let is_ready = requests.count > after || requests.is_closed;
        let summaries = requests.kept.iter().map(|request| &request.summary);
        let newer = summaries.filter(|summary| summary.number > after);
        is_ready.then(|| newer.cloned().collect())
    }

    /// Returns the request with this number, if it is kept.
    #[must_use]
    pub fn request(&self, number: u64) -> Option<Arc<Request>> {
        let requests = self.requests();
        let mut kept = requests.kept.iter();
        kept.find(|request| request.summary.number == number)
            .cloned()
    }

    /// Ends the waiting for requests, so that the gateway can stop.
    pub fn close(&self) {
        self.requests().is_closed = true;
        self.0.changed.send_replace(());
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        let requests = self.0.requests.lock();
        requests.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Requests {
    fn take_trace(&mut self, request_id: &str) -> Option<Trace> {
        let index = self.running.iter().position(|(id, _)| id == request_id)?;
        self.running.remove(index).map(|(_, trace)| trace)
    }

    fn forget_oldest(&mut self) {
        let mut bytes: usize = self.kept.iter().map(|request| request.size).sum();
        while self.kept.len() > MAX_REQUESTS || (bytes > MAX_BYTES && self.kept.len() > 1) {
            bytes -= self.kept.pop_front().map_or(0, |oldest| oldest.size);
        }
    }
}

impl Request {
    fn new(number: u64, exchange: &Exchange<'_>, invocation: Option<Trace>) -> Self {
        let head = exchange.head;
        let response_body = exchange.response.body();
        let traced = invocation.as_ref();
        let size = traced.map_or(0, |trace| trace.invocation().size());
        // The bodies may become longer as base64, so the limit is approximate.
        let body_size = exchange.body.map_or(0, Bytes::len) + response_body.len();
        let head_size = head.map_or(0, |head| {
            let values = head.headers.iter();
            let values = values.map(|(name, value)| name.as_str().len() + value.len());
            head.uri.to_string().len() + values.sum::<usize>()
        });
        Self {
            summary: Summary {
                number,
                request_id: exchange.request_id.to_owned(),
                time: milliseconds(UNIX_EPOCH.elapsed().unwrap_or_default()),
                method: head.map(|head| head.method.to_string()).unwrap_or_default(),
                target: head.map(|head| head.uri.to_string()).unwrap_or_default(),
                status: exchange.status(),
                milliseconds: milliseconds(exchange.elapsed),
            },
            headers: head.map(|head| headers(&head.headers)).unwrap_or_default(),
            size: size + head_size + body_size,
            body: exchange.body.map(Content::new),
            response_headers: headers(exchange.response.headers()),
            response_body: Content::new(response_body),
            error: exchange.error.map(ToString::to_string),
            invocation,
        }
    }
}

fn headers(headers: &HeaderMap) -> Headers {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
        .collect()
}

impl Content {
    fn new(bytes: &Bytes) -> Self {
        let text = str::from_utf8(bytes).ok();
        let text = text.filter(|text| !text.contains('\0'));
        Self {
            is_base64: text.is_none(),
            text: text.map_or_else(|| BASE64_STANDARD.encode(bytes), str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_traces_of_requests_without_a_response_are_limited() {
        let inspector = Inspector::default();
        for id in 0..=MAX_RUNNING {
            inspector.begin(&json!({"requestContext": {"requestId": id.to_string()}}));
        }
        let mut requests = inspector.requests();
        assert_eq!(requests.running.len(), MAX_RUNNING);
        assert!(requests.take_trace("0").is_none(), "the oldest is kept");
        assert!(requests.take_trace("1").is_some());
        assert!(requests.take_trace("1").is_none(), "taken twice");
    }
}
