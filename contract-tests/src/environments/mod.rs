//! The environments of the tests. A [`target`] opens any number of them. No other test disturbs an [`environment`], and
//! the [`client`] of the environment sends the requests. A [`recorder`] keeps what several clients saw. No message may
//! contain the [`private_names`] of an environment.

pub mod client;
pub mod environment;
pub mod private_names;
pub mod recorder;
mod request_id;
pub mod target;
