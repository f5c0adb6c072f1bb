//! The observer: a function that gets, for every request, the facts that may be logged.

use std::sync::Arc;
use std::time::Duration;

use function::Route;
use function::log::RequestLog;
use hyper::Method;

use super::error::GatewayError;

/// The function that is called for every request, once its response is ready.
pub type Observer = Arc<dyn Fn(&Exchange<'_>) + Send + Sync>;

/// A request and its response, without the contents of any item.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// The gateway's id of the request, which the client sees as `Apigw-Requestid`.
    pub request_id: &'a str,
    /// The method, if the request could be parsed.
    pub method: Option<&'a Method>,
    /// The route, if the request matched one.
    pub route: Option<Route>,
    /// The HTTP status of the response.
    pub status: u16,
    /// The time from the end of the request's head to the response.
    pub elapsed: Duration,
    /// The function's log record, if the function was invoked and responded.
    pub record: Option<&'a RequestLog>,
    /// The reason why the gateway itself responded, if it did.
    pub error: Option<&'a GatewayError>,
}
