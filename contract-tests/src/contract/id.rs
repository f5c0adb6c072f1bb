//! The id of an item: which ids PUT refuses, though GET and DELETE take them.

use crate::contract::limits::MAX_ID_BYTES;
use crate::request::json::Json;

/// The name of the id, the one field that an item must have.
pub const ID: &str = "id";

/// The ids that clients fold away from a path.
const DOTS: [&str; 2] = [".", ".."];

/// The characters of an id that no path carries to the item.
const SEPARATORS: [char; 3] = ['/', '?', '%'];

/// The reason why something is not the id of an item that is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdFault {
    /// There is none, or `null`.
    Missing,
    /// It is not a string.
    NotAString,
    /// It has no character.
    Empty,
    /// It has more than [`MAX_ID_BYTES`].
    TooLong,
    /// It could be put, but no path would lead to it.
    OutOfReach,
    /// It has a control character.
    Control,
}

impl IdFault {
    /// Returns the class of such an input, as the table of coverage names it.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Missing => "no id",
            Self::NotAString => "id no string",
            Self::Empty => "id empty",
            Self::TooLong => "id too long",
            Self::OutOfReach => "id that a path cannot carry",
            Self::Control => "id with a control character",
        }
    }
}

/// Reads the value of the field `id` of a PUT.
///
/// # Errors
/// The reason why it is not one.
pub fn read(value: &Json) -> Result<String, IdFault> {
    match value {
        Json::Text(id) => fault(id).map_or_else(|| Ok(id.clone()), Err),
        Json::Null => Err(IdFault::Missing),
        Json::Number(_) | Json::Other(_) => Err(IdFault::NotAString),
    }
}

/// Returns the reason for which PUT refuses this id, if it does.
#[must_use]
pub fn fault(id: &str) -> Option<IdFault> {
    match id {
        "" => Some(IdFault::Empty),
        _ if id.len() > MAX_ID_BYTES => Some(IdFault::TooLong),
        _ if DOTS.contains(&id) || id.contains(SEPARATORS) => Some(IdFault::OutOfReach),
        _ if id.contains(char::is_control) => Some(IdFault::Control),
        _ => None,
    }
}

/// Returns ids that PUT refuses for what is in them, of every kind.
#[must_use]
pub fn refused() -> Vec<String> {
    // The latter would be other ids if they were decoded once more.
    let dots = DOTS.into_iter().chain(["%41", "a%2Fb"]).map(str::to_owned);
    let separators = SEPARATORS
        .into_iter()
        .flat_map(|separator| [format!("{separator}"), format!("a{separator}b")]);
    let controls = ['\0', '\t', '\n', '\u{1f}', '\u{7f}', '\u{80}', '\u{9f}'];
    let controls = controls.into_iter().map(|control| format!("a{control}b"));
    dots.chain(separators).chain(controls).collect()
}
