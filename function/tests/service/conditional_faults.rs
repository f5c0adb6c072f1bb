//! The faults of conditional writes: the number of requests to DynamoDB, and the response to the client.

use std::time::Duration;

use function::client::MAX_ATTEMPTS;

use crate::attempts::THROTTLED;
use crate::backend::{DONE, Reaction, SERVER_ERROR};
use crate::conditions::{
    FIRST, OTHER, SECOND, THIRD, assert_compares, condition_failed, found, header, send,
    send_within, tag, writes,
};
use crate::requests::{AMBIGUOUS, FAULT, NOT_WRITTEN, body, delete, fault_body, put};

/// Checks that writes with the tag of the first item, on a backend that shows that item and then follows this script,
/// end in this fault.
async fn writes_after_a_read(script: &[Reaction], status: u16, message: &str) {
    for request in writes(Some(&tag(FIRST).await), None) {
        let script = [&[found(Some(FIRST))], script].concat();
        let (handled, backend) = send(request, &script).await;
        assert_eq!(handled.record.status, status);
        assert_eq!(body(&handled), fault_body(message));
        assert_eq!(backend.requests(), 2);
        assert!(!handled.record.causes.is_empty());
    }
}

#[tokio::test]
async fn a_write_whose_item_changes_four_times_changes_nothing() {
    let failed = [FIRST, SECOND, THIRD].map(|item| condition_failed(400, Some(item)));
    for request in writes(None, Some(OTHER)) {
        let script = [
            found(None),
            failed[0],
            failed[1],
            failed[2],
            failed[0],
            DONE,
        ];
        let (handled, backend) = send(request, &script).await;
        assert_eq!((handled.record.status, backend.requests()), (503, 5));
        assert_eq!(body(&handled), fault_body(NOT_WRITTEN));
        assert_eq!(header(&handled, "retry-after").as_deref(), Some("1"));
    }
}

#[tokio::test]
async fn a_failed_condition_of_a_write_without_one_is_a_500() {
    for request in [put(), delete()] {
        let (handled, backend) = send(request, &[condition_failed(400, Some(FIRST)), DONE]).await;
        assert_eq!((handled.record.status, backend.requests()), (500, 1));
        assert_eq!(body(&handled), fault_body(FAULT));
        assert!(!handled.record.causes.is_empty());
    }
}

#[tokio::test]
async fn a_failed_condition_with_a_5xx_status_leaves_a_write_ambiguous() {
    for status in [500, 503] {
        let failed = condition_failed(status, Some(FIRST));
        writes_after_a_read(&[failed, DONE], 503, AMBIGUOUS).await;
    }
}

#[tokio::test]
async fn a_conditional_write_that_is_ambiguous_is_not_sent_again() {
    for fault in [
        Reaction::Cut,
        Reaction::CutInBody,
        SERVER_ERROR,
        Reaction::Respond(200, ""),
    ] {
        writes_after_a_read(&[fault, DONE], 503, AMBIGUOUS).await;
    }
}

#[tokio::test]
async fn a_conditional_write_that_dynamodb_rejects_is_a_500() {
    let rejection =
        r#"{"__type":"ValidationException","message":"secret: Invalid ConditionExpression"}"#;
    writes_after_a_read(&[Reaction::Respond(400, rejection), DONE], 500, FAULT).await;
}

#[tokio::test]
async fn a_throttled_conditional_write_is_retried_with_its_condition() {
    for request in writes(Some(&tag(FIRST).await), None) {
        let script = [found(Some(FIRST)), THROTTLED, THROTTLED, DONE];
        let (handled, backend) = send(request, &script).await;
        assert_eq!(handled.record.status, 200);
        let sent = backend.sent();
        assert_eq!(sent.len(), 4);
        assert_compares(&sent[1].body, Some(FIRST));
        assert_eq!((&sent[2], &sent[3]), (&sent[1], &sent[1]));
    }
}

#[tokio::test]
async fn a_read_that_fails_before_a_conditional_write_changes_nothing() {
    for request in writes(Some(&tag(FIRST).await), None) {
        let (handled, backend) = send(request, &[SERVER_ERROR]).await;
        assert_eq!(handled.record.status, 503);
        assert_eq!(body(&handled), fault_body(NOT_WRITTEN));
        assert_eq!(backend.requests(), MAX_ATTEMPTS);
        assert!(backend.sent().iter().all(|it| it.operation == "GetItem"));
    }
}

#[tokio::test]
async fn a_read_that_times_out_before_a_conditional_write_changes_nothing() {
    let limit = Duration::from_millis(2500);
    for request in writes(Some(&tag(FIRST).await), None) {
        let (handled, backend) = send_within(limit, request, &[Reaction::Hang]).await;
        assert_eq!(handled.record.status, 503);
        assert_eq!(body(&handled), fault_body(NOT_WRITTEN));
        assert_eq!(backend.sent()[0].operation, "GetItem");
        assert_eq!(backend.requests(), 1);
    }
}
