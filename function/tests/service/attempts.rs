//! How often DynamoDB is asked, and what the client is told, for each cause of failure.

use std::time::{Duration, Instant};

use function::Answer;
use function::client::{ATTEMPT_TIMEOUT, MAX_ATTEMPTS};
use serde_json::{Value, json};

use crate::backend::{self, Backend, DONE, Reaction, SERVER_ERROR};
use crate::requests::{
    FAULT, IN_DOUBT, LIMIT, NOT_WRITTEN, READ_FAILED, body, delete, event, get, invoke, list, put,
    response,
};

const THROTTLED: Reaction = Reaction::Answer(
    400,
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}"#,
);

/// The body of one of DynamoDB's 500s, as a proxy would send it with a 200.
const ERROR_IN_200: &str =
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"oh"}"#;

/// What a request must have come to.
struct Outcome {
    status: u16,
    message: &'static str,
    attempts: u32,
}

fn check(answer: &Answer, backend: &Backend, expected: &Outcome) {
    assert_eq!(body(answer), json!({ "message": expected.message }));
    let response = response(answer);
    assert_eq!(response.status_code, i64::from(expected.status));
    assert_eq!(answer.record.status, expected.status);
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
        answer.record.attempts, expected.attempts,
        "attempts in the log"
    );
    assert!(!answer.record.causes.is_empty(), "the log has a cause");
    let log = serde_json::to_string(&answer.record).unwrap();
    assert!(!log.contains("secret"), "{log}");
}

/// Both writes, against a backend that reacts so, in `limit`.
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
        LIMIT,
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
            &invoke(&backend.service(), request, LIMIT).await,
            &backend,
            &expected,
        );
    }
}

#[tokio::test]
async fn a_write_is_not_repeated_after_a_500() {
    writes(&[SERVER_ERROR, DONE], 503, IN_DOUBT, 1).await;
}

#[tokio::test]
async fn a_write_is_not_repeated_after_a_502_without_a_body() {
    writes(&[Reaction::Answer(502, ""), DONE], 503, IN_DOUBT, 1).await;
}

#[tokio::test]
async fn a_write_is_not_repeated_after_a_503_from_a_proxy() {
    writes(&[Reaction::Answer(503, "<html/>"), DONE], 503, IN_DOUBT, 1).await;
}

#[tokio::test]
async fn a_write_is_not_repeated_after_a_504() {
    writes(&[Reaction::Answer(504, "{}"), DONE], 503, IN_DOUBT, 1).await;
}

#[tokio::test]
async fn a_write_is_not_repeated_after_a_connection_is_cut() {
    writes(&[Reaction::Cut, DONE], 503, IN_DOUBT, 1).await;
}

#[tokio::test]
async fn a_write_is_not_repeated_after_an_answer_is_cut() {
    writes(&[Reaction::CutInBody, DONE], 503, IN_DOUBT, 1).await;
}

#[tokio::test]
async fn a_write_is_not_repeated_after_a_chunk_is_cut() {
    writes(&[Reaction::CutInChunk, DONE], 503, IN_DOUBT, 1).await;
}

#[tokio::test]
async fn the_log_has_the_cause_and_not_its_effect() {
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
            Reaction::Answer(200, ""),
            "DynamoDB's answer is no JSON object",
        ),
        (
            Reaction::Answer(200, "[]"),
            "failed to parse JSON: expected StartObject",
        ),
        (
            Reaction::Answer(200, ERROR_IN_200),
            "DynamoDB's answer is an error",
        ),
    ] {
        let backend = Backend::start(&[reaction]);
        let answer = invoke(&backend.service(), put(), LIMIT).await;
        let causes = answer.record.causes.join("\n");
        assert!(causes.contains(cause), "{reaction:?}: {causes}");
        let is_ours = cause.starts_with("DynamoDB's answer");
        assert_eq!(
            causes.contains("DynamoDB's answer"),
            is_ours,
            "{reaction:?}: {causes}"
        );
    }
}

#[tokio::test]
async fn a_write_is_not_repeated_after_a_time_out() {
    writes(&[Reaction::Hang, DONE], 503, IN_DOUBT, 1).await;
}

#[tokio::test]
async fn a_write_is_not_repeated_after_a_request_time_out_code() {
    let time_out = r#"{"__type":"RequestTimeoutException","message":"late"}"#;
    writes(&[Reaction::Answer(400, time_out), DONE], 503, IN_DOUBT, 1).await;
}

