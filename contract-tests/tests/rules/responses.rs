//! The rules that all responses follow: their content type, their shape, and messages that reveal nothing.
//!
//! [`Api::send`] checks most of them for each response; the tests here provoke every kind of response.

use crate::common::{Api, JSON};
use crate::{
    Response, delete_response, empty_list, failure, not_found, ok, put_response, response,
};

#[tokio::test]
async fn every_response_is_application_json() {
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
        // `Api::send` checks the content type.
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
    let unchanged = r#"{"Items":[{"id":"a"}],"Count":1,"ScannedCount":1}"#;
    assert_eq!(api.list("").await, ok(unchanged));
}

fn contains(response: &Response, text: &str) -> bool {
    response.text().expect("UTF-8").contains(text)
}

#[tokio::test]
async fn a_message_repeats_only_field_names_of_the_request() {
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
        assert!(!contains(&refused, canary), "{refused:?}");
    }
    let (too_long, large) = (canary.repeat(400), canary.repeat(70_000));
    let path = format!("/items/{too_long}");
    let key = format!("?exclusiveStartKey={too_long}");
    for response in [
        api.get("canary").await,
        api.get(&too_long).await,
        api.delete(&too_long).await,
        api.list(&key).await,
        api.list("?limit=canary").await,
        api.put(format!(r#"{{"id":"{canary}","name":"{large}"}}"#))
            .await,
        api.send("POST", &path, &[], canary).await,
    ] {
        assert_ne!(response.status, 200);
        assert!(!contains(&response, canary), "{response:?}");
    }
}

#[tokio::test]
async fn a_message_repeats_no_number_of_the_body() {
    let api = Api::start().await;
    for price in [
        "-",
        "9876543210987654321098765432109876543210",
        "98765e43210",
        "987x",
    ] {
        let response = api.put(format!(r#"{{"id":"a","price":{price}}}"#)).await;
        assert!(!contains(&response, "98"), "{response:?}");
    }
}

#[tokio::test]
async fn every_route_is_500_until_the_deleted_table_is_created_again() {
    let api = Api::start().await;
    let body = r#"{"id":"a"}"#;
    assert_eq!(api.put(body).await, put_response("a"));
    api.delete_table().await;
    for response in [
        api.put(body).await,
        api.get("a").await,
        api.list("").await,
        api.delete("a").await,
    ] {
        assert_eq!(response, failure(500, "Internal server error"));
    }
    // An error of the client is still reported.
    assert_eq!(api.put("{}").await, failure(400, "id is missing"));

    api.create_table().await;
    assert_eq!(api.list("").await, empty_list());
    assert_eq!(api.put(body).await, put_response("a"));
    assert_eq!(api.get("a").await, ok(r#"{"Item":{"id":"a"}}"#));
    assert_eq!(api.delete("a").await, delete_response("a"));
    assert_eq!(api.get("a").await, not_found());
}
