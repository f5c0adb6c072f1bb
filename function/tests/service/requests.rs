//! Requests to the service, and their responses.

use std::time::{Duration, SystemTime};

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use function::event::{Event, Headers};
use function::{Handled, Service};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};

/// Lambda's time limit for the function.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The messages of a 503 and of a 500.
pub const READ_FAILED: &str = "The service is unavailable for a moment: try again.";
pub const NOT_WRITTEN: &str =
    "The service is unavailable for a moment. Nothing was changed: try again.";
pub const AMBIGUOUS: &str = "The service is unavailable for a moment. The change may or may not have been applied: read the item, or try again.";
pub const FAULT: &str = "Internal server error";

pub fn put() -> Event {
    event("PUT /items", None, Some(r#"{"id":"secret-id"}"#))
}

pub fn delete() -> Event {
    event("DELETE /items/{id}", Some("secret-id"), None)
}

pub fn get() -> Event {
    event("GET /items/{id}", Some("secret-id"), None)
}

pub fn list() -> Event {
    event("GET /items", None, None)
}

/// Returns the event of a request, as an HTTP API passes it.
pub fn event(route_key: &str, id: Option<&str>, body: Option<&str>) -> Event {
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "headers": {},
        "requestContext": {"http": {"method": "GET"}, "requestId": "gateway-id"},
        "isBase64Encoded": false,
    });
    if let Some(id) = id {
        event["pathParameters"] = json!({ "id": id });
    }
    if let Some(body) = body {
        event["body"] = body.into();
    }
    serde_json::from_value(event).expect("an event")
}

/// Returns the request with the headers `If-Match` and `If-None-Match`.
pub fn conditional(
    mut request: Event,
    if_match: Option<&str>,
    if_none_match: Option<&str>,
) -> Event {
    request.headers = Some(Headers {
        if_match: if_match.map(str::to_owned),
        if_none_match: if_none_match.map(str::to_owned),
    });
    request
}

/// Returns the body of a 503 or a 500 with this message.
pub fn fault_body(message: &str) -> Value {
    match message {
        NOT_WRITTEN => json!({"message": message, "outcome": "unchanged"}),
        AMBIGUOUS => json!({"message": message, "outcome": "unknown"}),
        _ => json!({ "message": message }),
    }
}

/// Invokes the service with a request and this time limit.
pub async fn invoke(service: &Service, request: Event, limit: Duration) -> Handled {
    let now = SystemTime::UNIX_EPOCH.elapsed().expect("a clock past 1970");
    let mut context = Context::default();
    "lambda-id".clone_into(&mut context.request_id);
    context.deadline = (now + limit).as_millis().try_into().expect("milliseconds");
    service.handle(LambdaEvent::new(request, context)).await
}

/// Returns the response as API Gateway reads it.
pub fn response(handled: &Handled) -> ApiGatewayV2httpResponse {
    serde_json::from_str(handled.response.json()).expect("a response")
}

/// Returns the body of the response, which is always JSON.
pub fn body(handled: &Handled) -> Value {
    let body = response(handled).body.expect("a body");
    serde_json::from_slice(&body).expect("JSON")
}
