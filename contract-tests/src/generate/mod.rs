//! What is drawn at random: a [`mod@sequence`] of operations, and the [`bodies`] of its PUTs.

pub mod bodies;
pub mod sequence;
