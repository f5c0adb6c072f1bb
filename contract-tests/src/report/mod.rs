//! The report of a [`failure`]: the reason, a [`mod@script`] that reproduces it, and a file to replay.

pub mod failure;
pub mod script;
