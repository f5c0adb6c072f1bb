//! Tests of the workspace as a whole: [`definitions`] that are repeated on purpose, the [`layers`] of each crate, the
//! values with which [`leaks`] are looked for, and that [`lost_updates`] are found.

mod definitions;
mod layers;
mod leaks;
mod lost_updates;
