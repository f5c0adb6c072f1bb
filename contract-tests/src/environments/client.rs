//! The client of the API under test: sends requests and returns their responses.

use std::sync::Arc;

use reqwest::Client;

use crate::deployed::session::Session;
use crate::request::concrete::{GatewayProfile, Request};
use crate::toolkit::http::client::{build_request, direct, exchange};
use crate::toolkit::http::response::Response;
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::Outcome;

/// The client of an API under test.
#[derive(Clone, Debug)]
pub struct Api {
    url: String,
    transport: Transport,
}

#[derive(Clone, Debug)]
enum Transport {
    /// A client of an API that the tests started.
    Direct(Client),
    /// A session with a deployed API.
    Session(Arc<Session>),
}

impl Api {
    /// Creates the client of an API that the tests started, behind a known gateway.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            transport: Transport::Direct(direct(url)),
        }
    }

    /// Creates the client of a deployed API.
    #[must_use]
    pub fn deployed(session: Session) -> Self {
        Self {
            url: session.url().to_string(),
            transport: Transport::Session(Arc::new(session)),
        }
    }

    /// Returns the URL of the API, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the session, if the API is a deployed one.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match &self.transport {
            Transport::Direct(_) => None,
            Transport::Session(session) => Some(session),
        }
    }

    /// Returns the profile of the gateway in front of the API.
    #[must_use]
    pub fn gateway(&self) -> GatewayProfile {
        match &self.transport {
            Transport::Direct(_) => GatewayProfile::HttpApi,
            Transport::Session(_) => GatewayProfile::Unknown,
        }
    }

    /// Sends the request, and returns its response or the reason why there is none. Returns `None` if the path cannot
    /// be sent to this gateway.
    ///
    /// # Panics
    /// If an HTTP client cannot build the request, which is a bug of the generators.
    pub async fn send(&self, request: &Request) -> Option<Result<Response, String>> {
        let target = request.target(self.gateway())?;
        match &self.transport {
            Transport::Session(session) => Some(session.send(request, &target).await),
            Transport::Direct(client) => {
                let url = format!("{}{target}", self.url);
                let built = build_request(client, request.method(), &url, request.body()).build();
                let built = built.expect("a path and headers that can be sent");
                let response = exchange(client, built).await;
                Some(response.map_err(|no_response| no_response.to_string()))
            }
        }
    }

    /// Returns the response to a request.
    ///
    /// # Errors
    /// A fail if an API that the tests started did not answer. Inconclusive if a deployed API did not, or was busy.
    pub fn require_response<'a>(
        &self,
        response: &'a Result<Response, String>,
    ) -> Outcome<&'a Response> {
        let is_shared = self.session().is_some();
        match response {
            Err(reason) if is_shared => Err(Inconclusive(reason.clone())),
            Err(reason) => Err(Failed(format!("the API did not answer: {reason}"))),
            Ok(response) if is_shared && response.is_transient() => Err(Inconclusive(format!(
                "the API answered {}",
                response.status
            ))),
            Ok(response) => Ok(response),
        }
    }
}
