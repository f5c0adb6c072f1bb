//! Linearizability: a [`history`] of several clients' operations on one object, such as a [`register`], is
//! [searched](linearize) for an order that explains it. A history without such an order is
//! [minimised](mod@minimise). Both know the operations only by the table of their [`transitions`].

pub mod history;
pub mod linearize;
pub mod minimise;
pub mod register;
#[cfg(test)]
mod tests;
pub mod transitions;
