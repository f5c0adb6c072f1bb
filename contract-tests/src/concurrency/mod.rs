//! Several clients at once: the [`property`] runs each [`client`] of a [`mod@plan`], and checks that their history is
//! linearizable. [`raises`] checks that no update is lost when several clients change one item.

mod client;
pub mod plan;
pub mod property;
pub mod raises;

pub use property::{check_case, check_cases};
