//! Mutants with bugs in error responses, and in the handling of ambiguous writes.

use aws_lambda_events::http::header::CONTENT_TYPE;
use local::gateway::{Handler, LambdaResponse};

use super::event::{
    Event, GET, LIST, PUT, fields, map_reply, members, message, reply_body, route, set_reply_body,
    wrap,
};
use crate::contract::fields::FIELDS;
use crate::toolkit::json;

/// Answers a write that certainly was not applied, such as a throttled one, with 400 instead of 503.
pub(super) fn throttle_is_400(inner: Handler) -> Handler {
    map_reply(inner, |_, reply| {
        if reply.response.status_code == 503 && reply_body(reply).contains("Nothing was") {
            *reply = message(400, "The request was refused: try again.");
        }
    })
}

/// Shows an ARN of `DynamoDB` in the message of a 500.
pub(super) fn arn_in_message(inner: Handler) -> Handler {
    map_reply(inner, |_, reply| {
        if reply.response.status_code == 500 {
            let text = "not authorized: arn:aws:dynamodb:us-east-1:123456789012:table/items";
            *reply = message(500, text);
        }
    })
}

/// Omits the content type of 404.
pub(super) fn no_content_type(inner: Handler) -> Handler {
    map_reply(inner, |_, reply| {
        if reply.response.status_code == 404 {
            reply.response.headers.remove(CONTENT_TYPE);
        }
    })
}

/// Names the wrong field in a message.
pub(super) fn wrong_field_is_named(inner: Handler) -> Handler {
    map_reply(inner, |_, reply| {
        let [first, .., last] = FIELDS;
        if reply.response.status_code == 400 {
            let text = reply_body(reply).replacen(first.name, last.name, 1);
            set_reply_body(reply, text);
        }
    })
}

/// Names the API in the message of a 400.
pub(super) fn api_in_refusal(inner: Handler) -> Handler {
    map_reply(inner, |event, reply| {
        let api = event.payload["requestContext"]["apiId"].as_str();
        if let (400, Some(text), Some(api)) = (
            reply.response.status_code,
            message_of(reply),
            api.map(str::to_uppercase),
        ) {
            *reply = message(400, &format!("{text} (API {api})"));
        }
    })
}

/// Repeats the value of the field that the message of a 400 names first.
pub(super) fn value_in_refusal(inner: Handler) -> Handler {
    map_reply(inner, |event, reply| {
        if let (400, Some(text)) = (reply.response.status_code, message_of(reply)) {
            let fields = fields(event).unwrap_or_default();
            let named = fields.iter().find(|(name, _)| text.starts_with(name));
            if let Some((_, value)) = named.filter(|(name, _)| !name.is_empty()) {
                *reply = message(400, &format!("{text}, not {value}"));
            }
        }
    })
}

/// Says in the 503 of a read that nothing was changed, as that of a write does.
pub(super) fn unchanged_by_read(inner: Handler) -> Handler {
    map_reply(inner, |event, reply| {
        if reply.response.status_code == 503 && [GET, LIST].contains(&route(event)) {
            let text = reply_body(reply).replacen(": try", ". Nothing was changed: try", 1);
            set_reply_body(reply, text);
        }
    })
}

/// Leaves the outcome out of the 503 of an ambiguous write.
pub(super) fn outcome_is_missing(inner: Handler) -> Handler {
    map_reply(inner, |_, reply| {
        let text = reply_body(reply).replace(r#","outcome":"unknown""#, "");
        set_reply_body(reply, text);
    })
}

/// Gives the 503 of a write that changed nothing the outcome of an ambiguous one.
pub(super) fn outcome_contradicts_message(inner: Handler) -> Handler {
    map_reply(inner, |_, reply| {
        let text = reply_body(reply).replace(r#""outcome":"unchanged""#, r#""outcome":"unknown""#);
        set_reply_body(reply, text);
    })
}

/// Ends the message of a 500 with a full stop.
pub(super) fn fault_with_full_stop(inner: Handler) -> Handler {
    map_reply(inner, |_, reply| {
        if let (500, Some(text)) = (reply.response.status_code, message_of(reply)) {
            *reply = message(500, &format!("{text}."));
        }
    })
}

/// Returns the message in the body of a reply.
fn message_of(reply: &LambdaResponse) -> Option<String> {
    let members = members(reply);
    let (_, text) = members.iter().find(|(name, _)| name == "message")?;
    json::string(text).ok()
}

/// Retries an ambiguous PUT.
pub(super) fn ambiguous_put_is_retried(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, event: Event) -> LambdaResponse {
        let first = inner(event.clone()).await;
        if route(&event) == PUT && reply_body(&first).contains("may or may not") {
            return inner(event).await;
        }
        first
    }
    wrap(inner, mutant)
}
