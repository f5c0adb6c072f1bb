//! HTTP for the tests: a [`base_url`], a [`client`] that sends requests to it, and the [`answer`] to each.

pub mod answer;
pub mod base_url;
pub mod client;
