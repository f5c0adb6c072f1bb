//! Leaves nothing behind: deletes what was put, and what the list shows of it all the same.

use std::collections::BTreeSet;

use serde::Deserialize;
use tokio::time::timeout_at;

use super::deployment::{Deployment, NoAnswer, shown};
use crate::contract::limits::MAX_ID_BYTES;
use crate::request::call::{Call, Gateway};
use crate::toolkit::deployed::limits::Deadline;
use crate::toolkit::deployed::pace::PAUSE;
use crate::toolkit::http::answer::Answer;
use crate::toolkit::progress::announced;

/// How often a request is sent to an API that is busy. Each waits for as long as the API asks.
const TRIES: usize = 8;

/// How often a request is sent to an API that cannot be reached.
const TRIES_UNREACHABLE: usize = 3;

/// The number of times that the list may show nothing but items that were deleted.
const ROUNDS: usize = 3;

/// A page of the list, of which nothing is wanted but the keys.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    items: Vec<Key>,
    last_evaluated_key: Option<Key>,
}

#[derive(Deserialize)]
struct Key {
    id: String,
}

/// What a clean-up came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Cleaned {
    /// How many items the list still showed, and were deleted.
    pub found: usize,
    /// Whether the list was followed to its end.
    pub whole: bool,
}

impl Deployment {
    /// Ends the run: nothing that it put is left, and its journal is removed. Where nothing was ever
    /// put, nothing is done. It takes no longer than `CONTRACT_CLEAN_UP` says.
    ///
    /// # Errors
    /// The items that are left behind, and the way to delete them.
    pub async fn finish(&self) -> Result<Option<Cleaned>, String> {
        self.finish_by(self.clean_up_deadline()).await
    }

    pub(super) async fn finish_by(&self, deadline: Deadline) -> Result<Option<Cleaned>, String> {
        // Waits for the requests under way, so that nothing is put behind the back of what follows.
        let going = announced("requests are still under way", self.going.write());
        let Ok(mut going) = timeout_at(deadline.at, going).await else {
            let left = self.left_behind("a request is still under way");
            return left.map_or(Ok(None), Err);
        };
        *going = false;
        drop(going);
        if !self.journal.is_begun() {
            return Ok(None);
        }
        let doing = format!(
            "the items at {} are being deleted, until {deadline} is over",
            self.url()
        );
        let cleaned = announced(&doing, self.clean_up(deadline)).await;
        let cleaned = cleaned.map_err(|reason| self.left_behind(&reason).unwrap_or(reason))?;
        self.journal.remove()?;
        Ok(Some(cleaned))
    }

    /// Returns the end of a clean-up that begins now.
    pub(super) fn clean_up_deadline(&self) -> Deadline {
        Deadline::after("CONTRACT_CLEAN_UP", self.limits().clean_up)
    }

    /// Returns a message for a run that ends with items left behind for this reason; `None` if it put nothing.
    #[must_use]
    pub fn left_behind(&self, reason: &str) -> Option<String> {
        self.journal.is_begun().then(|| {
            format!(
                "items are left behind at {}: {reason}\nTo delete them when that can be done:\n  {}",
                self.url(),
                self.journal.sweep_command()
            )
        })
    }

    async fn clean_up(&self, deadline: Deadline) -> Result<Cleaned, String> {
        let mut doubt = None;
        for namespace in self.journal.namespaces() {
            let mut gone = true;
            for id in self.journal.put_in(&namespace) {
                if !self.delete(&id, deadline).await? {
                    gone = false;
                    doubt = Some(id);
                }
            }
            if gone {
                self.journal.gone(&namespace);
            }
        }
        // A faulty service may have stored other ids than it was told.
        let ours = |id: &str| id.starts_with(self.namespace());
        let cleaned = self.delete_listed(ours, deadline).await?;
        match doubt {
            // A list that is seen to its end leaves none.
            Some(id) if !cleaned.whole => Err(format!("{id:?} cannot be deleted")),
            _ => Ok(cleaned),
        }
    }

