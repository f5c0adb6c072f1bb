//! Random operations: a [`mod@sequence`] of operations, the [`ids`] that they name, and the [`bodies`] of PUTs.

pub mod bodies;
pub mod ids;
pub mod sequence;
