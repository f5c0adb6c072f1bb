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
        write(&self.line());
    }

    fn line(&self) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            level: &'a str,
            #[serde(flatten)]
            record: &'a Record,
        }
        let level = if self.is_fault() { "ERROR" } else { "INFO" };
        json(&Line {
            level,
            record: self,
        })
    }
}

/// Writes what may yet turn out well, outside any request.
pub fn warn(message: &str, cause: &(dyn StdError + 'static)) {
    write(&event("WARN", message, cause));
}

/// Writes what keeps the function from working, outside any request.
pub fn error(message: &str, cause: &(dyn StdError + 'static)) {
    write(&event("ERROR", message, cause));
}

fn event(level: &str, message: &str, cause: &(dyn StdError + 'static)) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        level: &'a str,
        message: &'a str,
        causes: Vec<String>,
    }
    json(&Line {
        level,
        message,
        causes: chain(cause),
    })
}

/// An error, followed by its source, and so on.
#[must_use]
pub fn chain(error: &(dyn StdError + 'static)) -> Vec<String> {
    std::iter::successors(Some(error), |&error| error.source())
        .map(ToString::to_string)
        .collect()
}

fn json(line: &impl Serialize) -> String {
    serde_json::to_string(line).expect("text and numbers can be written as JSON")
}

/// A log that cannot be written must not fail a request, so an error has nowhere to go.
fn write(line: &str) {
    let _ = std::io::stdout().write_all(format!("{line}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(status: u16, causes: Vec<String>) -> Record {
        Record {
            request_id: Some("JCJJxhz4PHcEJgQ=".to_owned()),
            lambda_request_id: "8f5e".to_owned(),
            route: Some("PUT /items".to_owned()),
            status,
            milliseconds: 7,
            attempts: 1,
            causes,
        }
    }

    #[test]
    fn a_success_is_one_line_without_causes() {
        assert_eq!(
            record(200, Vec::new()).line(),
            r#"{"level":"INFO","requestId":"JCJJxhz4PHcEJgQ=","lambdaRequestId":"8f5e","route":"PUT /items","status":200,"milliseconds":7,"dynamodbAttempts":1}"#
        );
    }

    #[test]
    fn a_fault_is_an_error_with_its_causes() {
        assert_eq!(
            record(
                503,
                vec!["timeout".to_owned(), "a \"quoted\"\nline".to_owned()]
            )
            .line(),
            r#"{"level":"ERROR","requestId":"JCJJxhz4PHcEJgQ=","lambdaRequestId":"8f5e","route":"PUT /items","status":503,"milliseconds":7,"dynamodbAttempts":1,"causes":["timeout","a \"quoted\"\nline"]}"#
        );
    }

    #[test]
    fn what_happens_outside_of_requests_has_a_level_and_its_causes() {
        assert_eq!(
            event("WARN", "late", &std::io::Error::other("no answer")),
            r#"{"level":"WARN","message":"late","causes":["no answer"]}"#
        );
    }
}
