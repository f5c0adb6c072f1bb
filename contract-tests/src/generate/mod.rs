//! Random operations: a [`mod@sequence`] of operations, the [`ids`] that they name, the [`bodies`] of PUTs with their
//! [`numbers`], and the [`mod@conditions`] of requests. The [`mod@features`] of a case decide which kinds of operations
//! it has.

pub mod bodies;
pub mod conditions;
pub mod features;
pub mod ids;
pub mod numbers;
pub mod sequence;
