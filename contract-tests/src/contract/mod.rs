//! What is right: the [`model`] says what a request must be answered with, [`mod@answer`] takes an
//! answer apart, and [`mod@check`] holds one against the other; [`openapi`] does so with what clients are told. [`json`] and [`decimal`] read without
//! losing anything, for a member that comes twice and a digit that was lost are what is looked for.

pub mod answer;
pub mod check;
pub mod decimal;
pub mod json;
pub mod model;
pub mod openapi;
