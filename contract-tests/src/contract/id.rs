//! The id of an item: which ids PUT refuses, though GET and DELETE take them.

use crate::contract::limits::MAX_ID_BYTES;
use crate::request::json::Json;

/// The name of the id, the one field that an item must have.
pub const ID: &str = "id";

/// The ids that clients fold away from a path.
const DOTS: [&str; 2] = [".", ".."];

/// The characters of an id that no path carries to the item.
const SEPARATORS: [char; 3] = ['/', '?', '%'];

/// The fault of an item without an id, or with `null` for one.
pub const MISSING: &str = "missing";

/// The fault of an id of more than [`MAX_ID_BYTES`].
pub const TOO_LONG: &str = "too long";

/// Reads the value of the field `id` of a PUT.
///
/// # Errors
/// Its fault.
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

/// Returns ids that PUT refuses for what is in them, of every kind.
#[must_use]
pub fn refused_ids() -> Vec<String> {
    // The latter would be other ids if they were decoded once more.
    let whole = DOTS.into_iter().chain(["%41", "a%2Fb"]).map(str::to_owned);
    let controls = ['\0', '\t', '\n', '\u{1f}', '\u{7f}', '\u{80}', '\u{9f}'];
    let within = SEPARATORS.into_iter().chain(controls);
    let within = within.flat_map(|c| [format!("{c}"), format!("a{c}"), format!("a{c}b")]);
    whole.chain(within).collect()
}
