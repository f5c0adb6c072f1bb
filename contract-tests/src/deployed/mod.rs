//! A run on an API that others use too. A [`deployment`] is such an API for the length of one run, and a [`visit`] is
//! one test's stay in a namespace of its own there. What was put is deleted by a [`clean_up`]; a [`mod@sweep`] deletes
//! what a killed run has left behind.

pub mod clean_up;
pub mod deployment;
pub mod session;
pub mod sweep;

pub use deployment::Deployment;
pub use sweep::sweep;
