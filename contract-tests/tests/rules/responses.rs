//! What all responses have in common: their type, their shape, and what a failure never tells.
//!
//! [`Api::send`] checks much of it for every response of every test; here it is provoked.

use crate::common::{Api, JSON};
use crate::{Response, empty_list, failure, not_found, ok, response, was_deleted, was_put};

#[tokio::test]
async fn every_answer_is_application_json() {
    let api = Api::start().await;
    let large = format!(r#"{{"id":"a","name":"{}"}}"#, "x".repeat(409_600));
    for (response, status) in [
        (api.put(r#"{"id":"a"}"#).await, 200),
        (api.get("a").await, 200),
        (api.list("").await, 200),
        (api.delete("a").await, 200),
        (api.put("{").await, 400),
        (api.get("a").await, 404),
        (api.send("GET", "/", &[], "").await, 404),
        (api.put(large).await, 413),
    ] {
        // The type is looked at where every response is received.
        assert_eq!(response.status, status, "{response:?}");
    }
}

#[tokio::test]
async fn any_other_method_or_path_is_404() {
    let api = Api::start().await;
    api.put(r#"{"id":"a"}"#).await;
    for (method, path) in [
        ("POST", "/items"),
        ("PATCH", "/items"),
        ("DELETE", "/items"),
        ("OPTIONS", "/items"),
        ("TRACE", "/items"),
        ("put", "/items"),
        ("PUT", "/items/a"),
        ("POST", "/items/a"),
        ("PATCH", "/items/a"),
        ("PUT", "/items/"),
        ("GET", "/items/"),
        ("GET", "/items/a/"),
        ("GET", "/items/a/b"),
        ("GET", "/Items"),
        ("GET", "//items"),
        ("GET", "/item"),
        ("GET", "/"),
        ("GET", "/favicon.ico"),
    ] {
        let response = api.send(method, path, &[JSON], r#"{"id":"b"}"#).await;
        assert_eq!(response, failure(404, "Not Found"), "{method} {path}");
    }
    for path in ["/items", "/items/a"] {
        let head = api.send("HEAD", path, &[], "").await;
        assert_eq!(head, response(404, ""), "HEAD {path}");
    }
    let untouched = r#"{"Items":[{"id":"a"}],"Count":1,"ScannedCount":1}"#;
    assert_eq!(api.list("").await, ok(untouched));
}

fn repeats(response: &Response, text: &str) -> bool {
    response.text().expect("UTF-8").contains(text)
}

#[tokio::test]
async fn a_message_repeats_nothing_of_the_request() {
    let api = Api::start().await;
    let canary = "canary";
    for body in [
        "canary",
        r#"{"id":canary}"#,
        r#"{"id":"canary"#,
        r#"{"id":"canary/"}"#,
        "{\"id\":\"canary\n\"}",
        r#"{"id":"canary\ud800"}"#,
        r#"{"id":["canary"]}"#,
        r#"{"id":"canary","price":"canary"}"#,
        r#"{"id":"canary","price":{"canary":1}}"#,
        r#"{"id":"canary","name":["canary"]}"#,
        r#"{"id":"canary","colour":"canary"}"#,
        r#"{"id":"canary","id":"canary"}"#,
        r#"["canary"]"#,
        r#""canary""#,
    ] {
        let refused = api.put(body).await;
        assert_eq!(refused.status, 400);
        assert!(!repeats(&refused, canary), "{refused:?}");
    }
    let (at_length, large) = (canary.repeat(400), canary.repeat(70_000));
    let path = format!("/items/{at_length}");
    let key = format!("?exclusiveStartKey={at_length}");
    for response in [
        api.get("canary").await,
        api.get(&at_length).await,
        api.delete(&at_length).await,
        api.list(&key).await,
        api.list("?limit=canary").await,
        api.put(format!(r#"{{"id":"{canary}","name":"{large}"}}"#))
            .await,
        api.send("POST", &path, &[], canary).await,
    ] {
        assert_ne!(response.status, 200);
        assert!(!repeats(&response, canary), "{response:?}");
    }
}

#[tokio::test]
async fn a_number_in_a_body_is_not_repeated_either() {
    let api = Api::start().await;
    for price in [
        "-",
        "9876543210987654321098765432109876543210",
        "98765e43210",
        "987x",
    ] {
        let response = api.put(format!(r#"{{"id":"a","price":{price}}}"#)).await;
        assert!(!repeats(&response, "98"), "{response:?}");
    }
}

#[tokio::test]
async fn with_the_table_gone_every_route_is_500_until_it_is_back() {
    let api = Api::start().await;
    let body = r#"{"id":"a"}"#;
    assert_eq!(api.put(body).await, was_put("a"));
    api.delete_table().await;
    for response in [
        api.put(body).await,
        api.get("a").await,
        api.list("").await,
        api.delete("a").await,
    ] {
        assert_eq!(response, failure(500, "Internal server error"));
    }
    // What the client has to mend, it hears of all the same.
    assert_eq!(api.put("{}").await, failure(400, "id is missing"));

    api.create_table().await;
    assert_eq!(api.list("").await, empty_list());
    assert_eq!(api.put(body).await, was_put("a"));
    assert_eq!(api.get("a").await, ok(r#"{"Item":{"id":"a"}}"#));
    assert_eq!(api.delete("a").await, was_deleted("a"));
    assert_eq!(api.get("a").await, not_found());
}
