//! Ids: those that PUT accepts are shown exactly as they were sent.

use serde_json::json;

use crate::common::Api;
use crate::{assert_refused, delete_response, empty_list, not_found, ok, put_response};

/// Puts an item, reads it through every route, deletes it, and asserts that it is gone.
async fn assert_round_trips(api: &Api, id: &str) {
    let item = json!({ "id": id }).to_string();
    assert_eq!(api.put(item.clone()).await, put_response(id), "{id:?}");
    let shown = ok(format!("{{\"Item\":{item}}}"));
    assert_eq!(api.get(id).await, shown, "{id:?}");
    let listed = ok(format!(
        "{{\"Items\":[{item}],\"Count\":1,\"ScannedCount\":1}}"
    ));
    assert_eq!(api.list("").await, listed, "{id:?}");
    assert_eq!(api.delete(id).await, delete_response(id), "{id:?}");
    assert_eq!(api.get(id).await, not_found(), "{id:?}");
    assert_eq!(api.list("").await, empty_list(), "{id:?}");
}

#[tokio::test]
async fn an_id_of_2048_bytes_of_emoji_is_stored() {
    let api = Api::start().await;
    assert_round_trips(&api, &"😀".repeat(512)).await;
    assert_round_trips(&api, &"a".repeat(2048)).await;
}

#[tokio::test]
async fn an_id_has_1_to_2048_bytes() {
    let api = Api::start().await;
    assert_round_trips(&api, "a").await;
    assert_refused(&api, r#"{"id":""}"#, "id must not be empty").await;
    for (id, bytes) in [
        ("a".repeat(2049), 2049),
        ("é".repeat(1025), 2050),
        ("😀".repeat(513), 2052),
    ] {
        let message = format!("id is {bytes} bytes of UTF-8: the most is 2048");
        assert_refused(&api, json!({ "id": id }).to_string(), &message).await;
    }
}

#[tokio::test]
async fn an_id_that_a_path_cannot_carry_is_refused() {
    let api = Api::start().await;
    let message = r#"id must not contain "/", "?" or "%""#;
    for id in [
        "/", "a/b", "/a", "../a", "?", "a?b", "%", "50%", "a%20b", "%2F",
    ] {
        assert_refused(&api, json!({ "id": id }).to_string(), message).await;
    }
    for id in [".", ".."] {
        let message = r#"id must not be "." or "..""#;
        assert_refused(&api, json!({ "id": id }).to_string(), message).await;
    }
}

#[tokio::test]
async fn an_id_with_a_control_character_is_refused() {
    let api = Api::start().await;
    let message = "id must not contain control characters";
    for control in ('\0'..='\x1f').chain('\x7f'..='\u{9f}') {
        let body = json!({ "id": format!("a{control}") }).to_string();
        assert_refused(&api, body, message).await;
    }
}

#[tokio::test]
async fn any_other_id_round_trips() {
    let api = Api::start().await;
    for id in [
        " ",
        " a ",
        "a b",
        "a+b",
        "a#b",
        "#",
        "&a=b;c,d",
        "...",
        ".a",
        "a.",
        "~",
        "{id}",
        "[a]",
        "a|b",
        "a:b@c",
        "\"",
        "\\",
        "'; --",
        "<b>",
        "items",
        "null",
        "0",
        "1e3",
        "__proto__",
        "é",
        "商品",
        "שלום",
        "👨‍👩‍👧‍👦",
        "\u{a0}",
        "\u{ad}",
        "\u{200b}",
        "\u{2028}",
        "\u{202e}",
        "\u{feff}",
        "\u{fffd}",
        "\u{ffff}",
        "\u{10ffff}",
    ] {
        assert_round_trips(&api, id).await;
    }
}

#[tokio::test]
async fn ids_are_compared_byte_for_byte() {
    let api = Api::start().await;
    let ids = ["a", "A", "a ", "é", "e\u{301}", "ﬁ", "fi", "ß", "ss"];
    let item = |price: usize, id: &str| format!(r#"{{"id":"{id}","price":{price}}}"#);
    for (price, id) in ids.into_iter().enumerate() {
        assert_eq!(api.put(item(price, id)).await, put_response(id));
    }
    for (price, id) in ids.into_iter().enumerate() {
        let shown = ok(format!(r#"{{"Item":{}}}"#, item(price, id)));
        assert_eq!(api.get(id).await, shown);
    }
}

#[tokio::test]
async fn only_a_string_is_an_id() {
    let api = Api::start().await;
    for id in [
        "null",
        "1",
        "1.5",
        "true",
        "[]",
        r#"["a"]"#,
        "{}",
        r#"{"S":"a"}"#,
    ] {
        assert_refused(&api, format!(r#"{{"id":{id}}}"#), "id must be a string").await;
    }
    assert_refused(&api, "{}", "id is missing").await;
    assert_refused(&api, r#"{"price":1,"name":"n"}"#, "id is missing").await;
}
