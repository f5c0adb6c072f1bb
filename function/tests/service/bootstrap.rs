//! The binary from outside: its environment variables, responses and log.

use serde_json::{Value, json};

use crate::backend::{Backend, DONE, Reaction};
use crate::runtime::{Function, Outcome, bootstrap, environment, get};

const DENIED: Reaction = Reaction::Respond(400, r#"{"__type":"AccessDeniedException"}"#);

fn start(endpoint: &str, events: Vec<Vec<u8>>) -> Function {
    Function::start(bootstrap(&environment(endpoint)), events)
}

fn response(function: &Function) -> Value {
    match function.outcome() {
        Outcome::Response(response) => response,
        Outcome::Failure(failure) => panic!("{failure}"),
    }
}

/// Returns the line without the fields that differ in each run, after checking them.
fn timeless(mut line: Value) -> Value {
    let fields = line.as_object_mut().expect("a line is an object");
    let timestamp = fields
        .remove("timestamp")
        .expect("each line has a timestamp");
    let now: Vec<_> = timestamp
        .as_str()
        .expect("a text")
        .split(['-', 'T', ':', 'Z'])
        .collect();
    assert_eq!((now.len(), now[0].len(), now[6]), (7, 4, ""), "{timestamp}");
    if let Some(milliseconds) = fields.remove("milliseconds") {
        assert!(milliseconds.is_u64(), "{milliseconds}");
    }
    line
}

#[test]
fn a_request_is_answered_and_logged_in_one_line() {
    let backend = Backend::start(&[DONE]);
    let mut function = start(&backend.url(), vec![get()]);
    let response = response(&function);
    assert_eq!(response["statusCode"], 404);
    assert_eq!(response["body"], r#"{"message":"Item not found"}"#);
    assert_eq!(
        timeless(function.invocation_line()),
        json!({
            "level": "INFO",
            "requestId": "gateway-id",
            "lambdaRequestId": "lambda-0",
            "route": "GET /items/{id}",
            "status": 404,
            "dynamodbAttempts": 1,
        })
    );
    assert_eq!(function.rest_of_log(), [""; 0]);
}

#[test]
fn a_fault_is_logged_with_its_causes() {
    let backend = Backend::start(&[DENIED]);
    let mut function = start(&backend.url(), vec![get()]);
    assert_eq!(response(&function)["statusCode"], 500);
    let line = function.invocation_line();
    assert_eq!(
        (&line["level"], &line["status"]),
        (&json!("ERROR"), &json!(500))
    );
    let causes = line["causes"].to_string();
    assert!(causes.contains("AccessDeniedException"), "{causes}");
}

#[test]
fn a_table_that_is_unreachable_in_init_is_only_a_warning() {
    let mut function = start("http://127.0.0.1:1", vec![get()]);
    let response = response(&function);
    let late = timeless(function.log_line());
    assert_eq!(late["level"], "WARN");
    assert_eq!(late["message"], "DynamoDB did not respond during init");
    assert_eq!(
        (
            &response["statusCode"],
            &function.invocation_line()["status"]
        ),
        (&json!(503), &json!(503))
    );
}

#[test]
fn an_event_that_is_not_a_request_fails_its_invocation_and_is_logged() {
    let with = |field: &str, value: Value| {
        let mut event: Value = serde_json::from_slice(&get()).expect("an event");
        event[field] = value;
        event
    };
    let events = [
        json!({"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": "secret"}]}),
        json!({"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}),
        json!({"warmer": true}),
        json!({"version": "1.0", "resource": "/items", "path": "/items", "httpMethod": "GET"}),
        json!({"requestContext": {"routeKey": "$connect", "eventType": "CONNECT"}, "isBase64Encoded": false}),
        json!({"requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/items", "body": "secret"}),
        json!({}),
        json!([]),
        json!(["GET /items", null, null, null, null, null]),
        json!("secret"),
        Value::Null,
        with("routeKey", Value::Null),
        with("body", json!({"secret": 1})),
        with("isBase64Encoded", json!("secret")),
    ];
    let events = events.map(|event| event.to_string());
    let texts = events.iter().map(String::as_str).chain(["secret"]);
    let bytes = texts.clone().map(|event| event.as_bytes().to_vec());
    let backend = Backend::start(&[DONE]);
    let mut function = start(&backend.url(), bytes.chain([get()]).collect());
    for (number, event) in texts.enumerate() {
        let Outcome::Failure(failure) = function.outcome() else {
            panic!("{event} was answered");
        };
        assert_eq!(failure["errorType"], "NotARequest");
        let message = failure["errorMessage"].as_str().expect("a message");
        let expected = "the function expects a request to an HTTP API, in the payload format 2.0";
        assert!(message.starts_with(expected), "{message}");
        assert!(!message.contains("secret"), "{message}");
        assert_eq!(
            timeless(function.invocation_line()),
            json!({
                "level": "ERROR",
                "lambdaRequestId": format!("lambda-{number}"),
                "message": "the invocation failed",
                "causes": [message],
            })
        );
    }
    assert_eq!(response(&function)["statusCode"], 404);
    assert_eq!(function.invocation_line()["status"], 404);
    assert_eq!(function.rest_of_log(), [""; 0]);
}

#[test]
fn a_request_of_an_unknown_route_is_a_400() {
    let backend = Backend::start(&[DONE]);
    let event = json!({"version": "2.0", "routeKey": "$default", "isBase64Encoded": null});
    let function = start(&backend.url(), vec![event.to_string().into_bytes()]);
    let response = response(&function);
    assert_eq!(response["statusCode"], 400);
    assert_eq!(
        response["body"],
        r#"{"message":"Unsupported route: \"$default\""}"#
    );
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let backend = Backend::start(&[DONE]);
    let url = backend.url();
    let empty = [
        "AWS_ENDPOINT_URL",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_CA_BUNDLE",
        "AWS_SESSION_TOKEN",
    ];
    let mut variables = environment(&url);
    variables.extend(empty.map(|name| (name, "")));
    let function = Function::start(bootstrap(&variables), vec![get()]);
    assert_eq!(response(&function)["statusCode"], 404);

    let mut variables = environment("");
    variables.push(("AWS_ENDPOINT_URL", &url));
    let function = Function::start(bootstrap(&variables), vec![get()]);
    assert_eq!(response(&function)["statusCode"], 404);
}

#[test]
fn a_configuration_error_is_logged_in_one_line() {
    let long = "a".repeat(256);
    let sound = [("TABLE_NAME", "items"), ("AWS_REGION", "us-east-1")];
    for (variable, value, named) in [
        ("TABLE_NAME", None, "TABLE_NAME is not set"),
        ("TABLE_NAME", Some(""), "TABLE_NAME is not set"),
        ("TABLE_NAME", Some("it"), "TABLE_NAME is \"it\""),
        ("TABLE_NAME", Some("my items"), "TABLE_NAME is \"my items\""),
        ("TABLE_NAME", Some(long.as_str()), "TABLE_NAME is \"aaa"),
        ("AWS_REGION", None, "AWS_REGION is not set"),
        ("AWS_REGION", Some(""), "AWS_REGION is not set"),
        ("AWS_ENDPOINT_URL", Some("http://"), "AWS_ENDPOINT_URL is"),
        (
            "AWS_ENDPOINT_URL_DYNAMODB",
            Some("localhost:8000"),
            "AWS_ENDPOINT_URL_DYNAMODB is",
        ),
    ] {
        let remaining = sound.into_iter().filter(|(name, _)| *name != variable);
        let environment: Vec<_> = remaining
            .chain(value.map(|value| (variable, value)))
            .collect();
        let ended = bootstrap(&environment).output().expect("the binary ends");
        assert_eq!(ended.status.code(), Some(1), "{variable}={value:?}");
        let line: Value = serde_json::from_slice(&ended.stdout).expect("one line of JSON");
        let line = timeless(line);
        assert_eq!(
            (&line["level"], &line["message"]),
            (&json!("ERROR"), &json!("the function stopped"))
        );
        let causes = line["causes"].to_string().replace("\\\"", "\"");
        assert!(causes.contains(named), "{causes}");
        assert!(causes.contains("set it to"), "{causes}");
    }
}
