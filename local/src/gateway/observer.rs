//! The observer: a function that is called for every request of the API.

use std::sync::Arc;
use std::time::Duration;

use function::Route;
use function::log::RequestLog;
use hyper::Response;
use hyper::body::Bytes;
use hyper::http::request;

use super::error::GatewayError;

/// The function that is called for every request, once its response is ready.
pub type Observer = Arc<dyn Fn(&Exchange<'_>) + Send + Sync>;

/// A request and its response. The contents of items are in the `head` and in both bodies: a log must not have them.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// The gateway's id of the request, which the client sees as `Apigw-Requestid`.
    pub request_id: &'a str,
    /// The head of the request, if it could be parsed.
    pub head: Option<&'a request::Parts>,
    /// The body of the request, if it could be read.
    pub body: Option<&'a Bytes>,
    /// The route, if the request matched one.
    pub route: Option<Route>,
    /// The response.
    pub response: &'a Response<Bytes>,
    /// The time from the end of the request's head to the response.
    pub elapsed: Duration,
    /// The function's log record, if the function was invoked and responded.
    pub record: Option<&'a RequestLog>,
    /// The reason why the gateway itself responded, if it did.
    pub error: Option<&'a GatewayError>,
}

impl Exchange<'_> {
    /// Returns the HTTP status of the response.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }
}
