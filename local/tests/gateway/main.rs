//! Tests of the gateway over real connections, in front of test handlers.

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/keep_alive.rs"]
mod keep_alive;

mod clients;
mod cors;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use aws_lambda_events::encodings::Body;
use function::event::Event;
use hyper::header::{ETAG, HeaderValue};
use keep_alive::Connection;
use lambda_runtime::LambdaEvent;
use local::gateway::{Gateway, Handler, Settings, handler};
use support::{Response, call, connect, host, send, send_bytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

fn text(body: String) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = 200;
    response.body = Some(Body::Text(body));
    response
}

/// Behaves as the item's id says, or else responds with the gateway's id of the request.
async fn test_handler(event: LambdaEvent<Event>) -> ApiGatewayV2httpResponse {
    let id = event
        .payload
        .path_parameters
        .and_then(|parameters| parameters.id);
    match id.as_deref() {
        Some("panic") => panic!("a panic on purpose"),
        Some("sleep") => sleep(Duration::from_millis(300)).await,
        Some("hang") => std::future::pending().await,
        Some("large") => return text("a".repeat(6_000_000)),
        Some("huge") => return text("a".repeat(6_291_556)),
        Some("deadline") => return text(event.context.deadline.to_string()),
        Some("conditions") => {
            let headers = event.payload.headers.unwrap_or_default();
            return text(format!(
                "{:?} {:?}",
                headers.if_match, headers.if_none_match
            ));
        }
        Some("304") => {
            let mut response = text("a body that a 304 must not have".to_owned());
            response.status_code = 304;
            let tag = HeaderValue::from_static("\"a\"");
            response.headers.insert(ETAG, tag);
            return response;
        }
        _ => {}
    }
    let context = event.payload.request_context;
    text(
        context
            .and_then(|context| context.request_id)
            .unwrap_or_default(),
    )
}

async fn start_with(handler: Handler, function_timeout: Duration) -> Gateway {
    let listener = local::listen(Ipv4Addr::LOCALHOST.into(), 0)
        .await
        .expect("a port");
    let settings = Settings {
        function_timeout,
        ..Settings::default()
    };
    Gateway::start(listener, handler, settings).expect("a gateway")
}

/// Returns the complete head of a request.
fn head(gateway: &Gateway, line: &str) -> String {
    format!("{line} HTTP/1.1\r\nhost: {}\r\n\r\n", host(&gateway.url()))
}

async fn start() -> Gateway {
    start_with(handler(test_handler), Duration::from_secs(10)).await
}

