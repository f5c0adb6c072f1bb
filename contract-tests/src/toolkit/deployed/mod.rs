//! Manners on an API that others use too. [`limits`] are what a run may spend, the [`mod@pace`] is how fast, and
//! [`access`] is what lets it in, with [`secrets`] that nothing shows. Each id is in the [`namespace`] of its run, and
//! noted in a [`journal`] before it is put.

pub mod access;
pub mod journal;
pub mod limits;
pub mod namespace;
pub mod rate_limiter;
pub mod secrets;
