//! All that would serve the tests of any API on DynamoDB. It knows nothing of items but the key of their table.
//!
//! The [`outcome`] of a check, its [`progress`], and [`random`] values from a seed. [`json`], a [`decimal`] and a
//! [`text`] are exact; [`shell`] writes commands that a person copies. [`http`] sends requests. [`linearizability`]
//! finds out if a history of several clients has an order that explains it. [`dynamodb`] is a table in a container,
//! and a proxy that makes a table fail. [`deployed`] has the manners on an API that others use too.
//!
//! A module uses only those on lines above its own:
//!
//! ```text
//! decimal  linearizability  outcome  progress  random  shell  text
//! http  json
//! deployed  dynamodb
//! ```

pub mod decimal;
pub mod deployed;
pub mod dynamodb;
pub mod http;
pub mod json;
pub mod linearizability;
pub mod outcome;
pub mod progress;
pub mod random;
pub mod shell;
pub mod text;
