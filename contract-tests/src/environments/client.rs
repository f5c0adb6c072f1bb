//! The API under test: sends a call as it stands, and hands back the answer as it came.

use std::sync::Arc;

use reqwest::Client;

use crate::deployed::visit::Visit;
use crate::request::call::{Call, Gateway};
use crate::toolkit::http::answer::Answer;
use crate::toolkit::http::client::{direct, exchange, request};
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::Outcome;

/// An API under test.
#[derive(Clone, Debug)]
pub struct Api {
    url: String,
    way: Way,
}

#[derive(Clone, Debug)]
enum Way {
    /// To an API that the tests started.
    Own(Client),
    /// To an API that others use too, with manners.
    Shared(Arc<Visit>),
}

impl Api {
    /// The API at this URL, whose gateway is one of ours.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            way: Way::Own(direct(url)),
        }
    }

    /// The API that is visited.
    #[must_use]
    pub fn shared(visit: Visit) -> Self {
        Self {
            url: visit.url().to_string(),
            way: Way::Shared(Arc::new(visit)),
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
        match &self.way {
            Way::Own(_) => None,
            Way::Shared(visit) => Some(visit),
        }
    }

    /// What is known of the gateway in front of it.
    #[must_use]
    pub fn gateway(&self) -> Gateway {
        match &self.way {
            Way::Own(_) => Gateway::DecodesTwice,
            Way::Shared(_) => Gateway::Unknown,
        }
    }

    /// Sends the call, if its path can be sent at all.
    ///
    /// # Errors
    /// Why there was no answer.
    ///
    /// # Panics
    /// If the call can be sent to no API of ours, which every call can.
    pub async fn send(&self, call: &Call) -> Option<Result<Answer, String>> {
        let target = call.target(self.gateway())?;
        match &self.way {
            Way::Shared(visit) => Some(visit.send(call, &target).await),
            Way::Own(client) => {
                let url = format!("{}{target}", self.url);
                let request = request(client, call.method(), &url, call.body()).build();
                let request = request.expect("a path and headers that can be sent");
                let answer = exchange(client, request).await;
                Some(answer.map_err(|no_answer| no_answer.to_string()))
            }
        }
    }

    /// Returns the answer to a request.
    ///
    /// # Errors
    /// A fail if an API that the tests started has not answered. Inconclusive if a shared one has not, or was busy.
    pub fn answered<'a>(&self, answer: &'a Result<Answer, String>) -> Outcome<&'a Answer> {
        let is_shared = self.visit().is_some();
        match answer {
            Err(reason) if is_shared => Err(Inconclusive(reason.clone())),
            Err(reason) => Err(Failed(format!("there was no answer: {reason}"))),
            Ok(answer) if is_shared && answer.is_transient() => {
                Err(Inconclusive(format!("it answered {}", answer.status)))
            }
            Ok(answer) => Ok(answer),
        }
    }
}
