//! What is right. An [`item`] has an [`id`] and may have [`fields`], within [`limits`]. The [`model`] says what a request must be answered with, [`mod@answer`] takes an answer apart, and
//! [`mod@check`] holds one against the other; [`openapi`] does so with what clients are told. A refused request has a [`reason`]. A [`run`] is every request
//! of a sequence with its answer.

pub mod answer;
pub mod check;
pub mod fields;
pub mod id;
pub mod item;
pub mod limits;
pub mod model;
pub mod openapi;
pub mod reason;
pub mod run;
