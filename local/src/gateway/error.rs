//! The errors with which the gateway itself responds.

use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::json;

/// The reason why the gateway, and not the function, responds to a request. The `Display` text is for the
/// log; the client gets only the status and a short message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// 400: the path or the query has an invalid percent-encoding.
    #[error("the path or the query is not percent-encoded UTF-8")]
    InvalidEncoding,
    /// 400: the body ended early, or is not encoded as its headers declare.
    #[error("the body could not be read")]
    UnreadableBody,
    /// 400: the bytes from the client are not a request of HTTP/1.1.
    #[error("not a request of plain HTTP/1.1: {0}")]
    NotHttp(hyper::Error),
    /// 403: the request is for a host that is neither this machine nor an allowed one. An HTTP API in AWS
    /// never responds with this, because only its own host names lead to it.
    #[error("the request is for another host; --allow-host would allow it")]
    ForbiddenHost,
    /// 404: no route has this method and this path. API Gateway never responds with 405.
    #[error("no such route")]
    NoRoute,
    /// 408: the head or the body did not arrive in time. AWS documents no limit; 408 is HTTP's status for it.
    #[error("the head or the body did not arrive within {0:?}")]
    RequestTimeout(Duration),
    /// 413: the body is over 10 MB, or the event that contains it is over 6 MB.
    #[error("the body is over 10 MB, or the event is over 6 MB")]
    BodyTooLarge,
    /// 431: the request line and the headers' values are over 10,240 bytes, or hyper refuses the size of the head or
    /// the number of its headers. AWS documents the limit but not the status; 431 is HTTP's status for it.
    #[error("the request line and the headers are over 10,240 bytes")]
    HeadTooLarge,
    /// 500: the function panicked.
    #[error("the function panicked")]
    Panicked,
    /// 500: the function's process reported an error instead of a response.
    #[error("the function reported an error")]
    FunctionFailed,
    /// 500: the function's process ended, or cannot be started.
    #[error("the function's process did not respond: {0}")]
    ProcessEnded(String),
    /// 500: the function reached its timeout and was stopped.
    #[error("the function was stopped at its timeout of {0:?}")]
    FunctionTimeout(Duration),
    /// 500: the function's response is not one that API Gateway understands.
    #[error("the function's response is malformed: {0}")]
    MalformedResponse(&'static str),
    /// 500: the function's response is over 6,291,556 bytes.
    #[error("the function's response of {0} bytes is over Lambda's limit of 6291556")]
    ResponseTooLarge(usize),
    /// 503: the function was still running at API Gateway's integration timeout.
    #[error("the function did not respond within {0:?}")]
    IntegrationTimeout(Duration),
}

impl GatewayError {
    /// Returns the status and the message that the client gets.
    #[must_use]
    pub fn status_and_message(&self) -> (StatusCode, &'static str) {
        match self {
            Self::InvalidEncoding | Self::UnreadableBody | Self::NotHttp(_) => {
                (StatusCode::BAD_REQUEST, "Bad Request")
            }
            Self::ForbiddenHost => (
                StatusCode::FORBIDDEN,
                "This host is not allowed: use localhost with the port of the API, or start it with --allow-host NAME",
            ),
            Self::NoRoute => (StatusCode::NOT_FOUND, "Not Found"),
            Self::RequestTimeout(_) => (StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Self::HeadTooLarge => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Request Header Fields Too Large",
            ),
            Self::Panicked
            | Self::FunctionFailed
            | Self::ProcessEnded(_)
            | Self::FunctionTimeout(_)
            | Self::MalformedResponse(_)
            | Self::ResponseTooLarge(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            }
            Self::IntegrationTimeout(_) => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        }
    }

    pub(super) fn to_http(&self) -> Response<Bytes> {
        let (status, message) = self.status_and_message();
        json_response(status, json!({ "message": message }).to_string())
    }
}

/// Returns a response with this JSON.
pub(crate) fn json_response(status: StatusCode, json: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(json.into());
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
