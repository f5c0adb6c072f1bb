//! The clean-up of a run: deletes every journalled item, then the items of the run that the list still shows.

use std::collections::BTreeSet;

use serde::Deserialize;
use tokio::time::timeout_at;

use super::deployment::{Deployment, NoResponse, summarize};
use crate::contract::limits::MAX_ID_BYTES;
use crate::request::concrete::Request;
use crate::request::operation::UrlStyle;
use crate::request::url::GatewayProfile;
use crate::toolkit::deployed::limits::Deadline;
use crate::toolkit::deployed::rate_limiter::DEFAULT_BACKOFF;
use crate::toolkit::http::response::Response;
use crate::toolkit::progress::{LONG_WAIT, Progress, announce_long_wait};

/// The maximum number of attempts at a request that the API answers with 429 or 5xx. The rate limiter delays each
/// further attempt by the `retry-after` of the response, or by one second without it.
const MAX_ATTEMPTS: usize = 8;

/// The maximum number of attempts at a request to an unreachable API.
const MAX_ATTEMPTS_UNREACHABLE: usize = 3;

/// The clean-up fails after this number of lists that show only items which it has already deleted.
const MAX_STALE_LISTS: usize = 3;

/// A page of the list, with only the keys of its items.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyPage {
    items: Vec<Key>,
    last_evaluated_key: Option<Key>,
}

#[derive(Deserialize)]
struct Key {
    id: String,
}

/// The result of a clean-up.
#[derive(Debug, PartialEq, Eq)]
pub struct CleanUpSummary {
    /// The number of items that were found in the list and deleted.
    pub found: usize,
    /// `true` if the list was followed to its end.
    pub complete: bool,
}

impl Deployment {
    /// Ends the run: refuses further requests, deletes the items of the run and removes its journal, within
    /// `CONTRACT_CLEAN_UP`. Returns `None` if the run put no item.
    ///
    /// # Errors
    /// If items are or may be left behind: a message with the command that deletes them. Also if the journal cannot be
    /// removed.
    pub async fn finish(&self) -> Result<Option<CleanUpSummary>, String> {
        self.finish_by(self.clean_up_deadline()).await
    }

    pub(super) async fn finish_by(
        &self,
        deadline: Deadline,
    ) -> Result<Option<CleanUpSummary>, String> {
        // Waits for the requests in flight: a later PUT would escape the clean-up.
        let accepting =
            announce_long_wait("requests are still in progress", self.accepting.write());
        let Ok(mut accepting) = timeout_at(deadline.at, accepting).await else {
            let message = self.leftover_message("a request is still in progress");
            return message.map_or(Ok(None), Err);
        };
        *accepting = false;
        drop(accepting);
        if !self.journal.exists() {
            return Ok(None);
        }
        let summary = self.clean_up(deadline).await;
        let summary = summary.map_err(|reason| self.leftover_message(&reason).unwrap_or(reason))?;
        self.journal.remove()?;
        Ok(Some(summary))
    }

    /// Returns the deadline of a clean-up that begins now.
    pub(super) fn clean_up_deadline(&self) -> Deadline {
        Deadline::after("CONTRACT_CLEAN_UP", self.limits().clean_up)
    }

    /// Returns the message for a run that leaves items behind for this reason; `None` if it put no item, or deleted
    /// them all.
    #[must_use]
    pub fn leftover_message(&self, reason: &str) -> Option<String> {
        self.journal.exists().then(|| {
            format!(
                "items are left behind at {}: {reason}\nTo delete them later, run:\n  {}",
                self.url(),
                self.journal.sweep_command()
            )
        })
    }

    async fn clean_up(&self, deadline: Deadline) -> Result<CleanUpSummary, String> {
        let mut undeleted = None;
        let namespaces = self.journal.namespaces();
        let ids = namespaces.iter();
        let ids = ids.map(|namespace| self.journal.ids_in(namespace).len());
        let progress = self.deletion_progress(ids.sum(), deadline);
        for namespace in namespaces {
            let mut is_clean = true;
            for id in self.journal.ids_in(&namespace) {
                if !self.delete(&id, deadline).await? {
                    is_clean = false;
                    undeleted = Some(id);
                }
                progress.advance(1);
            }
            if is_clean {
                self.journal.record_clean(&namespace);
            }
        }
        drop(progress);
        // A faulty service may have stored an item under another id than the one that was sent.
        let is_of_run = |id: &str| id.starts_with(self.namespace());
        let summary = self.delete_listed(is_of_run, deadline).await?;
        match undeleted {
            // A list that was read to its end would have shown the item.
            Some(id) if !summary.complete => Err(format!("{id:?} cannot be deleted")),
            _ => Ok(summary),
        }
    }

