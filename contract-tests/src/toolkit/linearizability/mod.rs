//! Linearizability: a [`history`] of several clients' operations on one item is [searched](linearize) for an order that
//! explains it. A history without such an order is [minimised](mod@minimise).

pub mod history;
pub mod linearize;
pub mod minimise;
