//! Tests of the workspace as a whole: [`definitions`] that are repeated on purpose, the [`layers`] of each crate,
//! and the values with which [`leaks`] are looked for.

mod definitions;
mod layers;
mod leaks;
