//! The outcome of a check: pass, fail or inconclusive.

use std::fmt;

/// The outcome of a check: a pass with its statistics `T`, or the reason why the check did not pass.
pub type Outcome<T, F = String> = Result<T, NotPassed<F>>;

/// The reason why a check did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPassed<F = String> {
    /// A fail, with the failure that was seen.
    Failed(F),
    /// Inconclusive, with the problem of the environment.
    Inconclusive(String),
}

impl fmt::Display for NotPassed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => f.write_str(failure),
            Self::Inconclusive(reason) => write!(f, "inconclusive: {reason}"),
        }
    }
}

impl<F> NotPassed<F> {
    /// Maps the failure, if there is one.
    pub fn map<G>(self, convert: impl FnOnce(F) -> G) -> NotPassed<G> {
        match self {
            Self::Failed(failure) => NotPassed::Failed(convert(failure)),
            Self::Inconclusive(reason) => NotPassed::Inconclusive(reason),
        }
    }
}
