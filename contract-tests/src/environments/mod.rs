//! The environments of the tests. A [`target`] opens any number of them. No other test disturbs an [`environment`], and
//! the [`client`] of the environment sends the requests. No message may contain its [`private_names`].

pub mod client;
pub mod environment;
pub mod private_names;
pub mod target;
