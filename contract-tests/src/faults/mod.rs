//! A table that fails: the [`property`] says what the service must make of each fault.

pub mod property;

pub use property::{Misbehaviour, TIME_LIMIT, hold, hold_in};
