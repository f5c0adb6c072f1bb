//! Tests of a deployed API that has other users. A run has [`limits`] and a [`rate_limiter`]. Its [`access`] authorizes
//! its requests, with [`secrets`] that no report shows. Each id is in the [`namespace`] of its run, and recorded in a
//! [`journal`] before it is put.

pub mod access;
pub mod journal;
pub mod limits;
pub mod namespace;
pub mod rate_limiter;
pub mod secrets;
