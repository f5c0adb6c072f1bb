//! The connections to DynamoDB: which are made, which are kept, and what is known when one fails.

use std::time::{Duration, Instant};

use function::client::{ATTEMPT_TIMEOUT, MAX_ATTEMPTS};
use function::connector::MAX_IDLE;
use serde_json::json;

use crate::backend::{self, Backend, DONE, Reaction, SERVER_ERROR};
use crate::requests::{LIMIT, NOT_WRITTEN, READ_FAILED, body, delete, get, invoke, put};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_connection_on_which_a_request_failed_is_not_used_again() {
    let found = Reaction::Answer(200, r#"{"Item":{"id":{"S":"secret-id"}}}"#);
    let backend = Backend::start(&[SERVER_ERROR, found]);
    let answer = invoke(&backend.service(), get(), LIMIT).await;
    assert_eq!(answer.record.status, 200);
    assert_eq!((backend.requests(), backend.connections()), (2, 2));
}

#[tokio::test]
async fn a_connection_that_is_never_made_changed_nothing() {
    for endpoint in ["http://127.0.0.1:1", "http://dynamodb.invalid"] {
        for (request, message) in [
            (put(), NOT_WRITTEN),
            (delete(), NOT_WRITTEN),
            (get(), READ_FAILED),
        ] {
            let answer = invoke(&backend::service(endpoint), request, LIMIT).await;
            assert_eq!(answer.record.status, 503);
            assert_eq!(body(&answer), json!({ "message": message }));
            assert_eq!(answer.record.attempts, MAX_ATTEMPTS);
        }
    }
}

/// A connection that is not made within a second is given up, and asked for again.
#[tokio::test]
async fn a_handshake_that_hangs_changed_nothing() {
    let backend = Backend::start(&[Reaction::Hang]);
    let answer = invoke(&backend.service_over_tls(), put(), LIMIT).await;
    assert_eq!(body(&answer), json!({ "message": NOT_WRITTEN }));
    assert_eq!(answer.record.attempts, MAX_ATTEMPTS);
    assert_eq!(backend.connections(), MAX_ATTEMPTS);
}

#[tokio::test]
async fn a_connection_that_died_in_a_freeze_costs_no_write() {
    let backend = Backend::start(&[Reaction::AnswerAndClose("{}")]);
    let service = backend.service();
    for _ in 0..100 {
        let answer = invoke(&service, put(), LIMIT).await;
        assert_eq!(answer.record.status, 200, "{:?}", answer.record);
        backend.freeze_until_closed();
    }
    assert_eq!(backend.requests(), 100);
}

/// It may have died without a word: its router has forgotten it, or its host is gone.
#[tokio::test]
async fn a_write_is_not_sent_into_a_connection_that_was_idle_for_long() {
    for (idle, connections) in [(MAX_IDLE.saturating_sub(SECOND), 1), (MAX_IDLE + SECOND, 2)] {
        let backend = Backend::start(&[DONE]);
        let service = backend.service();
        for _ in 0..2 {
            let answer = invoke(&service, put(), LIMIT).await;
            assert_eq!(answer.record.status, 200, "{:?}", answer.record);
            tokio::time::pause();
            tokio::time::advance(idle).await;
            tokio::time::resume();
        }
        assert_eq!(backend.connections(), connections);
    }
}

#[tokio::test]
async fn a_deadline_while_connecting_leaves_no_doubt() {
    let backend = Backend::start(&[Reaction::Hang]);
    for limit in [700, 1200, 2000].map(Duration::from_millis) {
        let answer = invoke(&backend.service_over_tls(), put(), limit).await;
        assert_eq!(
            body(&answer),
            json!({ "message": NOT_WRITTEN }),
            "{limit:?}"
        );
    }
}

#[tokio::test]
async fn init_opens_the_connection_that_requests_use() {
    let denied = Reaction::Answer(400, r#"{"__type":"AccessDeniedException"}"#);
    for first in [DONE, denied] {
        let backend = Backend::start(&[first, DONE]);
        let service = backend.service();
        service
            .connect()
            .await
            .expect("any answer has come over a connection");
        assert_eq!(invoke(&service, put(), LIMIT).await.record.status, 200);
        assert_eq!((backend.connections(), backend.requests()), (1, 2));
    }
}

#[tokio::test]
async fn init_waits_a_second_at_most() {
    let backend = Backend::start(&[Reaction::Hang, DONE]);
    let service = backend.service();
    let start = Instant::now();
    service.connect().await.expect_err("nothing answered");
    assert!(start.elapsed() < ATTEMPT_TIMEOUT, "{:?}", start.elapsed());
    assert_eq!(invoke(&service, put(), LIMIT).await.record.status, 200);
}
