//! The environments of the tests: a [`target`] opens any number of them, no other test disturbs an [`environment`], and
//! its [`client`] sends the requests.

pub mod client;
pub mod environment;
pub mod target;
