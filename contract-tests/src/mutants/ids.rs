//! Bugs in which ids are one and the same.

use local::gateway::Handler;
use percent_encoding::percent_decode_str;

use super::event::{Event, map_event, path_id, put_id, set_id};

/// Ids differ in more than the case of their letters, or are the same.
pub(super) fn case_folded(inner: Handler) -> Handler {
    map_event(inner, |event| map_id(event, str::to_lowercase))
}

/// Ids are composed before they are compared.
pub(super) fn normalised(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_id(event, |id| id.replace("e\u{301}", "\u{e9}"));
    })
}

/// Spaces around an id are cut off.
pub(super) fn trimmed(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_id(event, |id| id.trim_matches(' ').to_owned());
    })
}

/// The id in the path, which the gateway has decoded, is decoded again.
pub(super) fn decoded_twice(inner: Handler) -> Handler {
    map_event(inner, |event| {
        if let Some(id) = path_id(event) {
            let decoded = percent_decode_str(id).decode_utf8().map(String::from);
            if let Ok(decoded) = decoded {
                set_id(event, &decoded);
            }
        }
    })
}

fn map_id(event: &mut Event, change: impl Fn(&str) -> String) {
    let id = path_id(event).map(str::to_owned).or_else(|| put_id(event));
    if let Some(id) = id {
        set_id(event, &change(&id));
    }
}