    /// Deletes every item that the list shows on its first `CONTRACT_PAGES` pages and `ours` knows.
    ///
    /// # Errors
    /// What could not be deleted, or could not be seen.
    pub(super) async fn delete_listed(
        &self,
        ours: impl Fn(&str) -> bool,
        deadline: Deadline,
    ) -> Result<Cleaned, String> {
        let mut deleted = BTreeSet::new();
        let mut rounds = 0;
        // With each round new items may move up to the pages that are followed.
        while rounds < ROUNDS {
            let (listed, whole) = self.listed(&ours, deadline).await?;
            if listed.is_empty() {
                return Ok(Cleaned {
                    found: deleted.len(),
                    whole,
                });
            }
            if listed.is_subset(&deleted) {
                rounds += 1;
            }
            for id in listed {
                self.delete_anyhow(&id, deadline).await?;
                deleted.insert(id);
            }
        }
        Err(format!(
            "the list still shows {} that were deleted, such as {:?}",
            deleted.len(),
            deleted.first().map(String::as_str).unwrap_or_default()
        ))
    }

    /// The ids of ours that the list shows, and whether it was followed to its end.
    async fn listed(
        &self,
        ours: impl Fn(&str) -> bool,
        deadline: Deadline,
    ) -> Result<(BTreeSet<String>, bool), String> {
        let (mut ids, mut starts) = (BTreeSet::new(), BTreeSet::new());
        let mut start = None;
        for _ in 0..self.limits().pages {
            let call = Call::page(None, start);
            let target = call.target(Gateway::Unknown);
            let target = target.expect("a list can always be sent");
            let answer = self.ask_patiently(&call, &target, deadline).await?;
            if answer.status != 200 {
                return Err(format!("the list answered {}", shown(&answer)));
            }
            let page: Page = serde_json::from_slice(&answer.body)
                .map_err(|error| format!("the list cannot be read: {error}"))?;
            ids.extend(
                page.items
                    .into_iter()
                    .map(|key| key.id)
                    .filter(|id| ours(id)),
            );
            start = page.last_evaluated_key.map(|key| key.id);
            match &start {
                None => return Ok((ids, true)),
                Some(next) if !starts.insert(next.clone()) => {
                    return Err("the list does not end".to_owned());
                }
                Some(_) => {}
            }
        }
        Ok((ids, false))
    }

    /// Deletes an item, if it can be there: some ids fit no key, and some no path. Whether it is
    /// certainly gone.
    ///
    /// # Errors
    /// Why there was no answer.
    pub(super) async fn delete(&self, id: &str, deadline: Deadline) -> Result<bool, String> {
        let call = Call::Delete(id.to_owned());
        let Some(target) = call
            .target(Gateway::Unknown)
            .filter(|_| id.len() <= MAX_ID_BYTES)
        else {
            return Ok(true);
        };
        let deleted = self.ask_patiently(&call, &target, deadline).await?;
        if deleted.status == 200 {
            return Ok(true);
        }
        let get = Call::Get(id.to_owned());
        let found = self.ask_patiently(&get, &target, deadline).await?;
        Ok(found.status == 404)
    }

    /// Deletes an item that is there, whatever its id: its path is written as any gateway may want it.
    async fn delete_anyhow(&self, id: &str, deadline: Deadline) -> Result<(), String> {
        let call = Call::Delete(id.to_owned());
        for target in call.every_target() {
            self.ask_patiently(&call, &target, deadline).await?;
        }
        Ok(())
    }

    /// Sends an idempotent request until the API has time for it, or until the deadline.
    pub(super) async fn ask_patiently(
        &self,
        call: &Call,
        target: &str,
        deadline: Deadline,
    ) -> Result<Answer, String> {
        let mut tries = 0;
        let mut last = String::new();
        loop {
            let turn = self.pace.turn(deadline).await;
            turn.map_err(|reason| format!("{reason}{last}"))?;
            let answer = self.ask(call, target, deadline).await;
            tries += 1;
            let most = match &answer {
                Ok(answer) if answer.status == 429 || answer.status >= 500 => TRIES,
                Err(NoAnswer::Unreachable(_)) => TRIES_UNREACHABLE,
                Ok(_) | Err(NoAnswer::Final(_)) => 1,
            };
            if tries >= most {
                return Ok(answer?);
            }
            if answer.is_err() {
                self.pace.pause(PAUSE);
            }
            let answered = |answer| format!("it answered {}", shown(&answer));
            last = format!("; {}", answer.map_or_else(String::from, answered));
        }
    }
}
