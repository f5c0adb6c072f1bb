//! Several clients at once: the [`property`] runs the clients of a [`mod@plan`], and checks that their history is
//! linearizable. [`raises`] counts what clients do who change one item at once.

pub mod plan;
pub mod property;
pub mod raises;

pub use property::{RejectedHistory, check_case, check_cases};
