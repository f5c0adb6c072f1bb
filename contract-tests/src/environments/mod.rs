//! Where the tests run: a [`target`] opens any number of environments, an [`environment`] is a place for
//! one test that nothing else disturbs, and its [`client`] sends what is asked there. A [`container`] is
//! where `DynamoDB` Local is, if it is nowhere else.

pub mod client;
pub mod container;
pub mod environment;
pub mod target;
