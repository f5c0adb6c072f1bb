//! The tests of a deployed API that has other users. A [`deployment`] is the API during one run. A [`session`] is the
//! use of the API by one case, in a separate namespace; it deletes its items when the case ends. Every id is journalled
//! before it is put; [`clean_up`] deletes the items that are left when the run ends, and [`mod@sweep`] deletes the
//! items that a killed run left behind.

pub mod clean_up;
pub mod deployment;
pub mod session;
pub mod sweep;

pub use deployment::Deployment;
pub use sweep::sweep;
