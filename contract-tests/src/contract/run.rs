//! The run of a sequence: every request with its response, and the outcome.

use crate::contract::model::Expected;
use crate::request::concrete::Request;
use crate::request::operation::{Operation, UrlStyle};
use crate::toolkit::http::response::Response;
use crate::toolkit::outcome::Outcome;

/// The run of a sequence.
#[derive(Debug)]
pub struct Run {
    /// The operations so far, with random choices replaced by their results, as a failure report saves them.
    pub operations: Vec<Operation>,
    /// The requests so far, each with its expected and its actual response.
    pub steps: Vec<Step>,
    /// The prefix of every id.
    pub prefix: String,
    /// The outcome. If it is a failure, the last step shows it.
    pub outcome: Outcome<()>,
    /// The part of the property that could not be checked, if there is one.
    pub unchecked: Option<String>,
}

/// One request of a sequence.
#[derive(Debug)]
pub struct Step {
    /// The request.
    pub request: Request,
    /// The style of its URL.
    pub style: UrlStyle,
    /// The expected response.
    pub expected: Expected,
    /// The response, or the reason why there is none.
    pub response: Result<Response, String>,
    /// The index of its operation; `None` for a request of the final check.
    pub operation_index: Option<usize>,
}
