//! PUT: the whole item is stored as it was sent, up to the size limit of DynamoDB.

use aws_sdk_dynamodb::types::AttributeValue::Bool;
use serde_json::{Value, json};

use crate::common::Api;
use crate::{assert_refused, failure, ok, put_response, store_directly};

#[tokio::test]
async fn put_answers_with_the_id() {
    let api = Api::start().await;
    let response = api
        .put(r#"{"id":"abcdef234","price":12345,"name":"myitem"}"#)
        .await;
    assert_eq!(response, ok(r#""Put item abcdef234""#));
    let response = api.put(r#"{"id":"\"\\ é"}"#).await;
    assert_eq!(
        response,
        ok(r#""Put item \"\\ é""#),
        "the body is a JSON string"
    );
}

#[tokio::test]
async fn put_replaces_the_whole_item() {
    let api = Api::start().await;
    for (sent, shown) in [
        (
            r#"{"id":"a","price":1,"name":"n"}"#,
            r#"{"Item":{"id":"a","price":1,"name":"n"}}"#,
        ),
        (
            r#"{"name":"m","id":"a"}"#,
            r#"{"Item":{"id":"a","name":"m"}}"#,
        ),
        (
            r#"{"price":2,"id":"a"}"#,
            r#"{"Item":{"id":"a","price":2}}"#,
        ),
        (r#"{"id":"a"}"#, r#"{"Item":{"id":"a"}}"#),
    ] {
        assert_eq!(api.put(sent).await, put_response("a"));
        assert_eq!(api.get("a").await, ok(shown));
    }
}

#[tokio::test]
async fn put_replaces_an_item_of_another_writer() {
    let api = Api::start().await;
    store_directly(&api, "a", &[("price", Bool(true)), ("secret", Bool(true))]).await;
    assert_eq!(api.put(r#"{"id":"a"}"#).await, put_response("a"));
    let scan = api.table().client().scan().table_name(api.table().name());
    let stored = scan.send().await.expect("a scan");
    assert_eq!(stored.items()[0].keys().collect::<Vec<_>>(), ["id"]);
}

#[tokio::test]
async fn a_null_field_is_absent() {
    let api = Api::start().await;
    api.put(r#"{"id":"a","price":1,"name":"n"}"#).await;
    let response = api.put(r#"{"id":"a","price":null,"name":null}"#).await;
    assert_eq!(response, put_response("a"));
    assert_eq!(api.get("a").await, ok(r#"{"Item":{"id":"a"}}"#));
}

#[tokio::test]
async fn a_name_may_be_any_string() {
    let api = Api::start().await;
    let controls: String = ('\0'..='\u{9f}').collect();
    for name in [
        "",
        " ",
        "null",
        "naïve 😀 שלום",
        "\"\\/\u{8}\u{c}\n\r\t",
        "<b>&amp;</b>",
        "a/b?c=50%",
        "\u{2028}\u{feff}\u{fffd}\u{ffff}",
        &controls,
    ] {
        let item = json!({ "id": "a", "name": name });
        assert_eq!(
            api.put(item.to_string()).await,
            put_response("a"),
            "{name:?}"
        );
        let response = api.get("a").await;
        let shown: Value = serde_json::from_slice(&response.body).expect("JSON");
        assert_eq!(shown, json!({ "Item": item }));
    }
}

#[tokio::test]
async fn a_name_that_is_not_a_string_is_refused() {
    let api = Api::start().await;
    for name in ["1", "true", "[]", "{}", r#"{"S":"n"}"#] {
        let body = format!(r#"{{"id":"a","name":{name}}}"#);
        assert_refused(&api, body, "name must be a string").await;
    }
}

#[tokio::test]
async fn an_item_of_409600_bytes_is_stored_and_one_of_409601_is_not() {
    let api = Api::start().await;
    // The overhead is the size of an item without the value of its name: the names of its attributes, its id, and
    // its price. Two digits of a price take a byte; the number takes one more, and a minus sign another.
    for (id, price, overhead, unit) in [
        ("s", "null", "id name s".len() - 2, "x"),
        ("é", "null", "id name é".len() - 2, "\u{1}"),
        ("s", "0", "id price name s".len() - 3 + 1, "\""),
        ("s", "12.0", "id price name s".len() - 3 + 2, "é"),
        ("s", "-123", "id price name s".len() - 3 + 4, "😀"),
        ("s", "-1e-130", "id price name s".len() - 3 + 3, "商"),
    ] {
        let item = |size: usize| {
            let (times, left) = (
                (size - overhead) / unit.len(),
                (size - overhead) % unit.len(),
            );
            let name = json!(unit.repeat(times) + &"-".repeat(left));
            format!(r#"{{"id":"{id}","price":{price},"name":{name}}}"#)
        };
        let too_large =
            "the item is too large: an item may have 409600 bytes, names of fields included";
        assert_eq!(api.put(item(409_600)).await, put_response(id), "{price}");
        let before = api.get(id).await;
        let response = api.put(item(409_601)).await;
        assert_eq!(response, failure(413, too_large), "{price}");
        assert!(
            api.get(id).await == before,
            "the item is unchanged: {price}"
        );
    }
}
