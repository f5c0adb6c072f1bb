//! Mutants that treat different ids as the same.

use local::gateway::Handler;
use percent_encoding::percent_decode_str;

use super::event::{Event, map_event, path_id, put_id, set_id};

/// Lower-cases ids.
pub(super) fn case_folded(inner: Handler) -> Handler {
    map_event(inner, |event| map_id(event, str::to_lowercase))
}

/// Composes `é` in ids, as Unicode normalisation would.
pub(super) fn normalised(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_id(event, |id| id.replace("e\u{301}", "\u{e9}"));
    })
}

/// Trims the spaces around ids.
pub(super) fn trimmed(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_id(event, |id| id.trim_matches(' ').to_owned());
    })
}

/// Decodes the id in the path again, after the gateway.
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
