//! Lambda's Runtime API for one process: passes its requests on, and formats the responses.
//!
//! Each process has its own port, so a request of an earlier process cannot arrive here.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::io;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::{Method, Request, Response, StatusCode};
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::server::{self, Server};
use crate::gateway::{MAX_RESPONSE_BYTES, json_response};

/// The prefix of every path: the version of the API.
const PREFIX: &str = "/2018-06-01/runtime/";

/// The maximum size of a body. It is above the limit for a response, so that the log can have the size of a larger one.
const MAX_BODY: usize = 4 * MAX_RESPONSE_BYTES;

/// A request of the process, and the sender of its response.
#[derive(Debug)]
pub(super) struct Call {
    pub operation: Operation,
    pub body: Bytes,
    pub reply: Reply,
}

pub(super) type Reply = oneshot::Sender<Response<Bytes>>;

/// The operation of a request.
#[derive(Debug)]
pub(super) enum Operation {
    /// Requests the next event.
    Next,
    /// Reports the response of the invocation with this id.
    Response(String),
    /// Reports the error of the invocation with this id.
    Error(String),
    /// Reports that the process cannot be initialized.
    InitError,
}

/// Starts a Runtime API. Returns its server and the requests of the process.
pub(super) async fn start() -> io::Result<(Server, mpsc::Receiver<Call>)> {
    let (sender, calls) = mpsc::channel(1);
    let server = Server::start(move |request| respond(request, sender.clone())).await?;
    Ok((server, calls))
}

async fn respond(request: Request<Incoming>, calls: mpsc::Sender<Call>) -> Response<Bytes> {
    let (head, body) = request.into_parts();
    let Some(operation) = operation(&head.method, head.uri.path()) else {
        return error(StatusCode::NOT_FOUND, "no such operation");
    };
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return error(
            StatusCode::BAD_REQUEST,
            "the body ended early, or is too large",
        );
    };
    let (body, (reply, response)) = (body.to_bytes(), oneshot::channel());
    // Both fail only when the API stops.
    let _ = calls
        .send(Call {
            operation,
            body,
            reply,
        })
        .await;
    let stopped = |_| error(StatusCode::FORBIDDEN, "the invocation has ended");
    response.await.unwrap_or_else(stopped)
}

fn operation(method: &Method, path: &str) -> Option<Operation> {
    let path: Vec<_> = path.strip_prefix(PREFIX)?.split('/').collect();
    match (method.as_str(), path.as_slice()) {
        ("GET", ["invocation", "next"]) => Some(Operation::Next),
        ("POST", ["invocation", id, "response"]) => Some(Operation::Response((*id).to_owned())),
        ("POST", ["invocation", id, "error"]) => Some(Operation::Error((*id).to_owned())),
        ("POST", ["init", "error"]) => Some(Operation::InitError),
        _ => None,
    }
}

/// Returns the response to [`Operation::Next`].
pub(super) fn event(LambdaEvent { payload, context }: &LambdaEvent<Value>) -> Response<Bytes> {
    let mut response = json_response(StatusCode::OK, payload.to_string());
    for (name, value) in [
        ("lambda-runtime-aws-request-id", &context.request_id),
        ("lambda-runtime-deadline-ms", &context.deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            &context.invoked_function_arn,
        ),
        (
            "lambda-runtime-trace-id",
            context.xray_trace_id.as_ref().unwrap_or(&String::new()),
        ),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Returns the response to a report that was accepted.
pub(super) fn accepted() -> Response<Bytes> {
    json_response(StatusCode::ACCEPTED, r#"{"status":"OK"}"#)
}

/// Returns the response to a report that is over Lambda's limit.
pub(super) fn too_large() -> Response<Bytes> {
    error(StatusCode::PAYLOAD_TOO_LARGE, "the response is too large")
}

/// Returns the response to a request that was not accepted.
pub(super) fn error(status: StatusCode, message: &str) -> Response<Bytes> {
    server::error(status, "InvalidRequest", message)
}
