//! The event: payload format 2.0 of an HTTP API, reduced to the fields that the service uses.
//!
//! `aws_lambda_events` has types for the whole event, but parsing and dropping every header and authorizer would cost
//! more than everything else that the service does for a request.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::log;

/// A request to the API. A field that is `None` is missing from the event, or is `null`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The key of the route that the request matched.
    pub route_key: String,
    /// The variables of the route's path, percent-decoded.
    pub path_parameters: Option<PathParameters>,
    /// The query parameters, percent-decoded.
    pub query_string_parameters: Option<QueryStringParameters>,
    /// The data that the gateway adds to the request.
    pub request_context: Option<RequestContext>,
    /// The headers of the preconditions. May be `None` if the request has other headers only.
    #[serde(default, deserialize_with = "conditional_headers")]
    pub headers: Option<Headers>,
    /// The body, as text or in base64.
    pub body: Option<String>,
    /// `true` if the body is in base64.
    pub is_base64_encoded: Option<bool>,
}

/// The variables in the paths of the routes.
#[derive(Clone, Debug, Deserialize)]
pub struct PathParameters {
    /// The `{id}` of the path.
    pub id: Option<String>,
}

/// The query parameters of the API. The gateway joins repeated ones with a comma.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryStringParameters {
    /// The maximum number of items to return.
    pub limit: Option<String>,
    /// The id after which the page starts.
    pub exclusive_start_key: Option<String>,
}

/// The headers of a request that the service uses. The gateway writes their names in lower case, and joins repeated
/// ones with a comma.
///
/// Source: API Gateway's "Create AWS Lambda proxy integrations for HTTP APIs", payload format 2.0.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Headers {
    /// The tags of which the item must have one.
    pub if_match: Option<String>,
    /// The tags of which the item must have none.
    pub if_none_match: Option<String>,
}

/// Deserializes the headers; returns `None` if their text contains no name of [`Headers`]. Searching the text is cheaper
/// than parsing the names of a dozen headers that are not used.
fn conditional_headers<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Headers>, D::Error> {
    let Some(json) = Option::<Box<RawValue>>::deserialize(deserializer)? else {
        return Ok(None);
    };
    // Any character of a name may be an escape.
    if !["if-", "\\u"].iter().any(|part| json.get().contains(part)) {
        return Ok(None);
    }
    let headers = serde_json::from_str(json.get());
    headers.map(Some).map_err(de::Error::custom)
}

/// The data that the gateway adds to a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestContext {
    /// The gateway's id of the request.
    pub request_id: Option<String>,
}

/// The event of an invocation: a request, or the reason why it is not one.
///
/// Deserializing never fails, because `lambda_runtime` would report the failure only by `tracing`, and the function
/// would not log a line.
#[derive(Debug)]
pub struct Incoming(pub Result<Event, NotARequest>);

/// An event that is not a request to the API: for example one from a queue or a schedule, or in another payload format.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the function expects a request to an HTTP API, in the payload format 2.0, and this event is not one: {0}"
)]
pub struct NotARequest(String);

/// A visitor that accepts only a JSON object. Serde would also read an array as an event, field by field.
struct EventVisitor;

impl<'de> Visitor<'de> for EventVisitor {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Event, A::Error> {
        Event::deserialize(MapAccessDeserializer::new(map))
    }
}

impl<'de> Deserialize<'de> for Incoming {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = deserializer.deserialize_map(EventVisitor);
        Ok(Self(event.map_err(|error| {
            NotARequest(log::without_values(&error.to_string()))
        })))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn null_and_unknown_fields_are_accepted() {
        let event = json!({
            "version": "2.0",
            "routeKey": "GET /items",
            "pathParameters": null,
            "queryStringParameters": {"limit": "1", "exclusiveStartKey": "a,b", "other": "x"},
            "requestContext": {"requestId": "id", "authorizer": {"jwt": {}}},
            "body": null,
        });
        let event: Event = serde_json::from_value(event).unwrap();
        assert_eq!(event.route_key, "GET /items");
        assert!(event.path_parameters.is_none() && event.body.is_none());
        let query = event.query_string_parameters.unwrap();
        assert_eq!(query.limit.as_deref(), Some("1"));
        assert_eq!(query.exclusive_start_key.as_deref(), Some("a,b"));
        assert_eq!(
            event.request_context.unwrap().request_id.as_deref(),
            Some("id")
        );
    }

