//! The contract of the items API as tests: what must hold wherever it runs.

pub mod decimal;
