//! The list of the fields of an item besides its id, which the model, the parser, the generators, the classes of input
//! and the mutants use. `tests::definitions` compares it with the service's list and with the documents.

use crate::contract::id::ID;
use crate::contract::limits::{EXPONENTS, MAX_DIGITS};
use crate::request::json::Json;
use crate::toolkit::decimal::Decimal;
use crate::toolkit::json;

/// Every field that an item may have besides its id.
pub const FIELDS: [Field; 2] = [
    Field {
        name: "price",
        kind: Kind::Number,
    },
    Field {
        name: "name",
        kind: Kind::Text,
    },
];

/// A field that an item may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// The kind of its values.
    pub kind: Kind,
}

/// The kind of a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An exact decimal, within the limits.
    Number,
    /// Any string.
    Text,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// The value of a [`Kind::Number`].
    Number(Decimal),
    /// The value of a [`Kind::Text`].
    Text(String),
}

/// The fault of a number of more than [`MAX_DIGITS`] significant digits.
pub const TOO_PRECISE: &str = "of too many digits";

/// The fault of a number that is neither zero nor within [`EXPONENTS`].
pub const OUT_OF_RANGE: &str = "out of range";

/// The fault of a value that is not a number.
const NOT_A_NUMBER: &str = "not a number";

impl Field {
    /// Parses the value that a PUT sends; `None` for `null`, which counts as absent.
    ///
    /// # Errors
    /// The fault of the value.
    pub fn parse_sent(&self, value: &Json) -> Result<Option<FieldValue>, &'static str> {
        match (self.kind, value) {
            (_, Json::Null) => Ok(None),
            (Kind::Number, Json::Number(text)) => number(text).map(FieldValue::Number).map(Some),
            (Kind::Number, Json::Text(_) | Json::Other(_)) => Err(NOT_A_NUMBER),
            (Kind::Text, Json::Text(text)) => Ok(Some(FieldValue::Text(text.clone()))),
            (Kind::Text, Json::Number(_) | Json::Other(_)) => Err("not a string"),
        }
    }

    /// Parses the JSON text that a response shows.
    ///
    /// # Errors
    /// If the text is not a value of this kind.
    pub fn parse_shown(&self, text: &str) -> Result<FieldValue, String> {
        let name = self.name;
        match self.kind {
            Kind::Number => Decimal::parse(text)
                .map(FieldValue::Number)
                .ok_or_else(|| format!("{name} is {text}, not a number")),
            Kind::Text => json::string(text)
                .map(FieldValue::Text)
                .map_err(|fault| format!("{name} {fault}")),
        }
    }
}

/// Parses a number, which must be within the limits of an item.
fn number(text: &str) -> Result<Decimal, &'static str> {
    let number = Decimal::parse(text).ok_or(NOT_A_NUMBER)?;
    match number.magnitude() {
        Some(magnitude) if !EXPONENTS.contains(&magnitude) => Err(OUT_OF_RANGE),
        _ if number.digits() > MAX_DIGITS => Err(TOO_PRECISE),
        _ => Ok(number),
    }
}

/// Returns the field of this name, if it is one of [`FIELDS`].
#[must_use]
pub fn find(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

/// Returns `true` if an item may have a field of this name.
#[must_use]
pub fn is_known(name: &str) -> bool {
    names().any(|known| known == name)
}

/// Returns the names of all fields, the id first.
pub fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(ID).chain(FIELDS.map(|field| field.name))
}

/// Returns the names as a list in a sentence: `id, price and name`.
#[must_use]
pub fn joined_names() -> String {
    let [first @ .., last] = FIELDS.map(|field| field.name);
    let first = [&[ID], &first[..]].concat();
    format!("{} and {last}", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_limits() {
        let nines = "9".repeat(MAX_DIGITS);
        for text in ["0", "1e-130", "-9.99e125", "0.1e126", &nines] {
            assert!(number(text).is_ok(), "{text}");
        }
        for (text, fault) in [
            ("1e126", OUT_OF_RANGE),
            ("9e-131", OUT_OF_RANGE),
            (&format!("{nines}.9"), TOO_PRECISE),
            ("1e999999999999999999999", OUT_OF_RANGE),
            ("1.", NOT_A_NUMBER),
        ] {
            assert_eq!(number(text), Err(fault), "{text}");
        }
    }
}
