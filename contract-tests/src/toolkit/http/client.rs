//! HTTP for the tests: clients that go through a proxy only to a deployed API, and responses of limited length.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use local::error::chain;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, ClientBuilder, Method, Request, RequestBuilder};

use crate::toolkit::http::base_url::BaseUrl;
use crate::toolkit::http::response::Response;

/// The longest time that a response may take: longer than any gateway waits for its integration (30 s).
pub(crate) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(40);

/// The longest body of a response, in bytes: that of an HTTP API.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>.
pub const MAX_BODY_BYTES: usize = 10 << 20;

/// Returns a client of a server that the tests started, or that the user started for them: it never uses a proxy.
#[must_use]
pub fn direct(url: &str) -> Client {
    let builder = builder().no_proxy();
    // Reading the system's certificates takes longer than most sequences. Without a redirect or a proxy such a client
    // never needs them.
    let builder = if url.starts_with("http://") {
        builder.tls_certs_only([])
    } else {
        builder
    };
    build(builder)
}

/// Returns a client of a deployed API, which uses the proxy of the environment unless the API is on this machine.
pub(crate) fn deployed(url: &BaseUrl) -> Client {
    if url.is_loopback() {
        direct(url.as_str())
    } else {
        build(builder())
    }
}

/// Returns `true` if other programs would use a proxy for this URL, which is on this machine.
pub(crate) fn needs_proxy_exemption(url: &BaseUrl) -> bool {
    url.is_loopback() && proxy(url).is_some()
}

/// Describes the way to a deployed API, for an error: empty, or the proxy without its credentials.
pub(crate) fn describe_proxy(url: &BaseUrl) -> String {
    match proxy(url).filter(|_| !url.is_loopback()) {
        None => String::new(),
        Some(proxy) => format!(
            " through the proxy {} (from HTTPS_PROXY, HTTP_PROXY or ALL_PROXY; NO_PROXY exempts a host)",
            proxy.uri()
        ),
    }
}

/// Returns the proxy that the environment has for this URL.
fn proxy(url: &BaseUrl) -> Option<Intercept> {
    Matcher::from_system().intercept(&url.as_str().parse().ok()?)
}

/// Begins a client. Each has its own connections, because they belong to the runtime in which they were opened.
fn builder() -> ClientBuilder {
    install_crypto_provider();
    Client::builder()
        .timeout(RESPONSE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
}

fn build(builder: ClientBuilder) -> Client {
    builder
        .build()
        .expect("a client with nothing unusual can be built")
}

/// Begins a request to this URL, with this body and its content type.
///
/// # Panics
/// If the method is not a token.
pub fn build_request(
    client: &Client,
    method: &str,
    url: &str,
    body: Option<(&[u8], Option<&str>)>,
) -> RequestBuilder {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let request = client.request(method, url);
    match body {
        None => request,
        Some((body, None)) => request.body(body.to_vec()),
        Some((body, Some(content_type))) => request
            .body(body.to_vec())
            .header(CONTENT_TYPE, content_type),
    }
}

/// The reason why there was no response.
#[derive(Debug)]
pub enum ExchangeError {
    /// Nothing answered, or not to the end.
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

/// Sends a request.
///
/// # Errors
/// The reason why there was no response.
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

/// Has TLS use ring in this process: without it no client can be built, not even one for plain HTTP.
fn install_crypto_provider() {
    // An error says that there is a provider already, and any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
