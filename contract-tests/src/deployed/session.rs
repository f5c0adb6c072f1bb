//! One test's stay in a namespace of its own: what it sends, and that nothing of it is left.

use std::sync::Arc;

use super::deployment::Deployment;
use crate::request::concrete::Request;
use crate::toolkit::deployed::limits::Budget;
use crate::toolkit::http::base_url::BaseUrl;
use crate::toolkit::http::response::Response;

/// How often a request is sent at most, where that it changed nothing is certain.
const MAX_TRIES: usize = 4;

/// A stay.
#[derive(Debug)]
pub struct Session {
    deployment: Arc<Deployment>,
    budget: Arc<Budget>,
    namespace: String,
}

impl Session {
    /// Begins a stay in a namespace that no other visit has.
    ///
    /// # Errors
    /// The reason why nothing can be tested there.
    pub async fn open(deployment: &Arc<Deployment>, budget: &Arc<Budget>) -> Result<Self, String> {
        Ok(Self {
            namespace: deployment.next_namespace(budget.deadline()).await?,
            deployment: Arc::clone(deployment),
            budget: Arc::clone(budget),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &BaseUrl {
        self.deployment.url()
    }

    /// What every id begins with.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// How many pages of a list may be followed.
    #[must_use]
    pub fn max_pages(&self) -> u32 {
        self.deployment.limits().pages
    }

    /// Sends a request, and again if it came to nothing for certain.
    ///
    /// # Errors
    /// Why there was no response of the API, or that the budget is spent.
    pub async fn send(&self, request: &Request, target: &str) -> Result<Response, String> {
        let deadline = self.budget.deadline();
        let mut tries = 0;
        loop {
            self.deployment.rate_limiter.acquire(deadline).await?;
            self.budget.try_acquire()?;
            let response = {
                let accepting = self.deployment.accepting.read().await;
                if !*accepting {
                    return Err("the run was stopped".to_owned());
                }
                for id in request.ids_to_put(&self.namespace) {
                    if self.deployment.journal.record_put(&self.namespace, &id)? {
                        self.budget.reserve_cleanup();
                    }
                }
                self.deployment.send(request, target, deadline).await?
            };
            tries += 1;
            if tries == MAX_TRIES || !changed_nothing(request, &response) {
                return Ok(response);
            }
        }
    }

    /// Deletes what was put. Gives up at the first item that cannot be deleted: the rest is left to the end of the run.
    pub async fn close(&self) {
        let deadline = self.deployment.clean_up_deadline();
        for id in self.deployment.journal.ids_in(&self.namespace) {
            self.budget.use_reserved();
            if self.deployment.delete(&id, deadline).await != Ok(true) {
                return;
            }
        }
        self.deployment.journal.record_clean(&self.namespace);
    }
}

/// Whether this response says that the service is busy, and that all is as if it had not been asked.
fn changed_nothing(request: &Request, response: &Response) -> bool {
    match response.status {
        429 => true,
        503 if !request.is_write() => true,
        503 => response.may_have_been_applied() == Ok(false),
        _ => false,
    }
}
