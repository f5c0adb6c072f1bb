//! Manners on an API that others use too. A [`deployment`] is such an API for the length of one run, and
//! a [`visit`] is one test's stay in a namespace of its own there. [`limits`] are what a run may spend,
//! the [`mod@pace`] is how fast, and [`access`] is what lets it in, with [`secrets`] that nothing shows.
//! Each item is noted in a [`journal`] before it is put, and deleted by a [`clean_up`]; a [`mod@sweep`]
//! deletes those that a killed run has left behind.

pub mod access;
pub mod clean_up;
pub mod deployment;
pub mod journal;
pub mod limits;
pub mod namespace;
pub mod pace;
pub mod secrets;
pub mod sweep;
pub mod visit;

pub use deployment::Deployment;
pub use sweep::sweep;
