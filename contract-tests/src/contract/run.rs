//! A run of a sequence: every request with its answer, and what came of it all.

use crate::contract::model::Expected;
use crate::request::call::Call;
use crate::request::operation::Operation;
use crate::toolkit::http::answer::Answer;
use crate::toolkit::outcome::Outcome;

/// What a sequence came to.
#[derive(Debug)]
pub struct Run {
    /// The operations so far, with nothing left to choose: so they are saved.
    pub operations: Vec<Operation>,
    /// Every request so far.
    pub steps: Vec<Step>,
    /// What every id begins with.
    pub prefix: String,
    /// Whether the contract was kept: if it failed, the last step shows it.
    pub outcome: Outcome<()>,
    /// Which clause no verdict is about, if there is one.
    pub untold: Option<String>,
}

/// One request of a sequence.
#[derive(Debug)]
pub struct Step {
    /// What was sent.
    pub call: Call,
    /// What it had to be answered with.
    pub expected: Expected,
    /// What it was answered with, or why it was not.
    pub answer: Result<Answer, String>,
    /// Which operation it belongs to; `None` if it only looked whether all is as it should be.
    pub of: Option<usize>,
}
