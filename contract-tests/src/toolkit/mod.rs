//! The parts that would serve the tests of other APIs on DynamoDB. Of items they know only the key of the table, and of
//! DynamoDB only the operations that this service uses.
//!
//! A check has an [`outcome`], and a property reports its [`progress`] on the [`terminal`]. [`random`] draws values
//! from a seed. [`json`] and [`decimal`] keep every digit; [`text`] is a short notation for long strings, and
//! [`printable`] makes the text of an API short and safe to print. [`shell`] quotes words of the commands that a person
//! copies. [`http`] sends requests. [`linearizability`] checks a history of several clients. [`dynamodb`] is DynamoDB
//! Local, and a proxy that injects faults. [`deployed`] supports the tests of a deployed API that has other users.
//!
//! A module uses only the modules on the lines above it:
//!
//! ```text
//! decimal  linearizability  outcome  printable  random  shell  terminal  text
//! http  json  progress
//! deployed  dynamodb
//! ```

pub mod decimal;
pub mod deployed;
pub mod dynamodb;
pub mod http;
pub mod json;
pub mod linearizability;
pub mod outcome;
pub mod printable;
pub mod progress;
pub mod random;
pub mod shell;
pub mod terminal;
pub mod text;
