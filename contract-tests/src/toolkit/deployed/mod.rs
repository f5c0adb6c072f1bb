//! Support for the tests of a deployed API that has other users. A run has [`limits`] and a [`rate_limiter`]. Its
//! [`access`] authorizes its requests, and no report shows the [`secrets`] in them. Each id is in the [`namespace`] of
//! the run, and is recorded in a [`journal`] before it is put. The [`latency`] of each request with a response is
//! recorded.

pub mod access;
pub mod journal;
pub mod latency;
pub mod limits;
pub mod namespace;
pub mod rate_limiter;
pub mod secrets;
