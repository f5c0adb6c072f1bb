//! One test's stay in a namespace of its own: what it sends, and that nothing of it is left.

use std::sync::Arc;

use super::deployment::Deployment;
use crate::request::call::Call;
use crate::toolkit::deployed::limits::Budget;
use crate::toolkit::http::answer::Answer;
use crate::toolkit::http::base_url::BaseUrl;

/// How often a request is sent at most, where that it changed nothing is certain.
const TRIES: usize = 4;

/// A stay.
#[derive(Debug)]
pub struct Visit {
    deployment: Arc<Deployment>,
    budget: Arc<Budget>,
    namespace: String,
}

impl Visit {
    /// Begins a stay in a namespace that no other visit has.
    ///
    /// # Errors
    /// The reason why nothing can be tested there.
    pub async fn begin(deployment: &Arc<Deployment>, budget: &Arc<Budget>) -> Result<Self, String> {
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
    pub fn pages(&self) -> u32 {
        self.deployment.limits().pages
    }

    /// Sends a request, and again if it came to nothing for certain.
    ///
    /// # Errors
    /// Why there was no answer of the API, or that the budget is spent.
    pub async fn send(&self, call: &Call, target: &str) -> Result<Answer, String> {
        let deadline = self.budget.deadline();
        let mut tries = 0;
        loop {
            self.deployment.pace.turn(deadline).await?;
            self.budget.take()?;
            let answer = {
                let going = self.deployment.going.read().await;
                if !*going {
                    return Err("the run was stopped".to_owned());
                }
                for id in call.ids_to_put(&self.namespace) {
                    if self.deployment.journal.note(&self.namespace, &id)? {
                        self.budget.owe();
                    }
                }
                self.deployment.ask(call, target, deadline).await?
            };
            tries += 1;
            if tries == TRIES || !changed_nothing(call, &answer) {
                return Ok(answer);
            }
        }
    }

    /// Deletes what was put. Gives up at the first item that cannot be deleted: the rest is left to the end of the run.
    pub async fn leave(&self) {
        let deadline = self.deployment.clean_up_deadline();
        for id in self.deployment.journal.put_in(&self.namespace) {
            self.budget.pay();
            if self.deployment.delete(&id, deadline).await != Ok(true) {
                return;
            }
        }
        self.deployment.journal.gone(&self.namespace);
    }
}

/// Whether this answer says that the service is busy, and that all is as if it had not been asked.
fn changed_nothing(call: &Call, answer: &Answer) -> bool {
    match answer.status {
        429 => true,
        503 if !call.is_write() => true,
        503 => answer.may_have_been_applied() == Ok(false),
        _ => false,
    }
}
