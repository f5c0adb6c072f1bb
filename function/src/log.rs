//! One line of JSON for each request: what an operator needs, and nothing of any item.

use std::error::Error as StdError;
use std::io::Write as _;

use serde::Serialize;

/// What is logged of one request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The gateway's id of the request, which the client sees as `Apigw-Requestid`.
    pub request_id: Option<String>,
    /// Lambda's id of the invocation, which Lambda's own log lines carry.
    pub lambda_request_id: String,
    /// The route key.
    pub route: Option<String>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// How long the answer took.
    pub milliseconds: u128,
    /// How often DynamoDB was asked.
    #[serde(rename = "dynamodbAttempts")]
    pub attempts: u32,
    /// For a fault, what went wrong and why, each error followed by its source.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
}

impl Record {
    /// Whether an operator should look.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        self.status >= 500
    }

    /// Writes the line to standard output, where Lambda collects it.
    pub fn write(&self) {
        #[derive(Serialize)]
        struct Line<'a> {
            level: &'a str,
            #[serde(flatten)]
            record: &'a Record,
        }
        let level = if self.is_fault() { "ERROR" } else { "INFO" };
        line(&Line {
            level,
            record: self,
        });
    }
}

/// Writes what is wrong with the function itself, outside any request.
pub fn warn(message: &str, cause: &(dyn StdError + 'static)) {
    #[derive(Serialize)]
    struct Line<'a> {
        level: &'a str,
        message: &'a str,
        causes: Vec<String>,
    }
    line(&Line {
        level: "WARN",
        message,
        causes: chain(cause),
    });
}

/// An error, followed by its source, and so on.
#[must_use]
pub fn chain(error: &(dyn StdError + 'static)) -> Vec<String> {
    std::iter::successors(Some(error), |&error| error.source())
        .map(ToString::to_string)
        .collect()
}

/// A log that cannot be written must not fail a request, so an error has nowhere to go.
fn line(line: &impl Serialize) {
    if let Ok(mut json) = serde_json::to_vec(line) {
        json.push(b'\n');
        let _ = std::io::stdout().write_all(&json);
    }
}
