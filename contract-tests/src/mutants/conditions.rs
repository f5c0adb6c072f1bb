//! Mutants with bugs in tags, and in conditions and when they are checked.

use aws_lambda_events::http::HeaderValue;
use aws_lambda_events::http::header::ETAG;
use local::gateway::{Handler, LambdaResponse};
use serde_json::{Value, json};

use super::event::{
    DELETE, Event, GET, IF_MATCH, IF_NONE_MATCH, LIST, PUT, derived_event, fields, map_event,
    map_reply, message, path_id, put_id, route, set_reply_body, without_conditions, wrap,
};

/// Returns the value of a header of the request.
fn header<'a>(event: &'a Event, name: &str) -> Option<&'a str> {
    event.payload["headers"][name].as_str()
}

/// Changes a header of the request, if the request has it.
fn map_header(event: &mut Event, name: &str, change: impl FnOnce(&str) -> Option<String>) {
    if let Some(value) = header(event, name) {
        let changed = change(value);
        if let Value::Object(headers) = &mut event.payload["headers"] {
            match changed {
                Some(value) => headers.insert(name.to_owned(), json!(value)),
                None => headers.remove(name),
            };
        }
    }
}

/// Removes a header from a request to this route.
fn remove_header(event: &mut Event, from: &str, name: &str) {
    if route(event) == from {
        map_header(event, name, |_| None);
    }
}

/// Returns the tag in a response.
fn tag(reply: &LambdaResponse) -> Option<String> {
    let tag = reply.response.headers.get(ETAG)?;
    tag.to_str().ok().map(str::to_owned)
}

fn set_tag(reply: &mut LambdaResponse, tag: &str) {
    let tag = HeaderValue::from_str(tag).expect("a tag is a valid header");
    reply.response.headers.insert(ETAG, tag);
}

/// Returns the id of the item that a write changes.
fn written_id(event: &Event) -> Option<String> {
    match route(event) {
        PUT => put_id(event),
        DELETE => path_id(event).map(str::to_owned),
        _ => None,
    }
}

/// Ignores `If-Match` of a PUT.
pub(super) fn put_ignores_if_match(inner: Handler) -> Handler {
    map_event(inner, |event| remove_header(event, PUT, IF_MATCH))
}

/// Ignores `If-Match` of a DELETE.
pub(super) fn delete_ignores_if_match(inner: Handler) -> Handler {
    map_event(inner, |event| remove_header(event, DELETE, IF_MATCH))
}

/// Replaces the item that a PUT must only create.
pub(super) fn create_overwrites(inner: Handler) -> Handler {
    map_event(inner, |event| {
        if route(event) == PUT {
            map_header(event, IF_NONE_MATCH, |value| {
                (value != "*").then(|| value.to_owned())
            });
        }
    })
}

/// Ignores `If-None-Match` of a GET.
pub(super) fn get_ignores_if_none_match(inner: Handler) -> Handler {
    map_event(inner, |event| remove_header(event, GET, IF_NONE_MATCH))
}

/// Ignores `If-None-Match` of a DELETE.
pub(super) fn delete_ignores_if_none_match(inner: Handler) -> Handler {
    map_event(inner, |event| remove_header(event, DELETE, IF_NONE_MATCH))
}

/// Compares the tags of `If-None-Match` strongly.
pub(super) fn none_match_is_strong(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_header(event, IF_NONE_MATCH, |value| {
            Some(value.replace("W/\"", "\"weak-"))
        });
    })
}

/// Checks only `If-Match` of two headers.
pub(super) fn only_if_match(inner: Handler) -> Handler {
    map_event(inner, |event| {
        if header(event, IF_MATCH).is_some() {
            map_header(event, IF_NONE_MATCH, |_| None);
        }
    })
}

/// Answers a list on a condition with 304.
pub(super) fn list_is_304(inner: Handler) -> Handler {
    map_reply(inner, |event, reply| {
        if route(event) == LIST && header(event, IF_NONE_MATCH) == Some("*") {
            reply.response.status_code = 304;
            set_reply_body(reply, String::new());
        }
    })
}

/// Answers a GET of a missing item with 412 if it has `If-Match`.
pub(super) fn missing_is_412(inner: Handler) -> Handler {
    map_reply(inner, |event, reply| {
        if reply.response.status_code == 404 && header(event, IF_MATCH).is_some() {
            *reply = message(412, "If-Match needs an item");
        }
    })
}

