//! What is right: the [`model`] says what a request must be answered with, [`mod@answer`] takes an answer apart, and
//! [`mod@check`] holds one against the other; [`openapi`] does so with what clients are told. A [`run`] is every request
//! of a sequence with its answer.

pub mod answer;
pub mod check;
pub mod model;
pub mod openapi;
pub mod run;
