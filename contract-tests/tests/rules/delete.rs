//! DELETE: afterwards there is no item with this id, whether or not there was one before.

use crate::common::Api;
use crate::{delete_response, failure, not_found, ok};

#[tokio::test]
async fn delete_answers_with_the_id_even_if_there_was_no_item() {
    let api = Api::start().await;
    api.put(r#"{"id":"a"}"#).await;
    for _ in 0..2 {
        assert_eq!(api.delete("a").await, ok(r#""Deleted item a""#));
        assert_eq!(api.get("a").await, not_found());
    }
    let response = api.delete("\"\\ é").await;
    assert_eq!(
        response,
        ok(r#""Deleted item \"\\ é""#),
        "the body is a JSON string"
    );
}

#[tokio::test]
async fn delete_removes_one_item_and_no_other() {
    let api = Api::start().await;
    for id in ["a", "A", "a "] {
        api.put(format!(r#"{{"id":"{id}"}}"#)).await;
    }
    assert_eq!(api.delete("A").await, delete_response("A"));
    assert_eq!(api.get("a").await, ok(r#"{"Item":{"id":"a"}}"#));
    assert_eq!(api.get("A").await, not_found());
    assert_eq!(api.get("a ").await, ok(r#"{"Item":{"id":"a "}}"#));
}

#[tokio::test]
async fn a_deleted_item_can_be_put_again() {
    let api = Api::start().await;
    api.put(r#"{"id":"a","price":1}"#).await;
    api.delete("a").await;
    api.put(r#"{"id":"a","name":"n"}"#).await;
    assert_eq!(api.get("a").await, ok(r#"{"Item":{"id":"a","name":"n"}}"#));
}

#[tokio::test]
async fn delete_accepts_an_id_of_up_to_2048_bytes() {
    let api = Api::start().await;
    let id = "a".repeat(2048);
    assert_eq!(api.delete(&id).await, delete_response(&id));
    let message = "id is 2049 bytes of UTF-8: the most is 2048";
    assert_eq!(api.delete(&"a".repeat(2049)).await, failure(400, message));
}
