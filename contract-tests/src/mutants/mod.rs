//! The tests of the tests: faulty services, each of which wraps the original service or its table. [`mutant`] lists
//! them all, and [`detect`] runs the properties against each. No property knows any of them.

pub mod detect;
mod errors;
mod event;
mod ids;
pub mod mutant;
mod races;
mod reads;
mod writes;
