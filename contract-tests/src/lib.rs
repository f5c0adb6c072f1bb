//! The contract of the items API as tests: one model, and every environment held against it.
//!
//! In reading order:
//!
//! 1. [`request`]: what a client can do, and how it is sent.
//! 2. [`contract`]: what is right. The model says what each request must be answered with, and the checks hold an
//!    response against it, to the last digit.
//! 3. [`generate`]: what is done, drawn at random from few ids and every kind of right and wrong.
//! 4. [`environments`]: where it is done. The same tests run on a table in this process, on `DynamoDB` Local, and
//!    [`deployed`], on any deployed API, where others have items too.
//! 5. [`sequences`], [`concurrency`] and [`faults`]: the three properties. One client against the model; several clients,
//!    whose history must have an order that explains it; and a table that fails.
//! 6. [`report`] and [`coverage`]: a failure that a person can act on, and what of the contract was tried at all.
//! 7. [`mutants`]: the tests of the tests, which are faulty services that the properties must catch.
//!
//! [`settings`] is what the environment variables say. All that would serve any API is the [`toolkit`]: a change of the
//! items API never leads there. The tests themselves are put together in `tests/properties/main.rs`.
//!
//! A module uses only those on lines above its own:
//!
//! ```text
//! toolkit
//! request  settings
//! contract
//! coverage  deployed  generate  report
//! environments
//! concurrency  faults  sequences
//! mutants
//! ```

// A new route or operation must not fall into the arm of another.
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
// It knows no route.
#[allow(clippy::wildcard_enum_match_arm)]
pub mod toolkit;
