//! The session of one case with a deployed API: sends its requests, and deletes its items at the end.

use std::sync::Arc;

use super::deployment::Deployment;
use crate::request::concrete::Request;
use crate::toolkit::deployed::access::Auth;
use crate::toolkit::deployed::limits::Budget;
use crate::toolkit::http::base_url::BaseUrl;
use crate::toolkit::http::response::Response;

/// The maximum number of attempts at a request. An attempt that may have changed something is the last one.
const MAX_ATTEMPTS: usize = 4;

/// The use of a deployed API by one case, or by one attempt to shrink it, in a namespace that no other session has.
#[derive(Debug)]
pub struct Session {
    deployment: Arc<Deployment>,
    budget: Arc<Budget>,
    namespace: String,
}

impl Session {
    /// Opens a session in a new namespace.
    ///
    /// # Errors
    /// If the API fails its health check: the reason.
    pub async fn open(deployment: &Arc<Deployment>, budget: &Arc<Budget>) -> Result<Self, String> {
        Ok(Self {
            namespace: deployment.next_namespace(budget.deadline()).await?,
            deployment: Arc::clone(deployment),
            budget: Arc::clone(budget),
        })
    }

    /// Returns the URL of the API.
    #[must_use]
    pub fn url(&self) -> &BaseUrl {
        self.deployment.url()
    }

    /// Returns `true` if requests are signed.
    #[must_use]
    pub fn signs(&self) -> bool {
        *self.deployment.auth() == Auth::Iam
    }

    /// Returns the prefix of every id.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the maximum number of pages of a list that are read.
    #[must_use]
    pub fn max_pages(&self) -> u32 {
        self.deployment.limits().pages
    }

    /// Sends a request. Retries it up to three times while the response says that the service is busy and that the
    /// request changed nothing.
    ///
    /// # Errors
    /// If there is no usable response, the budget is spent, the run was stopped, or the journal cannot be written: the
    /// reason.
    pub async fn send(&self, request: &Request, target: &str) -> Result<Response, String> {
        let deadline = self.budget.deadline();
        let mut attempts = 0;
        loop {
            self.deployment.await_turn(request, deadline).await?;
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
            attempts += 1;
            if attempts == MAX_ATTEMPTS || !changed_nothing(request, &response) {
                return Ok(response);
            }
        }
    }

    /// Deletes the items of the session. Gives up at the first item that cannot be deleted: the clean-up at the end of
    /// the run deletes the rest.
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

/// Returns `true` if the response says that the service is busy and that the request changed nothing.
pub(crate) fn changed_nothing(request: &Request, response: &Response) -> bool {
    match response.status {
        429 => true,
        503 if !request.is_write() => true,
        503 => response.may_have_been_applied() == Ok(false),
        _ => false,
    }
}
