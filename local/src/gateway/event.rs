//! The event that the function gets for a request, in the payload format 2.0.

use std::collections::BTreeMap;
use std::net::IpAddr;

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, COOKIE, HeaderValue};
use hyper::http::request;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};

use super::error::GatewayError;
use super::request_ids::RequestIds;
use super::route_match::RouteMatch;
use super::{body, decode};

/// The AWS account of the API: AWS's example account.
pub const ACCOUNT_ID: &str = "123456789012";

/// The id of the API.
pub const API_ID: &str = "local";

/// The maximum size of an event, in bytes of JSON: 6 MB (Lambda's quota for a synchronous invocation).
const MAX_EVENT_BYTES: usize = 6 * 1024 * 1024;

/// The hop-by-hop headers, which a gateway does not forward (RFC 9110, 7.6.1, and for `trailer` RFC 2616, 13.5.1).
const HOP_BY_HOP_HEADERS: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The parts of a request from which its event is built.
pub(super) struct EventInput<'a> {
    pub head: &'a request::Parts,
    pub route_match: &'a RouteMatch,
    pub body: &'a Bytes,
    /// The address of the client.
    pub peer: IpAddr,
    /// The port of the gateway.
    pub port: u16,
    pub ids: &'a RequestIds,
}

/// Builds the event as JSON. A field without a value is left out, never null.
pub(super) fn build(input: &EventInput<'_>) -> Result<Value, GatewayError> {
    let EventInput {
        head,
        route_match,
        ids,
        ..
    } = input;
    let (headers, cookies) = headers(input);
    let raw_query = head.uri.query().unwrap_or_default();
    let query = query_parameters(raw_query)?;
    let content_type = head.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let encoded_body = body::encode(input.body, content_type);

    let mut http = json!({
        "method": head.method.as_str(),
        "path": route_match.path,
        "protocol": format!("{:?}", head.version),
        "sourceIp": input.peer,
    });
    if let Some(agent) = headers.get("user-agent") {
        http["userAgent"] = json!(agent);
    }
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_match.route.key(),
        "rawPath": route_match.path,
        "rawQueryString": raw_query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT_ID,
            "apiId": API_ID,
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "http": http,
            "requestId": ids.request_id,
            "routeKey": route_match.route.key(),
            "stage": "$default",
            "time": ids.formatted_time(),
            "timeEpoch": ids.millis(),
        },
        "isBase64Encoded": encoded_body.as_ref().is_some_and(|(_, base64)| *base64),
    });
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !query.is_empty() {
        event["queryStringParameters"] = json!(query);
    }
    if !route_match.parameters.is_empty() {
        event["pathParameters"] = json!(route_match.parameters);
    }
    if let Some((body, _)) = encoded_body {
        event["body"] = json!(body);
    }
    Ok(event)
}

/// Returns the event with its context, unless the event is too large.
pub(super) fn lambda_event(
    payload: Value,
    context: Context,
) -> Result<LambdaEvent<Value>, GatewayError> {
    if payload.to_string().len() > MAX_EVENT_BYTES {
        return Err(GatewayError::BodyTooLarge);
    }
    Ok(LambdaEvent::new(payload, context))
}

/// Returns the headers, with names in lower case and repeated headers joined, and the cookies, which an event
/// carries separately.
fn headers(input: &EventInput<'_>) -> (BTreeMap<String, String>, Vec<String>) {
    let mut headers = BTreeMap::new();
    let mut cookies = Vec::new();
    for (name, value) in &input.head.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        if name == COOKIE {
            let pairs = value.split(';').map(str::trim);
            cookies.extend(pairs.filter(|pair| !pair.is_empty()).map(str::to_owned));
        } else if !HOP_BY_HOP_HEADERS.contains(&name.as_str()) {
            join(&mut headers, name.to_string(), &value);
        }
    }
    join(
        &mut headers,
        "x-forwarded-for".to_owned(),
        &input.peer.to_string(),
    );
    for (name, value) in [
        ("content-length", input.body.len().to_string()),
        ("x-forwarded-port", input.port.to_string()),
        ("x-forwarded-proto", "http".to_owned()),
    ] {
        headers.insert(name.to_owned(), value);
    }
    for (name, value) in [
        ("host", format!("localhost:{}", input.port)),
        ("x-amzn-trace-id", input.ids.trace_id.clone()),
    ] {
        headers.entry(name.to_owned()).or_insert(value);
    }
    (headers, cookies)
}

/// Returns the query's parameters, decoded and with repeated ones joined. One without `=` has an empty value.
fn query_parameters(raw: &str) -> Result<BTreeMap<String, String>, GatewayError> {
    let mut parameters = BTreeMap::new();
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        join(
            &mut parameters,
            decode::query(name)?,
            &decode::query(value)?,
        );
    }
    Ok(parameters)
}

