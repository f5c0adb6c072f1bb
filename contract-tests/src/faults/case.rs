//! The cases of a table that fails: every request under every pattern of faults, conditional requests under some of
//! them, and the outcome that the contract expects.

use std::fmt::{self, Display};
use std::ops::RangeInclusive;

use crate::contract::item::Item;
use crate::coverage::cell::{Cell, FAULT_CLASS_PREFIX};
use crate::faults::precondition::Precondition;
use crate::request::concrete::Request;
use crate::toolkit::dynamodb::fault::Fault;
use crate::toolkit::dynamodb::faulty_response::{FailureKind, NO_LIST};

/// A request, and the faults of the table meanwhile.
#[derive(Clone, Debug)]
pub struct FaultCase {
    /// The request without its conditions: its tags are known only when it is sent.
    pub(super) request: Request,
    /// The conditions.
    pub(super) precondition: Precondition,
    /// The faults.
    pub(super) pattern: FaultPattern,
    /// `true` if only writes to the table meet the faults, and reads pass.
    pub(super) only_writes: bool,
}

/// The expected outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExpectedOutcome {
    /// 200.
    Success,
    /// 304: the client has the item already.
    NotModified,
    /// 412: the request changed nothing, because its conditions do not hold.
    PreconditionFailed,
    /// 503: the request changed nothing.
    Unchanged,
    /// 503: the write may or may not have been applied.
    Ambiguous,
    /// 500: an operator must act; the request changed nothing.
    OperatorError,
}

/// The requests to the table that meet a fault. With [`FaultCase::only_writes`], they are the writes only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultPattern {
    /// Every request to the table meets this fault.
    Always(Fault),
    /// The first request to the table meets this fault, and the others pass.
    Once(Fault),
    /// Every request to the table hangs in this way, and the deadline comes before the time-out of an attempt.
    UntilDeadline(Fault),
    /// The service uses this endpoint, which has no table.
    Unreachable(&'static str),
}

use FaultPattern::{Always, Once, Unreachable, UntilDeadline};
use Precondition::{IfAbsent, IfMatch, IfNoneMatch, Nothing, StaleIfMatch};

/// Endpoints without a table: one that refuses every connection, and one whose name does not resolve.
const UNREACHABLE: [&str; 2] = ["http://127.0.0.1:1", "http://table.invalid"];

/// A fault of each kind, for the conditional requests that are not tried with every fault.
const REPRESENTATIVES: [&str; 7] = [
    "Hang",
    "DropAfterApply",
    "ThrottlingException",
    "TransactionConflictException",
    "AccessDeniedException",
    "InternalServerError",
    "200 without a body",
];

/// The maximum number of times that one request sends a write whose condition fails although the item is unchanged.
const MAX_CONDITIONAL_WRITES: usize = 4;

/// The id of the item.
pub(super) const ID: &str = "item";

/// The writes of the item: the two before the fault, the one during it, and the one after it.
pub(super) const OLDER: u64 = 0;
pub(super) const OLD: u64 = 1;
pub(super) const NEW: u64 = 2;
pub(super) const NEWER: u64 = 3;

pub(super) fn put(write: u64) -> Request {
    Item::from_write(write).put(ID)
}

fn delete() -> Request {
    Request::delete(ID.to_owned())
}

pub(super) fn get() -> Request {
    Request::get(ID.to_owned())
}

pub(super) fn list() -> Request {
    Request::page(None, None)
}

/// Returns the requests to test with every fault: one for each route.
fn requests() -> [Request; 4] {
    [put(NEW), delete(), get(), list()]
}

/// Returns every case. Those that wait for their deadline come first, and then those that wait for other time-outs.
pub(super) fn all() -> Vec<FaultCase> {
    let hangs = Fault::all().filter(|fault| fault.is_hang());
    let failing = Fault::all().filter(|fault| fault.failure_kind().is_some());
    let patterns = hangs
        .map(UntilDeadline)
        .chain(UNREACHABLE.map(Unreachable))
        .chain(Fault::all().map(Always))
        .chain(failing.map(Once));
    let unconditional = patterns
        .flat_map(|pattern| requests().map(|request| FaultCase::unconditional(request, pattern)));
    let no_list = [Always, Once]
        .map(|pattern| FaultCase::unconditional(list(), pattern(Fault::Response(&NO_LIST))));
    let no_condition = [put(NEW), delete()]
        .map(|request| FaultCase::unconditional(request, Always(Fault::FailCondition)));
    let cases = conditional().chain(unconditional);
    let mut cases: Vec<_> = cases.chain(no_list).chain(no_condition).collect();
    cases.sort_by_key(|case| (!case.may_need_the_whole_time(), !case.pattern.may_wait()));
    cases
}

