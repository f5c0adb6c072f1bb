//! The number of requests to DynamoDB, and the response to the client, for each cause of failure.

use std::time::{Duration, Instant};

use crate::backend::{self, Backend, DONE, Reaction, SERVER_ERROR};
use crate::requests::{
    AMBIGUOUS, FAULT, NOT_WRITTEN, READ_FAILED, TIME_LIMIT, body, delete, event, fault_body, get,
    invoke, list, put, response,
};
use function::Handled;
use function::client::{ATTEMPT_TIMEOUT, MAX_ATTEMPTS};

pub const THROTTLED: Reaction = Reaction::Respond(
    400,
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}"#,
);

/// The body of a 500 from DynamoDB, as a faulty proxy would send it with a 200.
const ERROR_IN_200: &str =
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"oh"}"#;

/// The expected outcome of a request.
struct Outcome {
    status: u16,
    message: &'static str,
    attempts: u32,
}

fn check(handled: &Handled, backend: &Backend, expected: &Outcome) {
    assert_eq!(body(handled), fault_body(expected.message));
    let response = response(handled);
    assert_eq!(response.status_code, i64::from(expected.status));
    assert_eq!(handled.record.status, expected.status);
    let retry_after = response
        .headers
        .get("retry-after")
        .map(|value| value.to_str().unwrap());
    assert_eq!(retry_after, (expected.status == 503).then_some("1"));
    assert_eq!(
        backend.requests(),
        expected.attempts,
        "requests that the backend saw"
    );
    assert_eq!(
        handled.record.attempts, expected.attempts,
        "attempts in the log"
    );
    assert!(!handled.record.causes.is_empty(), "the log has a cause");
    let log = serde_json::to_string(&handled.record).unwrap();
    assert!(!log.contains("secret"), "{log}");
}

/// Checks both kinds of write on a backend with this script, within `limit`.
async fn writes_within(limit: Duration, script: &[Reaction], expected: Outcome) {
    for request in [put(), delete()] {
        let backend = Backend::start(script);
        check(
            &invoke(&backend.service(), request, limit).await,
            &backend,
            &expected,
        );
    }
}

async fn writes(script: &[Reaction], status: u16, message: &'static str, attempts: u32) {
    writes_within(
        TIME_LIMIT,
        script,
        Outcome {
            status,
            message,
            attempts,
        },
    )
    .await;
}

async fn reads(script: &[Reaction], status: u16, message: &'static str, attempts: u32) {
    for request in [get(), list()] {
        let backend = Backend::start(script);
        let expected = Outcome {
            status,
            message,
            attempts,
        };
        check(
            &invoke(&backend.service(), request, TIME_LIMIT).await,
            &backend,
            &expected,
        );
    }
}

#[tokio::test]
async fn a_write_is_not_retried_after_a_500() {
    writes(&[SERVER_ERROR, DONE], 503, AMBIGUOUS, 1).await;
}

#[tokio::test]
async fn a_write_is_not_retried_after_a_502_without_a_body() {
    writes(&[Reaction::Respond(502, ""), DONE], 503, AMBIGUOUS, 1).await;
}

#[tokio::test]
async fn a_write_is_not_retried_after_a_503_from_a_proxy() {
    writes(
        &[Reaction::Respond(503, "<html/>"), DONE],
        503,
        AMBIGUOUS,
        1,
    )
    .await;
}

#[tokio::test]
async fn a_write_is_not_retried_after_a_504() {
    writes(&[Reaction::Respond(504, "{}"), DONE], 503, AMBIGUOUS, 1).await;
}

#[tokio::test]
async fn a_write_is_not_retried_after_a_connection_is_cut() {
    writes(&[Reaction::Cut, DONE], 503, AMBIGUOUS, 1).await;
}

#[tokio::test]
async fn a_write_is_not_retried_after_a_response_is_cut() {
    writes(&[Reaction::CutInBody, DONE], 503, AMBIGUOUS, 1).await;
}

#[tokio::test]
async fn a_write_is_not_retried_after_a_chunk_is_cut() {
    writes(&[Reaction::CutInChunk, DONE], 503, AMBIGUOUS, 1).await;
}

