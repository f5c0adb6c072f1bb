//! Tests of single rules of the contract, over HTTP, against an API with a table in memory.
//!
//! The modules are a [`body`], an [`id`] and a [`price`]; the routes [`put`], [`get`], [`list`] and [`delete`];
//! [`conditions`], for requests with conditions; and [`responses`], for the rules that all responses follow.

#[path = "../common/mod.rs"]
mod common;

mod body;
mod conditions;
mod delete;
mod get;
mod id;
mod list;
mod price;
mod put;
mod responses;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use common::{Api, Response, encode_id};
use serde_json::json;

impl Api {
    async fn get(&self, id: &str) -> Response {
        self.send("GET", &format!("/items/{}", encode_id(id)), &[], "")
            .await
    }

    async fn delete(&self, id: &str) -> Response {
        self.send("DELETE", &format!("/items/{}", encode_id(id)), &[], "")
            .await
    }
}

fn response(status: u16, body: impl Into<Vec<u8>>) -> Response {
    Response {
        status,
        headers: BTreeMap::new(),
        body: body.into(),
    }
}

fn ok(body: impl Into<Vec<u8>>) -> Response {
    response(200, body)
}

fn failure(status: u16, message: &str) -> Response {
    response(status, json!({ "message": message }).to_string())
}

fn not_found() -> Response {
    failure(404, "Item not found")
}

fn put_response(id: &str) -> Response {
    ok(json!(format!("Put item {id}")).to_string())
}

fn delete_response(id: &str) -> Response {
    ok(json!(format!("Deleted item {id}")).to_string())
}

fn empty_list() -> Response {
    ok(r#"{"Items":[],"Count":0,"ScannedCount":0}"#)
}

/// Puts a body, and asserts that the API refuses it with this message and stores nothing.
async fn assert_refused(api: &Api, body: impl Into<String>, message: &str) {
    let body = body.into();
    let shown: String = body.chars().take(200).collect();
    assert_eq!(api.put(body).await, failure(400, message), "{shown}");
    assert_eq!(api.list("").await, empty_list(), "{shown}");
}

/// Stores an item directly in the table, as another writer would.
async fn store_directly(api: &Api, id: &str, attributes: &[(&str, AttributeValue)]) {
    let put = api.table().client().put_item();
    let put = put
        .table_name(api.table().name())
        .item("id", AttributeValue::S(id.to_owned()));
    let put = attributes
        .iter()
        .fold(put, |put, (name, value)| put.item(*name, value.clone()));
    put.send().await.expect("the item is stored");
}
