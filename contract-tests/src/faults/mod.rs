//! A table that fails: the [`property`] checks the response of the service in each [`case`]. In [`interleaved`] another
//! writer is faster than the service.

pub mod case;
pub mod interleaved;
mod precondition;
pub mod property;

pub use property::{FaultFailure, check_all, check_case, with_failing_table};