#[tokio::test]
async fn the_log_has_the_original_cause() {
    for (reaction, cause) in [
        (Reaction::Cut, "connection closed before message completed"),
        (
            Reaction::CutInBody,
            "end of file before message length reached",
        ),
        (
            Reaction::CutInChunk,
            "end of file before message length reached",
        ),
        (
            Reaction::Respond(200, ""),
            "DynamoDB's response is not a JSON object",
        ),
        (
            Reaction::Respond(200, "[]"),
            "failed to parse JSON: expected StartObject",
        ),
        (
            Reaction::Respond(200, ERROR_IN_200),
            "DynamoDB's response is an error",
        ),
    ] {
        let backend = Backend::start(&[reaction]);
        let handled = invoke(&backend.service(), put(), TIME_LIMIT).await;
        let causes = handled.record.causes.join("\n");
        assert!(causes.contains(cause), "{reaction:?}: {causes}");
        let is_ours = cause.starts_with("DynamoDB's response");
        assert_eq!(
            causes.contains("DynamoDB's response"),
            is_ours,
            "{reaction:?}: {causes}"
        );
    }
}

#[tokio::test]
async fn a_write_is_not_retried_after_a_time_out() {
    writes(&[Reaction::Hang, DONE], 503, AMBIGUOUS, 1).await;
}

#[tokio::test]
async fn a_write_is_not_retried_after_a_request_time_out_code() {
    let time_out = r#"{"__type":"RequestTimeoutException","message":"late"}"#;
    writes(&[Reaction::Respond(400, time_out), DONE], 503, AMBIGUOUS, 1).await;
}

#[tokio::test]
async fn a_200_that_is_not_a_json_object_leaves_a_write_ambiguous() {
    for body in ["", " ", "null", "[]", "\"{}\"", "{", "{}{}", "<html/>"] {
        writes(&[Reaction::Respond(200, body), DONE], 503, AMBIGUOUS, 1).await;
    }
    writes(&[Reaction::Respond(204, ""), DONE], 503, AMBIGUOUS, 1).await;
}

#[tokio::test]
async fn a_200_that_holds_an_error_is_not_a_success() {
    for error in [
        ERROR_IN_200,
        r#" { "message" : "oh" , "__type" : "ThrottlingException" } "#,
        r#"{"__type":"InternalServerError","Item":{"id":{"S":"secret-id"}},"Items":[]}"#,
        r#"{"Item":{"id":{"S":"secret-id"}},"Items":[],"__type":"InternalServerError"}"#,
    ] {
        writes(&[Reaction::Respond(200, error), DONE], 503, AMBIGUOUS, 1).await;
        let error = Reaction::Respond(200, error);
        reads(&[error], 503, READ_FAILED, MAX_ATTEMPTS).await;
    }
}

#[tokio::test]
async fn an_item_with_a_type_attribute_is_not_an_error() {
    let found = Reaction::Respond(
        200,
        r#"{"Item":{"id":{"S":"a"},"__type":{"S":"b"},"name":{"S":"\"__type\":"}},
            "Items":[{"id":{"S":"a"},"__type":{"M":{"__type":{"S":"b"}}}}],"LastEvaluatedKey":{"id":{"S":"a"}}}"#,
    );
    for request in [get(), list()] {
        let backend = Backend::start(&[found]);
        let handled = invoke(&backend.service(), request, TIME_LIMIT).await;
        assert_eq!((handled.record.status, handled.record.attempts), (200, 1));
    }
}

#[tokio::test]
async fn a_4xx_without_a_code_leaves_a_write_ambiguous() {
    writes(&[Reaction::Respond(400, ""), DONE], 503, AMBIGUOUS, 1).await;
    writes(
        &[Reaction::Respond(403, "<html/>"), DONE],
        503,
        AMBIGUOUS,
        1,
    )
    .await;
}

#[tokio::test]
async fn a_throttled_write_is_retried() {
    for request in [put(), delete()] {
        let backend = Backend::start(&[THROTTLED, THROTTLED, DONE]);
        let handled = invoke(&backend.service(), request, TIME_LIMIT).await;
        assert_eq!((handled.record.status, backend.requests()), (200, 3));
    }
}

#[tokio::test]
async fn every_throttling_code_is_recognized() {
    for code in [
        r#"{"__type":"RequestLimitExceeded"}"#,
        r#"{"__type":"Throttling"}"#,
        r#"{"__type":"ThrottlingException"}"#,
    ] {
        writes(
            &[Reaction::Respond(400, code)],
            503,
            NOT_WRITTEN,
            MAX_ATTEMPTS,
        )
        .await;
    }
}

