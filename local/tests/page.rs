//! Tests of the page at `/_local` over HTTP. `tests/browser` has those in a browser.

#[path = "support/keep_alive.rs"]
mod keep_alive;
mod support;

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use keep_alive::Connection;
use local::inspector::MAX_REQUESTS;
use local::{LocalApi, Options, start};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::{Response, call, host, send, send_bytes};

async fn api(page: bool) -> LocalApi {
    let options = Options {
        page,
        ..Options::default()
    };
    start(options).await.expect("it starts")
}

/// Returns the text between two others.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, text) = text.split_once(before).expect(before);
    text.split_once(after).expect(after).0
}

async fn token_header(url: &str) -> String {
    let page = call(url, "GET /_local", "").await;
    let token = between(&page.body, r#"name="page-token" content=""#, "\"");
    format!("x-page-token: {token}\r\n")
}

/// Reads data of the inspector.
async fn inspect(url: &str, path: &str) -> Value {
    let token = token_header(url).await;
    let request = format!("GET /_local/inspector/{path}");
    let response = send(url, &request, &token, "").await;
    assert_eq!(response.status, 200, "{path}: {}", response.body);
    serde_json::from_str(&response.body).expect("JSON")
}

#[tokio::test]
async fn only_an_api_with_the_page_has_paths_beside_its_routes() {
    let (without, with) = (api(false).await, api(true).await);
    for path in ["/_local", "/_local/", "/_local/openapi.json"] {
        let request = format!("GET {path}");
        assert_eq!(
            call(&without.url(), &request, "").await.status,
            404,
            "{path}"
        );
        assert_eq!(call(&with.url(), &request, "").await.status, 200, "{path}");
    }
    for path in [
        "/_locals",
        "/_local/unknown",
        "/_LOCAL",
        "/items/_local",
        "/",
    ] {
        let request = format!("GET {path}");
        assert_eq!(call(&with.url(), &request, "").await.status, 404, "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let response = call(&with.url(), &format!("{method} /_local"), "").await;
        assert_eq!(response.status, 405, "{method}");
        assert_eq!(response.header("allow"), Some("GET"), "{method}");
    }
}

#[tokio::test]
async fn the_policy_allows_only_the_style_and_the_script_of_the_page() {
    let api = api(true).await;
    let page = call(&api.url(), "GET /_local", "").await;
    let policy = page.header("content-security-policy").expect("a policy");
    for (kind, start, end) in [
        ("style", "<style>", "</style>"),
        ("script", r#"<script type="module">"#, "</script>"),
    ] {
        let text = between(&page.body, start, end);
        let hash = BASE64_STANDARD.encode(Sha256::digest(text));
        let allowed = format!("{kind}-src 'sha256-{hash}';");
        assert!(policy.contains(&allowed), "{allowed} in {policy}");
    }
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
    for address in ["http://", "https://", "//"] {
        let fetched =
            ["src=\"", "href=\"", "url("].map(|attribute| format!("{attribute}{address}"));
        assert!(!fetched.iter().any(|fetched| page.body.contains(fetched)));
    }
}

#[tokio::test]
async fn another_origin_gets_nothing_of_the_page() {
    let api = api(true).await;
    let (url, token) = (api.url(), token_header(&api.url()).await);
    let own = format!("origin: {url}\r\nsec-fetch-site: same-origin\r\n");
    let other_port = "origin: http://localhost:1\r\nsec-fetch-site: same-site\r\n";
    for path in ["", "/", "/openapi.json", "/items.jsonl", "/inspector/about"] {
        let status = async |headers: &str| {
            let request = format!("GET /_local{path}");
            let response = send(&url, &request, &(token.clone() + headers), "").await;
            let cors = response.header("access-control-allow-origin");
            assert_eq!(cors, None, "{path} {headers}");
            response.status
        };
        assert_eq!(status(&own).await, 200, "{path}");
        assert_eq!(status("sec-fetch-site: none\r\n").await, 200, "{path}");
        for foreign in [
            "origin: http://attacker.example\r\n",
            "origin: null\r\n",
            "sec-fetch-site: same-site\r\n",
            "sec-fetch-site: cross-site\r\nsec-fetch-dest: script\r\n",
            "sec-fetch-site: cross-site\r\nsec-fetch-dest: iframe\r\n",
            other_port,
        ] {
            assert_eq!(status(foreign).await, 403, "{path} {foreign}");
        }
        // A link on another page may open the page, and nothing else.
        let link = "sec-fetch-site: cross-site\r\nsec-fetch-dest: document\r\n";
        let expected = if ["", "/"].contains(&path) { 200 } else { 403 };
        assert_eq!(status(link).await, expected, "{path}");
    }
    let rebound = b"GET /_local HTTP/1.1\r\nhost: attacker.example\r\nconnection: close\r\n\r\n";
    let response = Response::parse(&send_bytes(&url, rebound).await);
    assert_eq!(response.status, 403);
    assert!(!response.body.contains("page-token"), "{}", response.body);
}

#[tokio::test]
async fn the_data_of_the_inspector_need_the_token_of_the_page() {
    let (api, other) = (api(true).await, api(true).await);
    let other_token = token_header(&other.url()).await;
    for path in ["about", "requests?after=0", "requests/1", "unknown"] {
        let request = format!("GET /_local/inspector/{path}");
        for token in ["", "x-page-token: \r\n", &other_token] {
            let response = send(&api.url(), &request, token, "").await;
            assert_eq!(response.status, 403, "{path} {token:?}");
            assert_eq!(
                response.body,
                r#"{"message":"Only the page may read this"}"#
            );
        }
    }
    let token = token_header(&api.url()).await;
    for (path, status) in [
        ("requests", 400),
        ("requests?after=x", 400),
        ("requests/1", 404),
        ("unknown", 404),
    ] {
        let request = format!("GET /_local/inspector/{path}");
        let response = send(&api.url(), &request, &token, "").await;
        assert_eq!(response.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_request_is_shown_with_its_whole_path() {
    let api = api(true).await;
    let url = api.url();
    let item = r#"{"id":"a","price":12345678901234567890.12345678}"#;
    let headers = "content-type: application/json\r\n";
    let put = send(&url, "PUT /items?x=1", headers, item).await;
    let request = inspect(&url, "requests/1").await;
    let id = put.header("apigw-requestid").expect("an id");
    for (member, expected) in [
        ("number", json!(1)),
        ("requestId", json!(id)),
        ("method", json!("PUT")),
        ("target", json!("/items?x=1")),
        ("status", json!(200)),
        ("body", json!({"text": item, "isBase64": false})),
        ("responseBody", json!({"text": put.body, "isBase64": false})),
        ("error", Value::Null),
    ] {
        assert_eq!(request[member], expected, "{member}");
    }
    assert!(
        request["headers"]
            .as_array()
            .expect("headers")
            .contains(&json!(["content-type", "application/json"]))
    );
    assert!(
        request["responseHeaders"]
            .as_array()
            .expect("headers")
            .contains(&json!(["apigw-requestid", id]))
    );

    let invocation = &request["invocation"];
    let parse = |member: &str| -> Value {
        serde_json::from_str(invocation[member].as_str().expect(member)).expect("JSON")
    };
    assert_eq!(parse("event")["body"], item);
    assert_eq!(parse("event")["requestContext"]["requestId"], id);
    assert_eq!(parse("reply")["body"], put.body);
    assert_eq!(parse("log")["requestId"], id);
    assert_eq!(parse("log")["dynamodbAttempts"], 1);
    let [call] = &invocation["calls"].as_array().expect("calls")[..] else {
        panic!("one call: {invocation}");
    };
    assert_eq!(
        (&call["operation"], &call["status"]),
        (&json!("PutItem"), &json!(200))
    );
    let stored: Value =
        serde_json::from_str(call["request"].as_str().expect("JSON")).expect("JSON");
    assert_eq!(
        stored["Item"]["price"]["N"],
        "12345678901234567890.12345678"
    );
    for time in [
        &request["milliseconds"],
        &invocation["milliseconds"],
        &call["milliseconds"],
    ] {
        assert!(time.is_f64(), "{time}");
    }
}

#[tokio::test]
async fn a_failure_of_the_gateway_is_shown_without_an_invocation() {
    let api = api(true).await;
    let url = api.url();
    call(&url, "POST /elsewhere", "a\0b").await;
    send_bytes(&url, b"no HTTP\r\n\r\n").await;
    let request = inspect(&url, "requests/1").await;
    assert_eq!(request["status"], 404);
    assert_eq!(request["error"], "no such route");
    assert_eq!(request["body"], json!({"text": "YQBi", "isBase64": true}));
    assert_eq!(request["invocation"], Value::Null);
    let unreadable = inspect(&url, "requests/2").await;
    assert_eq!(
        (&unreadable["method"], &unreadable["status"]),
        (&json!(""), &json!(400))
    );
}

#[tokio::test]
async fn the_list_waits_for_the_next_request_of_the_api() {
    let api = api(true).await;
    let url = api.url();
    call(&url, "GET /items", "").await;
    let listed = inspect(&url, "requests?after=0").await;
    assert_eq!(
        listed.as_array().map(Vec::len),
        Some(1),
        "without the requests of the page: {listed}"
    );

    let (waiting, _) = tokio::join!(inspect(&url, "requests?after=1"), async {
        // Long enough for the other request to arrive first.
        tokio::time::sleep(Duration::from_millis(100)).await;
        call(&url, "GET /items/a", "").await
    });
    assert_eq!(waiting[0]["number"], 2);
    assert_eq!(waiting[0]["target"], "/items/a");

    // The end of the API ends the waiting.
    let waiting = tokio::spawn(async move { inspect(&url, "requests?after=2").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    api.stop().await;
    assert_eq!(waiting.await.expect("no panic"), json!([]));
}

#[tokio::test]
async fn a_body_that_the_gateway_did_not_read_is_not_shown_as_empty() {
    let api = api(true).await;
    let url = api.url();
    let head = "content-length: 99999999\r\nconnection: close\r\n\r\n";
    let request = format!("PUT /items HTTP/1.1\r\nhost: {}\r\n{head}", host(&url));
    send_bytes(&url, request.as_bytes()).await;
    let request = inspect(&url, "requests/1").await;
    assert_eq!(request["status"], 413);
    assert_eq!(request["body"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn the_list_is_empty_if_no_request_comes_in_time() {
    let api = api(true).await;
    assert_eq!(inspect(&api.url(), "requests?after=0").await, json!([]));
}

#[tokio::test]
async fn only_the_last_requests_are_kept() {
    let api = api(true).await;
    let url = api.url();
    let mut connection = Connection::open(&url).await;
    for _ in 0..=MAX_REQUESTS {
        connection.send("GET /nothing", "", "").await;
    }
    let listed = inspect(&url, "requests?after=0").await;
    let numbers = listed.as_array().expect("a list").iter();
    let numbers: Vec<_> = numbers.map(|request| request["number"].as_u64()).collect();
    assert_eq!(numbers.len(), MAX_REQUESTS);
    assert_eq!((numbers[0], numbers.last()), (Some(2), Some(&Some(201))));
}

#[tokio::test]
async fn large_requests_are_forgotten_earlier() {
    let api = api(true).await;
    let url = api.url();
    let large = "a".repeat(9 * 1024 * 1024);
    for _ in 0..8 {
        call(&url, "POST /nothing", &large).await;
    }
    let listed = inspect(&url, "requests?after=0").await;
    assert_eq!(listed.as_array().map(Vec::len), Some(7), "64 MB of them");
}

#[tokio::test]
async fn the_items_can_be_saved_as_json_lines() {
    let api = api(true).await;
    let url = api.url();
    let items = [
        r#"{"id":"a","price":12345678901234567890.12345678}"#,
        r#"{"id":"b","name":"b"}"#,
    ];
    for item in items {
        assert_eq!(call(&url, "PUT /items", item).await.status, 200);
    }
    let saved = call(&url, "GET /_local/items.jsonl", "").await;
    let mut lines: Vec<_> = saved.body.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, items);
}
