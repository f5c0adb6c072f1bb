//! Mutants with bugs in reads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use local::gateway::{Handler, LambdaResponse, handler};

use super::event::{
    DELETE, Event, GET, LIST, PUT, derived_event, edit_page, fields, map_reply, members, path_id,
    put_id, reply_body, route, set_fields, set_reply_body, wrap,
};
use crate::contract::fields::is_known;

/// Answers GET from a cache that a PUT does not clear.
pub(super) fn cached_copy(inner: Handler) -> Handler {
    let cache = Arc::new(Mutex::new(HashMap::<String, String>::new()));
    handler(move |event: Event| {
        let (inner, cache) = (Handler::clone(&inner), Arc::clone(&cache));
        async move {
            let id = path_id(&event).unwrap_or_default().to_owned();
            let lock = || cache.lock().unwrap_or_else(PoisonError::into_inner);
            if route(&event) == DELETE {
                lock().remove(&id);
            }
            let read = route(&event) == GET;
            let mut reply = inner(event).await;
            if read && reply.response.status_code == 200 {
                let cached = lock()
                    .entry(id)
                    .or_insert_with(|| reply_body(&reply).to_owned())
                    .clone();
                set_reply_body(&mut reply, cached);
            }
            reply
        }
    })
}

/// Ends the list after its first page.
pub(super) fn only_first_page(inner: Handler) -> Handler {
    map_reply(inner, |event, reply| {
        if route(event) == LIST {
            edit_page(reply, |_, last| *last = None);
        }
    })
}

/// Begins each page with the last item of the page before.
pub(super) fn last_item_repeated(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, event: Event) -> LambdaResponse {
        let start = event.payload["queryStringParameters"]["exclusiveStartKey"].as_str();
        let last_item = match start.filter(|_| route(&event) == LIST) {
            None => None,
            Some(id) => {
                let found = inner(derived_event(&event, GET, id)).await;
                members(&found).into_iter().find(|(name, _)| name == "Item")
            }
        };
        let mut page = inner(event).await;
        if let Some((_, last_item)) = last_item {
            edit_page(&mut page, |items, _| items.insert(0, last_item));
        }
        page
    }
    wrap(inner, mutant)
}

/// Stores an unknown field, and shows it in GET.
pub(super) fn extra_field(inner: Handler) -> Handler {
    let extras = Arc::new(Mutex::new(HashMap::<String, String>::new()));
    handler(move |mut event: Event| {
        let (inner, extras) = (Handler::clone(&inner), Arc::clone(&extras));
        async move {
            let lock = || extras.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Some(sent), Some(id), PUT) = (fields(&event), put_id(&event), route(&event)) {
                let (kept, extra): (Vec<_>, Vec<_>) =
                    sent.into_iter().partition(|(name, _)| is_known(name));
                let extra = extra
                    .iter()
                    .map(|(name, value)| format!(",{name:?}:{value}"));
                lock().insert(id, extra.collect());
                set_fields(&mut event, &kept);
            }
            let id = path_id(&event)
                .filter(|_| route(&event) == GET)
                .map(str::to_owned);
            let mut reply = inner(event).await;
            if let (Some(id), 200) = (id, reply.response.status_code)
                && let Some(extra) = lock().get(&id)
            {
                let item = reply_body(&reply).trim_end_matches('}').to_owned();
                set_reply_body(&mut reply, format!("{item}{extra}}}}}"));
            }
            reply
        }
    })
}
