//! The pages beside the API: requests for paths that no API in AWS has get their responses here.

use std::pin::Pin;
use std::sync::Arc;

use hyper::Response;
use hyper::body::Bytes;
use hyper::http::request;

/// The path of the pages, and the first segment of the paths below it.
pub const PAGES: &str = "/_local";

/// The function that responds to a request for [`PAGES`], or for a path below it. The request is for an allowed host.
pub type Pages = Arc<
    dyn Fn(request::Parts) -> Pin<Box<dyn Future<Output = Response<Bytes>> + Send>> + Send + Sync,
>;

/// Returns the pages if the request is for them.
pub(super) fn find<'a>(pages: Option<&'a Pages>, head: &request::Parts) -> Option<&'a Pages> {
    let below = head.uri.path().strip_prefix(PAGES)?;
    pages.filter(|_| below.is_empty() || below.starts_with('/'))
}