    /// Returns copies of `value`, each with one field, at any depth, replaced by `null`.
    fn with_nulls(value: &Value) -> Vec<Value> {
        let Value::Object(fields) = value else {
            return Vec::new();
        };
        let mut changed = Vec::new();
        for (name, field) in fields {
            for null in with_nulls(field).into_iter().chain([Value::Null]) {
                let mut copy = fields.clone();
                copy[name] = null;
                changed.push(Value::Object(copy));
            }
        }
        changed
    }

    #[test]
    fn null_is_absent_in_every_field_except_the_route_key() {
        let event = json!({
            "routeKey": "GET /items",
            "pathParameters": {"id": "a"},
            "queryStringParameters": {"limit": "1", "exclusiveStartKey": "a"},
            "headers": {"if-match": "*", "if-none-match": "*"},
            "requestContext": {"requestId": "id"},
            "body": "",
            "isBase64Encoded": false,
        });
        let events = with_nulls(&event);
        assert_eq!(events.len(), 13);
        for event in events {
            let read = serde_json::from_value::<Event>(event.clone());
            assert_eq!(read.is_ok(), !event["routeKey"].is_null(), "{event}");
        }
    }

    #[test]
    fn a_precondition_is_found_among_other_headers() {
        let headers = |headers: &str| {
            let event = format!(r#"{{"routeKey": "GET /items", "headers": {headers}}}"#);
            let event: Event = serde_json::from_str(&event).unwrap();
            event.headers.unwrap_or_default()
        };
        let other = headers(r#"{"accept": "*/*", "sec-ch-ua": "\"x\"", "host": "if\u002d"}"#);
        assert_eq!((other.if_match, other.if_none_match), (None, None));
        for name in [
            "if-match",
            r"if\u002dmatch",
            r"\u0069\u0066-match",
            r"i\u0066-\u006datch",
        ] {
            let found = headers(&format!(r#"{{"accept": "*/*", "{name}": "\"a\""}}"#));
            assert_eq!(found.if_match.as_deref(), Some("\"a\""), "{name}");
        }
        let both = headers(r#"{"if-none-match": "*", "x-if-match": "b", "if-match": "\"é\""}"#);
        assert_eq!(both.if_match.as_deref(), Some("\"é\""));
        assert_eq!(both.if_none_match.as_deref(), Some("*"));
    }

    #[test]
    fn the_error_of_an_unreadable_event_does_not_show_its_values() {
        for (event, fault) in [
            (
                r#"{"Records": []}"#,
                "missing field `routeKey` at line 1 column 15",
            ),
            (
                r#"{"routeKey": null}"#,
                "expected a string at line 1 column 17",
            ),
            (r#"["secret"]"#, "expected an object at line 1 column 0"),
            (
                r#"{"routeKey": "GET /items", "body": {"secret": 1}}"#,
                "expected a string at line 1 column 35",
            ),
            (
                r#"{"routeKey": "GET /items", "isBase64Encoded": "secret, expected b"}"#,
                "expected a boolean at line 1 column 66",
            ),
            (
                r#"{"routeKey": "GET /items", "headers": {"if-match": ["secret"]}}"#,
                "expected a string at line 1 column 13",
            ),
            (
                r#"{"routeKey": "secret"#,
                "EOF while parsing a string at line 1 column 20",
            ),
            ("secret", "expected value at line 1 column 1"),
        ] {
            let mut text = serde_json::Deserializer::from_str(event);
            let Incoming(read) = Incoming::deserialize(&mut text).unwrap();
            let message = read.unwrap_err().to_string();
            assert!(message.ends_with(fault), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }
}
