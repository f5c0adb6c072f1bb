//! HTTP for the tests: a [`base_url`], a [`client`] that sends requests to it, and the [`response`] to each.

pub mod base_url;
pub mod client;
pub mod response;