#[tokio::test]
async fn a_200_that_is_no_json_object_leaves_a_write_in_doubt() {
    for body in ["", " ", "null", "[]", "\"{}\"", "{", "{}{}", "<html/>"] {
        writes(&[Reaction::Answer(200, body), DONE], 503, IN_DOUBT, 1).await;
    }
    writes(&[Reaction::Answer(204, ""), DONE], 503, IN_DOUBT, 1).await;
}

#[tokio::test]
async fn a_200_that_is_an_error_is_no_answer() {
    for error in [
        ERROR_IN_200,
        r#" { "message" : "oh" , "__type" : "ThrottlingException" } "#,
        r#"{"__type":"InternalServerError","Item":{"id":{"S":"secret-id"}},"Items":[]}"#,
        r#"{"Item":{"id":{"S":"secret-id"}},"Items":[],"__type":"InternalServerError"}"#,
    ] {
        writes(&[Reaction::Answer(200, error), DONE], 503, IN_DOUBT, 1).await;
        let error = Reaction::Answer(200, error);
        reads(&[error], 503, READ_FAILED, MAX_ATTEMPTS).await;
    }
}

#[tokio::test]
async fn an_item_may_have_an_attribute_like_an_errors() {
    let found = Reaction::Answer(
        200,
        r#"{"Item":{"id":{"S":"a"},"__type":{"S":"b"},"name":{"S":"\"__type\":"}},
            "Items":[{"id":{"S":"a"},"__type":{"M":{"__type":{"S":"b"}}}}],"LastEvaluatedKey":{"id":{"S":"a"}}}"#,
    );
    for request in [get(), list()] {
        let backend = Backend::start(&[found]);
        let answer = invoke(&backend.service(), request, LIMIT).await;
        assert_eq!((answer.record.status, answer.record.attempts), (200, 1));
    }
}

#[tokio::test]
async fn a_4xx_without_a_code_leaves_a_write_in_doubt() {
    writes(&[Reaction::Answer(400, ""), DONE], 503, IN_DOUBT, 1).await;
    writes(&[Reaction::Answer(403, "<html/>"), DONE], 503, IN_DOUBT, 1).await;
}

#[tokio::test]
async fn a_throttled_write_is_repeated() {
    for request in [put(), delete()] {
        let backend = Backend::start(&[THROTTLED, THROTTLED, DONE]);
        let answer = invoke(&backend.service(), request, LIMIT).await;
        assert_eq!((answer.record.status, backend.requests()), (200, 3));
    }
}

#[tokio::test]
async fn each_throttling_code_is_one() {
    for code in [
        r#"{"__type":"RequestLimitExceeded"}"#,
        r#"{"__type":"Throttling"}"#,
        r#"{"__type":"ThrottlingException"}"#,
    ] {
        writes(
            &[Reaction::Answer(400, code)],
            503,
            NOT_WRITTEN,
            MAX_ATTEMPTS,
        )
        .await;
    }
}

#[tokio::test]
async fn a_write_throttled_for_ever_changed_nothing() {
    writes(&[THROTTLED], 503, NOT_WRITTEN, MAX_ATTEMPTS).await;
}

#[tokio::test]
async fn what_follows_a_throttled_attempt_decides_what_is_known() {
    writes(&[THROTTLED, SERVER_ERROR, DONE], 503, IN_DOUBT, 2).await;
    writes(&[THROTTLED, Reaction::Cut, DONE], 503, IN_DOUBT, 2).await;
}

#[tokio::test]
async fn a_write_that_meets_a_transaction_changed_nothing() {
    let conflict = r#"{"__type":"TransactionConflictException","message":"ongoing"}"#;
    writes(
        &[Reaction::Answer(400, conflict), DONE],
        503,
        NOT_WRITTEN,
        1,
    )
    .await;
}

