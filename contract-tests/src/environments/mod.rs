//! The environments of the tests. A [`target`] opens any number of them. No other test disturbs an [`environment`], and
//! the [`client`] of the environment sends the requests.

pub mod client;
pub mod environment;
pub mod target;
