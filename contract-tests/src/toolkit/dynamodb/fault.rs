//! The faults between a service and its table.

use std::fmt::{self, Display};

use crate::toolkit::dynamodb::faulty_response::{FAULTY_RESPONSES, FailureKind, FaultyResponse};

/// The fault of one request to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No fault.
    Pass,
    /// The request is delayed, and then applied.
    Slow,
    /// The request is not applied; this is the response.
    Response(&'static FaultyResponse),
    /// The connection is closed, and the request is never applied.
    DropBeforeApply,
    /// The connection is closed after the request is applied.
    DropAfterApply,
    /// The connection is closed. A write is applied later: after a newer write of the same item, or by
    /// [`Proxy::apply_delayed`](super::proxy::Proxy::apply_delayed).
    ApplyLater,
    /// The request hangs and is not applied.
    Hang,
    /// The request is applied and then hangs.
    HangAfterApply,
    /// The table answers a write as if its condition failed, whatever the item is: the condition is replaced by one
    /// that never holds, so the table shows the item as it is. A read passes.
    FailCondition,
}

impl Fault {
    /// Returns the faults that any request can meet: all except [`Fault::Pass`], [`Fault::FailCondition`] and the
    /// response `NO_LIST`.
    pub fn all() -> impl Iterator<Item = Self> {
        let connection = [
            Self::Hang,
            Self::HangAfterApply,
            Self::Slow,
            Self::DropBeforeApply,
            Self::DropAfterApply,
            Self::ApplyLater,
        ];
        let responses = FAULTY_RESPONSES.iter().map(Self::Response);
        connection.into_iter().chain(responses)
    }

    /// Returns the meaning for a request, or `None` if the request does not fail.
    #[must_use]
    pub fn failure_kind(self) -> Option<FailureKind> {
        match self {
            Self::Pass | Self::Slow => None,
            Self::Response(response) => Some(response.kind),
            Self::DropBeforeApply
            | Self::DropAfterApply
            | Self::ApplyLater
            | Self::Hang
            | Self::HangAfterApply => Some(FailureKind::Ambiguous),
            Self::FailCondition => Some(FailureKind::ConditionFailed),
        }
    }

    /// Returns `true` if the request gets no response while its connection is open.
    #[must_use]
    pub fn is_hang(self) -> bool {
        matches!(self, Self::Hang | Self::HangAfterApply)
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response(response) => f.write_str(response.name),
            Self::FailCondition => f.write_str("ConditionalCheckFailedException"),
            fault => write!(f, "{fault:?}"),
        }
    }
}
