//! The coverage of the contract by a run. A [`cell`] is a route, a transition of the item, a status and one class of
//! input; [`classes`] names the classes of a request. [`contract_doc`] reads from `CONTRACT.md` the cells that a run
//! must reach, [`exhaustive`] and [`conditional_sequences`] have sequences that reach those that random cases may miss,
//! and [`tracker`] counts the cells that were reached and reports the gaps. [`buckets`] counts sizes and spellings in
//! the same way, and [`bucket_sequences`] has the sequences that reach all of them.

pub mod bucket_sequences;
pub mod buckets;
pub mod cell;
pub mod classes;
pub mod conditional_sequences;
pub mod contract_doc;
pub mod exhaustive;
pub mod tracker;
