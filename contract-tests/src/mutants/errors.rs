//! Bugs in how failures are answered, and in what is made of the table's.

use aws_lambda_events::http::header::CONTENT_TYPE;
use hyper::body::Bytes;
use local::gateway::{Handler, LambdaResponse};

use super::event::{Event, PUT, map_reply, message, reply_body, route, set_reply_body, wrap};
use crate::contract::fields::FIELDS;

/// A throttled request is the client's mistake.
pub(super) fn throttle_is_400(inner: Handler) -> Handler {
    map_reply(inner, |_, reply| {
        if reply.response.status_code == 503 && reply_body(reply).contains("Nothing was") {
            *reply = message(400, "The request was refused: try again.");
        }
    })
}

/// A message says who may not do what to which table.
pub(super) fn arn_in_message(inner: Handler) -> Handler {
    map_reply(inner, |_, reply| {
        if reply.response.status_code == 500 {
            let text = "not authorized: arn:aws:dynamodb:us-east-1:123456789012:table/items";
            *reply = message(500, text);
        }
    })
}

/// One of the errors has no content type.
pub(super) fn no_content_type(inner: Handler) -> Handler {
    map_reply(inner, |_, reply| {
        if reply.response.status_code == 404 {
            reply.response.headers.remove(CONTENT_TYPE);
        }
    })
}

/// A message about one field names another.
pub(super) fn wrong_field_is_named(inner: Handler) -> Handler {
    map_reply(inner, |_, reply| {
        let [first, .., last] = FIELDS;
        if reply.response.status_code == 400 {
            let text = reply_body(reply).replacen(first.name, last.name, 1);
            set_reply_body(reply, text);
        }
    })
}

/// An answer of the table with nothing in it is taken for one that says that nothing is there.
pub(super) fn empty_is_not_found(response: Bytes) -> Bytes {
    if response.is_empty() {
        Bytes::from_static(b"{}")
    } else {
        response
    }
}

/// A PUT whose fate is unknown is sent again.
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
