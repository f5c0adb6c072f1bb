//! The cases of a table that fails: every request under every condition, and the outcome that the contract expects.

use std::fmt::{self, Display};

use crate::contract::item::Item;
use crate::coverage::cell::{Cell, FAULT_CLASS_PREFIX};
use crate::request::concrete::Request;
use crate::toolkit::dynamodb::fault::Fault;
use crate::toolkit::dynamodb::faulty_response::{FailureKind, NO_LIST};

/// A request, and the condition of the table meanwhile.
#[derive(Clone, Debug)]
pub struct FaultCase {
    pub(super) request: Request,
    pub(super) condition: Condition,
}

/// The expected outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExpectedOutcome {
    /// 200.
    Success,
    /// 503: the request changed nothing.
    Unchanged,
    /// 503: the write may or may not have been applied.
    Ambiguous,
    /// 500: an operator must act; the request changed nothing.
    OperatorError,
}

/// The condition of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// Every request to the table meets this fault.
    Always(Fault),
    /// The first request to the table meets this fault, and the others pass.
    Once(Fault),
    /// Every request to the table hangs in this way, and the deadline comes before the time-out of an attempt.
    UntilDeadline(Fault),
    /// The service uses this endpoint, which has no table.
    Unreachable(&'static str),
}

use Condition::{Always, Once, Unreachable, UntilDeadline};

/// Endpoints without a table: one that refuses every connection, and one whose name does not resolve.
const UNREACHABLE: [&str; 2] = ["http://127.0.0.1:1", "http://table.invalid"];

/// The id of the item.
pub(super) const ID: &str = "item";

/// The writes of the item: the one before the fault, the one during it, and the one after it.
pub(super) const OLD: u64 = 1;
pub(super) const NEW: u64 = 2;
pub(super) const NEWER: u64 = 3;

pub(super) fn put(write: u64) -> Request {
    Item::from_write(write).put(ID)
}

pub(super) fn get() -> Request {
    Request::get(ID.to_owned())
}

pub(super) fn list() -> Request {
    Request::page(None, None)
}

/// Returns the requests to test: one for each route.
fn requests() -> [Request; 4] {
    [put(NEW), Request::delete(ID.to_owned()), get(), list()]
}

/// Returns every case. Those that wait for time-outs come early.
pub(super) fn all() -> Vec<FaultCase> {
    let (hangs, others): (Vec<_>, Vec<_>) = Fault::all().partition(|fault| fault.is_hang());
    let until_deadline = hangs.iter().copied().map(UntilDeadline);
    let mut conditions: Vec<_> = until_deadline.chain(UNREACHABLE.map(Unreachable)).collect();
    for faults in [hangs, others] {
        let fails = |fault: &Fault| fault.failure_kind().is_some();
        conditions.extend(faults.iter().copied().map(Always));
        conditions.extend(faults.into_iter().filter(fails).map(Once));
    }
    let cases = conditions
        .into_iter()
        .flat_map(|condition| requests().map(|request| FaultCase { request, condition }));
    let no_list = [Always, Once].map(|condition| FaultCase {
        request: list(),
        condition: condition(Fault::Response(&NO_LIST)),
    });
    no_list.into_iter().chain(cases).collect()
}

impl Condition {
    /// Returns `true` if a request may wait until its deadline.
    pub(super) fn may_need_the_whole_time(self) -> bool {
        match self {
            Always(fault) => fault.is_hang(),
            UntilDeadline(_) | Unreachable(_) => true,
            Once(_) => false,
        }
    }
}

impl FaultCase {
    /// Returns the expected outcome of the request.
    pub(super) fn expected(&self) -> ExpectedOutcome {
        let (Always(fault) | Once(fault) | UntilDeadline(fault)) = self.condition else {
            return ExpectedOutcome::Unchanged;
        };
        let passes_later = matches!(self.condition, Once(_));
        match fault.failure_kind() {
            None => ExpectedOutcome::Success,
            Some(FailureKind::Rejected) => ExpectedOutcome::OperatorError,
            Some(FailureKind::Ambiguous) if self.request.is_write() => ExpectedOutcome::Ambiguous,
            Some(FailureKind::Conflict) if self.request.is_write() => ExpectedOutcome::Unchanged,
            Some(FailureKind::Throttled | FailureKind::Conflict | FailureKind::Ambiguous)
                if passes_later =>
            {
                ExpectedOutcome::Success
            }
            Some(FailureKind::Throttled | FailureKind::Conflict | FailureKind::Ambiguous) => {
                ExpectedOutcome::Unchanged
            }
        }
    }

    /// Returns the cell of the coverage table that the case reaches.
    pub(super) fn cell(&self) -> Cell {
        let transition = match self.expected() {
            ExpectedOutcome::Success => "as asked",
            ExpectedOutcome::Unchanged | ExpectedOutcome::OperatorError => "unchanged",
            ExpectedOutcome::Ambiguous => "unknown",
        };
        let class = match self.condition {
            Always(fault) => fault.to_string(),
            Once(fault) => format!("{fault} once"),
            UntilDeadline(fault) => format!("{fault} until the deadline"),
            Unreachable(endpoint) => endpoint.to_owned(),
        };
        Cell::new(
            self.request.route_key(),
            transition,
            self.expected().status(),
            &format!("{FAULT_CLASS_PREFIX}{class}"),
        )
    }
}

impl ExpectedOutcome {
    /// Returns the status.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::Success => 200,
            Self::Unchanged | Self::Ambiguous => 503,
            Self::OperatorError => 500,
        }
    }
}

impl Display for FaultCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let route = self.request.route_key();
        match self.condition {
            Always(fault) => write!(f, "{route}, when every request meets {fault}"),
            Once(fault) => write!(f, "{route}, when only the first request meets {fault}"),
            UntilDeadline(fault) => {
                write!(
                    f,
                    "{route}, when every request meets {fault} until the deadline"
                )
            }
            Unreachable(endpoint) => write!(f, "{route}, when the table is at {endpoint}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::coverage::contract_doc::ContractDoc;

    #[test]
    fn the_cases_reach_the_cells_of_the_coverage_table() {
        let reached: BTreeSet<_> = all().iter().map(FaultCase::cell).collect();
        let rows = ContractDoc::load().rows;
        let declared: BTreeSet<_> = rows
            .iter()
            .flat_map(|row| row.cells().collect::<Vec<_>>())
            .filter(|cell| cell.class.starts_with(FAULT_CLASS_PREFIX))
            .collect();
        let differing: Vec<_> = reached.symmetric_difference(&declared).collect();
        assert!(differing.is_empty(), "{differing:#?}");
        assert_eq!(reached.len(), all().len(), "every case has a separate cell");
    }
}
