//! The body of a PUT: one JSON object of known fields, each at most once.

use contract_tests::contract::fields::joined_names;

use crate::common::{Api, JSON};
use crate::{assert_refused, empty_list, failure, ok, put_response};

const ENDS_TOO_EARLY: &str = "the body is not valid JSON: it ends too early";
const ONE_OBJECT: &str = "the body must be one JSON object";

fn invalid_json(line: usize, column: usize) -> String {
    format!("the body is not valid JSON, at line {line} column {column}")
}

fn field_message(fault: &str, field: &str) -> String {
    let fields = joined_names();
    format!("{fault} field {field:?}: an item has {fields}, each at most once")
}

#[tokio::test]
async fn the_content_type_of_a_body_is_ignored() {
    let api = Api::start().await;
    for headers in [
        &[] as &[_],
        // The default of `curl -d`.
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "application/octet-stream")],
        &[("content-type", "application/vnd.api+json")],
        &[("content-type", "text/plain")],
        &[("content-type", "application/json; charset=utf-8")],
        &[JSON],
    ] {
        let response = api
            .send("PUT", "/items", headers, r#"{"id":"é","price":1}"#)
            .await;
        assert_eq!(response, put_response("é"), "{headers:?}");
        let stored = ok(r#"{"Item":{"id":"é","price":1}}"#);
        assert_eq!(api.get("é").await, stored, "{headers:?}");
        api.delete("é").await;
    }
}

#[tokio::test]
async fn a_body_that_is_not_utf8_is_refused() {
    let api = Api::start().await;
    for headers in [&[][..], &[JSON]] {
        let body = b"{\"id\":\"\xff\"}".as_slice();
        let response = api.send("PUT", "/items", headers, body).await;
        assert_eq!(
            response,
            failure(400, "the body is not UTF-8"),
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn an_empty_body_is_refused() {
    let api = Api::start().await;
    let message = "the body is empty: send one JSON object";
    assert_refused(&api, "", message).await;
    let response = api.send("PUT", "/items", &[], "").await;
    assert_eq!(response, failure(400, message));
}

#[tokio::test]
async fn every_kind_of_invalid_json_is_refused() {
    let api = Api::start().await;
    for (body, message) in [
        (" \t\r\n", ENDS_TOO_EARLY),
        ("{", ENDS_TOO_EARLY),
        ("{\"", ENDS_TOO_EARLY),
        ("{\"id\"", ENDS_TOO_EARLY),
        ("{\"id\":", ENDS_TOO_EARLY),
        ("{\"id\":\"a", ENDS_TOO_EARLY),
        ("{\"id\":\"a\\", ENDS_TOO_EARLY),
        ("{\"id\":\"a\\u00", ENDS_TOO_EARLY),
        ("{\"id\":\"a\"", ENDS_TOO_EARLY),
        ("{\"id\":\"a\",", ENDS_TOO_EARLY),
        ("{\"id\":\"a\",\"price\":tru", ENDS_TOO_EARLY),
        ("\"", ENDS_TOO_EARLY),
    ] {
        assert_refused(&api, body, message).await;
    }
    for (body, line, column) in [
        ("}", 1, 1),
        ("{,}", 1, 2),
        ("{}}", 1, 3),
        ("{}{}", 1, 3),
        ("{} x", 1, 4),
        ("{\"id\":\"a\"}\n{\"id\":\"b\"}", 2, 1),
        ("{\"id\":\"a\",}", 1, 11),
        ("{\"id\" \"a\"}", 1, 7),
        ("{\"id\":}", 1, 7),
        ("{\"id\":\"a\" \"price\":1}", 1, 11),
        ("{id:\"a\"}", 1, 2),
        ("{'id':'a'}", 1, 2),
        ("{\"id\":'a'}", 1, 7),
        ("{\"id\":\"a\"/**/}", 1, 10),
        ("// a\n{\"id\":\"a\"}", 1, 1),
        ("{\"id\":\"a\nb\"}", 1, 8),
        ("{\"id\":\"a\u{1}b\"}", 1, 8),
        ("{\"id\":\"\\x41\"}", 1, 9),
        ("{\"id\":\"\\u12\"}", 1, 13),
        ("{\u{a0}\"id\":\"a\"}", 1, 2),
        ("\u{feff}{\"id\":\"a\"}", 1, 1),
        ("{\"id\":\"a\",\"price\":-", 1, 19),
        ("{\"id\":\"a\",\"price\":01}", 1, 20),
        ("{\"id\":\"a\",\"price\":+1}", 1, 19),
        ("{\"id\":\"a\",\"price\":.5}", 1, 19),
        ("{\"id\":\"a\",\"price\":1.}", 1, 21),
        ("{\"id\":\"a\",\"price\":1e}", 1, 21),
        ("{\"id\":\"a\",\"price\":0x1}", 1, 20),
        ("{\"id\":\"a\",\"price\":NaN}", 1, 19),
        ("{\"id\":\"a\",\"price\":Infinity}", 1, 19),
        ("{\"id\":\"a\",\"name\":None}", 1, 18),
        ("{\"id\":\"a\",\"name\":nul}", 1, 21),
        ("{\"id\":\"a\",\"name\":undefined}", 1, 18),
        ("undefined", 1, 1),
        ("<item/>", 1, 1),
        ("😀", 1, 1),
        ("id=a&price=1", 1, 1),
        // A syntax error is reported before an error in a field.
        ("{\"colour\":1,}", 1, 13),
    ] {
        assert_refused(&api, body, &invalid_json(line, column)).await;
    }
}

#[tokio::test]
async fn a_body_that_is_not_one_object_is_refused() {
    let api = Api::start().await;
    for body in [
        "null",
        "true",
        "42",
        "\"\"",
        r#""{\"id\":\"a\"}""#,
        "[",
        "[]",
        r#"[{"id":"a"}]"#,
    ] {
        assert_refused(&api, body, ONE_OBJECT).await;
    }
    let spaced = " \t\r\n{ \"\\u0069d\" : \"a\" ,\n\"price\" : 1 } \n";
    assert_eq!(api.put(spaced).await, put_response("a"));
}

#[tokio::test]
async fn deep_nesting_does_not_overflow_the_stack() {
    let api = Api::start().await;
    let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
    let deep = format!(r#"{{"id":"a","price":{open}{close}}}"#);
    assert_refused(&api, deep, "price must be a number").await;
    assert_refused(&api, open.clone(), ONE_OBJECT).await;
    assert_refused(&api, format!(r#"{{"id":{open}"#), ENDS_TOO_EARLY).await;
}

#[tokio::test]
async fn an_unknown_field_is_named_and_cut_at_64_characters() {
    let api = Api::start().await;
    for field in ["colour", "ID", "Price", "name ", "", "__proto__", "\u{e9}"] {
        let body = format!(r#"{{"id":"a","price":1,"{field}":1}}"#);
        assert_refused(&api, body, &field_message("unknown", field)).await;
    }
    let body = |field: &str| format!(r#"{{"id":"a","{field}":1}}"#);
    let (longest, too_long) = ("é".repeat(64), "é".repeat(65));
    assert_refused(&api, body(&longest), &field_message("unknown", &longest)).await;
    assert_refused(&api, body(&too_long), &field_message("unknown", &longest)).await;
    // The message names the first unknown field, whatever its value, even null.
    let two_unknown = r#"{"id":"a","one":null,"two":2}"#;
    assert_refused(&api, two_unknown, &field_message("unknown", "one")).await;
}

#[tokio::test]
async fn a_duplicate_field_is_refused() {
    let api = Api::start().await;
    for (body, field) in [
        (r#"{"id":"a","id":"b"}"#, "id"),
        (r#"{"id":"a","id":"a"}"#, "id"),
        (r#"{"id":"a","\u0069d":"b"}"#, "id"),
        (r#"{"id":"a","price":1,"price":1}"#, "price"),
        (r#"{"id":"a","price":null,"price":1}"#, "price"),
        (r#"{"name":"n","id":"a","name":null}"#, "name"),
    ] {
        assert_refused(&api, body, &field_message("duplicate", field)).await;
    }
}

#[tokio::test]
async fn a_lone_surrogate_is_refused() {
    let api = Api::start().await;
    for lone in [
        r"\ud800",
        r"a\ud800",
        r"\udc00",
        r"\udc00\ud800",
        r"\ud800\ud800",
        r"\ud800\u0041",
        r"\uD83Dx",
        r"\ud83d\n",
    ] {
        let message = |field: &str| {
            format!("{field} is not valid Unicode: a \\u escape stands for half a character")
        };
        assert_refused(&api, format!(r#"{{"id":"{lone}"}}"#), &message("id")).await;
        let name = format!(r#"{{"id":"a","name":"{lone}"}}"#);
        assert_refused(&api, name, &message("name")).await;
        let field = api.put(format!(r#"{{"id":"a","{lone}":1}}"#)).await;
        assert_eq!(field.status, 400, "{lone}");
    }
    assert_eq!(api.list("").await, empty_list());
    assert_eq!(
        api.put(r#"{"id":"\ud83d\ude00"}"#).await,
        put_response("😀")
    );
}
