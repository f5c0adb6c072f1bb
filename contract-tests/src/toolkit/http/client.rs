//! HTTP for the tests: clients that use a proxy only for a deployed API, and responses of limited length.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use local::error::chain;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, ClientBuilder, Method, Request, RequestBuilder};

use crate::toolkit::http::base_url::BaseUrl;
use crate::toolkit::http::response::Response;

/// The timeout of a response: longer than an HTTP API waits for its integration, which is at most 30 s.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>.
pub(crate) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(40);

/// The maximum body of a response, in bytes: that of an HTTP API.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>.
pub const MAX_BODY_BYTES: usize = 10 << 20;

/// Returns a client of a server that the tests started, or that the user started for them. It never uses a proxy.
#[must_use]
pub fn direct(url: &str) -> Client {
    let builder = builder().no_proxy();
    // Loading the system's certificates takes longer than most sequences. A client for plain HTTP does not need them,
    // because it follows no redirects and uses no proxy.
    let builder = if url.starts_with("http://") {
        builder.tls_certs_only([])
    } else {
        builder
    };
    build(builder)
}

/// Returns a client of a deployed API. It uses the environment's proxy unless the API is on this machine.
pub(crate) fn deployed(url: &BaseUrl) -> Client {
    if url.is_loopback() {
        direct(url.as_str())
    } else {
        build(builder())
    }
}

/// Returns `true` if other programs would use a proxy for this URL, although it is on this machine.
pub(crate) fn needs_proxy_exemption(url: &BaseUrl) -> bool {
    url.is_loopback() && proxy(url).is_some()
}

/// Describes the proxy to a deployed API in an error, without credentials. Returns an empty text if there is no proxy
/// or the API is on this machine.
pub(crate) fn describe_proxy(url: &BaseUrl) -> String {
    match proxy(url).filter(|_| !url.is_loopback()) {
        None => String::new(),
        Some(proxy) => format!(
            " through the proxy {} (from HTTPS_PROXY, HTTP_PROXY or ALL_PROXY; NO_PROXY exempts a host)",
            proxy.uri()
        ),
    }
}

/// Returns the proxy that the environment sets for this URL.
fn proxy(url: &BaseUrl) -> Option<Intercept> {
    Matcher::from_system().intercept(&url.as_str().parse().ok()?)
}

/// Returns the builder of a client. Clients share no connections, because a connection belongs to the runtime in which
/// it was opened.
fn builder() -> ClientBuilder {
    install_crypto_provider();
    Client::builder()
        .timeout(RESPONSE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
}

fn build(builder: ClientBuilder) -> Client {
    builder
        .build()
        .expect("a client with common settings can be built")
}

/// Builds a request to this URL, with these headers, and this body with its content type.
///
/// # Panics
/// If the method is not a valid token of HTTP.
pub fn build_request(
    client: &Client,
    method: &str,
    url: &str,
    headers: &[(&str, String)],
    body: Option<(&[u8], Option<&str>)>,
) -> RequestBuilder {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut request = client.request(method, url);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    match body {
        None => request,
        Some((body, None)) => request.body(body.to_vec()),
        Some((body, Some(content_type))) => request
            .body(body.to_vec())
            .header(CONTENT_TYPE, content_type),
    }
}

/// The reason why a request has no response.
#[derive(Debug)]
pub enum ExchangeError {
    /// The server did not answer, or not to the end.
    Unreachable(reqwest::Error),
    /// The body of the response is longer than [`MAX_BODY_BYTES`].
    TooLong,
}

impl From<reqwest::Error> for ExchangeError {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable(error)
    }
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(error) => f.write_str(&chain(error)),
            Self::TooLong => write!(
                f,
                "the body of a response has more than {MAX_BODY_BYTES} bytes"
            ),
        }
    }
}

/// Sends a request and reads the response to its end.
///
/// # Errors
/// If the server does not answer, or if its response is too long.
pub async fn exchange(client: &Client, request: Request) -> Result<Response, ExchangeError> {
    let mut response = client.execute(request).await?;
    let mut headers = BTreeMap::<String, String>::new();
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|values| {
                values.push_str(", ");
                values.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(ExchangeError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response {
        status: response.status().as_u16(),
        headers,
        body,
    })
}

/// Makes ring the TLS provider of this process. Without a provider not even a client for plain HTTP can be built.
fn install_crypto_provider() {
    // An error means that there already is a provider, and any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
