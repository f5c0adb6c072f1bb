//! DynamoDB for the tests: DynamoDB Local in a [`container`] of [`docker`], and a [`proxy`] that injects a [`fault`]
//! into requests on their way to a table.

pub mod container;
pub mod docker;
pub mod fault;
pub mod proxy;
