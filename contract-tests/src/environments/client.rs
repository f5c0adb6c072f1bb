//! The API under test: sends a request as it stands, and hands back the response as it came.

use std::sync::Arc;

use reqwest::Client;

use crate::deployed::session::Session;
use crate::request::concrete::{GatewayProfile, Request};
use crate::toolkit::http::client::{build_request, direct, exchange};
use crate::toolkit::http::response::Response;
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::Outcome;

/// An API under test.
#[derive(Clone, Debug)]
pub struct Api {
    url: String,
    transport: Transport,
}

#[derive(Clone, Debug)]
enum Transport {
    /// To an API that the tests started.
    Direct(Client),
    /// To an API that others use too, with manners.
    Session(Arc<Session>),
}

impl Api {
    /// The API at this URL, whose gateway is one of ours.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            transport: Transport::Direct(direct(url)),
        }
    }

    /// The API that is visited.
    #[must_use]
    pub fn deployed(session: Session) -> Self {
        Self {
            url: session.url().to_string(),
            transport: Transport::Session(Arc::new(session)),
        }
    }

    /// Where it is, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The visit that others should not notice, where there are others.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match &self.transport {
            Transport::Direct(_) => None,
            Transport::Session(session) => Some(session),
        }
    }

    /// What is known of the gateway in front of it.
    #[must_use]
    pub fn gateway(&self) -> GatewayProfile {
        match &self.transport {
            Transport::Direct(_) => GatewayProfile::HttpApi,
            Transport::Session(_) => GatewayProfile::Unknown,
        }
    }

    /// Sends the request, if its path can be sent at all.
    ///
    /// # Errors
    /// Why there was no response.
    ///
    /// # Panics
    /// If the request can be sent to no API of ours, which every request can.
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
    /// A fail if an API that the tests started has not answered. Inconclusive if a shared one has not, or was busy.
    pub fn require_response<'a>(
        &self,
        response: &'a Result<Response, String>,
    ) -> Outcome<&'a Response> {
        let is_shared = self.session().is_some();
        match response {
            Err(reason) if is_shared => Err(Inconclusive(reason.clone())),
            Err(reason) => Err(Failed(format!("there was no response: {reason}"))),
            Ok(response) if is_shared && response.is_transient() => {
                Err(Inconclusive(format!("it answered {}", response.status)))
            }
            Ok(response) => Ok(response),
        }
    }
}
