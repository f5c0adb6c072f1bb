//! An API that others use too, for as long as one run goes on: one namespace, one pace, one journal.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use reqwest::Url;
use tokio::sync::{OnceCell, RwLock};

use super::access::{Access, Auth};
use super::journal::{Heading, Journal};
use super::limits::{Budget, Limits};
use super::namespace;
use super::pace::{Pace, asked_for};
use super::visit::Visit;
use crate::contract::answer::Answer;
use crate::environments::client::{chain, exchange, http, request};
use crate::request::call::Call;
use crate::settings::Variables;

/// Why there was no answer of the API.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// Nobody answered, which may be otherwise the next time.
    Unreachable(String),
    /// The gateway does not let requests in, or there is nothing to be let in with.
    NotLetIn(String),
}

impl From<NoAnswer> for String {
    fn from(no_answer: NoAnswer) -> Self {
        match no_answer {
            NoAnswer::Unreachable(reason) | NoAnswer::NotLetIn(reason) => reason,
        }
    }
}

/// A deployed API.
#[derive(Debug)]
pub struct Deployment {
    url: String,
    limits: Limits,
    pub(super) pace: Pace,
    pub(super) journal: Journal,
    client: reqwest::Client,
    auth: Auth,
    access: OnceCell<Access>,
    /// Whether it was seen to answer, or why nothing can be tested there.
    greeting: OnceCell<Result<(), String>>,
    /// Whether it was said why nothing can be tested there.
    told: AtomicBool,
    visits: AtomicU32,
    /// Whether tests may still send anything. Each of their requests holds it while it is under way.
    pub(super) going: RwLock<bool>,
}

impl Deployment {
    /// The API at this URL, for a run that begins now, and whose journal is kept in `folder`.
    #[must_use]
    pub fn new(url: &str, auth: Auth, limits: Limits, folder: &Path) -> Self {
        let heading = Heading {
            url: url.trim_end_matches('/').to_owned(),
            auth: auth.name().to_owned(),
            namespace: namespace::of_run(),
        };
        Self::of_journal(Journal::new(folder, heading), auth, limits)
    }

    /// The API at this URL, for a run of which these variables tell all else.
    #[must_use]
    pub fn of_variables(url: &str, variables: &Variables) -> Arc<Self> {
        let auth = variables.auth.clone();
        Arc::new(Self::new(url, auth, variables.limits, &variables.journals))
    }

    /// The API that this journal is about.
    #[must_use]
    pub fn of_journal(journal: Journal, auth: Auth, limits: Limits) -> Self {
        Self {
            url: journal.heading().url.clone(),
            limits,
            pace: Pace::new(limits.rate),
            client: http(&journal.heading().url),
            journal,
            auth,
            access: OnceCell::new(),
            greeting: OnceCell::new(),
            told: AtomicBool::new(false),
            visits: AtomicU32::new(0),
            going: RwLock::new(true),
        }
    }

    /// Where it is, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What lets requests in.
    #[must_use]
    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// What may be spent there.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// What every id of the run begins with.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.journal.heading().namespace
    }

    /// A stay in a namespace that nobody has used before.
    ///
    /// # Errors
    /// Why nothing can be tested there: in full to the first who asks, and to the others in short.
    pub async fn visit(self: &Arc<Self>, budget: &Arc<Budget>) -> Result<Visit, String> {
        self.greet().await.map_err(|reason| {
            if self.told.swap(true, Ordering::Relaxed) {
                "for the same reason as the other tests of this API".to_owned()
            } else {
                reason
            }
        })?;
        let number = self.visits.fetch_add(1, Ordering::Relaxed);
        let namespace = namespace::of_visit(self.namespace(), number);
        Ok(Visit::new(Arc::clone(self), Arc::clone(budget), namespace))
    }

    /// Asks for one item of the list, once, to see whether there is an API of items.
    pub(super) async fn greet(&self) -> Result<(), String> {
        let greeting = self.greeting.get_or_init(|| async {
            let (url, call) = (&self.url, Call::page(Some(1), None));
            match Url::parse(url) {
                Ok(parsed) if ["http", "https"].contains(&parsed.scheme()) => {}
                _ => {
                    return Err(format!(
                        "{url:?} is no URL of an API: one begins with https:// (CONTRACT_URL)"
                    ));
                }
            }
            let answer = self.ask_patiently(&call, "/items?limit=1").await?;
            match answer.status {
                200 if answer.text().is_ok_and(|text| text.contains("\"Items\"")) => Ok(()),
                status => Err(format!(
                    "there is no API of items at {url}: {url}/items?limit=1 answered {status} {:?} \
                     (CONTRACT_URL is the URL of its stage, with the path if it has one)",
                    String::from_utf8_lossy(&answer.body[..answer.body.len().min(200)])
                )),
            }
        });
        greeting.await.clone()
    }

    /// Sends a request when it is its turn.
    ///
    /// # Errors
    /// Why there was no answer of the API.
    pub(super) async fn ask(&self, call: &Call, target: &str) -> Result<Answer, NoAnswer> {
        let let_in = async {
            let get = || Access::get(&self.auth, &self.url);
            let access = self.access.get_or_try_init(get).await?;
            let request = request(&self.client, &self.url, call, target).build();
            let mut request = request.map_err(|error| chain(&error))?;
            access.apply(&mut request).await?;
            Ok::<_, String>((access, request))
        };
        let (access, request) = let_in.await.map_err(NoAnswer::NotLetIn)?;
        let answer = exchange(&self.client, request).await.map_err(|error| {
            let reason = format!("{} cannot be reached: {}", self.url, chain(&error));
            NoAnswer::Unreachable(reason)
        })?;
        match answer.status {
            401 | 403 => Err(NoAnswer::NotLetIn(format!(
                "{} answered {} {:?}: {}",
                self.url,
                answer.status,
                String::from_utf8_lossy(&answer.body),
                access.advice()
            ))),
            429 | 500.. => {
                self.pace.pause(asked_for(&answer));
                Ok(answer)
            }
            _ => Ok(answer),
        }
    }
}
