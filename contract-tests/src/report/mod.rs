//! The reports. A [`failure`] is saved in a [`mod@file`], with a [`mod@script`] that reproduces it and a text that
//! [explains](explain) it. [`run`] is the record of all tests. With the outcomes of the [`clauses`], it becomes a page
//! of [`mod@html`], [`mod@junit`] XML, a [`mod@markdown`] summary, and [`mod@annotations`] on GitHub.

pub mod annotations;
pub mod clauses;
pub mod explain;
pub mod failure;
pub mod file;
#[cfg(test)]
mod fixtures;
pub mod html;
pub mod junit;
pub mod markdown;
pub mod run;
pub mod script;
