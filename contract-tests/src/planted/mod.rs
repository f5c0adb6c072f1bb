//! The tests of the tests: faulty services, each the sound one or its table in a wrapper. [`bug`] names
//! them all, and the [`hunt`] looks for each as the contract's own tests would. No test knows of any.

pub mod bug;
mod event;
mod failures;
pub mod hunt;
mod ids;
mod racy;
mod shown;
mod stored;
