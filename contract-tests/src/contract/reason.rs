//! The reasons to refuse a request. Each has a status, a word that the message must contain, and a class of input.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::contract::fields::names;
use crate::contract::id::{self, ID};
use crate::contract::limits::{MAX_ID_BYTES, MAX_NAME_SHOWN, PAGE_LIMITS};
use crate::toolkit::json;

/// The reason to refuse an item that is too large.
pub const TOO_LARGE: Reason = Reason::Part("item", "too large");

/// The fault of a header that is neither `*` nor a list of tags.
pub const MALFORMED: &str = "malformed";

/// A reason to refuse a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The part of the request with this name, which the message must contain, has this fault.
    Part(&'static str, &'static str),
    /// The condition of the header with this name, which the message must contain, does not hold.
    Precondition(&'static str),
    /// An item cannot have a field of this name.
    UnknownField(String),
    /// The field of this name occurs twice.
    DuplicateField(String),
    /// A string in the body has a lone surrogate, which UTF-8 cannot encode. The field is the known one whose value the
    /// string is, if there is one.
    LoneSurrogate(Option<&'static str>),
}

impl Reason {
    /// Returns the status of the response.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Precondition(_) => 412,
            Self::Part(..) if *self == TOO_LARGE => 413,
            Self::Part(..)
            | Self::UnknownField(_)
            | Self::DuplicateField(_)
            | Self::LoneSurrogate(_) => 400,
        }
    }

    /// Returns the class of the input, as the coverage table names it.
    #[must_use]
    pub fn class(&self) -> String {
        match self {
            Self::Part(part, fault) => format!("{part} {fault}"),
            Self::Precondition(header) => format!("{header} that does not hold"),
            Self::UnknownField(_) => "unknown field".to_owned(),
            Self::DuplicateField(_) => "field twice".to_owned(),
            Self::LoneSurrogate(_) => "body with a lone surrogate".to_owned(),
        }
    }

    /// Returns `true` if the message names the faulty part of the request.
    #[must_use]
    pub fn is_named_in(&self, message: &str) -> bool {
        let has = |wanted: &str| {
            let mut words = message.split(|c: char| !c.is_alphanumeric() && c != '-');
            words.any(|word| word == wanted)
        };
        match self {
            Self::Part(part, _) | Self::Precondition(part) => has(part),
            Self::LoneSurrogate(field) => has(field.unwrap_or("body")),
            Self::UnknownField(name) | Self::DuplicateField(name) => {
                let shown: String = name.chars().take(MAX_NAME_SHOWN).collect();
                // In quotes, with or without escapes.
                let quoted = [format!("{shown:?}"), format!("\"{shown}\"")];
                quoted.iter().any(|quoted| message.contains(quoted))
            }
        }
    }
}

/// Returns the reason to refuse bytes. They must not be an item: the fields of an object are not checked.
#[must_use]
pub fn for_raw_body(body: &[u8]) -> Reason {
    let value = std::str::from_utf8(body).map(serde_json::from_str::<&RawValue>);
    let fault = match value {
        Err(_) => "not UTF-8",
        Ok(_) if body.is_empty() => "empty",
        Ok(Err(_)) => "not JSON",
        Ok(Ok(value)) => match value.get() {
            "{}" => return Reason::Part(ID, id::MISSING),
            text if !text.starts_with('{') => "not an object",
            object => match lone_surrogate(object) {
                Some(reason) => return reason,
                None => "not JSON",
            },
        },
    };
    Reason::Part("body", fault)
}

/// Returns the reason to refuse an object with an escaped surrogate; `None` if it has none. Does not look for the other
/// half of a pair, because bodies that are not items never have a whole pair.
fn lone_surrogate(object: &str) -> Option<Reason> {
    if !object.to_lowercase().contains("\\ud") {
        return None;
    }
    // If a name has the lone surrogate, none of the names can be read.
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(object).unwrap_or_default();
    let has_lone_surrogate = |name: &&str| {
        let value = members.get(*name).map(|value| value.get());
        value.is_some_and(|value| value.starts_with('"') && json::string(value).is_err())
    };
    Some(Reason::LoneSurrogate(names().find(has_lone_surrogate)))
}

/// Parses the parameter `limit`.
///
/// # Errors
/// The reason to refuse it.
pub fn parse_limit(text: &str) -> Result<usize, Reason> {
    let limit: Option<u128> = text.parse().ok().filter(|_| !text.starts_with('+'));
    let limit = limit.ok_or(Reason::Part("limit", "not a whole number"))?;
    let in_range = u16::try_from(limit)
        .ok()
        .filter(|limit| PAGE_LIMITS.contains(limit));
    in_range
        .map(usize::from)
        .ok_or(Reason::Part("limit", "out of range"))
}

/// Returns the reason to refuse the parameter `exclusiveStartKey`, if there is one.
#[must_use]
pub fn for_start_key(key: &str) -> Option<Reason> {
    let fault = match key.len() {
        0 => "empty",
        1..=MAX_ID_BYTES => return None,
        _ => "too long",
    };
    Some(Reason::Part("exclusiveStartKey", fault))
}
