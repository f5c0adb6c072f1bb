//! The contract of the API. An [`item`] has an [`id`] and may have [`fields`], within [`limits`]. The [`model`]
//! computes the expected response of a request, and for a refused one the [`reason`]s. [`mod@response`] parses a
//! response, and [`mod@check`] compares it with the model, with the fixed [`messages`] and with [`openapi`], the
//! document that clients read. The [`tags`] are those that responses have shown. No message may have [`leaks`]. The
//! [`profile`] of an API says which checks apply to it. A [`run`] is every request of a sequence with its response.

pub mod check;
pub mod fields;
pub mod id;
pub mod item;
pub mod leaks;
pub mod limits;
pub mod messages;
pub mod model;
pub mod openapi;
pub mod profile;
pub mod reason;
pub mod response;
pub mod run;
pub mod tags;
