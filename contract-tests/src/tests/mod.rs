//! Tests of the workspace as a whole: [`definitions`] that stand more than once, and the [`layers`] of each crate.

mod definitions;
mod layers;
