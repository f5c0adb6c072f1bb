//! The tests of the tests: services with one bug each, which is in a wrapper of the original service, in a filter of
//! the messages between it and its table, or in the configuration of its client. [`mutant`] lists them all, and
//! [`detect`] runs the properties against each. The [`variants`] are correct services that the properties must not
//! report. No property knows any of them.

pub mod detect;
mod errors;
mod event;
mod ids;
pub mod mutant;
mod paths;
mod races;
mod reads;
mod sizes;
mod table_access;
pub mod variants;
mod writes;
