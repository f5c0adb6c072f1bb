//! Conditional requests: the requests to DynamoDB, and the response to the client, for each state of the item.

use std::time::Duration;

use function::Handled;
use function::event::Event;
use function::limits::{MAX_COMPARED_ATTRIBUTES, MAX_ITEM_BYTES};
use serde_json::{Map, Value, json};

use crate::backend::{Backend, DONE, Reaction};
use crate::requests::{
    TIME_LIMIT, body, conditional, delete, event, get, invoke, list, put, response,
};

/// An item of another writer, with an attribute that the service does not show, and its next two versions.
pub const FIRST: &str = r#"{"id":{"S":"secret-id"},"price":{"N":"19.90"},":secret":{"L":[{"N":"1"},{"NULL":true}]},"name":{"S":"secret"}}"#;
pub const SECOND: &str = r#"{"id":{"S":"secret-id"},"price":{"N":"20"}}"#;
pub const THIRD: &str = r#"{"id":{"S":"secret-id"},"set":{"SS":["secret"]}}"#;

/// A tag that no item has.
pub const OTHER: &str = "\"secret-tag\"";

/// Returns the response to a read, with this item if there is one.
pub fn found(item: Option<&str>) -> Reaction {
    item.map_or(DONE, |item| {
        Reaction::Respond(200, format!(r#"{{"Item":{item}}}"#).leak())
    })
}

/// Returns the response to a write whose condition failed, with this item if there is one.
pub fn condition_failed(status: u16, item: Option<&str>) -> Reaction {
    let mut error = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
    });
    if let Some(item) = item {
        error["Item"] = serde_json::from_str(item).unwrap();
    }
    Reaction::Respond(status, error.to_string().leak())
}

pub fn header(handled: &Handled, name: &str) -> Option<String> {
    let response = response(handled);
    let value = response.headers.get(name);
    value.map(|value| value.to_str().unwrap().to_owned())
}

/// Returns the tag of an item, as a GET shows it.
pub async fn tag(item: &str) -> String {
    let backend = Backend::start(&[found(Some(item))]);
    let handled = invoke(&backend.service(), get(), TIME_LIMIT).await;
    header(&handled, "etag").expect("a tag")
}

/// Sends a request to a service on a backend with this script. Checks that no failure shows anything of the item, of
/// the stored items or of a tag.
pub async fn send_within(
    limit: Duration,
    request: Event,
    script: &[Reaction],
) -> (Handled, Backend) {
    let backend = Backend::start(script);
    let handled = invoke(&backend.service(), request, limit).await;
    let log = serde_json::to_string(&handled.record).unwrap();
    let mut shown = vec![log];
    if handled.record.status >= 400 {
        shown.push(handled.response.json().to_owned());
    }
    for item in [FIRST, SECOND, THIRD] {
        let tag = tag(item).await;
        let secrets = ["secret", tag.trim_matches('"')];
        for text in &shown {
            assert!(!secrets.iter().any(|it| text.contains(it)), "{text}");
        }
    }
    assert_eq!(handled.record.attempts, backend.requests());
    (handled, backend)
}

pub async fn send(request: Event, script: &[Reaction]) -> (Handled, Backend) {
    send_within(TIME_LIMIT, request, script).await
}

/// Returns both kinds of write, with these headers.
pub fn writes(if_match: Option<&str>, if_none_match: Option<&str>) -> [Event; 2] {
    [put(), delete()].map(|request| conditional(request, if_match, if_none_match))
}