    /// Deletes every item whose id `matches` accepts, on the first `CONTRACT_PAGES` pages of the list.
    ///
    /// # Errors
    /// If an item could not be deleted, or the list could not be read.
    pub(super) async fn delete_listed(
        &self,
        matches: impl Fn(&str) -> bool,
        deadline: Deadline,
    ) -> Result<CleanUpSummary, String> {
        let mut deleted = BTreeSet::new();
        let mut stale_lists = 0;
        // After each pass, later items may move onto the pages that are read.
        while stale_lists < MAX_STALE_LISTS {
            let (listed, complete) = self.list_ids(&matches, deadline).await?;
            if listed.is_empty() {
                return Ok(CleanUpSummary {
                    found: deleted.len(),
                    complete,
                });
            }
            if listed.is_subset(&deleted) {
                stale_lists += 1;
            }
            let progress = self.deletion_progress(listed.len(), deadline);
            for id in listed {
                self.delete_in_every_encoding(&id, deadline).await?;
                progress.advance(1);
                deleted.insert(id);
            }
        }
        Err(format!(
            "the list still shows {} deleted items, such as {:?}",
            deleted.len(),
            deleted.first().map(String::as_str).unwrap_or_default()
        ))
    }

    /// Returns the progress of a deletion of this many items, which may take until the deadline.
    fn deletion_progress(&self, items: usize, deadline: Deadline) -> Progress {
        let name = format!("deleting items at {}, within {deadline}", self.url());
        let total = u32::try_from(items).ok();
        Progress::counting(&name, total, "items", LONG_WAIT).until(Some(deadline.at))
    }

    /// Returns the ids in the list that `matches` accepts, and `true` if the list was followed to its end.
    async fn list_ids(
        &self,
        matches: impl Fn(&str) -> bool,
        deadline: Deadline,
    ) -> Result<(BTreeSet<String>, bool), String> {
        let (mut ids, mut starts) = (BTreeSet::new(), BTreeSet::new());
        let mut start = None;
        let name = format!("reading the list at {}", self.url());
        let progress = Progress::counting(&name, None, "pages", LONG_WAIT).until(Some(deadline.at));
        for _ in 0..self.limits().pages {
            let request = Request::page(None, start);
            let target = request.target(GatewayProfile::Unknown, UrlStyle::Plain);
            let target = target.expect("a list can always be sent");
            let response = self.send_with_retries(&request, &target, deadline).await?;
            if response.status != 200 {
                return Err(format!(
                    "the API responded to a list request with {}",
                    summarize(&response)
                ));
            }
            let page: KeyPage = serde_json::from_slice(&response.body)
                .map_err(|error| format!("a page of the list cannot be parsed: {error}"))?;
            ids.extend(
                page.items
                    .into_iter()
                    .map(|key| key.id)
                    .filter(|id| matches(id)),
            );
            start = page.last_evaluated_key.map(|key| key.id);
            progress.advance(1);
            match &start {
                None => return Ok((ids, true)),
                Some(next) if !starts.insert(next.clone()) => {
                    return Err("the list does not end: it repeats a start key".to_owned());
                }
                Some(_) => {}
            }
        }
        Ok((ids, false))
    }

    /// Deletes an item. Returns `false` if it may still exist. Returns `true` without a request if the id is too long
    /// for a key or cannot be sent in a path: only the list can show such an item.
    ///
    /// # Errors
    /// If the API did not respond: the reason.
    pub(super) async fn delete(&self, id: &str, deadline: Deadline) -> Result<bool, String> {
        let request = Request::delete(id.to_owned());
        let Some(target) = request
            .target(GatewayProfile::Unknown, UrlStyle::Plain)
            .filter(|_| id.len() <= MAX_ID_BYTES)
        else {
            return Ok(true);
        };
        let deleted = self.send_with_retries(&request, &target, deadline).await?;
        if deleted.status == 200 {
            return Ok(true);
        }
        let get = Request::get(id.to_owned());
        let found = self.send_with_retries(&get, &target, deadline).await?;
        Ok(found.status == 404)
    }

    /// Deletes a listed item in each encoding of its id that a gateway may need: see [`Request::every_encoding`].
    async fn delete_in_every_encoding(&self, id: &str, deadline: Deadline) -> Result<(), String> {
        let request = Request::delete(id.to_owned());
        for target in request.every_encoding() {
            self.send_with_retries(&request, &target, deadline).await?;
        }
        Ok(())
    }

    /// Sends an idempotent request, and retries it while the API is busy or unreachable, up to the maximum number of
    /// attempts or the deadline.
    pub(super) async fn send_with_retries(
        &self,
        request: &Request,
        target: &str,
        deadline: Deadline,
    ) -> Result<Response, String> {
        let mut attempts = 0;
        let mut last_response = String::new();
        loop {
            let acquired = self.await_turn(request, deadline).await;
            acquired.map_err(|reason| format!("{reason}{last_response}"))?;
            let response = self.send(request, target, deadline).await;
            attempts += 1;
            let max_attempts = match &response {
                Ok(response) if response.status == 429 || response.status >= 500 => MAX_ATTEMPTS,
                Err(NoResponse::Unreachable(_)) => MAX_ATTEMPTS_UNREACHABLE,
                Ok(_) | Err(NoResponse::Final(_)) => 1,
            };
            if attempts >= max_attempts {
                return Ok(response?);
            }
            if response.is_err() {
                self.rate_limiter.back_off(DEFAULT_BACKOFF);
            }
            let answered = |response| format!("it answered {}", summarize(&response));
            last_response = format!("; {}", response.map_or_else(String::from, answered));
        }
    }
}
