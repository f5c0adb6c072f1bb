//! GET of one item: items that were put, and items that another writer stored.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue::{self, B, Bool, Bs, L, M, N, Ns, Null, S, Ss};

use crate::common::Api;
use crate::{delete_response, failure, not_found, ok, store_directly};

#[tokio::test]
async fn a_missing_item_is_404() {
    let api = Api::start().await;
    assert_eq!(api.get("a").await, failure(404, "Item not found"));
}

#[tokio::test]
async fn get_accepts_an_id_of_up_to_2048_bytes() {
    let api = Api::start().await;
    assert_eq!(api.get(&"a".repeat(2048)).await, not_found());
    let message = "id is 2049 bytes of UTF-8: the most is 2048";
    assert_eq!(api.get(&"a".repeat(2049)).await, failure(400, message));
    let message = "id is 2052 bytes of UTF-8: the most is 2048";
    assert_eq!(api.get(&"😀".repeat(513)).await, failure(400, message));
}

#[tokio::test]
async fn every_get_shows_the_latest_write() {
    let api = Api::start().await;
    for price in 0..50 {
        let item = format!(r#"{{"id":"a","price":{price}}}"#);
        api.put(item.clone()).await;
        assert_eq!(api.get("a").await, ok(format!(r#"{{"Item":{item}}}"#)));
        if price % 5 == 0 {
            api.delete("a").await;
            assert_eq!(api.get("a").await, not_found());
        }
    }
}

#[tokio::test]
async fn the_body_the_query_and_other_headers_of_a_get_are_ignored() {
    let api = Api::start().await;
    api.put(r#"{"id":"a"}"#).await;
    let headers = [("if-modified-since", "x"), ("accept", "text/html")];
    for path in ["/items/a", "/items/a?id=b&limit=0"] {
        let response = api.send("GET", path, &headers, r#"{"id":"b"}"#).await;
        assert_eq!(response, ok(r#"{"Item":{"id":"a"}}"#));
    }
}

fn text(text: &str) -> AttributeValue {
    S(text.to_owned())
}

fn number(text: &str) -> AttributeValue {
    N(text.to_owned())
}

#[tokio::test]
async fn an_attribute_of_any_type_is_shown_as_json() {
    let api = Api::start().await;
    let blob = |bytes: &[u8]| Blob::new(bytes);
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    for (value, shown) in [
        (text("12.50 €"), r#""12.50 €""#),
        (number("12.50"), "12.5"),
        (
            number("-12345678901234567890123456789012345678"),
            "-12345678901234567890123456789012345678",
        ),
        (number("1e-130"), "1e-130"),
        (Bool(true), "true"),
        (Bool(false), "false"),
        (Null(true), "null"),
        (B(blob(b"\0\xff")), r#""AP8=""#),
        (Ss(names(&["a\"b"])), r#"["a\"b"]"#),
        (Ns(names(&["1.50"])), "[1.5]"),
        (Bs(vec![blob(b"\0\xff")]), r#"["AP8="]"#),
        (L(vec![]), "[]"),
        (
            L(vec![text("a"), number("1"), Null(true), L(vec![])]),
            r#"["a",1,null,[]]"#,
        ),
        (M([].into()), "{}"),
        (
            M([(
                "a\"b".to_owned(),
                M([("c".to_owned(), B(blob(b"d")))].into()),
            )]
            .into()),
            r#"{"a\"b":{"c":"ZA=="}}"#,
        ),
    ] {
        let attributes = [("price", value.clone()), ("name", value)];
        store_directly(&api, "a", &attributes).await;
        let shown = format!(r#"{{"id":"a","price":{shown},"name":{shown}}}"#);
        assert_eq!(api.get("a").await, ok(format!(r#"{{"Item":{shown}}}"#)));
        let list = format!(r#"{{"Items":[{shown}],"Count":1,"ScannedCount":1}}"#);
        assert_eq!(api.list("").await, ok(list));
    }
}

#[tokio::test]
async fn only_the_fields_of_an_item_are_shown() {
    let api = Api::start().await;
    let unknown = ["ttl", "Price", "secret", "id2"].map(|name| (name, text("x")));
    store_directly(&api, "a", &unknown).await;
    assert_eq!(api.get("a").await, ok(r#"{"Item":{"id":"a"}}"#));
    let list = r#"{"Items":[{"id":"a"}],"Count":1,"ScannedCount":1}"#;
    assert_eq!(api.list("").await, ok(list));
}

#[tokio::test]
async fn an_item_of_another_writer_is_shown_whatever_its_id() {
    let api = Api::start().await;
    for id in [".", "..", "\n", "\0", "\x7f", "\u{9f}"] {
        store_directly(&api, id, &[]).await;
        let shown = serde_json::json!({ "Item": { "id": id } }).to_string();
        assert_eq!(api.get(id).await, ok(shown), "{id:?}");
        assert_eq!(api.delete(id).await, delete_response(id), "{id:?}");
        assert_eq!(api.get(id).await, not_found(), "{id:?}");
    }
    // A path cannot carry these ids, but the list shows them.
    for id in ["a/b", "a?b", "50%"] {
        store_directly(&api, id, &[]).await;
        let list = format!(r#"{{"Items":[{{"id":"{id}"}}],"Count":1,"ScannedCount":1}}"#);
        assert_eq!(api.list("").await, ok(list));
        let delete = api.table().client().delete_item();
        let delete = delete.table_name(api.table().name()).key("id", text(id));
        delete.send().await.expect("the item is deleted");
    }
}

#[tokio::test]
async fn a_path_is_percent_encoded_utf8() {
    let api = Api::start().await;
    api.put(r#"{"id":"a é"}"#).await;
    for path in ["/items/a%20%C3%A9", "/items/%61%20%c3%a9"] {
        let response = api.send("GET", path, &[], "").await;
        assert_eq!(response, ok(r#"{"Item":{"id":"a é"}}"#), "{path}");
    }
    // A plus is a space in a query, but not in a path.
    api.put(r#"{"id":"a+b"}"#).await;
    let plus = api.send("GET", "/items/a+b", &[], "").await;
    assert_eq!(plus, ok(r#"{"Item":{"id":"a+b"}}"#));
}
