//! Generated events and DynamoDB responses: every invocation ends and leaves one log line, and an unreadable
//! response is never taken as proof that an item was stored or is missing.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::backend::{Backend, DONE, Reaction};
use crate::conditions::{FIRST, found, header, tag};
use crate::requests::{TIME_LIMIT, conditional, delete, event, get, invoke, put};
use crate::runtime::{self, Function, Outcome, bootstrap, environment};

const EVENTS: usize = 2000;

const CONDITIONS: u32 = 300;

/// Names with a meaning in an event or in a response of DynamoDB.
const NAMES: &[&str] = &[
    "routeKey",
    "pathParameters",
    "queryStringParameters",
    "requestContext",
    "requestId",
    "body",
    "isBase64Encoded",
    "headers",
    "if-match",
    "if-none-match",
    "id",
    "limit",
    "exclusiveStartKey",
    "__type",
    "Item",
    "Items",
    "S",
    "N",
    "M",
];

const ROUTES: &[&str] = &[
    "PUT /items",
    "GET /items",
    "GET /items/{id}",
    "DELETE /items/{id}",
    "$default",
];

/// Generates JSON, often with [`NAMES`] and [`ROUTES`].
fn json() -> impl Strategy<Value = Value> {
    let name = prop_oneof!["[a-z]{0,4}", select(NAMES).prop_map(str::to_owned)];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(ROUTES).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        let fields = vec((name.clone(), inner.clone()), 0..6);
        prop_oneof![
            vec(inner, 0..6).prop_map(Value::from),
            fields.prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Generates JSON, JSON with one byte changed, and random bytes.
fn bytes(json: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Vec<u8>> {
    let text = json.prop_map(|json| json.to_string().into_bytes()).boxed();
    let changed = (text.clone(), any::<Index>(), any::<u8>()).prop_map(|(mut text, at, byte)| {
        let at = at.index(text.len());
        text[at] = byte;
        text
    });
    prop_oneof![2 => text, 2 => changed, 1 => vec(any::<u8>(), 0..64)]
}

/// Generates a request with one field replaced.
fn nearly_a_request() -> impl Strategy<Value = Value> {
    (any::<Index>(), json()).prop_map(|(field, value)| {
        let mut event: Value = serde_json::from_slice(&runtime::get()).expect("an event");
        let fields = event.as_object_mut().expect("an object");
        let field = field.index(fields.len());
        *fields.values_mut().nth(field).expect("a field") = value;
        event
    })
}

#[test]
fn every_event_ends_in_a_response_or_a_failure_and_in_one_log_line() {
    let backend = Backend::start(&[DONE]);
    let mut runner = TestRunner::default();
    let strategy = prop_oneof![bytes(json()), bytes(nearly_a_request())];
    let mut generate = || strategy.new_tree(&mut runner).expect("an event").current();
    let events: Vec<_> = (0..EVENTS).map(|_| generate()).collect();
    let url = backend.url();
    let mut function = Function::start(bootstrap(&environment(&url)), events.clone());
    let mut answered = 0;
    for (number, event) in events.iter().enumerate() {
        let event = event.escape_ascii();
        let (outcome, line) = (function.outcome(), function.invocation_line());
        assert_eq!(
            line["lambdaRequestId"],
            format!("lambda-{number}"),
            "{event}"
        );
        match outcome {
            Outcome::Response(response) => {
                answered += 1;
                assert_eq!(response["statusCode"], line["status"], "{event}: {line}");
            }
            Outcome::Failure(failure) => {
                assert_eq!(line["level"], "ERROR", "{event}: {line}");
                assert_eq!(
                    line["causes"][0], failure["errorMessage"],
                    "{event}: {line}"
                );
            }
        }
    }
    assert_eq!(function.rest_of_log(), [""; 0]);
    assert!(
        0 < answered && answered < EVENTS,
        "{answered} were answered"
    );
}

/// Generates the value of a condition: lists with this tag and others, such lists with one character changed, and any
/// text.
fn condition(tag: &str) -> impl Strategy<Value = String> {
    let opaque = prop_oneof!["[!#-~é]{0,4}", any::<String>()];
    let tags = prop_oneof![
        Just(tag.to_owned()),
        Just(format!("W/{tag}")),
        opaque.prop_map(|opaque| format!("\"{opaque}\"")),
        select(&["*", "", "W/", "\"", "a"][..]).prop_map(str::to_owned),
    ];
    let separator = select(&[",", ", ", " ,\t", ",,", " "][..]);
    let list = (vec(tags, 1..4), separator).prop_map(|(tags, separator)| tags.join(separator));
    let changed = (list.clone(), any::<Index>(), any::<char>()).prop_map(|(list, at, new)| {
        let mut characters: Vec<_> = list.chars().chain([' ']).collect();
        let at = at.index(characters.len());
        characters[at] = new;
        characters.into_iter().collect()
    });
    prop_oneof![4 => list, 1 => changed, 1 => any::<String>(), 1 => Just("*".to_owned())]
}

#[test]
fn every_condition_ends_in_a_declared_response() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let tag = runtime.block_on(tag(FIRST));
    // A write ignores the item in the response.
    let present = Backend::start(&[found(Some(FIRST))]);
    let absent = Backend::start(&[DONE]);
    let services = [(true, present.service()), (false, absent.service())];
    let condition = || proptest::option::weighted(0.7, condition(&tag));
    let seen = RefCell::new(BTreeMap::new());
    let mut runner = TestRunner::new(Config {
        cases: CONDITIONS,
        failure_persistence: None,
        ..Config::default()
    });
    let result = runner.run(&(condition(), condition()), |(if_match, if_none_match)| {
        for (is_present, service) in &services {
            for (name, request) in [("put", put()), ("delete", delete()), ("get", get())] {
                let request = conditional(request, if_match.as_deref(), if_none_match.as_deref());
                let handled = runtime.block_on(invoke(service, request, TIME_LIMIT));
                let (status, attempts) = (handled.record.status, handled.record.attempts);
                *seen
                    .borrow_mut()
                    .entry((name, *is_present, status))
                    .or_insert(0) += 1;
                prop_assert_eq!(attempts == 0, status == 400);
                prop_assert!(attempts <= 2);
                let has_tag = status == 304 || (status == 200 && name != "delete");
                prop_assert_eq!(header(&handled, "etag").is_some(), has_tag);
            }
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}\n{runner}"));
    let declared: Vec<_> = [
        ("delete", false, &[200, 400, 412][..]),
        ("delete", true, &[200, 400, 412]),
        ("get", false, &[400, 404]),
        ("get", true, &[200, 304, 400, 412]),
        ("put", false, &[200, 400, 412]),
        ("put", true, &[200, 400, 412]),
    ]
    .into_iter()
    .flat_map(|(name, is_present, all)| all.iter().map(move |status| (name, is_present, *status)))
    .collect();
    let seen: Vec<_> = seen.into_inner().into_keys().collect();
    assert_eq!(seen, declared);
}

proptest! {
    #![proptest_config(Config { cases: 150, failure_persistence: None, ..Config::default() })]

    #[test]
    fn only_an_object_without_an_error_counts_as_a_success(
        status in prop_oneof![4 => Just(200), 1 => select(&[201, 204, 400, 404, 500, 503][..])],
        body in bytes(json()).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ) {
        // Only the first character is checked: the SDK skips unknown members without parsing their escapes, so it
        // accepts bodies that serde_json rejects.
        let is_object = body.trim_start().starts_with('{');
        let response = serde_json::from_str(&body).unwrap_or(Value::Null);
        let is_error = response.get("__type").is_some_and(|it| !it.is_null());
        let may_succeed = status < 300 && is_object && !is_error;
        let backend = Backend::start(&[Reaction::Respond(status, body.leak())]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let status_of = |request, limit| {
            runtime.block_on(invoke(&backend.service(), request, limit)).record.status
        };
        let put = event("PUT /items", None, Some(r#"{"id":"a"}"#));
        let stored = status_of(put, TIME_LIMIT) == 200;
        prop_assert!(may_succeed || !stored);
        // The time limit leaves no time for retries.
        let read = status_of(event("GET /items/{id}", Some("a"), None), Duration::from_millis(550));
        let may_be_missing = may_succeed && response.get("Item").is_none_or(Value::is_null);
        prop_assert!(may_be_missing || read != 404);
        let list = status_of(event("GET /items", None, None), Duration::from_millis(550));
        let has_items = response.get("Items").is_some_and(Value::is_array);
        prop_assert!(may_succeed && has_items || list != 200);
    }
}
