//! Tests of the workspace as a whole: [`definitions`] that are repeated on purpose, and the [`layers`] of each crate.

mod definitions;
mod layers;
