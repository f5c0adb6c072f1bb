//! Mutants that fail only sometimes, or only with several clients at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use local::gateway::{Handler, LambdaResponse};

use super::event::{
    DELETE, Event, GET, LIST, PUT, derived_event, json_string, members, path_id, put_id, reply,
    route, set_event_body, wrap,
};
use crate::toolkit::json;

/// Acknowledges one PUT in fifty without storing it.
pub(super) fn forgets_one_in_fifty(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, event: Event) -> LambdaResponse {
        static WRITES: AtomicUsize = AtomicUsize::new(0);
        let id = put_id(&event).filter(|_| route(&event) == PUT);
        match id {
            Some(id) if WRITES.fetch_add(1, Ordering::Relaxed) % 50 == 49 => {
                // An invalid id is still refused.
                let stored = inner(derived_event(&event, GET, &id)).await;
                match stored.response.status_code {
                    200 | 404 => reply(200, json_string(&format!("Put item {id}"))),
                    _ => inner(event).await,
                }
            }
            _ => inner(event).await,
        }
    }
    wrap(inner, mutant)
}

/// Reads all items before a write and writes them back after it, as if they were one document.
pub(super) fn read_modify_write(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, event: Event) -> LambdaResponse {
        if ![PUT, DELETE].contains(&route(&event)) {
            return inner(event).await;
        }
        let written_id = path_id(&event)
            .map(str::to_owned)
            .or_else(|| put_id(&event));
        let page = inner(derived_event(&event, LIST, "")).await;
        let written = inner(event.clone()).await;
        if written.response.status_code != 200 {
            return written;
        }
        let items = members(&page).into_iter().find(|(name, _)| name == "Items");
        let items = items
            .and_then(|(_, items)| json::array(&items).ok())
            .unwrap_or_default();
        for item in items {
            let mut write_back = derived_event(&event, PUT, "");
            set_event_body(&mut write_back, item.get());
            if put_id(&write_back) != written_id {
                inner(write_back).await;
            }
        }
        written
    }
    wrap(inner, mutant)
}

/// Handles each valid PUT as PUT, DELETE and PUT: in between, a concurrent GET finds no item, and a concurrent PUT is
/// lost.
pub(super) fn delete_before_put(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, event: Event) -> LambdaResponse {
        let id = put_id(&event).filter(|_| route(&event) == PUT);
        if let Some(id) = id {
            // An invalid PUT is refused here, before anything is deleted.
            let stored = inner(event.clone()).await;
            if stored.response.status_code == 200 {
                inner(derived_event(&event, DELETE, &id)).await;
                return inner(event).await;
            }
            return stored;
        }
        inner(event).await
    }
    wrap(inner, mutant)
}
