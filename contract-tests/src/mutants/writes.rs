//! Mutants with bugs in writes.

use local::gateway::{Handler, LambdaResponse};

use super::event::{
    DELETE, Event, GET, derived_event, fields, json_string, map_event, map_fields, members,
    message, path_id, put_id, reply, route, set_fields, wrap,
};
use crate::contract::fields::{Kind, find, is_known};
use crate::contract::limits::MAX_ID_BYTES;
use crate::toolkit::json::Members;

/// Keeps the old values of the fields that a PUT leaves out.
pub(super) fn put_merges(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, mut event: Event) -> LambdaResponse {
        if let (Some(mut sent), Some(id)) = (fields(&event), put_id(&event)) {
            let stored = inner(derived_event(&event, GET, &id)).await;
            let item = members(&stored)
                .into_iter()
                .find(|(name, _)| name == "Item");
            let old = item.and_then(|(_, item)| Members::parse("the item", &item).ok());
            for (name, value) in old.map(Members::into_texts).unwrap_or_default() {
                if !sent.iter().any(|(sent, _)| *sent == name) {
                    sent.push((name, value));
                }
            }
            set_fields(&mut event, &sent);
        }
        inner(event).await
    }
    wrap(inner, mutant)
}

/// Answers DELETE of a missing item with 404.
pub(super) fn delete_of_missing_fails(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, event: Event) -> LambdaResponse {
        let id = path_id(&event).filter(|_| route(&event) == DELETE);
        if let Some(id) = id {
            let found = inner(derived_event(&event, GET, id)).await;
            if found.response.status_code == 404 {
                return found;
            }
        }
        inner(event).await
    }
    wrap(inner, mutant)
}

/// Answers DELETE with success, but deletes nothing.
pub(super) fn delete_does_nothing(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, event: Event) -> LambdaResponse {
        let id = path_id(&event).filter(|_| route(&event) == DELETE);
        match id {
            Some(id) if id.len() <= MAX_ID_BYTES => {
                reply(200, json_string(&format!("Deleted item {id}")))
            }
            _ => inner(event).await,
        }
    }
    wrap(inner, mutant)
}

/// Returns the kind of a field; `None` for the id and for an unknown field.
pub(super) fn kind(name: &str) -> Option<Kind> {
    find(name).map(|field| field.kind)
}

/// Returns the JSON text of the falsy value of a field.
fn falsy_value(name: &str) -> Option<&'static str> {
    Some(match kind(name)? {
        Kind::Number => "0",
        Kind::Text => "\"\"",
    })
}

/// Converts the price to a binary float.
pub(super) fn price_is_a_float(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_fields(event, |name, value| {
            let float = value.parse::<f64>().ok();
            let float = float.filter(|_| kind(name) == Some(Kind::Number));
            Some(match float {
                Some(float) if float.is_finite() => format!("{float:e}"),
                _ => value.to_owned(),
            })
        });
    })
}

/// Drops fields whose value is 0 or "".
pub(super) fn falsy_is_absent(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_fields(event, |name, value| {
            let is_falsy = falsy_value(name) == Some(value);
            (!is_falsy).then(|| value.to_owned())
        });
    })
}

/// Stores a null as 0 or "".
pub(super) fn null_is_stored(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_fields(event, |name, value| {
            let stored = falsy_value(name)
                .filter(|_| value == "null")
                .unwrap_or(value);
            Some(stored.to_owned())
        });
    })
}

/// Reads a base64 body without decoding it.
pub(super) fn base64_is_ignored(inner: Handler) -> Handler {
    map_event(inner, |event| {
        event.payload["isBase64Encoded"] = false.into();
    })
}

/// Accepts an unknown field, and drops it.
pub(super) fn unknown_fields_are_dropped(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_fields(event, |name, value| {
            is_known(name).then(|| value.to_owned())
        });
    })
}

/// Counts the length of an id in characters: an id that is too long only in bytes is answered with 500, as if DynamoDB
/// had refused it.
pub(super) fn length_in_characters(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, event: Event) -> LambdaResponse {
        let id = path_id(&event)
            .map(str::to_owned)
            .or_else(|| put_id(&event));
        let id = id.unwrap_or_default();
        if id.len() > MAX_ID_BYTES && id.chars().count() <= MAX_ID_BYTES {
            return message(500, "Internal server error");
        }
        inner(event).await
    }
    wrap(inner, mutant)
}