#[tokio::test]
async fn a_write_that_stays_throttled_changes_nothing() {
    writes(&[THROTTLED], 503, NOT_WRITTEN, MAX_ATTEMPTS).await;
}

#[tokio::test]
async fn the_last_attempt_decides_whether_a_write_is_ambiguous() {
    writes(&[THROTTLED, SERVER_ERROR, DONE], 503, AMBIGUOUS, 2).await;
    writes(&[THROTTLED, Reaction::Cut, DONE], 503, AMBIGUOUS, 2).await;
}

#[tokio::test]
async fn a_write_that_conflicts_with_a_transaction_changes_nothing() {
    let conflict = r#"{"__type":"TransactionConflictException","message":"ongoing"}"#;
    writes(
        &[Reaction::Respond(400, conflict), DONE],
        503,
        NOT_WRITTEN,
        1,
    )
    .await;
}

#[tokio::test]
async fn a_request_that_dynamodb_rejects_is_a_500() {
    for rejection in [
        r#"{"__type":"ResourceNotFoundException","message":"arn:aws:dynamodb:us-east-1:123456789012:table/items"}"#,
        r#"{"__type":"AccessDeniedException","Message":"arn:aws:iam::123456789012:role/x is not authorized"}"#,
        r#"{"__type":"UnrecognizedClientException","message":"token"}"#,
        r#"{"__type":"ExpiredTokenException","message":"token"}"#,
        r#"{"__type":"ValidationException","message":"cannot be converted to a number: secret-price"}"#,
    ] {
        writes(&[Reaction::Respond(400, rejection), DONE], 500, FAULT, 1).await;
        reads(&[Reaction::Respond(400, rejection), DONE], 500, FAULT, 1).await;
    }
}

