//! What several clients did to one item, and when: the raw material of a verdict on concurrency.

use std::fmt::{self, Display};

/// The value of an item in a history: which write it comes from; `None` where there is no item.
pub type RegisterValue = Option<u64>;

/// One operation on one item, as its client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which client it was.
    pub client: usize,
    /// What it did.
    pub effect: Effect,
    /// When it was sent, on a clock that never shows the same twice.
    pub invoked: u64,
    /// When it was answered; `None` if nobody knows whether it took or will take effect.
    pub returned: Option<u64>,
}

/// What an operation does to an item, or finds of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A PUT of this value, which no other PUT has, or a DELETE.
    Write(RegisterValue),
    /// A GET, or a list, that showed this value.
    Read(RegisterValue),
}

impl Entry {
    /// The value that it reads; `None` if it reads none.
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
                "{:>5} to     ?  client {client} {verb} {value} (of unknown fate)",
                self.invoked
            ),
        }
    }
}
