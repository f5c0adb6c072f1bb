//! An API that others use too, for as long as one run goes on: one namespace, one pace, one journal.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use local::error::chain;
use tokio::sync::{OnceCell, RwLock};
use tokio::time::timeout_at;

use crate::request::call::Call;
use crate::settings::Variables;
use crate::toolkit::deployed::access::{Access, Auth};
use crate::toolkit::deployed::journal::{Heading, Journal};
use crate::toolkit::deployed::limits::{Deadline, Limits};
use crate::toolkit::deployed::namespace;
use crate::toolkit::deployed::pace::{Pace, asked_for};
use crate::toolkit::deployed::secrets::Secrets;
use crate::toolkit::http::answer::Answer;
use crate::toolkit::http::base_url::BaseUrl;
use crate::toolkit::http::client::{
    ANSWER_TIMEOUT, ExchangeError, by_proxy, deployed, exchange, request,
};
use crate::toolkit::progress::announced;

/// The reason why there was no answer of the API.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The API cannot be reached now.
    Unreachable(String),
    /// The next request would not be answered either: the gateway does not let it in, or the answer is too long.
    Final(String),
}

impl From<NoAnswer> for String {
    fn from(no_answer: NoAnswer) -> Self {
        match no_answer {
            NoAnswer::Unreachable(reason) | NoAnswer::Final(reason) => reason,
        }
    }
}

/// A deployed API.
#[derive(Debug)]
pub struct Deployment {
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
    /// `true` if what answered at the URL is not an API of items.
    wrong_url: AtomicBool,
    visits: AtomicU32,
    /// Whether tests may still send anything. Each of their requests holds it while it is under way.
    pub(super) going: RwLock<bool>,
}

impl Deployment {
    /// The API at this URL, for a run that begins now, and whose journal is kept in `folder`.
    #[must_use]
    pub fn new(url: BaseUrl, auth: Auth, limits: Limits, folder: &Path) -> Self {
        let heading = Heading {
            url,
            auth: auth.kind(),
            namespace: namespace::of_run(),
        };
        Self::of_journal(Journal::new(folder, heading), auth, limits)
    }

    /// The API at this URL, for a run of which these variables tell all else.
    #[must_use]
    pub fn of_variables(url: BaseUrl, variables: &Variables) -> Arc<Self> {
        let auth = variables.auth.clone();
        Arc::new(Self::new(url, auth, variables.limits, &variables.journals))
    }

    /// The API that this journal is about.
    #[must_use]
    pub fn of_journal(journal: Journal, auth: Auth, limits: Limits) -> Self {
        Self {
            pace: Pace::new(limits.rate),
            client: deployed(&journal.heading().url),
            limits,
            journal,
            auth,
            access: OnceCell::new(),
            greeting: OnceCell::new(),
            told: AtomicBool::new(false),
            wrong_url: AtomicBool::new(false),
            visits: AtomicU32::new(0),
            going: RwLock::new(true),
        }
    }

    /// Where it is, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &BaseUrl {
        &self.journal.heading().url
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

    /// Returns a namespace for a visit, which no other visit has.
    ///
    /// # Errors
    /// The reason why nothing can be tested there: in full for the first test, and in short for the others.
    pub(super) async fn next_namespace(&self, deadline: Deadline) -> Result<String, String> {
        self.greet(deadline).await.map_err(|reason| {
            if self.told.swap(true, Ordering::Relaxed) {
                "for the same reason as the other tests of this API".to_owned()
            } else {
                reason
            }
        })?;
        let number = self.visits.fetch_add(1, Ordering::Relaxed);
        Ok(namespace::of_visit(self.namespace(), number))
    }

    /// Returns `true` if the URL was asked, and what answered is not an API of items.
    #[must_use]
    pub fn has_wrong_url(&self) -> bool {
        self.wrong_url.load(Ordering::Relaxed)
    }

    /// Asks for one item of the list, once, to see whether there is an API of items.
    pub(super) async fn greet(&self, deadline: Deadline) -> Result<(), String> {
        let greeting = self.greeting.get_or_init(|| async {
            let (url, call) = (self.url(), Call::page(Some(1), None));
            let answer = self.ask_patiently(&call, "/items?limit=1", deadline);
            let answer = answer.await?;
            match answer.status {
                200 if answer.text().is_ok_and(|text| text.contains("\"Items\"")) => Ok(()),
                _ => {
                    self.wrong_url
                        .store(!answer.is_transient(), Ordering::Relaxed);
                    Err(format!(
                        "there is no API of items at {url}: {url}/items?limit=1 answered {} \
                         (the URL is that of its stage, with the path if it has one)",
                        shown(&answer)
                    ))
                }
            }
        });
        greeting.await.clone()
    }

    /// Sends a request whose turn it is, and waits for its answer until the deadline.
    ///
    /// # Errors
    /// Why there was no answer of the API.
    pub(super) async fn ask(
        &self,
        call: &Call,
        target: &str,
        deadline: Deadline,
    ) -> Result<Answer, NoAnswer> {
        let url = self.url();
        let let_in = async {
            let get = || Access::get(&self.auth, url);
            let access = self.access.get_or_try_init(get).await?;
            let request = request(
                &self.client,
                call.method(),
                &format!("{url}{target}"),
                call.body(),
            )
            .build();
            let mut request = request.map_err(|error| chain(&error))?;
            access.apply(&mut request).await?;
            Ok::<_, String>((access, request))
        };
        // The future that gets credentials is large.
        let let_in = announced("there are no credentials yet", Box::pin(let_in));
        let let_in = timeout_at(deadline.at, let_in).await;
        let let_in =
            let_in.map_err(|_| format!("{deadline} is over, and there are no credentials"));
        let (access, mut request) = let_in.flatten().map_err(NoAnswer::Final)?;
        // An item must not be put after it was deleted, so a PUT is never given up before the gateway has.
        let timeout = match call {
            Call::Put { .. } => ANSWER_TIMEOUT,
            Call::Get(_) | Call::Delete(_) | Call::List { .. } | Call::NoRoute(_) => {
                ANSWER_TIMEOUT.min(deadline.left())
            }
        };
        *request.timeout_mut() = Some(timeout);
        let secrets = Secrets::of(&request);
        let waited_for = format!("{url} has not answered yet");
        let answer = announced(&waited_for, exchange(&self.client, request)).await;
        let mut answer = answer.map_err(|error| match error {
            ExchangeError::TooLong => NoAnswer::Final(format!("{url}: {error}")),
            ExchangeError::Unreachable(_) => {
                let way = by_proxy(url);
                NoAnswer::Unreachable(format!("{url} cannot be reached{way}: {error}"))
            }
        })?;
        secrets.hide_in(&mut answer);
        match answer.status {
            401 | 403 => Err(NoAnswer::Final(format!(
                "{url} answered {}: {}",
                shown(&answer),
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

/// Returns the status of an answer and the beginning of its body.
pub(super) fn shown(answer: &Answer) -> String {
    let body = &answer.body[..answer.body.len().min(200)];
    format!("{} {:?}", answer.status, String::from_utf8_lossy(body))
}
