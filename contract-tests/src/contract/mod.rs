//! The contract of the API. An [`item`] has an [`id`] and may have [`fields`], within [`limits`]. The [`model`]
//! computes the expected response of a request, and for a refused one the [`reason`]s. [`mod@response`] parses a
//! response, and [`mod@check`] compares it with the model and with [`openapi`], the document that clients read. A
//! [`run`] is every request of a sequence with its response.

pub mod check;
pub mod fields;
pub mod id;
pub mod item;
pub mod limits;
pub mod model;
pub mod openapi;
pub mod reason;
pub mod response;
pub mod run;
