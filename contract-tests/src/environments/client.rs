//! The HTTP client: sends a call as it stands, and hands back the answer as it came.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Request, RequestBuilder};

use crate::contract::answer::Answer;
use crate::live::visit::Visit;
use crate::request::call::{Call, Gateway};

/// Longer than any gateway waits for its integration (30 s).
const LIMIT: Duration = Duration::from_secs(40);

/// An API under test.
#[derive(Clone, Debug)]
pub struct Api {
    url: String,
    gateway: Gateway,
    client: reqwest::Client,
    /// Whose manners it has, where others use it too.
    visit: Option<Arc<Visit>>,
}

impl Api {
    /// The API at this URL, whose gateway is one of ours.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            gateway: Gateway::DecodesTwice,
            client: http(url),
            visit: None,
        }
    }

    /// The API that is visited.
    #[must_use]
    pub fn shared(visit: Visit) -> Self {
        Self {
            url: visit.url().to_owned(),
            gateway: Gateway::Unknown,
            client: http(visit.url()),
            visit: Some(Arc::new(visit)),
        }
    }

    /// Where it is, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The visit that others should not notice, where there are others.
    #[must_use]
    pub fn visit(&self) -> Option<&Visit> {
        self.visit.as_deref()
    }

    /// What is known of the gateway in front of it.
    #[must_use]
    pub fn gateway(&self) -> Gateway {
        self.gateway
    }

    /// Sends the call, if its path can be sent at all.
    ///
    /// # Errors
    /// Why there was no answer.
    ///
    /// # Panics
    /// If the call can be sent to no API of ours, which every call can.
    pub async fn send(&self, call: &Call) -> Option<Result<Answer, String>> {
        let target = call.target(self.gateway)?;
        if let Some(visit) = &self.visit {
            return Some(visit.send(call, &target).await);
        }
        let request = request(&self.client, &self.url, call, &target).build();
        let request = request.expect("a path and headers that can be sent");
        let answer = exchange(&self.client, request).await;
        Some(answer.map_err(|error| chain(&error)))
    }
}

/// The request that a call is, to the API at this URL.
pub(crate) fn request(
    client: &reqwest::Client,
    url: &str,
    call: &Call,
    target: &str,
) -> RequestBuilder {
    let method = Method::from_bytes(call.method().as_bytes()).expect("a method");
    let request = client.request(method, format!("{url}{target}"));
    match call.body() {
        None => request,
        Some((body, None)) => request.body(body.to_vec()),
        Some((body, Some(kind))) => request.body(body.to_vec()).header(CONTENT_TYPE, kind),
    }
}

/// Sends a request.
///
/// # Errors
/// Why there was no answer.
pub(crate) async fn exchange(
    client: &reqwest::Client,
    request: Request,
) -> Result<Answer, reqwest::Error> {
    let response = client.execute(request).await?;
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
    Ok(Answer {
        status: response.status().as_u16(),
        headers,
        body: response.bytes().await?.to_vec(),
    })
}

/// Returns a client of the server at this URL. It connects anew: connections belong to the runtime in which they were
/// opened.
pub(crate) fn http(url: &str) -> reqwest::Client {
    provide_cryptography();
    let mut client = reqwest::Client::builder()
        .timeout(LIMIT)
        .redirect(reqwest::redirect::Policy::none());
    // Reading the system's certificates takes longer than most sequences. Without redirects such a client never needs
    // them.
    if url.starts_with("http://") {
        client = client.tls_certs_only([]);
    }
    client
        .build()
        .expect("a client with nothing unusual can be built")
}

/// Has TLS use ring in this process: without it no client can be built, not even one for plain HTTP.
pub(crate) fn provide_cryptography() {
    // An error says that there is a provider already, and any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// An error and its sources, one after the other.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let all = std::iter::successors(Some(error), |error| error.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
