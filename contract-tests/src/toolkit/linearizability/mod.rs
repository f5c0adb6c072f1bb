//! Linearizability: a [`history`] of what several clients did to one item is [searched](linearize) for an order that
//! explains it, and if there is none, [made as little as can be](mod@minimise).

pub mod history;
pub mod linearize;
pub mod minimise;
