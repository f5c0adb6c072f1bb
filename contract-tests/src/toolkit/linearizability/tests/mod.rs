//! Tests of the search and of the minimiser with random histories: small ones against [`brute_force`], and large ones
//! for their [`cost`].

mod brute_force;
mod cost;

use crate::toolkit::linearizability::history::Entry;

/// Returns an operation of the client 0.
pub fn entry<O>(operation: O, invoked: u64, returned: impl Into<Option<u64>>) -> Entry<O> {
    Entry {
        client: 0,
        operation,
        invoked,
        returned: returned.into(),
    }
}
