//! Where the tests run: a [`target`] opens any number of environments, an [`environment`] is a place for
//! one test that nothing else disturbs, and its [`client`] sends what is asked there by [`http`]. A [`container`] is
//! where `DynamoDB` Local is, if it is nowhere else; [`docker`] is asked for it.

pub mod base_url;
pub mod client;
pub mod container;
pub mod docker;
pub mod environment;
pub mod http;
pub mod target;
