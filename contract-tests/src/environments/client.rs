//! The client of the API under test: sends requests and returns their responses.

use std::sync::Arc;
use std::time::Instant;

use reqwest::Client;

use crate::contract::leaks::PrivateNames;
use crate::contract::profile::ApiProfile;
use crate::deployed::session::Session;
use crate::environments::private_names;
use crate::request::concrete::Request;
use crate::request::operation::UrlStyle;
use crate::request::url::GatewayProfile;
use crate::toolkit::deployed::latency::Latencies;
use crate::toolkit::http::client::{build_request, direct, exchange};
use crate::toolkit::http::response::Response;
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::Outcome;

/// The client of an API under test.
#[derive(Clone, Debug)]
pub struct Api {
    url: String,
    profile: ApiProfile,
    transport: Transport,
    /// The latencies of the requests, if they are recorded here. A deployed API records its own.
    latencies: Option<Arc<Latencies>>,
}

#[derive(Clone, Debug)]
enum Transport {
    /// A client of an API that the tests started, and a mutant's change to the path and query of each request.
    Direct(Client, Option<fn(&str) -> String>),
    /// A session with a deployed API.
    Session(Arc<Session>),
}

impl Api {
    /// Creates the client of an API that the tests started, behind a known gateway.
    #[must_use]
    pub fn new(url: &str, private_names: PrivateNames) -> Self {
        Self {
            url: url.to_owned(),
            profile: ApiProfile {
                gateway: GatewayProfile::HttpApi,
                private_names,
            },
            transport: Transport::Direct(direct(url), None),
            latencies: None,
        }
    }

    /// Returns the same client for a mutant, which changes the path and query of each request.
    #[must_use]
    pub fn rewriting(self, rewrite_target: Option<fn(&str) -> String>) -> Self {
        Self {
            transport: Transport::Direct(direct(&self.url), rewrite_target),
            ..self
        }
    }

    /// Returns the same client, which records the latencies of its requests.
    #[must_use]
    pub fn timed(self, latencies: Option<Arc<Latencies>>) -> Self {
        Self { latencies, ..self }
    }

    /// Creates the client of a deployed API.
    #[must_use]
    pub fn deployed(session: Session) -> Self {
        let url = session.url().to_string();
        Self {
            profile: ApiProfile {
                gateway: GatewayProfile::Unknown,
                private_names: private_names::of_deployed(&url, session.namespace()),
            },
            url,
            transport: Transport::Session(Arc::new(session)),
            latencies: None,
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
            Transport::Direct(..) => None,
            Transport::Session(session) => Some(session),
        }
    }

    /// Returns the profile of the API.
    #[must_use]
    pub fn profile(&self) -> &ApiProfile {
        &self.profile
    }

    /// Sends the request in the plain style: see [`Api::send_styled`].
    pub async fn send(&self, request: &Request) -> Option<Result<Response, String>> {
        self.send_styled(request, UrlStyle::Plain).await
    }

    /// Sends the request with its URL in this style, which must be a supported one. Returns its response or the reason
    /// why there is none; `None` if the path cannot be sent to this gateway.
    ///
    /// # Panics
    /// If an HTTP client cannot build the request, which is a bug of the generators.
    pub async fn send_styled(
        &self,
        request: &Request,
        style: UrlStyle,
    ) -> Option<Result<Response, String>> {
        let target = request.target(self.profile.gateway, style)?;
        match &self.transport {
            Transport::Session(session) => Some(session.send(request, &target).await),
            Transport::Direct(client, rewrite) => {
                let target = rewrite.map_or_else(|| target.clone(), |rewrite| rewrite(&target));
                let url = format!("{}{target}", self.url);
                let (headers, body) = (request.headers(), request.body());
                let built = build_request(client, request.method(), &url, &headers, body).build();
                let built = built.expect("a path and headers that can be sent");
                let sent = Instant::now();
                let response = exchange(client, built).await;
                if let (Some(latencies), Ok(_)) = (&self.latencies, &response) {
                    latencies.record(request.route_key(), sent.elapsed());
                }
                Some(response.map_err(|no_response| no_response.to_string()))
            }
        }
    }

    /// Returns the style in which a URL is sent. A signed URL is always plain, because services differ in how they
    /// encode the URL again to check its signature. Only an HTTP API is known to read a reserved character like its
    /// escape.
    ///
    /// Source: RFC 3986, section 2.2.
    #[must_use]
    pub fn supported_style(&self, style: UrlStyle) -> UrlStyle {
        match self.session() {
            Some(session) if session.signs() => UrlStyle::Plain,
            Some(_) if style == UrlStyle::Raw && !self.url.contains(".execute-api.") => {
                UrlStyle::Plain
            }
            _ => style,
        }
    }

    /// Returns the response to a request, also that of a busy API.
    ///
    /// # Errors
    /// A fail if an API that the tests started did not answer. Inconclusive if a deployed API did not.
    pub fn require_answer<'a>(
        &self,
        response: &'a Result<Response, String>,
    ) -> Outcome<&'a Response> {
        response.as_ref().map_err(|reason| match self.session() {
            Some(_) => Inconclusive(reason.clone()),
            None => Failed(format!("the API did not answer: {reason}")),
        })
    }

    /// Returns the response to a request.
    ///
    /// # Errors
    /// A fail if an API that the tests started did not answer. Inconclusive if a deployed API did not, or was busy.
    pub fn require_response<'a>(
        &self,
        response: &'a Result<Response, String>,
    ) -> Outcome<&'a Response> {
        let response = self.require_answer(response)?;
        if self.session().is_some() && response.is_transient() {
            let status = response.status;
            return Err(Inconclusive(format!("the API answered {status}")));
        }
        Ok(response)
    }
}