/// Returns the cases of conditional requests: the write of a PUT meets every fault, and the other requests meet a fault
/// of each kind.
fn conditional() -> impl Iterator<Item = FaultCase> {
    let representatives = |fault: &Fault| REPRESENTATIVES.contains(&fault.to_string().as_str());
    let representatives: Vec<_> = Fault::all().filter(representatives).collect();
    let always: Vec<_> = representatives.iter().copied().map(Always).collect();
    let once: Vec<_> = representatives.iter().copied().map(Once).collect();
    let throttled =
        |pattern: &&FaultPattern| pattern.failure_kind() == Some(FailureKind::Throttled);
    let always_throttled: Vec<_> = always.iter().filter(throttled).copied().collect();
    // The faults after which a write is sent again.
    let mut resent: Vec<_> = once.iter().filter(throttled).copied().collect();
    resent.extend([Always(Fault::FailCondition), Once(Fault::FailCondition)]);
    let every_fault: Vec<_> = Fault::all().map(Always).collect();
    let hang = [UntilDeadline(Fault::Hang)];
    let no_table = [Unreachable(UNREACHABLE[0])];

    let groups: [(Request, Precondition, bool, &[&[FaultPattern]]); 7] = [
        (put(NEW), IfMatch, false, &[&always, &hang, &no_table]),
        (put(NEW), IfMatch, true, &[&every_fault, &resent, &hang]),
        (put(NEW), StaleIfMatch, false, &[&once, &always_throttled]),
        (put(NEW), IfAbsent, false, &[&always, &resent]),
        (delete(), IfMatch, false, &[&once]),
        (delete(), IfMatch, true, &[&always, &resent]),
        (get(), IfNoneMatch, false, &[&once, &always_throttled]),
    ];
    let groups = groups.map(|(request, precondition, only_writes, patterns)| {
        let patterns = patterns.concat().into_iter();
        patterns.map(move |pattern| FaultCase {
            request: request.clone(),
            precondition,
            pattern,
            only_writes,
        })
    });
    groups.into_iter().flatten()
}

impl FaultPattern {
    /// Returns the fault; `None` if there is no table.
    pub(super) fn fault(self) -> Option<Fault> {
        match self {
            Always(fault) | Once(fault) | UntilDeadline(fault) => Some(fault),
            Unreachable(_) => None,
        }
    }

    fn failure_kind(self) -> Option<FailureKind> {
        self.fault()?.failure_kind()
    }

    /// Returns `true` if a request may wait for a time-out.
    fn may_wait(self) -> bool {
        self.fault().is_none_or(Fault::is_hang)
    }
}

impl FaultCase {
    fn unconditional(request: Request, pattern: FaultPattern) -> Self {
        Self {
            request,
            precondition: Nothing,
            pattern,
            only_writes: false,
        }
    }

    /// Returns the request to send, for an item of which the responses have shown these tags, the latest one last.
    pub(super) fn request(&self, shown: &[String]) -> Request {
        let conditions = self.precondition.resolve(shown);
        self.request.clone().when(conditions)
    }

    /// Returns the number of the write that put the item before the fault; `None` if there is no item.
    pub(super) fn initial_write(&self) -> Option<u64> {
        (self.precondition != IfAbsent).then_some(OLD)
    }

    /// Returns `true` if the first fault is met by a write to the table, and not by a read.
    fn fault_is_on_write(&self) -> bool {
        let reads_first = matches!(self.precondition, IfMatch | StaleIfMatch);
        self.request.is_write() && (self.only_writes || !reads_first)
    }

    /// Returns `true` if a read meets the fault, and the service writes after the read has succeeded.
    pub(super) fn writes_after_failed_read(&self) -> bool {
        self.request.is_write()
            && !self.fault_is_on_write()
            && self.expected() == ExpectedOutcome::Success
    }

    /// Returns `true` if the request may wait until its deadline.
    pub(super) fn may_need_the_whole_time(&self) -> bool {
        match self.pattern {
            // The read does not hang, and the write is not sent again.
            Always(_) if self.only_writes => false,
            Always(fault) => fault.is_hang(),
            UntilDeadline(_) | Unreachable(_) => true,
            Once(_) => false,
        }
    }

