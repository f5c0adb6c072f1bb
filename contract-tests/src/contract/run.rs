//! A run of a sequence: every request with its response, and what came of it all.

use crate::contract::model::Expected;
use crate::request::concrete::Request;
use crate::request::operation::Operation;
use crate::toolkit::http::response::Response;
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
    pub unchecked: Option<String>,
}

/// One request of a sequence.
#[derive(Debug)]
pub struct Step {
    /// The request.
    pub request: Request,
    /// The response that it had to have.
    pub expected: Expected,
    /// The response, or the reason why there is none.
    pub response: Result<Response, String>,
    /// The index of its operation; `None` if it only looked at the state in the end.
    pub operation_index: Option<usize>,
}
