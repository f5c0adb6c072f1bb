//! The contract. An [`item`] has an [`id`] and may have [`fields`], within [`limits`]. The [`model`] says what a request
//! must be answered with; if it is refused, for which [`reason`]. [`mod@response`] takes a response apart, and
//! [`mod@check`] holds it against the model and against the document that clients read, [`openapi`]. A [`run`] is every
//! request of a sequence with its response.

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
