//! Manners on an API that others use too. A [`deployment`] is such an API for the length of one run, and
//! a [`visit`] is one test's stay in a namespace of its own there. [`limits`] are what a run may spend,
//! the [`mod@pace`] is how fast, and [`access`] is what lets it in, with [`secrets`] that nothing shows.
//! Whatever is put is noted in a [`journal`] first, and taken away by a [`clean_up`]; what a run that was
//! killed left behind, a [`mod@sweep`] takes away.

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
