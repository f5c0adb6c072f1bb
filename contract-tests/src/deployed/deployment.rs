//! The deployed API during one run: one namespace, one rate limiter and one of the lists, one journal, its latencies.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use local::error::chain;
use tokio::sync::{OnceCell, RwLock};
use tokio::time::timeout_at;

use crate::request::concrete::{Request, RequestKind};
use crate::request::route;
use crate::settings::Variables;
use crate::toolkit::deployed::access::{Access, Auth};
use crate::toolkit::deployed::journal::{Header, Journal};
use crate::toolkit::deployed::latency::Latencies;
use crate::toolkit::deployed::limits::{Deadline, Limits};
use crate::toolkit::deployed::namespace;
use crate::toolkit::deployed::rate_limiter::{RateLimiter, retry_after};
use crate::toolkit::deployed::secrets::Secrets;
use crate::toolkit::http::base_url::BaseUrl;
use crate::toolkit::http::client::{
    ExchangeError, RESPONSE_TIMEOUT, build_request, deployed, describe_proxy, exchange,
};
use crate::toolkit::http::response::Response;
use crate::toolkit::progress::announce_long_wait;

/// The reason why a request has no usable response.
#[derive(Debug)]
pub(super) enum NoResponse {
    /// The API is unreachable for now.
    Unreachable(String),
    /// A retry would also fail: there are no credentials, the API refuses them, or the response is too long.
    Final(String),
}

impl From<NoResponse> for String {
    fn from(no_response: NoResponse) -> Self {
        match no_response {
            NoResponse::Unreachable(reason) | NoResponse::Final(reason) => reason,
        }
    }
}

/// A deployed API.
#[derive(Debug)]
pub struct Deployment {
    limits: Limits,
    pub(super) rate_limiter: RateLimiter,
    list_rate_limiter: RateLimiter,
    pub(super) journal: Journal,
    client: reqwest::Client,
    auth: Auth,
    access: OnceCell<Access>,
    /// The result of the health check, which is made once.
    health: OnceCell<Result<(), String>>,
    /// `true` once a test has reported the reason why the health check failed.
    reported: AtomicBool,
    /// `true` if the health check got a response that is neither a list of items nor transient.
    wrong_url: AtomicBool,
    sessions: AtomicU32,
    latencies: Arc<Latencies>,
    /// `true` while tests may send requests. Each request of a test holds the read lock until its response.
    pub(super) accepting: RwLock<bool>,
}

impl Deployment {
    /// Creates the deployment at this URL for a run that begins now. Its journal is kept in `folder`.
    #[must_use]
    pub fn new(url: BaseUrl, auth: Auth, limits: Limits, folder: &Path) -> Self {
        let header = Header {
            url,
            auth: auth.kind(),
            namespace: namespace::for_run(),
        };
        Self::of_journal(Journal::new(folder, header), auth, limits)
    }

    /// Creates the deployment at this URL for a run with these variables.
    #[must_use]
    pub fn of_variables(url: BaseUrl, variables: &Variables) -> Arc<Self> {
        let auth = variables.auth.clone();
        Arc::new(Self::new(url, auth, variables.limits, &variables.journals))
    }

    /// Creates the deployment that this journal names.
    #[must_use]
    pub fn of_journal(journal: Journal, auth: Auth, limits: Limits) -> Self {
        Self {
            rate_limiter: RateLimiter::new("CONTRACT_RATE", limits.rate),
            list_rate_limiter: RateLimiter::new("CONTRACT_LIST_RATE", limits.list_rate),
            client: deployed(&journal.header().url),
            limits,
            journal,
            auth,
            access: OnceCell::new(),
            health: OnceCell::new(),
            reported: AtomicBool::new(false),
            wrong_url: AtomicBool::new(false),
            sessions: AtomicU32::new(0),
            latencies: Arc::default(),
            accepting: RwLock::new(true),
        }
    }

