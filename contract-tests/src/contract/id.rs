//! The id of an item, and the ids that PUT refuses although GET and DELETE accept them.

use crate::contract::leaks::REFUSED_TEXT;
use crate::contract::limits::MAX_ID_BYTES;
use crate::request::concrete::{Request, RequestKind};
use crate::request::exchange::FOREIGN;
use crate::request::json::Json;

/// The name of the id, the one field that an item must have.
pub const ID: &str = "id";

/// The ids that clients remove from a path, as dot segments.
const DOTS: [&str; 2] = [".", ".."];

/// The characters that may change the meaning of an id in a path.
const SEPARATORS: [char; 3] = ['/', '?', '%'];

/// The fault of an item without an id, or with `null` as its id.
pub const MISSING: &str = "missing";

/// The fault of an id of more than [`MAX_ID_BYTES`].
pub const TOO_LONG: &str = "too long";

/// Returns the id in quotes, or [`FOREIGN`] if it does not have the prefix and so belongs to another user.
#[must_use]
pub fn shown(id: &str, prefix: &str) -> String {
    if id.starts_with(prefix) {
        format!("{id:?}")
    } else {
        FOREIGN.to_owned()
    }
}

/// Parses the value of the field `id` of a PUT.
///
/// # Errors
/// The fault of the value.
pub fn read(value: &Json) -> Result<String, &'static str> {
    match value {
        Json::Text(id) => fault(id).map_or_else(|| Ok(id.clone()), Err),
        Json::Null => Err(MISSING),
        Json::Number(_) | Json::Other(_) => Err("not a string"),
    }
}

/// Returns the fault for which PUT refuses this id, if it has one.
#[must_use]
pub fn fault(id: &str) -> Option<&'static str> {
    match id {
        "" => Some("empty"),
        _ if id.len() > MAX_ID_BYTES => Some(TOO_LONG),
        _ if DOTS.contains(&id) || id.contains(SEPARATORS) => Some("that a path cannot carry"),
        _ if id.contains(char::is_control) => Some("with a control character"),
        _ => None,
    }
}

/// Returns ids of every kind that PUT refuses because of their characters. More than half of them are so long that a
/// message cannot repeat them unnoticed.
#[must_use]
pub fn refused_ids() -> Vec<String> {
    let long = REFUSED_TEXT;
    // The last five would be different ids if they were decoded once more.
    let whole = DOTS.into_iter().chain(["%41", "a%2Fb"]).map(str::to_owned);
    let whole = whole.chain([
        format!("{long}%41"),
        format!("%41{long}"),
        format!("{long}%2Fb"),
    ]);
    let controls = ['\0', '\t', '\n', '\u{1f}', '\u{7f}', '\u{80}', '\u{9f}'];
    let within = SEPARATORS.into_iter().chain(controls);
    let within = within.flat_map(|c| [format!("{c}"), format!("{long}{c}"), format!("{long}{c}b")]);
    whole.chain(within).collect()
}

/// Returns the id in the path of a request, or in its fields if it has one there.
#[must_use]
pub fn of_request(request: &Request) -> Option<&str> {
    match &request.kind {
        RequestKind::Get(id) | RequestKind::Delete(id) => Some(id),
        RequestKind::Put {
            fields: Some(fields),
            ..
        } => {
            let mut ids = fields.iter().filter(|(name, _)| name == ID);
            ids.find_map(|(_, value)| value.as_text())
        }
        RequestKind::Put { fields: None, .. }
        | RequestKind::List { .. }
        | RequestKind::NoRoute(_) => None,
    }
}
