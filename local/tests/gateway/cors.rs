//! Tests of the headers for web pages of other origins.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use hyper::Response as HttpResponse;
use hyper::header::{ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue};
use lambda_runtime::LambdaEvent;
use local::gateway::{Gateway, Settings, handler};
use serde_json::Value;

use crate::support::{Response, send, send_bytes};
use crate::{assert_gateway_error, text};

const PAGE: &str = "http://localhost:5173";

/// A function that also sends CORS headers.
async fn function(_: LambdaEvent<Value>) -> ApiGatewayV2httpResponse {
    let mut response = text("items".to_owned());
    let headers = &mut response.headers;
    let everyone = HeaderValue::from_static("*");
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, everyone);
    headers.insert(
        ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    response
}

/// Starts a gateway that allows these origins. Returns it with its log.
async fn start(origins: &[&str]) -> (Gateway, Arc<Mutex<String>>) {
    let log = Arc::new(Mutex::new(String::new()));
    let observer_log = Arc::clone(&log);
    let settings = Settings {
        cors: origins
            .iter()
            .map(|origin| origin.parse().expect("an origin"))
            .collect(),
        observer: Arc::new(move |exchange| {
            *observer_log.lock().expect("no panic") += &local::log::entry(exchange);
        }),
        pages: Some(Arc::new(|_| {
            Box::pin(async { HttpResponse::new("a page".into()) })
        })),
        ..Settings::default()
    };
    let listener = local::listen(Ipv4Addr::LOCALHOST.into(), 0).await;
    let gateway = Gateway::start(listener.expect("a port"), handler(function), settings);
    (gateway.expect("a gateway"), log)
}

/// Returns the names and the values of the CORS headers, sorted.
fn cors_headers(response: &Response) -> Vec<String> {
    let lines = response.head.lines().map(str::to_owned);
    let mut lines: Vec<_> = lines
        .filter(|line| line.starts_with("access-control-") || line.starts_with("vary"))
        .collect();
    lines.sort();
    lines
}

/// Returns the headers of a request from this origin.
fn from(origin: &str) -> String {
    format!("origin: {origin}\r\n")
}

/// Returns the headers of a preflight request from this origin.
fn preflight_from(origin: &str) -> String {
    let headers =
        "access-control-request-method: PUT\r\naccess-control-request-headers: content-type\r\n";
    from(origin) + headers
}

#[tokio::test]
async fn a_preflight_request_is_answered_for_every_path_and_logged() {
    let (gateway, log) = start(&[PAGE]).await;
    for line in [
        "OPTIONS /items",
        "OPTIONS /items/a",
        "OPTIONS /nowhere?a=b",
        "OPTIONS *",
    ] {
        let response = send(&gateway.url(), line, &preflight_from(PAGE), "").await;
        assert_eq!(
            (response.status, response.body.as_str()),
            (204, ""),
            "{line}"
        );
        assert_eq!(response.header("content-type"), None);
        let expected = [
            "access-control-allow-headers: authorization,content-type,if-match,if-none-match",
            "access-control-allow-methods: GET,PUT,DELETE",
            "access-control-allow-origin: http://localhost:5173",
            "access-control-max-age: 600",
            "vary: origin",
        ];
        assert_eq!(cors_headers(&response), expected, "{line}");
        let id = response.header("apigw-requestid").expect("an id");
        let log = log.lock().expect("no panic");
        let entry = log
            .lines()
            .find(|line| line.contains(id))
            .expect("an entry");
        assert!(entry.contains("Z 204 OPTIONS -"), "{entry}");
    }
}

#[tokio::test]
async fn every_response_to_an_allowed_origin_has_the_headers() {
    let (gateway, _) = start(&["http://a.example", PAGE]).await;
    let large_body = "a".repeat(10 * 1024 * 1024 + 1);
    let large_head = format!("{}x: {}\r\n", from(PAGE), "a".repeat(10_240));
    for (line, headers, body, status) in [
        ("GET /items", &from(PAGE), "", 200),
        ("GET /nowhere", &from(PAGE), "", 404),
        ("GET /items/%zz", &from(PAGE), "", 400),
        ("PUT /items", &from(PAGE), &large_body, 413),
        ("GET /items", &large_head, "", 431),
    ] {
        let response = send(&gateway.url(), line, headers, body).await;
        assert_eq!(response.status, status, "{line}");
        let expected = [
            "access-control-allow-origin: http://localhost:5173",
            "access-control-expose-headers: apigw-requestid,etag,retry-after",
            "vary: origin",
        ];
        assert_eq!(cors_headers(&response), expected, "{line}");
    }
}

#[tokio::test]
async fn other_requests_get_no_headers_of_the_function_or_the_gateway() {
    let (gateway, _) = start(&[PAGE]).await;
    let evil = "http://evil.example";
    for (line, headers, status) in [
        ("GET /items", String::new(), 200),
        ("GET /items", from(evil), 200),
        ("GET /nowhere", from(evil), 404),
        ("OPTIONS /items", preflight_from(evil), 204),
        // Not a preflight request.
        ("OPTIONS /items", from(PAGE), 404),
        ("OPTIONS /items", String::new(), 404),
    ] {
        let response = send(&gateway.url(), line, &headers, "").await;
        assert_eq!(response.status, status, "{line} {headers}");
        assert_eq!(
            cors_headers(&response),
            ["vary: origin"],
            "{line} {headers}"
        );
    }
}

#[tokio::test]
async fn with_a_wildcard_for_every_origin_the_response_does_not_depend_on_the_origin() {
    let (gateway, _) = start(&[PAGE, "*"]).await;
    for origin in [PAGE, "https://shop.example", "null"] {
        let response = send(&gateway.url(), "GET /items", &from(origin), "").await;
        let expected = [
            "access-control-allow-origin: *",
            "access-control-expose-headers: apigw-requestid,etag,retry-after",
        ];
        assert_eq!(cors_headers(&response), expected, "{origin}");
    }
}

#[tokio::test]
async fn another_host_and_the_pages_get_no_headers() {
    let (gateway, _) = start(&["*"]).await;
    let url = gateway.url();
    for line in ["GET /items", "OPTIONS /items", "GET /_local"] {
        let headers = preflight_from(PAGE);
        let request =
            format!("{line} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n{headers}\r\n");
        let response = Response::parse(&send_bytes(&url, request.as_bytes()).await);
        assert_eq!(
            (response.status, cors_headers(&response).len()),
            (403, 0),
            "{line}"
        );
    }
    for line in [
        "GET /_local",
        "OPTIONS /_local",
        "OPTIONS /_local/items.jsonl",
    ] {
        let response = send(&url, line, &preflight_from(PAGE), "").await;
        assert_eq!(
            (response.body.as_str(), cors_headers(&response).len()),
            ("a page", 0),
            "{line}"
        );
    }
}

#[tokio::test]
async fn without_allowed_origins_nothing_is_changed() {
    let (gateway, _) = start(&[]).await;
    let response = send(&gateway.url(), "OPTIONS /items", &preflight_from(PAGE), "").await;
    assert_gateway_error(&response, 404, "Not Found", "preflight");
    assert_eq!(cors_headers(&response).len(), 0);
    let response = send(&gateway.url(), "GET /items", &from(PAGE), "").await;
    let of_function = [
        "access-control-allow-credentials: true",
        "access-control-allow-origin: *",
    ];
    assert_eq!(cors_headers(&response), of_function);
}