    /// Returns the URL of the API, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &BaseUrl {
        &self.journal.header().url
    }

    /// Returns the authorization of requests.
    #[must_use]
    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// Returns the limits of the run.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Returns the prefix of every id of the run.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.journal.header().namespace
    }

    /// Returns the latencies of the run. Each attempt counts separately, and the waits between them do not count.
    #[must_use]
    pub fn latencies(&self) -> &Arc<Latencies> {
        &self.latencies
    }

    /// Returns the table of the latencies so far, with a row for each route that was requested; `None` if there was no
    /// response of a route. Each attempt counts separately, and the waits between them do not count.
    #[must_use]
    pub fn latency_table(&self) -> Option<String> {
        self.latencies.table(&route::ALL)
    }

    /// Returns a namespace that no other session has.
    ///
    /// # Errors
    /// If the health check fails: the reason for the first test, and a reference to it for all later tests.
    pub(super) async fn next_namespace(&self, deadline: Deadline) -> Result<String, String> {
        self.health_check(deadline).await.map_err(|reason| {
            if self.reported.swap(true, Ordering::Relaxed) {
                "the API failed its health check: see the first failure".to_owned()
            } else {
                reason
            }
        })?;
        let number = self.sessions.fetch_add(1, Ordering::Relaxed);
        Ok(namespace::for_session(self.namespace(), number))
    }

    /// Returns `true` if the health check got a response that is neither a list of items nor transient: the URL is
    /// wrong, or the API only fails.
    #[must_use]
    pub fn has_wrong_url(&self) -> bool {
        self.wrong_url.load(Ordering::Relaxed)
    }

    /// Checks once that an API of items is at the URL: asks its list for one item.
    pub(super) async fn health_check(&self, deadline: Deadline) -> Result<(), String> {
        let health = self.health.get_or_init(|| async {
            let (url, request) = (self.url(), Request::page(Some(1), None));
            let response = self.send_with_retries(&request, "/items?limit=1", deadline);
            let response = response.await?;
            match response.status {
                200 if response.text().is_ok_and(|text| text.contains("\"Items\"")) => Ok(()),
                _ => {
                    self.wrong_url
                        .store(!response.is_transient(), Ordering::Relaxed);
                    Err(format!(
                        "there is no API of items at {url}: {url}/items?limit=1 answered {} \
                         (the URL must be that of the stage, with its path if it has one)",
                        summarize(&response)
                    ))
                }
            }
        });
        health.await.clone()
    }

    /// Waits until the rate limiters let the request pass.
    ///
    /// # Errors
    /// If they do not before the deadline.
    pub(super) async fn await_turn(
        &self,
        request: &Request,
        deadline: Deadline,
    ) -> Result<(), String> {
        if matches!(request.kind, RequestKind::List { .. }) {
            self.list_rate_limiter.acquire(deadline).await?;
        }
        self.rate_limiter.acquire(deadline).await
    }

    /// Sends a request that has waited for its turn, and waits for the response until the deadline; for the
    /// response to a PUT, always for [`RESPONSE_TIMEOUT`].
    ///
    /// # Errors
    /// The reason why there is no usable response.
    pub(super) async fn send(
        &self,
        request: &Request,
        target: &str,
        deadline: Deadline,
    ) -> Result<Response, NoResponse> {
        let url = self.url();
        let authorized = async {
            let get = || Access::get(&self.auth, url);
            let access = self.access.get_or_try_init(get).await?;
            let built = build_request(
                &self.client,
                request.method(),
                &format!("{url}{target}"),
                &request.headers(),
                request.body(),
            )
            .build();
            let mut built = built.map_err(|error| chain(&error))?;
            access.apply(&mut built).await?;
            Ok::<_, String>((access, built))
        };
        // Boxed, because the future that gets credentials is large.
        let authorized = announce_long_wait("there are no credentials yet", Box::pin(authorized));
        let authorized = timeout_at(deadline.at, authorized).await;
        let authorized =
            authorized.map_err(|_| format!("{deadline} is over, and there are no credentials"));
        let (access, mut built) = authorized.flatten().map_err(NoResponse::Final)?;
        // A PUT is never given up before the gateway gives it up: else it could be applied after its DELETE.
        let timeout = match &request.kind {
            RequestKind::Put { .. } => RESPONSE_TIMEOUT,
            RequestKind::Get(_)
            | RequestKind::Delete(_)
            | RequestKind::List { .. }
            | RequestKind::NoRoute(_) => RESPONSE_TIMEOUT.min(deadline.remaining()),
        };
        *built.timeout_mut() = Some(timeout);
        let secrets = Secrets::of(&built);
        let announcement = format!("{url} has not answered yet");
        let timed = async {
            let sent = Instant::now();
            let response = exchange(&self.client, built).await?;
            self.latencies.record(request.route_key(), sent.elapsed());
            Ok(response)
        };
        let response = announce_long_wait(&announcement, timed).await;
        let mut response = response.map_err(|error| match error {
            ExchangeError::TooLong => NoResponse::Final(format!("{url}: {error}")),
            ExchangeError::Unreachable(_) => {
                let proxy = describe_proxy(url);
                NoResponse::Unreachable(format!("{url} cannot be reached{proxy}: {error}"))
            }
        })?;
        secrets.hide_in(&mut response);
        match response.status {
            401 | 403 => Err(NoResponse::Final(format!(
                "{url} answered {}: {}",
                summarize(&response),
                access.advice()
            ))),
            429 | 500.. => {
                self.rate_limiter.back_off(retry_after(&response));
                Ok(response)
            }
            _ => Ok(response),
        }
    }
}

/// Returns the status of a response and the beginning of its body.
pub(super) fn summarize(response: &Response) -> String {
    let body = &response.body[..response.body.len().min(200)];
    format!("{} {:?}", response.status, String::from_utf8_lossy(body))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn lists_wait_for_their_own_rate_too() {
        let url = BaseUrl::parse("CONTRACT_URL", "http://127.0.0.1:9").expect("a valid URL");
        let (limits, folder) = (Limits::default(), Path::new("unused"));
        let deployment = Deployment::new(url, Auth::Open, limits, folder);
        let deadline = Deadline::after("CONTRACT_TIME", Duration::from_hours(1));
        let (get, list) = (Request::get("a".to_owned()), Request::page(None, None));
        for (request, rate) in [(get, limits.rate), (list, limits.list_rate)] {
            let begun = Instant::now();
            for _ in 0..10 * rate {
                let waited = deployment.await_turn(&request, deadline).await;
                waited.expect("an hour is enough");
            }
            let seconds = begun.elapsed().as_secs();
            assert!(
                (8..=10).contains(&seconds),
                "{seconds} s for {rate} a second"
            );
        }
    }
}
