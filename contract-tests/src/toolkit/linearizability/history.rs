//! A history: the operations of several clients on one object, with their times.

use std::fmt::{self, Display};
use std::hash::Hash;

/// An operation on an object, together with the response that its client got.
pub trait Operation {
    /// The state of the object. Its default is the state before the first operation. The operations of a history, in
    /// any order and any number, must lead to at most [`MAX_STATES`](super::transitions::MAX_STATES) states.
    type State: Clone + Default + Eq + Hash;

    /// Returns the state that the operation leaves if it takes effect in `state`; `None` if it cannot have got its
    /// response in that state.
    fn step(&self, state: &Self::State) -> Option<Self::State>;
}

/// One operation of a history, as its client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<O> {
    /// The number of the client.
    pub client: usize,
    /// The operation, with its response.
    pub operation: O,
    /// The time of the request, on a strictly increasing logical clock.
    pub invoked: u64,
    /// The time of the response; `None` if the operation is ambiguous: it may have taken effect, or may do so later.
    pub returned: Option<u64>,
}

impl<O> Entry<O> {
    /// Returns `true` if this operation ended before the other one began, and so took effect before it.
    #[must_use]
    pub fn is_before(&self, other: &Self) -> bool {
        self.returned.is_some_and(|end| end <= other.invoked)
    }
}

impl<O: Display> Display for Entry<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (client, operation) = (self.client, &self.operation);
        match self.returned {
            Some(end) => write!(
                f,
                "{:>5} to {end:>5}  client {client} {operation}",
                self.invoked
            ),
            None => write!(
                f,
                "{:>5} to     ?  client {client} {operation} (outcome unknown)",
                self.invoked
            ),
        }
    }
}