/// Adds a value, after a comma if the name already has a value.
fn join(map: &mut BTreeMap<String, String>, name: String, value: &str) {
    map.entry(name)
        .and_modify(|joined| {
            joined.push(',');
            joined.push_str(value);
        })
        .or_insert_with(|| value.to_owned());
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::{Duration, UNIX_EPOCH};

    use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
    use hyper::Request;

    use super::*;

    fn event(request: hyper::http::request::Builder, body: &'static str) -> Value {
        let head = request.body(()).expect("a request").into_parts().0;
        let ids = RequestIds {
            request_id: "JCJJxhz4PHcEJgQ=".to_owned(),
            invocation_id: "00000000-0000-4000-8000-000000000000".to_owned(),
            trace_id: "Root=1-67fd8a64-000000000000000000000000".to_owned(),
            time: UNIX_EPOCH + Duration::from_millis(1_744_668_836_123),
        };
        let input = EventInput {
            head: &head,
            route_match: &RouteMatch::find(&head).expect("a route"),
            body: &Bytes::from_static(body.as_bytes()),
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 3000,
            ids: &ids,
        };
        build(&input).expect("an event")
    }

    #[test]
    fn an_event_carries_the_whole_request() {
        let request = Request::builder()
            .method("DELETE")
            .uri("/items/caf%C3%A9%20au%20lait?a=1&b=%C3%A9&a=2&&c")
            .header("Host", "127.0.0.1:3000")
            .header("User-Agent", "curl/8.5.0")
            .header("Content-Type", "application/json")
            .header("Connection", "keep-alive")
            .header("Cookie", "one=1; two=2;")
            .header("Cookie", "three=3")
            .header("X-Repeated", "x")
            .header("X-Repeated", "y, z")
            .header("X-Forwarded-For", "203.0.113.1");
        assert_eq!(
            event(request, r#"{"id":"a"}"#),
            json!({
                "version": "2.0",
                "routeKey": "DELETE /items/{id}",
                "rawPath": "/items/caf\u{e9} au lait",
                "rawQueryString": "a=1&b=%C3%A9&a=2&&c",
                "cookies": ["one=1", "two=2", "three=3"],
                "headers": {
                    "content-length": "10",
                    "content-type": "application/json",
                    "host": "127.0.0.1:3000",
                    "user-agent": "curl/8.5.0",
                    "x-amzn-trace-id": "Root=1-67fd8a64-000000000000000000000000",
                    "x-forwarded-for": "203.0.113.1,127.0.0.1",
                    "x-forwarded-port": "3000",
                    "x-forwarded-proto": "http",
                    "x-repeated": "x,y, z",
                },
                "queryStringParameters": {"a": "1,2", "b": "\u{e9}", "c": ""},
                "requestContext": {
                    "accountId": "123456789012",
                    "apiId": "local",
                    "domainName": "localhost",
                    "domainPrefix": "localhost",
                    "http": {
                        "method": "DELETE",
                        "path": "/items/caf\u{e9} au lait",
                        "protocol": "HTTP/1.1",
                        "sourceIp": "127.0.0.1",
                        "userAgent": "curl/8.5.0",
                    },
                    "requestId": "JCJJxhz4PHcEJgQ=",
                    "routeKey": "DELETE /items/{id}",
                    "stage": "$default",
                    "time": "14/Apr/2025:22:13:56 +0000",
                    "timeEpoch": 1_744_668_836_123_u64,
                },
                "body": r#"{"id":"a"}"#,
                "pathParameters": {"id": "caf\u{e9} au lait"},
                "isBase64Encoded": false,
            })
        );
    }

    #[test]
    fn missing_parts_are_left_out() {
        assert_eq!(
            event(Request::get("/items"), ""),
            json!({
                "version": "2.0",
                "routeKey": "GET /items",
                "rawPath": "/items",
                "rawQueryString": "",
                "headers": {
                    "content-length": "0",
                    "host": "localhost:3000",
                    "x-amzn-trace-id": "Root=1-67fd8a64-000000000000000000000000",
                    "x-forwarded-for": "127.0.0.1",
                    "x-forwarded-port": "3000",
                    "x-forwarded-proto": "http",
                },
                "requestContext": {
                    "accountId": "123456789012",
                    "apiId": "local",
                    "domainName": "localhost",
                    "domainPrefix": "localhost",
                    "http": {
                        "method": "GET",
                        "path": "/items",
                        "protocol": "HTTP/1.1",
                        "sourceIp": "127.0.0.1",
                    },
                    "requestId": "JCJJxhz4PHcEJgQ=",
                    "routeKey": "GET /items",
                    "stage": "$default",
                    "time": "14/Apr/2025:22:13:56 +0000",
                    "timeEpoch": 1_744_668_836_123_u64,
                },
                "isBase64Encoded": false,
            })
        );
    }

    #[test]
    fn a_form_is_encoded_as_base64() {
        let request =
            Request::put("/items").header("content-type", "application/x-www-form-urlencoded");
        let event = event(request, "{}");
        assert_eq!(event["body"], "e30=");
        assert_eq!(event["isBase64Encoded"], true);
    }

    #[test]
    fn an_event_parses_as_the_aws_type() {
        let json = event(Request::put("/items?a=1").header("x", "\u{e9}"), "{}");
        let event: ApiGatewayV2httpRequest = serde_json::from_value(json).expect("an event");
        assert_eq!(event.route_key.as_deref(), Some("PUT /items"));
        assert_eq!(event.query_string_parameters.first("a"), Some("1"));
        assert_eq!(event.body.as_deref(), Some("e30="));
        assert!(event.is_base64_encoded);
    }

    #[test]
    fn an_event_has_at_most_6_mb() {
        let mut event = event(Request::put("/items"), "");
        event["body"] = json!("");
        let empty_length = event.to_string().len();
        event["body"] = json!("a".repeat(MAX_EVENT_BYTES - empty_length));
        assert!(lambda_event(event.clone(), Context::default()).is_ok());
        event["body"] = json!("a".repeat(MAX_EVENT_BYTES - empty_length + 1));
        assert!(matches!(
            lambda_event(event, Context::default()),
            Err(GatewayError::BodyTooLarge)
        ));
    }
}
