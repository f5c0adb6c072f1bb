//! A table that fails: the [`property`] says what the service must make of each fault.

pub mod property;

pub use property::{FaultFailure, TIME_LIMIT, check_all, check_case};
