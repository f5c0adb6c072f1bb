//! Testing a deployed API that has other users. A [`deployment`] is the API during one run. A [`session`] is one test's
//! use of it, in a separate namespace. Every id is journalled before it is put; [`clean_up`] deletes the items when the
//! run ends, and [`mod@sweep`] deletes the items that a killed run left behind.

pub mod clean_up;
pub mod deployment;
pub mod session;
pub mod sweep;

pub use deployment::Deployment;
pub use sweep::sweep;