#[tokio::test]
async fn a_refusal_needs_an_operator() {
    for refusal in [
        r#"{"__type":"ResourceNotFoundException","message":"arn:aws:dynamodb:us-east-1:123456789012:table/items"}"#,
        r#"{"__type":"AccessDeniedException","Message":"arn:aws:iam::123456789012:role/x is not authorized"}"#,
        r#"{"__type":"UnrecognizedClientException","message":"token"}"#,
        r#"{"__type":"ExpiredTokenException","message":"token"}"#,
        r#"{"__type":"ValidationException","message":"cannot be converted to a number: secret-price"}"#,
    ] {
        writes(&[Reaction::Answer(400, refusal), DONE], 500, FAULT, 1).await;
        reads(&[Reaction::Answer(400, refusal), DONE], 500, FAULT, 1).await;
    }
}

#[tokio::test]
async fn a_read_is_repeated_after_any_passing_fault() {
    for fault in [
        SERVER_ERROR,
        THROTTLED,
        Reaction::Cut,
        Reaction::Hang,
        Reaction::Answer(200, "{\"Item\""),
        Reaction::Answer(200, ""),
    ] {
        for request in [get(), list()] {
            let backend =
                Backend::start(&[fault, Reaction::Answer(200, r#"{"Item":{},"Items":[]}"#)]);
            let answer = invoke(&backend.service(), request, LIMIT).await;
            assert_eq!(
                (answer.record.status, backend.requests()),
                (200, 2),
                "{fault:?}"
            );
        }
    }
}

#[tokio::test]
async fn every_read_is_strongly_consistent() {
    for request in [get(), list()] {
        let backend = Backend::start(&[Reaction::Answer(200, r#"{"Item":{},"Items":[]}"#)]);
        invoke(&backend.service(), request, LIMIT).await;
        let sent: Value = serde_json::from_str(&backend.latest()).unwrap();
        assert_eq!(sent["ConsistentRead"], true);
    }
}

#[tokio::test]
async fn a_scan_without_items_is_no_empty_list() {
    let backend = Backend::start(&[DONE]);
    let answer = invoke(&backend.service(), list(), LIMIT).await;
    assert_eq!(answer.record.status, 503);
    assert_eq!(body(&answer), json!({ "message": READ_FAILED }));
}

#[tokio::test]
async fn an_empty_200_is_no_missing_item() {
    reads(&[Reaction::Answer(200, "")], 503, READ_FAILED, MAX_ATTEMPTS).await;
}

#[tokio::test]
async fn a_read_that_keeps_failing_gives_up() {
    reads(&[SERVER_ERROR], 503, READ_FAILED, MAX_ATTEMPTS).await;
}

#[tokio::test]
async fn a_validation_error_near_the_size_limit_is_about_the_size() {
    let invalid = Reaction::Answer(
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
        let answer = invoke(&backend.service(), request, LIMIT).await;
        assert_eq!(answer.record.status, status, "{length} bytes");
    }
}

#[tokio::test]
async fn missing_credentials_need_an_operator() {
    let backend = Backend::start(&[DONE]);
    for request in [put(), get()] {
        let service = backend::service_as(&backend.url(), None);
        let answer = invoke(&service, request, LIMIT).await;
        assert_eq!(answer.record.status, 500);
        assert_eq!(body(&answer), json!({ "message": FAULT }));
        assert_eq!((backend.requests(), answer.record.attempts), (0, 0));
    }
}

#[tokio::test]
async fn too_late_is_too_late_to_ask() {
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
        let answer = invoke(&backend.service(), request, limit).await;
        check(&answer, &backend, &expected);
    }
}

/// The answer comes half a second before the deadline, whatever the backend does; the test allows
/// for a slow machine, but not for the next attempt or pause.
#[tokio::test]
async fn the_answer_comes_before_the_deadline() {
    let limit = Duration::from_millis(2500);
    for reaction in [Reaction::Hang, Reaction::Drip] {
        let start = Instant::now();
        writes_within(
            limit,
            &[reaction],
            Outcome {
                status: 503,
                message: IN_DOUBT,
                attempts: 1,
            },
        )
        .await;
        let each = start.elapsed() / 2;
        assert!(each < ATTEMPT_TIMEOUT, "{reaction:?}: {each:?}");
    }
}

#[tokio::test]
async fn a_deadline_in_a_pause_leaves_no_doubt() {
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
    let backend = Backend::start(&[SERVER_ERROR, Reaction::Cut, Reaction::Answer(200, ""), DONE]);
    let service = backend.service();
    for status in [503, 503, 503, 200, 200] {
        assert_eq!(invoke(&service, put(), LIMIT).await.record.status, status);
    }
}
