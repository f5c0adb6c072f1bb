//! Mutants with bugs in the calls of the table: in time-outs, retries, error codes and consistency.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::config;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use hyper::body::Bytes;
use local::gateway::{Handler, LambdaResponse};

use super::event::{Event, wrap};
use crate::toolkit::dynamodb::faulty_response::NEW_CODE;

/// Does not retry a read whose attempt timed out.
pub(super) fn time_out_is_final(config: config::Builder) -> config::Builder {
    #[derive(Debug)]
    struct TimeOutIsFinal;
    impl ClassifyRetry for TimeOutIsFinal {
        fn name(&self) -> &'static str {
            "TimeOutIsFinal"
        }

        fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
            match context.output_or_error() {
                Some(Err(error)) if error.is_timeout_error() => RetryAction::RetryForbidden,
                _ => RetryAction::NoActionIndicated,
            }
        }
    }
    config.retry_classifier(TimeOutIsFinal)
}

/// Sends a 503 only a tenth of a second before the deadline.
pub(super) fn late_503(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, event: Event) -> LambdaResponse {
        let deadline = event.context.deadline();
        let reply = inner(event).await;
        if reply.response.status_code == 503 {
            let left = deadline.duration_since(SystemTime::now());
            let left = left.unwrap_or_default();
            tokio::time::sleep(left.saturating_sub(Duration::from_millis(250))).await;
        }
        reply
    }
    wrap(inner, mutant)
}

/// Does not know one of the codes for throttling.
pub(super) fn throttling_code_is_unknown(status: u16, body: &Bytes) -> (u16, Bytes) {
    (status, replace(body, "RequestLimitExceeded", NEW_CODE))
}

/// Treats a code that the service does not know as throttling.
pub(super) fn unknown_code_is_throttling(status: u16, body: &Bytes) -> (u16, Bytes) {
    (status, replace(body, NEW_CODE, "ThrottlingException"))
}

/// Treats a conflict like a server error, so that a write is ambiguous.
pub(super) fn conflict_is_ambiguous(status: u16, body: &Bytes) -> (u16, Bytes) {
    let is_conflict = ["Conflict", "InProgress"]
        .iter()
        .any(|part| String::from_utf8_lossy(body).contains(part));
    (if is_conflict { 500 } else { status }, body.clone())
}

/// Treats a response to a scan that has no list as an empty list.
pub(super) fn no_list_is_empty(status: u16, body: &Bytes) -> (u16, Bytes) {
    match &body[..] {
        b"{}" => (status, Bytes::from_static(br#"{"Items":[]}"#)),
        _ => (status, body.clone()),
    }
}

/// Treats a success without a body as a missing item.
pub(super) fn no_body_is_not_found(status: u16, body: &Bytes) -> (u16, Bytes) {
    if body.is_empty() {
        (status, Bytes::from_static(b"{}"))
    } else {
        (status, body.clone())
    }
}

/// Reads an item that may be stale.
pub(super) fn get_is_eventually_consistent(operation: &str, body: Bytes) -> Bytes {
    eventually_consistent("GetItem", operation, body)
}

/// Lists items that may be stale.
pub(super) fn list_is_eventually_consistent(operation: &str, body: Bytes) -> Bytes {
    eventually_consistent("Scan", operation, body)
}

fn eventually_consistent(read: &str, operation: &str, body: Bytes) -> Bytes {
    if operation != read {
        return body;
    }
    replace(
        &body,
        r#""ConsistentRead":true"#,
        r#""ConsistentRead":false"#,
    )
}

fn replace(body: &Bytes, from: &str, to: &str) -> Bytes {
    String::from_utf8_lossy(body).replace(from, to).into()
}
