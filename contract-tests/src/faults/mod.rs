//! A table that fails: each [`fault`] is done to the service by a [`proxy`] in front of its table, and the
//! [`property`] is what the service must make of it.

pub mod fault;
pub mod property;
pub mod proxy;

pub use property::{TIME_LIMIT, Trouble, hold, hold_in};