/// Checks that the write has the condition that each attribute of this item is unchanged, or that there still is no
/// item.
pub fn assert_compares(write: &Value, item: Option<&str>) {
    assert_eq!(write["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
    let expression = write["ConditionExpression"].as_str().unwrap();
    let names = write["ExpressionAttributeNames"].as_object().unwrap();
    let Some(item) = item else {
        assert_eq!(expression, "attribute_not_exists(#0)");
        assert_eq!(names, &Map::from_iter([("#0".to_owned(), "id".into())]));
        assert_eq!(write["ExpressionAttributeValues"], Value::Null);
        return;
    };
    let values = &write["ExpressionAttributeValues"];
    let mut compared = Map::new();
    let mut lacking = Vec::new();
    for comparison in expression.split(" AND ") {
        if let Some((name, value)) = comparison.split_once('=') {
            let name = names[name].as_str().unwrap().to_owned();
            compared.insert(name, values[value].clone());
        } else {
            let name = comparison.strip_prefix("attribute_not_exists(").unwrap();
            lacking.push(names[name.strip_suffix(')').unwrap()].as_str().unwrap());
        }
    }
    assert_eq!(names.len(), compared.len() + lacking.len());
    assert_eq!(values.as_object().unwrap().len(), compared.len());
    // Another client may add a field that the item lacked.
    let fields = ["id", "price", "name"].into_iter();
    assert!(
        fields
            .filter(|name| !compared.contains_key(*name))
            .eq(lacking)
    );
    let item: Value = serde_json::from_str(item).unwrap();
    assert_eq!(Value::Object(compared), item);
}

/// Returns the members of a write that have nothing to do with its condition.
fn without_condition(mut write: Value) -> Value {
    let members = write.as_object_mut().unwrap();
    members.retain(|name, _| ["TableName", "Item", "Key"].contains(&name.as_str()));
    write
}

/// Returns the operations and the bodies of both kinds of write without a condition.
fn unconditional() -> [(&'static str, Value); 2] {
    let id = json!({"id": {"S": "secret-id"}});
    [
        ("PutItem", json!({"TableName": "items", "Item": id})),
        ("DeleteItem", json!({"TableName": "items", "Key": id})),
    ]
}

#[tokio::test]
async fn an_unconditional_write_is_sent_without_a_read_and_without_a_condition() {
    for (request, (operation, expected)) in [put(), delete()].into_iter().zip(unconditional()) {
        let (handled, backend) = send(request, &[DONE]).await;
        assert_eq!(handled.record.status, 200);
        let [sent] = &backend.sent()[..] else {
            panic!("{:?}", backend.sent())
        };
        assert_eq!((&*sent.operation, &sent.body), (operation, &expected));
    }
}

#[tokio::test]
async fn a_conditional_write_reads_consistently_and_compares_every_attribute() {
    let tag = tag(FIRST).await;
    for (if_match, if_none_match, item) in [
        (Some(&*tag), None, Some(FIRST)),
        (Some(&*tag), Some(OTHER), Some(FIRST)),
        (Some("*"), Some(OTHER), Some(FIRST)),
        (None, Some(OTHER), Some(FIRST)),
        (None, Some(OTHER), None),
    ] {
        let requests = writes(if_match, if_none_match);
        for (request, (operation, expected)) in requests.into_iter().zip(unconditional()) {
            let (handled, backend) = send(request, &[found(item), DONE]).await;
            assert_eq!(handled.record.status, 200);
            let sent = backend.sent();
            assert_eq!(sent.len(), 2);
            assert_eq!(sent[0].operation, "GetItem");
            assert_eq!(
                sent[0].body,
                json!({"TableName": "items", "Key": {"id": {"S": "secret-id"}}, "ConsistentRead": true})
            );
            assert_eq!(sent[1].operation, operation);
            assert_compares(&sent[1].body, item);
            assert_eq!(without_condition(sent[1].body.clone()), expected);
        }
    }
}

#[tokio::test]
async fn a_star_by_itself_needs_no_read() {
    for (if_match, if_none_match, expression, item) in [
        (Some("*"), None, "attribute_exists(#0)", None),
        (None, Some("*"), "attribute_not_exists(#0)", Some(FIRST)),
    ] {
        let requests = writes(if_match, if_none_match);
        for (request, (operation, expected)) in requests.into_iter().zip(unconditional()) {
            let (handled, backend) = send(request.clone(), &[DONE]).await;
            assert_eq!(handled.record.status, 200);
            let mut conditional = expected;
            conditional["ConditionExpression"] = expression.into();
            conditional["ExpressionAttributeNames"] = json!({"#0": "id"});
            conditional["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD".into();
            let sent = backend.sent();
            assert_eq!(sent.len(), 1);
            assert_eq!(
                (&*sent[0].operation, &sent[0].body),
                (operation, &conditional)
            );

            let (handled, backend) = send(request, &[condition_failed(400, item), DONE]).await;
            assert_eq!((handled.record.status, backend.requests()), (412, 1));
        }
    }
}

#[tokio::test]
async fn a_write_whose_preconditions_do_not_hold_is_not_sent() {
    let tag = tag(FIRST).await;
    let weak = format!("W/{tag}");
    for (if_match, if_none_match, item) in [
        (Some(OTHER), None, Some(FIRST)),
        (Some(OTHER), None, None),
        (Some(&*weak), None, Some(FIRST)),
        (None, Some(&*tag), Some(FIRST)),
        (None, Some(&*weak), Some(FIRST)),
        (Some(&*tag), Some(&*tag), Some(FIRST)),
        (Some("*"), Some("*"), Some(FIRST)),
        (Some("*"), Some("*"), None),
    ] {
        for request in writes(if_match, if_none_match) {
            let (handled, backend) = send(request, &[found(item), DONE]).await;
            assert_eq!((handled.record.status, backend.requests()), (412, 1));
            assert_eq!(body(&handled)["outcome"], Value::Null);
            assert_eq!(header(&handled, "etag"), None);
        }
    }
}

#[tokio::test]
async fn a_write_whose_item_changed_is_a_412_if_the_preconditions_no_longer_hold() {
    let tag = tag(FIRST).await;
    for item in [None, Some(SECOND)] {
        let script = [found(Some(FIRST)), condition_failed(400, item), DONE];
        for request in writes(Some(&tag), None) {
            let (handled, backend) = send(request, &script).await;
            assert_eq!((handled.record.status, backend.requests()), (412, 2));
        }
    }
    let script = [
        found(Some(SECOND)),
        condition_failed(400, Some(FIRST)),
        DONE,
    ];
    for request in writes(None, Some(&tag)) {
        let (handled, backend) = send(request, &script).await;
        assert_eq!((handled.record.status, backend.requests()), (412, 2));
    }
}

#[tokio::test]
async fn a_write_whose_item_changed_is_sent_again_if_the_preconditions_still_hold() {
    let two = format!("{}, {}", tag(FIRST).await, tag(SECOND).await);
    for (if_match, if_none_match, items) in [
        (Some(&*two), None, &[Some(FIRST), Some(SECOND)][..]),
        (
            None,
            Some(OTHER),
            &[None, Some(FIRST), Some(SECOND), Some(THIRD)],
        ),
        (None, Some(OTHER), &[Some(FIRST), None]),
    ] {
        for request in writes(if_match, if_none_match) {
            let mut script = vec![found(items[0])];
            script.extend(items[1..].iter().map(|item| condition_failed(400, *item)));
            script.push(DONE);
            let (handled, backend) = send(request, &script).await;
            assert_eq!(handled.record.status, 200);
            let sent = backend.sent();
            assert_eq!(sent.len(), items.len() + 1);
            for (write, item) in sent[1..].iter().zip(items) {
                assert_compares(&write.body, *item);
                assert_eq!(
                    without_condition(write.body.clone()),
                    without_condition(sent[1].body.clone())
                );
            }
        }
    }
}

/// Returns an item with this number of attributes.
fn large_item(attributes: usize) -> String {
    let others = (1..attributes).map(|index| (format!("a{index}"), json!({"N": "1"})));
    let id = ("id".to_owned(), json!({"S": "secret-id"}));
    Value::Object(others.chain([id]).collect()).to_string()
}

#[tokio::test]
async fn an_item_of_148_attributes_is_compared_and_one_of_149_is_a_400() {
    let largest = large_item(MAX_COMPARED_ATTRIBUTES);
    for request in writes(Some(&tag(&largest).await), None) {
        let (handled, backend) = send(request, &[found(Some(&largest)), DONE]).await;
        assert_eq!(handled.record.status, 200);
        let write = &backend.sent()[1].body;
        assert_compares(write, Some(&largest));
        // DynamoDB's limits of an expression: 300 operators, and 4 KB.
        let expression = write["ConditionExpression"].as_str().unwrap();
        let operators = expression.matches('=').count() + expression.matches(" AND ").count();
        assert!(operators <= 300 && expression.len() <= 4096);
    }

    let too_large = large_item(MAX_COMPARED_ATTRIBUTES + 1);
    for request in writes(Some(&tag(&too_large).await), None) {
        let (handled, backend) = send(request, &[found(Some(&too_large)), DONE]).await;
        assert_eq!((handled.record.status, backend.requests()), (400, 1));
        let message = body(&handled)["message"].to_string();
        assert!(message.contains("149 attributes"), "{message}");
    }
    // Neither these nor a read compare attributes.
    for request in [
        writes(Some("*"), None),
        writes(None, None),
        [
            conditional(get(), Some(&tag(&too_large).await), None),
            get(),
        ],
    ] {
        for request in request {
            let (handled, _) = send(request, &[found(Some(&too_large))]).await;
            assert_eq!(handled.record.status, 200);
        }
    }
}

#[tokio::test]
async fn a_malformed_condition_is_a_400_before_anything_is_sent() {
    for value in [
        "",
        "secret",
        "\"secret",
        "*, \"secret\"",
        "\"a\" \"secret\"",
        "w/\"a\"",
    ] {
        for (if_match, if_none_match) in [(Some(value), None), (Some("*"), Some(value))] {
            for request in [put(), delete(), get()] {
                let request = conditional(request, if_match, if_none_match);
                let (handled, backend) = send(request, &[DONE]).await;
                assert_eq!((handled.record.status, backend.requests()), (400, 0));
            }
        }
    }
}

#[tokio::test]
async fn a_list_ignores_conditions() {
    let page = Reaction::Respond(200, r#"{"Items":[]}"#);
    for value in ["*", OTHER, "malformed"] {
        let request = conditional(list(), Some(value), Some(value));
        let (handled, _) = send(request, &[page]).await;
        assert_eq!(handled.record.status, 200);
        assert_eq!(header(&handled, "etag"), None);
    }
}

#[tokio::test]
async fn of_400_413_and_412_the_first_is_the_response() {
    let put = |body: &str| event("PUT /items", None, Some(body));
    let too_large = format!(r#"{{"id":"a","name":"{}"}}"#, "a".repeat(MAX_ITEM_BYTES));
    let too_long = "a".repeat(2049);
    for (request, if_match, status, attempts) in [
        (put(&too_large), "malformed", 400, 0),
        (put(r#"{"id":1}"#), OTHER, 400, 0),
        (put(&too_large), OTHER, 413, 0),
        (put(r#"{"id":"a"}"#), OTHER, 412, 1),
        (
            event("DELETE /items/{id}", Some(&too_long), None),
            OTHER,
            400,
            0,
        ),
        (
            event("GET /items/{id}", Some(&too_long), None),
            OTHER,
            400,
            0,
        ),
    ] {
        let request = conditional(request, Some(if_match), None);
        let (handled, backend) = send(request, &[found(Some(FIRST)), DONE]).await;
        assert_eq!(
            (handled.record.status, backend.requests()),
            (status, attempts)
        );
    }
}

#[tokio::test]
async fn a_read_is_a_304_or_a_412_or_a_404_as_its_conditions_say() {
    let tag = tag(FIRST).await;
    let weak = format!("W/{tag}");
    for (if_match, if_none_match, status) in [
        (None, None, 200),
        (Some("*"), None, 200),
        (Some(&*tag), Some(OTHER), 200),
        (None, Some("*"), 304),
        (None, Some(&*tag), 304),
        (None, Some(&*weak), 304),
        (Some(&*tag), Some(&*tag), 304),
        (Some(&*weak), None, 412),
        (Some(OTHER), Some(&*tag), 412),
    ] {
        let request = conditional(get(), if_match, if_none_match);
        let (handled, backend) = send(request.clone(), &[found(Some(FIRST))]).await;
        assert_eq!((handled.record.status, backend.requests()), (status, 1));
        let shown = header(&handled, "etag");
        assert_eq!(shown, (status < 400).then(|| tag.clone()));
        if status == 304 {
            assert_eq!(response(&handled).body.map(|body| body.len()), Some(0));
        }

        let (handled, _) = send(request, &[DONE]).await;
        assert_eq!(handled.record.status, 404);
        assert_eq!(header(&handled, "etag"), None);
    }
}

#[tokio::test]
async fn a_put_and_a_get_show_the_same_tag() {
    for item in [
        r#"{"id":"a"}"#,
        r#"{"id":"a","price":1.50e3,"name":""}"#,
        r#"{"name":"é\u0000","price":-0.0,"id":"a"}"#,
    ] {
        let (put, backend) = send(event("PUT /items", None, Some(item)), &[DONE]).await;
        let stored = backend.sent()[0].body["Item"].to_string();
        assert_eq!(header(&put, "etag"), Some(tag(&stored).await), "{item}");
    }
}
