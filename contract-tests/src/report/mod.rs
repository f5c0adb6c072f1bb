//! A [`failure`] as a person gets it: what is wrong, a [`mod@script`] that shows it, and a file to keep.

pub mod failure;
pub mod script;
