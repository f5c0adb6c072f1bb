//! The contract tests of the items API: one model of correct behaviour, compared with every environment that runs the
//! API.
//!
//! In reading order:
//!
//! 1. [`request`]: the requests of a client, and how each is sent.
//! 2. [`contract`]: correct behaviour. The model computes the expected response of each request, and the checks compare
//!    a response with it, to the last digit.
//! 3. [`generate`]: random operations, mostly on a few ids: valid ones, invalid ones of every kind, and batches.
//! 4. [`environments`]: the targets of the tests: a table in this process, `DynamoDB` Local, and, with [`deployed`], a
//!    deployed API that has other users, whose table cannot be made to fail.
//! 5. [`sequences`], [`concurrency`] and [`faults`]: the three properties. Every response to one client matches the
//!    model; the history of several clients is linearizable; and every fault of the table is handled.
//! 6. [`report`] and [`coverage`]: failures and the reports of a run, and the parts of the contract and the sizes that a
//!    run tried.
//! 7. [`mutants`]: the tests of the tests: faulty services that the properties must detect, and correct variants.
//!
//! [`settings`] reads the environment variables. Of the items API, the [`toolkit`] knows only the key of an item, so a
//! change of the routes or of the other fields does not touch it. `tests/properties/main.rs` puts the tests together.
//!
//! A module uses only the modules on the lines above it:
//!
//! ```text
//! toolkit
//! request  settings
//! contract
//! coverage  deployed  generate
//! report
//! environments
//! concurrency  faults  sequences
//! mutants
//! ```

// A wildcard arm must not match a new route or operation.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod concurrency;
pub mod contract;
pub mod coverage;
pub mod deployed;
pub mod environments;
pub mod faults;
pub mod generate;
pub mod mutants;
pub mod report;
pub mod request;
pub mod sequences;
pub mod settings;
#[cfg(test)]
mod tests;
// The toolkit has no routes or operations.
#[allow(clippy::wildcard_enum_match_arm)]
pub mod toolkit;
