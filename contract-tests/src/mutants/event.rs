//! Helpers of the mutants: read and change events and responses.

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use aws_lambda_events::encodings::Body;
use aws_lambda_events::http::HeaderValue;
use aws_lambda_events::http::header::CONTENT_TYPE;
use base64::prelude::{BASE64_STANDARD, Engine};
use lambda_runtime::LambdaEvent;
use local::gateway::{Handler, LambdaResponse, handler};
use serde_json::{Value, json};

use crate::contract::id::ID;
use crate::toolkit::json::{self, Members};

pub(super) type Event = LambdaEvent<Value>;

pub(super) use crate::request::route::{DELETE, GET, LIST, PUT};

/// The names of the headers with conditions in an event.
pub(super) const IF_MATCH: &str = "if-match";
pub(super) const IF_NONE_MATCH: &str = "if-none-match";

/// Returns a service that handles each event with `mutant`, which may call the original service.
pub(super) fn wrap<F>(inner: Handler, mutant: fn(Handler, Event) -> F) -> Handler
where
    F: Future<Output = LambdaResponse> + Send + 'static,
{
    handler(move |event| mutant(Handler::clone(&inner), event))
}

/// Returns a service that changes each event before the original service handles it.
pub(super) fn map_event(inner: Handler, change: fn(&mut Event)) -> Handler {
    handler(move |mut event| {
        change(&mut event);
        inner(event)
    })
}

/// Returns a service that changes each reply of the original service.
pub(super) fn map_reply(inner: Handler, change: fn(&Event, &mut LambdaResponse)) -> Handler {
    handler(move |event: Event| {
        let reply = inner(event.clone());
        async move {
            let mut reply = reply.await;
            change(&event, &mut reply);
            reply
        }
    })
}

pub(super) fn route(event: &Event) -> &str {
    event.payload["routeKey"].as_str().unwrap_or_default()
}

/// Returns the id in the path.
pub(super) fn path_id(event: &Event) -> Option<&str> {
    event.payload["pathParameters"]["id"].as_str()
}

/// Returns the id in the body of a PUT.
pub(super) fn put_id(event: &Event) -> Option<String> {
    let (_, id) = fields(event)?.into_iter().find(|(name, _)| name == ID)?;
    serde_json::from_str(&id).ok()
}

/// Returns the body of a PUT; `None` if the event is not a PUT, or if its body is not UTF-8.
pub(super) fn put_body(event: &Event) -> Option<String> {
    let body = event.payload["body"]
        .as_str()
        .filter(|_| route(event) == PUT)?;
    if event.payload["isBase64Encoded"] == true {
        String::from_utf8(BASE64_STANDARD.decode(body).ok()?).ok()
    } else {
        Some(body.to_owned())
    }
}

/// Returns the fields in the body of a PUT, each with its JSON text; `None` if the event is not a PUT, or if its body
/// is not an object with unique names.
pub(super) fn fields(event: &Event) -> Option<Vec<(String, String)>> {
    let members = Members::parse("the body", &put_body(event)?);
    Some(members.ok()?.into_texts())
}

/// Replaces the fields of a PUT.
pub(super) fn set_fields(event: &mut Event, fields: &[(String, String)]) {
    let member = |(name, value): &(String, String)| format!("{}:{value}", json_string(name));
    let members: Vec<_> = fields.iter().map(member).collect();
    set_event_body(event, &format!("{{{}}}", members.join(",")));
}

/// Replaces the body of an event.
pub(super) fn set_event_body(event: &mut Event, text: &str) {
    event.payload["body"] = json!(text);
    event.payload["isBase64Encoded"] = json!(false);
}

/// Changes the value of each field of a PUT; `None` removes the field.
pub(super) fn map_fields(event: &mut Event, change: impl Fn(&str, &str) -> Option<String>) {
    if let Some(fields) = fields(event) {
        let changed = fields.into_iter().filter_map(|(name, value)| {
            let value = change(&name, &value)?;
            Some((name, value))
        });
        set_fields(event, &changed.collect::<Vec<_>>());
    }
}

/// Replaces the id in the path and in the body of an event.
pub(super) fn set_id(event: &mut Event, id: &str) {
    let text = json_string(id);
    map_fields(event, |name, value| {
        Some(if name == ID {
            text.clone()
        } else {
            value.to_owned()
        })
    });
    if path_id(event).is_some() {
        event.payload["pathParameters"]["id"] = json!(id);
    }
}

/// Returns a copy of an event without its conditions.
pub(super) fn without_conditions(event: &Event) -> Event {
    let mut unconditional = event.clone();
    if let Value::Object(headers) = &mut unconditional.payload["headers"] {
        headers.remove(IF_MATCH);
        headers.remove(IF_NONE_MATCH);
    }
    unconditional
}

/// Returns a copy of an event with this route and id, and without conditions.
pub(super) fn derived_event(event: &Event, route: &str, id: &str) -> Event {
    let mut derived = without_conditions(event);
    derived.payload["routeKey"] = json!(route);
    derived.payload["pathParameters"] = json!({ "id": id });
    derived.payload["queryStringParameters"] = json!({});
    derived
}

pub(super) fn reply_body(reply: &LambdaResponse) -> &str {
    match &reply.response.body {
        Some(Body::Text(text)) => text,
        _ => "",
    }
}

pub(super) fn set_reply_body(reply: &mut LambdaResponse, body: String) {
    reply.response.body = Some(Body::Text(body));
}

/// Returns the members of the body of a reply, each with its JSON text.
pub(super) fn members(reply: &LambdaResponse) -> Vec<(String, String)> {
    Members::parse("the body", reply_body(reply))
        .map(Members::into_texts)
        .unwrap_or_default()
}

/// Changes the items of a page, each as its JSON text, and its last key. The counts follow the items. A reply that is
/// not a page stays as it is.
pub(super) fn edit_page(
    reply: &mut LambdaResponse,
    change: impl FnOnce(&mut Vec<String>, &mut Option<String>),
) {
    let Ok(mut page) = Members::parse("the page", reply_body(reply)) else {
        return;
    };
    let Some(items) = page.take("Items") else {
        return;
    };
    let mut items: Vec<_> = json::array(&items)
        .unwrap_or_default()
        .iter()
        .map(|item| item.get().to_owned())
        .collect();
    let mut last = page.take("LastEvaluatedKey");
    change(&mut items, &mut last);
    let (count, items) = (items.len(), items.join(","));
    let last = last.map_or(String::new(), |last| {
        format!(",\"LastEvaluatedKey\":{last}")
    });
    let page = format!("{{\"Items\":[{items}],\"Count\":{count},\"ScannedCount\":{count}{last}}}");
    set_reply_body(reply, page);
}

pub(super) fn reply(status: i64, body: String) -> LambdaResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status;
    response
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.body = Some(Body::Text(body));
    response.into()
}

pub(super) fn message(status: i64, text: &str) -> LambdaResponse {
    reply(status, format!("{{\"message\":{}}}", json_string(text)))
}

pub(super) fn json_string(text: &str) -> String {
    Value::from(text).to_string()
}
