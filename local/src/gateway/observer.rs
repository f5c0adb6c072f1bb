//! The observer, which learns of every request what may be logged.

use std::sync::Arc;
use std::time::Duration;

use function::Route;
use function::log::RequestLog;
use hyper::Method;

use super::error::GatewayError;

/// The function that is called with every request, once it has been answered.
pub type Observer = Arc<dyn Fn(&Exchange<'_>) + Send + Sync>;

/// A request and its answer, without anything of what an item holds.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// The gateway's id of the request, which the client sees as `Apigw-Requestid`.
    pub request_id: &'a str,
    /// The method, if there was a request that could be read.
    pub method: Option<&'a Method>,
    /// The route, if the request came as far as that.
    pub route: Option<Route>,
    /// The HTTP status that was answered.
    pub status: u16,
    /// How long it took, from the end of the request's head.
    pub elapsed: Duration,
    /// The log record of the function, if the request reached it and it replied.
    pub record: Option<&'a RequestLog>,
    /// The reason for which the gateway answered by itself, if it did.
    pub error: Option<&'a GatewayError>,
}
