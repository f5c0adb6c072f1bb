//! Several clients at once: the [`property`] has each follow its part of a [`mod@plan`], and asks if there is an order
//! that explains what all of them saw.

pub mod plan;
pub mod property;

pub use property::{RejectedHistory, check_case, check_cases};
