//! DynamoDB for the tests: DynamoDB Local in a [`container`] of [`docker`], and a [`proxy`] that injects a [`fault`]
//! into requests on their way to a table, as its [`script`] says. A fault may be a [`faulty_response`]. The proxy also
//! has a stale copy of the table, the `replica`.

pub mod container;
pub mod docker;
pub mod fault;
pub mod faulty_response;
pub mod proxy;
mod replica;
pub mod script;
