//! Mutants with bugs in error responses, and in the handling of ambiguous writes.

use aws_lambda_events::http::header::CONTENT_TYPE;
use local::gateway::{Handler, LambdaResponse};

use super::event::{Event, PUT, map_reply, message, reply_body, route, set_reply_body, wrap};
use crate::contract::fields::FIELDS;

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
