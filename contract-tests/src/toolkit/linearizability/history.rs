//! The history of one item: the operations of several clients and their times, from which linearizability is checked.

use std::fmt::{self, Display};

/// The value of an item in a history: the number of the PUT that it comes from; `None` if the item does not exist.
pub type RegisterValue = Option<u64>;

/// One operation on one item, as its client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number of the client.
    pub client: usize,
    /// The effect of the operation.
    pub effect: Effect,
    /// The time of the request, on a strictly increasing logical clock.
    pub invoked: u64,
    /// The time of the response; `None` if the operation is ambiguous: it may have taken effect, or may do so later.
    pub returned: Option<u64>,
}

/// The effect of an operation on an item, or the value that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A PUT of this value, which is unique to the PUT, or a DELETE.
    Write(RegisterValue),
    /// A GET, or a list, that showed this value.
    Read(RegisterValue),
}

impl Entry {
    /// Returns the value that the operation reads; `None` if it is a write.
    #[must_use]
    pub fn read(&self) -> Option<RegisterValue> {
        match self.effect {
            Effect::Read(value) => Some(value),
            Effect::Write(_) => None,
        }
    }
}

impl Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, value) = match self.effect {
            Effect::Write(Some(value)) => ("puts", format!("v{value}")),
            Effect::Write(None) => ("deletes", String::new()),
            Effect::Read(Some(value)) => ("reads", format!("v{value}")),
            Effect::Read(None) => ("reads", "nothing".to_owned()),
        };
        let client = self.client;
        match self.returned {
            Some(end) => write!(
                f,
                "{:>5} to {end:>5}  client {client} {verb} {value}",
                self.invoked
            ),
            None => write!(
                f,
                "{:>5} to     ?  client {client} {verb} {value} (outcome unknown)",
                self.invoked
            ),
        }
    }
}
