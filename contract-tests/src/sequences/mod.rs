//! One client against the model: the [`property`] draws sequences, [`mod@execute`] runs one, and what
//! breaks the contract [`mod@shrink`] makes as short as can be, and [`simplify`] as simple.

pub mod execute;
pub mod property;
pub mod shrink;
pub mod simplify;

pub use property::{check_case, check_cases, check_exhaustive};
