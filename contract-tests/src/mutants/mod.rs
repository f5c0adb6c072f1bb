//! The tests of the tests: services with one bug each. The bug is in a wrapper of the original service, in a change of
//! the URLs, in a filter of the messages between the service and its table, or in the configuration of its client.
//! [`mutant`] lists the mutants, and [`detect`] runs the properties against each. The [`variants`] are correct services
//! that the properties must not report. No property knows any of them.

mod conditions;
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
