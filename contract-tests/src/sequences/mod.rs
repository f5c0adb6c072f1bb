//! One client against the model: the [`property`] draws sequences and [`mod@execute`] runs each. A sequence that
//! breaks the contract is made short by [`mod@shrink`], which takes simpler operations from [`simplify`].

pub mod execute;
pub mod property;
pub mod shrink;
pub mod simplify;

pub use property::{check_case, check_cases, check_exhaustive, exhaustive_sequences};
