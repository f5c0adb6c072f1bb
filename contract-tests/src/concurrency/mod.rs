//! Several clients at once: the [`property`] runs the clients of a [`mod@plan`], and checks that their history is
//! linearizable.

pub mod plan;
pub mod property;

pub use property::{RejectedHistory, check_case, check_cases};