/// Takes a weak tag for a strong one.
pub(super) fn weak_is_strong(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_header(event, IF_MATCH, |value| Some(value.replace("W/", "")));
    })
}

/// Compares only the first tag of a list.
pub(super) fn only_first_tag(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_header(event, IF_MATCH, |value| {
            value.split(", ").next().map(str::to_owned)
        });
    })
}

/// Accepts a tag without quotes.
pub(super) fn quotes_are_optional(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_header(event, IF_MATCH, |value| {
            let is_bare = value != "*" && !value.contains('"');
            Some(if is_bare {
                format!("\"{}\"", value.replace(' ', ""))
            } else {
                value.to_owned()
            })
        });
    })
}

/// Answers a PUT with the tag of the item that it replaces.
pub(super) fn tag_of_old_content(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, event: Event) -> LambdaResponse {
        let old = match put_id(&event).filter(|_| route(&event) == PUT) {
            Some(id) => tag(&inner(derived_event(&event, GET, &id)).await),
            None => None,
        };
        let mut reply = inner(event).await;
        if let (Some(old), Some(_)) = (old, tag(&reply)) {
            set_tag(&mut reply, &old);
        }
        reply
    }
    wrap(inner, mutant)
}

/// Answers a PUT with another tag than a GET.
pub(super) fn tag_of_put_differs(inner: Handler) -> Handler {
    map_reply(inner, |event, reply| {
        if let Some(tag) = tag(reply).filter(|_| route(event) == PUT) {
            set_tag(reply, &tag.chars().rev().collect::<String>());
        }
    })
}

/// Answers a PUT with a tag that depends on the form in which a number was sent.
pub(super) fn tag_of_sent_form(inner: Handler) -> Handler {
    map_reply(inner, |event, reply| {
        let fields = fields(event).unwrap_or_default();
        let has_exponent =
            |(_, value): &(String, String)| !value.starts_with('"') && value.contains(['e', 'E']);
        if let Some(tag) = tag(reply).filter(|_| fields.iter().any(has_exponent)) {
            set_tag(reply, &tag.chars().rev().collect::<String>());
        }
    })
}

/// Answers a GET of a changed item with 304.
pub(super) fn changed_is_304(inner: Handler) -> Handler {
    map_event(inner, |event| {
        if route(event) == GET {
            map_header(event, IF_NONE_MATCH, |value| {
                Some(if value.starts_with('"') {
                    "*".to_owned()
                } else {
                    value.to_owned()
                })
            });
        }
    })
}

/// Applies a write that it answers with 412.
pub(super) fn refused_is_applied(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, event: Event) -> LambdaResponse {
        let reply = inner(event.clone()).await;
        if reply.response.status_code == 412 && route(&event) != GET {
            inner(without_conditions(&event)).await;
        }
        reply
    }
    wrap(inner, mutant)
}

/// Checks the tags of a write first, and then writes without a condition.
pub(super) fn check_then_write(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, event: Event) -> LambdaResponse {
        if let (Some(id), Some(tags)) = (written_id(&event), header(&event, IF_MATCH)) {
            let found = tag(&inner(derived_event(&event, GET, &id)).await);
            if found.is_some_and(|tag| tags == tag) {
                return inner(without_conditions(&event)).await;
            }
        }
        inner(event).await
    }
    wrap(inner, mutant)
}

/// Checks first that there is no item, and then creates it without a condition.
pub(super) fn check_then_create(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, event: Event) -> LambdaResponse {
        if let (Some(id), Some("*")) = (written_id(&event), header(&event, IF_NONE_MATCH)) {
            let found = inner(derived_event(&event, GET, &id)).await;
            if found.response.status_code == 404 && header(&event, IF_MATCH).is_none() {
                return inner(without_conditions(&event)).await;
            }
        }
        inner(event).await
    }
    wrap(inner, mutant)
}

/// Sends a conditional write again after an ambiguous fault: if the first one was applied, the second one is refused.
pub(super) fn ambiguous_is_sent_again(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, event: Event) -> LambdaResponse {
        let reply = inner(event.clone()).await;
        let is_conditional = [IF_MATCH, IF_NONE_MATCH]
            .iter()
            .any(|name| header(&event, name).is_some());
        if reply.response.status_code == 503 && is_conditional && written_id(&event).is_some() {
            return inner(event).await;
        }
        reply
    }
    wrap(inner, mutant)
}
