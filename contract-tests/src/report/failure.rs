//! The failure of a property, with everything that explains and reproduces it. A failure is saved as JSON, replayed,
//! and shown in the reports.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::contract::run::{Run, Step};
use crate::report::script::expectation;
use crate::request::exchange::Exchange;
use crate::request::operation::Operation;
use crate::request::url::GatewayProfile;
use crate::toolkit::linearizability::history::Entry;
use crate::toolkit::linearizability::linearize::is_linearizable;
use crate::toolkit::linearizability::minimise::minimise;
use crate::toolkit::linearizability::register::{RegisterEntry, RegisterOperation};

/// A failure of a property.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The reason of the failure.
    pub broken: String,
    /// The test that found it.
    pub test: String,
    /// The seed of the run in which the test found it; `None` if nothing in the test is random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The number of the case, from one.
    #[serde(default)]
    pub case: u32,
    /// The clauses of `CONTRACT.md` that the failed request is about, such as `2.1`; empty if they are not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<String>,
    /// The operations that reproduce the failure of a sequence; empty for other failures, which may not occur again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
    /// The requests with their responses. The last one of a sequence is the failed one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<Exchange>,
    /// The index of the exchange whose response is wrong by itself, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<usize>,
    /// The operations of the history of each item; empty if the failure is not one of a history.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<HistoryOperation>,
    /// The script of curl commands that reproduces the failure of a sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// The reason why shrinking ended early, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// An operation of the history of an item, as its client saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryOperation {
    /// The id of the item.
    pub item: String,
    /// The number of the client.
    pub client: usize,
    /// The operation, with its response.
    pub operation: RegisterOperation,
    /// The time of the request, on the clock of the exchanges.
    pub invoked: u64,
    /// The time of the response; `None` if the operation is ambiguous: it may have taken effect, or may do so later.
    pub returned: Option<u64>,
    /// The indices of the exchanges of the operation: a list that does not show an item has an exchange for each page.
    pub exchanges: Vec<usize>,
    /// `true` if the operation is in the smallest part of the history that is not linearizable.
    #[serde(default)]
    pub contradicts: bool,
}

impl Failure {
    /// Returns a failure that the exchanges explain.
    #[must_use]
    pub fn of_exchanges(broken: String, exchanges: Vec<Exchange>) -> Self {
        Self {
            broken,
            exchanges,
            ..Self::default()
        }
    }

    /// Returns the failure of a sequence, without the items of other users, whose ids do not have this prefix.
    #[must_use]
    pub fn of_run(broken: String, run: &Run, prefix: &str) -> Self {
        Self {
            operations: run.operations.clone(),
            ..Self::of_exchanges(
                broken,
                run.steps
                    .iter()
                    .map(|step| exchange(step, prefix))
                    .collect(),
            )
        }
    }

    /// Returns the index of the failed exchange: the one whose response is wrong by itself, or else the last one of a
    /// sequence.
    #[must_use]
    pub fn failed_exchange(&self) -> Option<usize> {
        let is_sequence = !self.operations.is_empty();
        let last = self.exchanges.len().checked_sub(1);
        self.wrong.or(last.filter(|_| is_sequence))
    }

    /// Returns the smallest part of the history that is not linearizable, by the time of the request.
    #[must_use]
    pub fn contradicting(&self) -> Vec<&HistoryOperation> {
        let operations = self.history.iter().filter(|of| of.contradicts);
        let mut operations: Vec<_> = operations.collect();
        operations.sort_by_key(|of| of.invoked);
        operations
    }

    /// Returns the exchanges of an operation of the history.
    pub fn exchanges_of(&self, operation: &HistoryOperation) -> impl Iterator<Item = &Exchange> {
        let indices = operation.exchanges.iter();
        indices.filter_map(|index| self.exchanges.get(*index))
    }
}

/// Checks the history of each item, and marks the smallest part that is not linearizable. Returns `true` if there is
/// one. The history of an item must have at most
/// [`MAX_OPERATIONS`](crate::toolkit::linearizability::transitions::MAX_OPERATIONS) operations.
#[must_use]
pub fn mark_contradiction(history: &mut [HistoryOperation]) -> bool {
    for operation in &mut *history {
        operation.contradicts = false;
    }
    let items: BTreeSet<_> = history.iter().map(|of| of.item.clone()).collect();
    for item in items {
        let of_item = history.iter().filter(|of| of.item == item);
        let entries: Vec<_> = of_item.map(HistoryOperation::entry).collect();
        if is_linearizable(&entries) {
            continue;
        }
        let minimal = minimise(entries);
        for operation in history.iter_mut().filter(|of| of.item == item) {
            operation.contradicts = minimal.contains(&operation.entry());
        }
        return true;
    }
    false
}

impl HistoryOperation {
    /// Returns the entry of the item's history.
    #[must_use]
    pub fn entry(&self) -> RegisterEntry {
        Entry {
            client: self.client,
            operation: self.operation,
            invoked: self.invoked,
            returned: self.returned,
        }
    }
}

/// Returns the exchange of a step.
fn exchange(step: &Step, prefix: &str) -> Exchange {
    let target = step.request.target(GatewayProfile::HttpApi, step.style);
    Exchange {
        expected: Some(expectation(&step.expected)),
        ..Exchange::new(
            &step.request,
            &target.unwrap_or_default(),
            step.response.as_ref(),
            prefix,
        )
    }
}
