//! One client against the model: the [`property`] draws sequences and [`mod@execute`] runs each. A sequence that breaks
//! the contract is made short by [`mod@shrink`], which takes simpler operations from [`simplify`]. Items with more
//! attributes than a PUT can store are in [`wide_items`].

pub mod execute;
pub mod property;
pub mod shrink;
pub mod simplify;
pub mod wide_items;

pub use property::{check_case, check_cases, check_exhaustive, exhaustive_sequences, failure_of};