#[tokio::test]
async fn a_read_is_retried_after_any_transient_fault() {
    for fault in [
        SERVER_ERROR,
        THROTTLED,
        Reaction::Cut,
        Reaction::Hang,
        Reaction::Respond(400, r#"{"__type":"TransactionConflictException"}"#),
        Reaction::Respond(200, "{\"Item\""),
        Reaction::Respond(200, ""),
    ] {
        for request in [get(), list()] {
            let backend =
                Backend::start(&[fault, Reaction::Respond(200, r#"{"Item":{},"Items":[]}"#)]);
            let handled = invoke(&backend.service(), request, TIME_LIMIT).await;
            assert_eq!(
                (handled.record.status, backend.requests()),
                (200, 2),
                "{fault:?}"
            );
        }
    }
}

#[tokio::test]
async fn every_read_is_strongly_consistent() {
    for request in [get(), list()] {
        let backend = Backend::start(&[Reaction::Respond(200, r#"{"Item":{},"Items":[]}"#)]);
        invoke(&backend.service(), request, TIME_LIMIT).await;
        assert_eq!(backend.sent()[0].body["ConsistentRead"], true);
    }
}

#[tokio::test]
async fn a_scan_without_items_is_not_an_empty_list() {
    let backend = Backend::start(&[DONE]);
    let handled = invoke(&backend.service(), list(), TIME_LIMIT).await;
    assert_eq!(handled.record.status, 503);
    assert_eq!(handled.record.attempts, MAX_ATTEMPTS);
    assert_eq!(body(&handled), fault_body(READ_FAILED));
}

/// The response to a scan with an item that is not one.
const UNREADABLE_PAGE: Reaction = Reaction::Respond(200, r#"{"Items":[{"id":"secret-id"}]}"#);

#[tokio::test]
async fn a_page_that_cannot_be_read_is_not_a_success() {
    let backend = Backend::start(&[UNREADABLE_PAGE]);
    let handled = invoke(&backend.service(), list(), TIME_LIMIT).await;
    let expected = Outcome {
        status: 503,
        message: READ_FAILED,
        attempts: MAX_ATTEMPTS,
    };
    check(&handled, &backend, &expected);
    let causes = handled.record.causes.join("\n");
    assert!(causes.contains("is not a page of items"), "{causes}");
}

#[tokio::test]
async fn a_failure_after_a_page_that_cannot_be_read_has_its_own_meaning() {
    let page = Reaction::Respond(200, r#"{"Items":[]}"#);
    let backend = Backend::start(&[UNREADABLE_PAGE, THROTTLED, SERVER_ERROR, page]);
    let handled = invoke(&backend.service(), list(), TIME_LIMIT).await;
    assert_eq!((handled.record.status, backend.requests()), (200, 4));

    let denied = Reaction::Respond(400, r#"{"__type":"AccessDeniedException"}"#);
    let backend = Backend::start(&[UNREADABLE_PAGE, denied]);
    let handled = invoke(&backend.service(), list(), TIME_LIMIT).await;
    let expected = Outcome {
        status: 500,
        message: FAULT,
        attempts: 2,
    };
    check(&handled, &backend, &expected);
    let causes = handled.record.causes.join("\n");
    assert!(causes.contains("AccessDeniedException"), "{causes}");
}

#[tokio::test]
async fn an_empty_200_is_not_a_missing_item() {
    reads(
        &[Reaction::Respond(200, "")],
        503,
        READ_FAILED,
        MAX_ATTEMPTS,
    )
    .await;
}

#[tokio::test]
async fn a_read_that_keeps_failing_gives_up() {
    reads(&[SERVER_ERROR], 503, READ_FAILED, MAX_ATTEMPTS).await;
}

#[tokio::test]
async fn a_validation_error_near_the_size_limit_is_a_413() {
    let invalid = Reaction::Respond(
        400,
        r#"{"__type":"ValidationException","message":"too big"}"#,
    );
    for (length, status) in [(409_600 - 64, 413), (409_600 - 65, 500)] {
        let name = "x".repeat(length - "id".len() - "a".len() - "name".len());
        let request = event(
            "PUT /items",
            None,
            Some(&format!(r#"{{"id":"a","name":"{name}"}}"#)),
        );
        let backend = Backend::start(&[invalid]);
        let handled = invoke(&backend.service(), request, TIME_LIMIT).await;
        assert_eq!(handled.record.status, status, "{length} bytes");
    }
}

#[tokio::test]
async fn missing_credentials_are_a_500() {
    let backend = Backend::start(&[DONE]);
    for request in [put(), get()] {
        let service = backend::service_as(&backend.url(), None);
        let handled = invoke(&service, request, TIME_LIMIT).await;
        assert_eq!(handled.record.status, 500);
        assert_eq!(body(&handled), fault_body(FAULT));
        assert_eq!((backend.requests(), handled.record.attempts), (0, 0));
    }
}

#[tokio::test]
async fn nothing_is_sent_shortly_before_the_deadline() {
    for (request, message) in [
        (put(), NOT_WRITTEN),
        (delete(), NOT_WRITTEN),
        (get(), READ_FAILED),
        (list(), READ_FAILED),
    ] {
        let backend = Backend::start(&[DONE]);
        let expected = Outcome {
            status: 503,
            message,
            attempts: 0,
        };
        let limit = Duration::from_millis(400);
        let handled = invoke(&backend.service(), request, limit).await;
        check(&handled, &backend, &expected);
    }
}

/// The budget of 2 s ends sooner than the time-out of the attempt, 3 s. The test allows a slow machine the second
/// between them.
#[tokio::test]
async fn the_deadline_ends_an_attempt_before_its_time_out() {
    let limit = Duration::from_millis(2500);
    for reaction in [Reaction::Hang, Reaction::Drip] {
        let start = Instant::now();
        writes_within(
            limit,
            &[reaction],
            Outcome {
                status: 503,
                message: AMBIGUOUS,
                attempts: 1,
            },
        )
        .await;
        let each = start.elapsed() / 2;
        assert!(each < ATTEMPT_TIMEOUT, "{reaction:?}: {each:?}");
    }
}

#[tokio::test]
async fn a_write_that_times_out_during_backoff_changes_nothing() {
    let limit = Duration::from_secs(3);
    writes_within(
        limit,
        &[Reaction::ThrottleFor(10_000), DONE],
        Outcome {
            status: 503,
            message: NOT_WRITTEN,
            attempts: 1,
        },
    )
    .await;
}

#[tokio::test]
async fn the_service_recovers_with_the_table() {
    let backend = Backend::start(&[
        SERVER_ERROR,
        Reaction::Cut,
        Reaction::Respond(200, ""),
        DONE,
    ]);
    let service = backend.service();
    for status in [503, 503, 503, 200, 200] {
        assert_eq!(
            invoke(&service, put(), TIME_LIMIT).await.record.status,
            status
        );
    }
}
