//! The HTTP client: sends a call as it stands, and hands back the answer as it came.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use crate::contract::answer::Answer;
use crate::request::call::{Call, Gateway};

/// Longer than any gateway waits for its integration (30 s).
const LIMIT: Duration = Duration::from_secs(40);

/// An API under test.
#[derive(Clone, Debug)]
pub struct Api {
    url: String,
    gateway: Gateway,
    client: reqwest::Client,
}

impl Api {
    /// The API at this URL, which may have a path.
    #[must_use]
    pub fn new(url: &str, gateway: Gateway) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            gateway,
            client: http(),
        }
    }

    /// Where it is, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
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
    pub async fn send(&self, call: &Call) -> Option<Result<Answer, String>> {
        let target = call.target(self.gateway)?;
        Some(
            self.exchange(call, &target)
                .await
                .map_err(|error| chain(&error)),
        )
    }

    async fn exchange(&self, call: &Call, target: &str) -> Result<Answer, reqwest::Error> {
        let method = Method::from_bytes(call.method().as_bytes()).expect("a method");
        let mut request = self.client.request(method, format!("{}{target}", self.url));
        if let Some((body, content_type)) = call.body() {
            request = request.body(body.to_vec());
            if let Some(content_type) = content_type {
                request = request.header(CONTENT_TYPE, content_type);
            }
        }
        let response = request.send().await?;
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
}

/// A client that connects anew: connections belong to the runtime in which they were opened.
pub(crate) fn http() -> reqwest::Client {
    provide_cryptography();
    reqwest::Client::builder()
        .timeout(LIMIT)
        .redirect(reqwest::redirect::Policy::none())
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
