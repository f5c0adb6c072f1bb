//! A register with conditional writes: the operations of a history of one item.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

use crate::toolkit::linearizability::history::{Entry, Operation};

/// The value of an item in a history: the number of the PUT that it comes from; `None` if the item does not exist. Each
/// PUT has a number of its own, so a tag stands for one value.
pub type RegisterValue = Option<u64>;

/// One operation on one item, as its client saw it.
pub type RegisterEntry = Entry<RegisterOperation>;

/// An operation on an item, with its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RegisterOperation {
    /// A PUT of this value, or a DELETE, without a condition.
    Write(RegisterValue),
    /// A PUT of the value `to`, or a DELETE, on condition that the item has the value `from` (`If-Match` with its tag),
    /// or does not exist (`If-None-Match: *`).
    Replace {
        /// The value that the condition names.
        from: RegisterValue,
        /// The value afterwards.
        to: RegisterValue,
    },
    /// A PUT of this value, or a DELETE, on condition that the item exists (`If-Match: *`).
    Update(RegisterValue),
    /// A response that shows this value: a GET, or a list; or a condition that failed because the item does not exist.
    Read(RegisterValue),
    /// A condition that failed because the item had any value except this one: 412 to `If-Match` with its tag, or, if
    /// the value is `None`, to `If-None-Match: *`.
    ReadOther(RegisterValue),
}

impl Operation for RegisterOperation {
    type State = RegisterValue;

    fn step(&self, state: &RegisterValue) -> Option<RegisterValue> {
        let (is_possible, next) = match *self {
            Self::Write(to) => (true, to),
            Self::Replace { from, to } => (*state == from, to),
            Self::Update(to) => (state.is_some(), to),
            Self::Read(value) => (*state == value, *state),
            Self::ReadOther(value) => (*state != value, *state),
        };
        is_possible.then_some(next)
    }
}

impl Display for RegisterOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Write(Some(to)) => write!(f, "puts v{to}"),
            Self::Write(None) => write!(f, "deletes"),
            Self::Replace { from, to } => match (from, to) {
                (Some(from), Some(to)) => write!(f, "replaces v{from} by v{to}"),
                (Some(from), None) => write!(f, "deletes v{from}"),
                (None, Some(to)) => write!(f, "creates v{to}"),
                (None, None) => write!(f, "deletes nothing"),
            },
            Self::Update(Some(to)) => write!(f, "replaces any value by v{to}"),
            Self::Update(None) => write!(f, "deletes any value"),
            Self::Read(Some(value)) => write!(f, "reads v{value}"),
            Self::Read(None) => write!(f, "reads nothing"),
            Self::ReadOther(Some(value)) => write!(f, "does not find v{value}"),
            Self::ReadOther(None) => write!(f, "finds any value"),
        }
    }
}
