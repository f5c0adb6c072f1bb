//! A run of a sequence: every request with its answer, and what came of it all.

use crate::contract::model::Expected;
use crate::request::call::Call;
use crate::request::operation::Operation;
use crate::toolkit::http::answer::Answer;
use crate::toolkit::outcome::Outcome;

/// The run of a sequence.
#[derive(Debug)]
pub struct Run {
    /// The operations so far, with nothing left to choose: so they are saved.
    pub operations: Vec<Operation>,
    /// Every request so far.
    pub steps: Vec<Step>,
    /// The prefix of every id.
    pub prefix: String,
    /// The outcome: if the contract was not kept, the last step shows it.
    pub outcome: Outcome<()>,
    /// The clause that no verdict is about, if there is one.
    pub untold: Option<String>,
}

/// One request of a sequence.
#[derive(Debug)]
pub struct Step {
    /// The request.
    pub call: Call,
    /// The answer that it had to have.
    pub expected: Expected,
    /// The answer, or the reason why there is none.
    pub answer: Result<Answer, String>,
    /// The index of its operation; `None` if it only looked at the state in the end.
    pub of: Option<usize>,
}