/// Checks that a response is an error in API Gateway's form.
fn assert_gateway_error(response: &Response, status: u16, message: &str, case: &str) {
    let body = format!(r#"{{"message":"{message}"}}"#);
    assert_eq!((response.status, &response.body), (status, &body), "{case}");
    let json = Some("application/json");
    assert_eq!(response.header("content-type"), json, "{case}");
    let id = response.header("apigw-requestid");
    assert_eq!(id.map(str::len), Some(16), "{case}");
}

#[tokio::test]
async fn the_client_sees_the_id_that_the_function_sees() {
    let gateway = start().await;
    let first = call(&gateway.url(), "GET /items", "").await;
    let second = call(&gateway.url(), "GET /items", "").await;
    assert_eq!(first.status, 200);
    assert_eq!(first.header("apigw-requestid"), Some(first.body.as_str()));
    assert_eq!(
        first.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_ne!(first.body, second.body);
}

#[tokio::test]
async fn gateway_errors_have_the_form_of_api_gateway() {
    let gateway = start().await;
    let url = gateway.url();
    let long_header = format!("x: {}\r\n", "a".repeat(10_240));
    for (line, headers, status, message) in [
        ("POST /items", "", 404, "Not Found"),
        ("GET /items/", "", 404, "Not Found"),
        ("OPTIONS *", "", 404, "Not Found"),
        ("GET /items/a%25done", "", 400, "Bad Request"),
        ("GET /items?a=%zz", "", 400, "Bad Request"),
        (
            "GET /items",
            &long_header,
            431,
            "Request Header Fields Too Large",
        ),
        ("GET /items/huge", "", 500, "Internal Server Error"),
        ("GET /items/panic", "", 500, "Internal Server Error"),
    ] {
        let response = send(&url, line, headers, "").await;
        assert_gateway_error(&response, status, message, line);
    }
}

#[tokio::test]
async fn a_head_request_has_no_route_and_its_response_has_no_body() {
    let response = call(&start().await.url(), "HEAD /items", "").await;
    assert_eq!((response.status, response.body.as_str()), (404, ""));
}

#[tokio::test]
async fn conditions_reach_the_function_in_lower_case_and_joined_by_commas() {
    let gateway = start().await;
    for (headers, expected) in [
        ("", "None None"),
        ("If-Match: *\r\n", r#"Some("*") None"#),
        (
            "IF-NONE-MATCH: W/\"a\", \"b\"\r\nif-match: \"c\"\r\nIf-None-Match:  \"d\" \r\n",
            r#"Some("\"c\"") Some("W/\"a\", \"b\",\"d\"")"#,
        ),
    ] {
        let response = send(&gateway.url(), "GET /items/conditions", headers, "").await;
        assert_eq!(response.body, expected);
    }
}

#[tokio::test]
async fn a_304_has_neither_a_body_nor_a_length_and_the_connection_stays_open() {
    let gateway = start().await;
    let mut connection = Connection::open(&gateway.url()).await;
    for _ in 0..2 {
        let response = connection.send("GET /items/304", "", "").await;
        assert_eq!(
            (response.status, response.header("etag")),
            (304, Some("\"a\""))
        );
        for name in ["content-length", "transfer-encoding", "connection"] {
            assert_eq!(response.header(name), None, "{}", response.head);
        }
        let next = connection.send("GET /items", "", "").await;
        assert_eq!(next.status, 200);
        assert_eq!(next.header("apigw-requestid"), Some(&*next.body));
    }
}

#[tokio::test]
async fn the_longest_id_fits_into_a_path() {
    let path = format!("GET /items/{}", "%F0%9F%98%80".repeat(512));
    assert_eq!(call(&start().await.url(), &path, "").await.status, 200);
}

#[tokio::test]
async fn a_body_over_10_mb_is_rejected_and_the_client_gets_the_response() {
    let gateway = start().await;
    let body = "a".repeat(10 * 1024 * 1024 + 1);
    let with_length = call(&gateway.url(), "PUT /items", &body).await;
    assert_eq!(with_length.status, 413);
    assert_eq!(
        with_length.body,
        r#"{"message":"Request Entity Too Large"}"#
    );

    let chunked = format!(
        "PUT /items HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
         {:x}\r\n{body}\r\n0\r\n\r\n",
        host(&gateway.url()),
        body.len()
    );
    let response = send_bytes(&gateway.url(), chunked.as_bytes()).await;
    assert!(response.starts_with(b"HTTP/1.1 413 "));
}

#[tokio::test]
async fn an_event_over_6_mb_is_rejected() {
    let gateway = start().await;
    let url = gateway.url();
    let body = "a".repeat(6 * 1024 * 1024);
    let text = "content-type: text/plain\r\n";
    assert_eq!(send(&url, "PUT /items", text, &body).await.status, 413);
    // Base64 encodes three bytes as four.
    let three_quarters = &body[..6 * 1024 * 1024 / 4 * 3];
    assert_eq!(call(&url, "PUT /items", three_quarters).await.status, 413);
    assert_eq!(
        send(&url, "PUT /items", text, three_quarters).await.status,
        200
    );
}

#[tokio::test]
async fn the_function_gets_its_deadline_and_is_stopped_at_it() {
    let gateway = start_with(handler(test_handler), Duration::from_millis(500)).await;
    let deadline_from_now = || {
        let now = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
        now.as_millis() + 500
    };
    let earliest = deadline_from_now();
    let deadline = call(&gateway.url(), "GET /items/deadline", "").await.body;
    let possible = earliest..=deadline_from_now();
    let deadline = deadline.parse::<u128>().expect("a time");
    assert!(
        possible.contains(&deadline),
        "{deadline} is not in {possible:?}"
    );

    let started = Instant::now();
    let hung = call(&gateway.url(), "GET /items/hang", "").await;
    assert_eq!(hung.status, 500);
    assert!(started.elapsed() >= Duration::from_millis(500));
    assert_eq!(call(&gateway.url(), "GET /items", "").await.status, 200);
}

#[tokio::test]
async fn an_invocation_continues_after_the_client_disconnects() {
    let finished = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&finished);
    let slow = handler(move |event| {
        let flag = Arc::clone(&flag);
        async move {
            let response = test_handler(event).await;
            flag.store(true, Ordering::SeqCst);
            response
        }
    });
    let gateway = start_with(slow, Duration::from_secs(10)).await;
    let mut client = connect(&gateway.url()).await;
    let request = head(&gateway, "GET /items/sleep");
    client.write_all(request.as_bytes()).await.expect("sent");
    sleep(Duration::from_millis(100)).await;
    drop(client);
    sleep(Duration::from_millis(400)).await;
    assert!(finished.load(Ordering::SeqCst));
}

#[tokio::test]
async fn stop_finishes_active_requests_and_closes_idle_connections() {
    let gateway = start().await;
    let url = gateway.url();
    let mut idle = connect(&url).await;
    let request = head(&gateway, "GET /items");
    idle.write_all(request.as_bytes()).await.expect("sent");
    let mut buffer = [0; 1024];
    assert!(idle.read(&mut buffer).await.expect("a response") > 0);
    let never_used = connect(&url).await;

    let active = {
        let url = url.clone();
        tokio::spawn(async move { call(&url, "GET /items/sleep", "").await })
    };
    sleep(Duration::from_millis(100)).await;
    let stopped = timeout(Duration::from_secs(2), gateway.stop()).await;
    assert!(stopped.is_ok(), "idle connections delay the stop");
    assert_eq!(active.await.expect("no panic").status, 200);
    assert_eq!(idle.read(&mut buffer).await.expect("an end"), 0);
    drop(never_used);
    let port = url
        .rsplit_once(':')
        .expect("a port")
        .1
        .parse()
        .expect("a number");
    assert!(
        local::listen(Ipv4Addr::LOCALHOST.into(), port)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn stop_waits_no_longer_than_the_function_timeout() {
    let gateway = start_with(handler(test_handler), Duration::from_millis(300)).await;
    let mut client = connect(&gateway.url()).await;
    let request = b"PUT /items HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf";
    client.write_all(request).await.expect("sent");
    sleep(Duration::from_millis(100)).await;
    let stopped = timeout(Duration::from_secs(2), gateway.stop()).await;
    assert!(stopped.is_ok(), "an incomplete request delays the stop");
}
