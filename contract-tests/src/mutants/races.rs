//! Bugs that show only now and then, or only to several clients at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use local::gateway::{Handler, LambdaResponse};

use super::event::{
    DELETE, Event, GET, LIST, PUT, around, json_string, members, message, other, path_id, put_id,
    reply, route, set_sent,
};
use crate::toolkit::json;

/// One write in fifty is acknowledged, and not stored.
pub(super) fn forgets_one_in_fifty(inner: Handler) -> Handler {
    async fn bug(inner: Handler, event: Event) -> LambdaResponse {
        static WRITES: AtomicUsize = AtomicUsize::new(0);
        let id = put_id(&event).filter(|_| route(&event) == PUT);
        match id {
            Some(id) if WRITES.fetch_add(1, Ordering::Relaxed) % 50 == 49 => {
                // What would have been refused still is.
                let stored = inner(other(&event, GET, &id)).await;
                match stored.response.status_code {
                    200 | 404 => reply(200, json_string(&format!("Put item {id}"))),
                    _ => inner(event).await,
                }
            }
            _ => inner(event).await,
        }
    }
    around(inner, bug)
}

/// All items are read before a write and written back after it, as one document would be.
pub(super) fn read_modify_write(inner: Handler) -> Handler {
    async fn bug(inner: Handler, event: Event) -> LambdaResponse {
        if ![PUT, DELETE].contains(&route(&event)) {
            return inner(event).await;
        }
        let written = path_id(&event)
            .map(str::to_owned)
            .or_else(|| put_id(&event));
        let page = inner(other(&event, LIST, "")).await;
        let answer = inner(event.clone()).await;
        if answer.response.status_code != 200 {
            return answer;
        }
        let items = members(&page).into_iter().find(|(name, _)| name == "Items");
        let items = items
            .and_then(|(_, items)| json::array(&items).ok())
            .unwrap_or_default();
        for item in items {
            let mut back = other(&event, PUT, "");
            set_sent(&mut back, item.get());
            if put_id(&back) != written {
                inner(back).await;
            }
        }
        answer
    }
    around(inner, bug)
}

/// An item is looked at before it is deleted, and what came meanwhile is deleted unseen.
pub(super) fn delete_then_put(inner: Handler) -> Handler {
    async fn bug(inner: Handler, event: Event) -> LambdaResponse {
        let id = put_id(&event).filter(|_| route(&event) == PUT);
        if let Some(id) = id {
            // Refused before anything is deleted, as it must be.
            let refused = inner(other(&event, GET, &id)).await;
            if ![200, 404].contains(&refused.response.status_code) {
                return message(400, "id is too long");
            }
            let stored = inner(event.clone()).await;
            if stored.response.status_code == 200 {
                inner(other(&event, DELETE, &id)).await;
                return inner(event).await;
            }
            return stored;
        }
        inner(event).await
    }
    around(inner, bug)
}
