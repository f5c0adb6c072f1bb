//! Tests of the workspace as a whole: [`definitions`] that are repeated on purpose, the [`layers`] of each crate, the
//! values with which [`leaks`] are looked for, that [`lost_updates`] are found, that [`shrinking`] goes on to the end,
//! and that [`failures`] explain themselves.

mod definitions;
mod failures;
mod layers;
mod leaks;
mod lost_updates;
mod shrinking;
