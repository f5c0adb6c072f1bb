//! The log: one line of JSON for each invocation, and for each problem outside of one, without the content of any item.
//!
//! Metric filters may read these lines, so a field keeps its name and its meaning. Lambda itself reads two fields. It
//! filters by `level`, but treats a line as INFO unless the line also has a valid `timestamp`. Source: Lambda's
//! "Log-level filtering".

use std::error::Error as StdError;
use std::io::Write as _;
use std::time::SystemTime;

use aws_smithy_types::date_time::{DateTime, Format};
use serde::Serialize;

/// The log record of one request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestLog {
    /// The gateway's id of the request, which the client sees as `Apigw-Requestid`.
    pub request_id: Option<String>,
    /// Lambda's id of the invocation, which Lambda's own log lines carry.
    pub lambda_request_id: String,
    /// The route key.
    pub route: String,
    /// The HTTP status of the response.
    pub status: u16,
    /// The duration of the request.
    pub milliseconds: u128,
    /// The number of attempts to call DynamoDB.
    #[serde(rename = "dynamodbAttempts")]
    pub attempts: u32,
    /// The causes of a fault, each error followed by its source.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
}

impl RequestLog {
    /// Returns `true` if an operator should investigate.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        self.status >= 500
    }

    /// Returns the line, without a line break.
    #[must_use]
    pub fn line(&self) -> String {
        let level = if self.is_fault() { "ERROR" } else { "INFO" };
        line(SystemTime::now(), level, self)
    }

    /// Writes the line to standard output, from which Lambda collects it.
    pub fn write(&self) {
        write(self.line());
    }
}

/// A log record that is not about a request: the start of the function, or a failed invocation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Incident<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    lambda_request_id: Option<&'a str>,
    message: &'a str,
    causes: Vec<String>,
}

impl<'a> Incident<'a> {
    fn new(
        lambda_request_id: Option<&'a str>,
        message: &'a str,
        cause: &(dyn StdError + 'static),
    ) -> Self {
        Self {
            lambda_request_id,
            message,
            causes: chain(cause),
        }
    }
}

/// Logs a WARN that belongs to no request: the function continues.
pub fn warn(message: &str, cause: &(dyn StdError + 'static)) {
    incident("WARN", &Incident::new(None, message, cause));
}

/// Logs an ERROR that belongs to no request: the function does not work.
pub fn error(message: &str, cause: &(dyn StdError + 'static)) {
    incident("ERROR", &Incident::new(None, message, cause));
}

/// Logs the cause of a failed invocation.
pub fn invocation_failed(lambda_request_id: &str, cause: &(dyn StdError + 'static)) {
    let message = "the invocation failed";
    incident(
        "ERROR",
        &Incident::new(Some(lambda_request_id), message, cause),
    );
}

/// Returns the messages of an error, of its source, and so on.
#[must_use]
pub fn chain(error: &(dyn StdError + 'static)) -> Vec<String> {
    std::iter::successors(Some(error), |&error| error.source())
        .map(ToString::to_string)
        .collect()
}

/// Removes from serde's message the value that it found, because it may be part of an item.
#[must_use]
pub fn without_values(message: &str) -> String {
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => message.to_owned(),
    }
}

fn incident(level: &str, incident: &Incident<'_>) {
    write(line(SystemTime::now(), level, incident));
}

/// Writes a line. Errors are ignored, because a failure to log must not fail a request.
fn write(mut line: String) {
    line.push('\n');
    let _ = std::io::stdout().write_all(line.as_bytes());
}

fn line(at: SystemTime, level: &str, fields: &impl Serialize) -> String {
    #[derive(Serialize)]
    struct Line<'a, T> {
        #[serde(skip_serializing_if = "Option::is_none")]
        timestamp: Option<String>,
        level: &'a str,
        #[serde(flatten)]
        fields: &'a T,
    }
    // RFC 3339 has no year after 9999.
    let timestamp = DateTime::from(at).fmt(Format::DateTime).ok();
    serde_json::to_string(&Line {
        timestamp,
        level,
        fields,
    })
    .expect("text and numbers can be written as JSON")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn line(level: &str, fields: &impl Serialize) -> String {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250);
        super::line(at, level, fields)
    }

    fn request_log(status: u16, causes: Vec<String>) -> RequestLog {
        RequestLog {
            request_id: Some("JCJJxhz4PHcEJgQ=".to_owned()),
            lambda_request_id: "8f5e".to_owned(),
            route: "PUT /items".to_owned(),
            status,
            milliseconds: 7,
            attempts: 1,
            causes,
        }
    }

    #[test]
    fn a_success_is_one_line_without_causes() {
        assert_eq!(
            line("INFO", &request_log(200, Vec::new())),
            r#"{"timestamp":"2023-11-14T22:13:20.25Z","level":"INFO","requestId":"JCJJxhz4PHcEJgQ=","lambdaRequestId":"8f5e","route":"PUT /items","status":200,"milliseconds":7,"dynamodbAttempts":1}"#
        );
    }

    #[test]
    fn a_fault_is_an_error_with_its_causes() {
        assert_eq!(
            line(
                "ERROR",
                &request_log(
                    503,
                    vec!["timeout".to_owned(), "a \"quoted\"\nline".to_owned()]
                )
            ),
            r#"{"timestamp":"2023-11-14T22:13:20.25Z","level":"ERROR","requestId":"JCJJxhz4PHcEJgQ=","lambdaRequestId":"8f5e","route":"PUT /items","status":503,"milliseconds":7,"dynamodbAttempts":1,"causes":["timeout","a \"quoted\"\nline"]}"#
        );
    }

    #[test]
    fn an_incident_outside_of_requests_has_a_level_and_its_causes() {
        assert_eq!(
            line(
                "WARN",
                &Incident::new(None, "late", &std::io::Error::other("no answer"))
            ),
            r#"{"timestamp":"2023-11-14T22:13:20.25Z","level":"WARN","message":"late","causes":["no answer"]}"#
        );
    }
}
