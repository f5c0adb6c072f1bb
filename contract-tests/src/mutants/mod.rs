//! The tests of the tests: faulty services, each the sound one or its table in a wrapper. [`mutant`] names
//! them all, and the [`detect`] looks for each as the contract's own tests would. No test knows of any.

pub mod detect;
mod errors;
mod event;
mod ids;
pub mod mutant;
mod races;
mod reads;
mod writes;
