//! A table that fails: the [`property`] checks the response of the service to each fault.

pub mod property;

pub use property::{FaultFailure, TIME_LIMIT, check_all, check_case};
