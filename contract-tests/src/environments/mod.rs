//! Where the tests run: a [`target`] opens any number of environments, an [`environment`] is a place for
//! one test that nothing else disturbs, and its [`client`] sends what is asked there.

pub mod client;
pub mod environment;
pub mod target;
