//! The reasons for which a request is refused: which status each has, what its message must name, and which class of
//! input it is.

use serde_json::value::RawValue;

use crate::contract::fields::{self, Field, ValueFault};
use crate::contract::id::{ID, IdFault};
use crate::contract::limits::{MAX_ID_BYTES, PAGE_LIMITS};

/// The most characters of a field's name that a message may repeat.
pub const MAX_NAME_SHOWN: usize = 64;

/// A reason for which a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The body of a PUT is not one JSON object.
    Body(BodyFault),
    /// A field is not one of an item.
    UnknownField(String),
    /// A field comes a second time.
    DuplicateField(String),
    /// The id is not one.
    Id(IdFault),
    /// The value of a field is not one.
    Value(&'static Field, ValueFault),
    /// The item is larger than an item may be.
    TooLarge,
    /// A parameter of the list is not one.
    Parameter(&'static str, ParameterFault),
}

/// The reason why the body of a PUT is not one JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// It has no bytes.
    Empty,
    /// It is not UTF-8.
    NotUtf8,
    /// It is not JSON.
    NotJson,
    /// It is JSON, and not an object.
    NotAnObject,
    /// A string in it has half a character, which no UTF-8 can hold.
    LoneSurrogate,
}

/// The reason why a parameter of the list is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterFault {
    /// It is not a whole number.
    NotAWholeNumber,
    /// It is a whole number outside of [`PAGE_LIMITS`].
    OutOfRange,
    /// It has no character.
    Empty,
    /// It has more bytes than an id.
    TooLong,
}

impl Reason {
    /// Returns the status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::TooLarge => 413,
            Self::Body(_)
            | Self::UnknownField(_)
            | Self::DuplicateField(_)
            | Self::Id(_)
            | Self::Value(..)
            | Self::Parameter(..) => 400,
        }
    }

    /// Returns the class of such an input, as the table of coverage names it.
    #[must_use]
    pub fn class(&self) -> String {
        match self {
            Self::Body(fault) => match fault {
                BodyFault::Empty => "body empty",
                BodyFault::NotUtf8 => "body not UTF-8",
                BodyFault::NotJson => "body not JSON",
                BodyFault::NotAnObject => "body no object",
                BodyFault::LoneSurrogate => "body with a lone surrogate",
            }
            .to_owned(),
            Self::UnknownField(_) => "unknown field".to_owned(),
            Self::DuplicateField(_) => "field twice".to_owned(),
            Self::Id(fault) => fault.class().to_owned(),
            Self::Value(field, fault) => {
                let fault = match fault {
                    ValueFault::NotANumber => "no number",
                    ValueFault::TooPrecise => "of 39 digits",
                    ValueFault::OutOfRange => "out of range",
                    ValueFault::NotAString => "no string",
                };
                format!("{} {fault}", field.name)
            }
            Self::TooLarge => "item too large".to_owned(),
            Self::Parameter(name, fault) => {
                // In the words of the contract, a start key.
                let name = if *name == "limit" { name } else { "start key" };
                let fault = match fault {
                    ParameterFault::NotAWholeNumber => "no whole number",
                    ParameterFault::OutOfRange => "out of range",
                    ParameterFault::Empty => "empty",
                    ParameterFault::TooLong => "too long",
                };
                format!("{name} {fault}")
            }
        }
    }

    /// Returns `true` if a message tells the client where to look.
    #[must_use]
    pub fn is_told_by(&self, message: &str) -> bool {
        let names = |wanted: &str| {
            let mut words = message.split(|c: char| !c.is_alphanumeric());
            words.any(|word| word == wanted)
        };
        match self {
            // Half a character may be in the value of a field.
            Self::Body(BodyFault::LoneSurrogate) => names("body") || fields::names().any(names),
            Self::Body(_) => names("body"),
            Self::UnknownField(name) | Self::DuplicateField(name) => {
                let shown: String = name.chars().take(MAX_NAME_SHOWN).collect();
                message.contains(&format!("{shown:?}"))
            }
            Self::Id(_) => names(ID),
            Self::Value(field, _) => names(field.name),
            Self::TooLarge => names("item"),
            Self::Parameter(name, _) => names(name),
        }
    }
}

/// Returns the reason to refuse a body that is not an item, whatever its bytes.
#[must_use]
pub fn of_raw(body: &[u8]) -> Reason {
    let Ok(text) = std::str::from_utf8(body) else {
        return Reason::Body(BodyFault::NotUtf8);
    };
    if text.is_empty() {
        return Reason::Body(BodyFault::Empty);
    }
    let Ok(value) = serde_json::from_str::<&RawValue>(text) else {
        return Reason::Body(BodyFault::NotJson);
    };
    match value.get() {
        "{}" => Reason::Id(IdFault::Missing),
        object if !object.starts_with('{') => Reason::Body(BodyFault::NotAnObject),
        object if object.to_lowercase().contains("\\ud") => Reason::Body(BodyFault::LoneSurrogate),
        _ => Reason::Body(BodyFault::NotJson),
    }
}

/// Reads the parameter `limit`.
///
/// # Errors
/// The reason to refuse it.
pub fn limit(text: &str) -> Result<usize, Reason> {
    let wrong = |fault| Reason::Parameter("limit", fault);
    let limit: u128 = text
        .parse()
        .ok()
        .filter(|_| !text.starts_with('+'))
        .ok_or(wrong(ParameterFault::NotAWholeNumber))?;
    usize::try_from(limit)
        .ok()
        .filter(|_| PAGE_LIMITS.contains(&limit))
        .ok_or(wrong(ParameterFault::OutOfRange))
}

/// Returns the reason to refuse the parameter `exclusiveStartKey`, if there is one.
#[must_use]
pub fn of_start_key(id: &str) -> Option<Reason> {
    let fault = match id.len() {
        0 => ParameterFault::Empty,
        1..=MAX_ID_BYTES => return None,
        _ => ParameterFault::TooLong,
    };
    Some(Reason::Parameter("exclusiveStartKey", fault))
}
