//! The connections to DynamoDB: when they are made and reused, and the outcome of a request if one fails.

use std::time::{Duration, Instant};

use function::client::{ATTEMPT_TIMEOUT, MAX_ATTEMPTS};
use function::connector::MAX_IDLE;

use crate::backend::{self, Backend, DONE, Reaction, SERVER_ERROR};
use crate::requests::{
    NOT_WRITTEN, READ_FAILED, TIME_LIMIT, body, delete, fault_body, get, invoke, put,
};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_connection_on_which_a_request_failed_is_not_used_again() {
    let found = Reaction::Respond(200, r#"{"Item":{"id":{"S":"secret-id"}}}"#);
    let backend = Backend::start(&[SERVER_ERROR, found]);
    let handled = invoke(&backend.service(), get(), TIME_LIMIT).await;
    assert_eq!(handled.record.status, 200);
    assert_eq!((backend.requests(), backend.connections()), (2, 2));
}

#[tokio::test]
async fn a_write_without_a_connection_changes_nothing() {
    for endpoint in ["http://127.0.0.1:1", "http://dynamodb.invalid"] {
        for (request, message) in [
            (put(), NOT_WRITTEN),
            (delete(), NOT_WRITTEN),
            (get(), READ_FAILED),
        ] {
            let handled = invoke(&backend::service(endpoint), request, TIME_LIMIT).await;
            assert_eq!(handled.record.status, 503);
            assert_eq!(body(&handled), fault_body(message));
            assert_eq!(handled.record.attempts, MAX_ATTEMPTS);
        }
    }
}

/// The function gives up on a connection after a second and tries again.
#[tokio::test]
async fn a_write_whose_handshake_hangs_changes_nothing() {
    let backend = Backend::start(&[Reaction::Hang]);
    let handled = invoke(&backend.service_over_tls(), put(), TIME_LIMIT).await;
    assert_eq!(body(&handled), fault_body(NOT_WRITTEN));
    assert_eq!(handled.record.attempts, MAX_ATTEMPTS);
    assert_eq!(backend.connections(), MAX_ATTEMPTS);
}

#[tokio::test]
async fn a_connection_that_died_in_a_freeze_does_not_fail_a_write() {
    let backend = Backend::start(&[Reaction::RespondAndClose("{}")]);
    let service = backend.service();
    for _ in 0..100 {
        let handled = invoke(&service, put(), TIME_LIMIT).await;
        assert_eq!(handled.record.status, 200, "{:?}", handled.record);
        backend.freeze_until_closed();
    }
    assert_eq!(backend.requests(), 100);
}

/// Such a connection may have died silently: a router has forgotten it, or the host is gone.
#[tokio::test]
async fn a_write_is_not_sent_over_a_connection_that_was_idle_for_too_long() {
    for (idle, connections) in [(MAX_IDLE.saturating_sub(SECOND), 1), (MAX_IDLE + SECOND, 2)] {
        let backend = Backend::start(&[DONE]);
        let service = backend.service();
        for _ in 0..2 {
            let handled = invoke(&service, put(), TIME_LIMIT).await;
            assert_eq!(handled.record.status, 200, "{:?}", handled.record);
            tokio::time::pause();
            tokio::time::advance(idle).await;
            tokio::time::resume();
        }
        assert_eq!(backend.connections(), connections);
    }
}

#[tokio::test]
async fn a_write_that_times_out_while_connecting_changes_nothing() {
    let backend = Backend::start(&[Reaction::Hang]);
    for limit in [700, 1200, 2000].map(Duration::from_millis) {
        let handled = invoke(&backend.service_over_tls(), put(), limit).await;
        assert_eq!(body(&handled), fault_body(NOT_WRITTEN), "{limit:?}");
    }
}

#[tokio::test]
async fn init_opens_the_connection_that_requests_use() {
    let denied = Reaction::Respond(400, r#"{"__type":"AccessDeniedException"}"#);
    for first in [DONE, denied] {
        let backend = Backend::start(&[first, DONE]);
        let service = backend.service();
        service
            .connect()
            .await
            .expect("any response has come over a connection");
        assert_eq!(invoke(&service, put(), TIME_LIMIT).await.record.status, 200);
        assert_eq!((backend.connections(), backend.requests()), (1, 2));
    }
}

#[tokio::test]
async fn init_does_not_wait_for_the_attempt_time_out() {
    let backend = Backend::start(&[Reaction::Hang, DONE]);
    let service = backend.service();
    let start = Instant::now();
    service.connect().await.expect_err("there was no response");
    assert!(start.elapsed() < ATTEMPT_TIMEOUT, "{:?}", start.elapsed());
    assert_eq!(invoke(&service, put(), TIME_LIMIT).await.record.status, 200);
}