    /// Returns the expected outcome of the request.
    pub(super) fn expected(&self) -> ExpectedOutcome {
        let Some(fault) = self.pattern.fault() else {
            return ExpectedOutcome::Unchanged;
        };
        let passes_later = matches!(self.pattern, Once(_));
        match fault.failure_kind() {
            None => self.expected_of_table_that_works(),
            Some(FailureKind::Rejected) => ExpectedOutcome::OperatorError,
            Some(FailureKind::ConditionFailed) if self.precondition == Nothing => {
                ExpectedOutcome::OperatorError
            }
            Some(FailureKind::Ambiguous) if self.fault_is_on_write() => ExpectedOutcome::Ambiguous,
            Some(FailureKind::Conflict) if self.fault_is_on_write() => ExpectedOutcome::Unchanged,
            Some(
                FailureKind::Throttled
                | FailureKind::Conflict
                | FailureKind::ConditionFailed
                | FailureKind::Ambiguous,
            ) => {
                if passes_later {
                    self.expected_of_table_that_works()
                } else {
                    ExpectedOutcome::Unchanged
                }
            }
        }
    }

    fn expected_of_table_that_works(&self) -> ExpectedOutcome {
        match self.precondition {
            Nothing | IfMatch | IfAbsent => ExpectedOutcome::Success,
            StaleIfMatch => ExpectedOutcome::PreconditionFailed,
            IfNoneMatch => ExpectedOutcome::NotModified,
        }
    }

    /// Returns the numbers of writes that the service may send to the table, which it can reach.
    pub(super) fn allowed_writes(&self) -> RangeInclusive<usize> {
        if !self.fault_is_on_write() {
            let writes = usize::from(self.writes_after_failed_read());
            return writes..=writes;
        }
        let max_writes = match self.pattern.failure_kind() {
            Some(FailureKind::Throttled) => usize::MAX,
            Some(FailureKind::ConditionFailed) if self.precondition != Nothing => {
                MAX_CONDITIONAL_WRITES
            }
            None
            | Some(
                FailureKind::Conflict
                | FailureKind::ConditionFailed
                | FailureKind::Rejected
                | FailureKind::Ambiguous,
            ) => return 1..=1,
        };
        match self.pattern {
            Once(_) => 2..=2,
            Always(_) | UntilDeadline(_) | Unreachable(_) => 2..=max_writes,
        }
    }

    /// Returns the cell of the coverage table that the case reaches.
    pub(super) fn cell(&self) -> Cell {
        let transition = match self.expected() {
            ExpectedOutcome::Success | ExpectedOutcome::NotModified => "as asked",
            ExpectedOutcome::PreconditionFailed
            | ExpectedOutcome::Unchanged
            | ExpectedOutcome::OperatorError => "unchanged",
            ExpectedOutcome::Ambiguous => "unknown",
        };
        let pattern = match self.pattern {
            Always(fault) => fault.to_string(),
            Once(fault) => format!("{fault} once"),
            UntilDeadline(fault) => format!("{fault} until the deadline"),
            Unreachable(endpoint) => endpoint.to_owned(),
        };
        let on_the_write = self.only_writes.then_some("on the write");
        let class = [
            Some(pattern.as_str()),
            on_the_write,
            self.precondition.name(),
        ];
        let class: Vec<_> = class.into_iter().flatten().collect();
        Cell::new(
            self.request.route_key(),
            transition,
            self.expected().status(),
            &format!("{FAULT_CLASS_PREFIX}{}", class.join(", ")),
        )
    }
}

impl ExpectedOutcome {
    /// Returns the status.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::Success => 200,
            Self::NotModified => 304,
            Self::PreconditionFailed => 412,
            Self::Unchanged | Self::Ambiguous => 503,
            Self::OperatorError => 500,
        }
    }
}

impl Display for FaultCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.request.route_key())?;
        if let Some(name) = self.precondition.name() {
            write!(f, " with {name}")?;
        }
        let to_table = if self.only_writes { "write" } else { "request" };
        match self.pattern {
            Always(fault) => write!(f, ", when every {to_table} meets {fault}"),
            Once(fault) => write!(f, ", when only the first {to_table} meets {fault}"),
            UntilDeadline(fault) => {
                write!(
                    f,
                    ", when every {to_table} meets {fault} until the deadline"
                )
            }
            Unreachable(endpoint) => write!(f, ", when the table is at {endpoint}"),
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
