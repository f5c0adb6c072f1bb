//! What has been tried of the contract, and what not. A [`cell`] is one route, what became of the item,
//! the status and one class of input; [`classes`] names those of a request. The [`inventory`] reads in
//! `CONTRACT.md` which cells there must be, the [`tour`] goes through all that chance might leave out,
//! and the [`ledger`] counts, and has the verdict of a whole run.

pub mod cell;
pub mod classes;
pub mod contract_doc;
pub mod exhaustive;
pub mod tracker;
