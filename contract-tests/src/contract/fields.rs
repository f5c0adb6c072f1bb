//! The fields of an item besides its id: the one table that the model, the parser, the generators, the classes of input
//! and the planted bugs go by. `definitions.rs` compares it with the service's list and with the documents.

use crate::contract::id::ID;
use crate::contract::limits::{EXPONENTS, MAX_DIGITS};
use crate::request::json::Json;
use crate::toolkit::decimal::Decimal;
use crate::toolkit::json;

/// Every field that an item may have.
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
pub enum Value {
    /// That of a [`Kind::Number`].
    Number(Decimal),
    /// That of a [`Kind::Text`].
    Text(String),
}

/// The reason why something is not the value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueFault {
    /// It is not a number.
    NotANumber,
    /// It has more than [`MAX_DIGITS`] significant digits.
    TooPrecise,
    /// It is neither zero nor within [`EXPONENTS`].
    OutOfRange,
    /// It is not a string.
    NotAString,
}

impl Field {
    /// Reads the value that a PUT sends; `None` for `null`, which is the same as no value.
    ///
    /// # Errors
    /// The reason why it is not one.
    pub fn sent(&self, value: &Json) -> Result<Option<Value>, ValueFault> {
        match (self.kind, value) {
            (_, Json::Null) => Ok(None),
            (Kind::Number, Json::Number(text)) => number(text).map(Value::Number).map(Some),
            (Kind::Number, Json::Text(_) | Json::Other(_)) => Err(ValueFault::NotANumber),
            (Kind::Text, Json::Text(text)) => Ok(Some(Value::Text(text.clone()))),
            (Kind::Text, Json::Number(_) | Json::Other(_)) => Err(ValueFault::NotAString),
        }
    }

    /// Reads the JSON text that an answer shows.
    ///
    /// # Errors
    /// What it is instead.
    pub fn shown(&self, text: &str) -> Result<Value, String> {
        let name = self.name;
        match self.kind {
            Kind::Number => Decimal::parse(text)
                .map(Value::Number)
                .ok_or_else(|| format!("{name} is {text} and not a number")),
            Kind::Text => json::string(text)
                .map(Value::Text)
                .map_err(|is| format!("{name} {is}")),
        }
    }
}

/// Reads a number that an item may have.
fn number(text: &str) -> Result<Decimal, ValueFault> {
    let number = Decimal::parse(text).ok_or(ValueFault::NotANumber)?;
    match number.magnitude() {
        Some(magnitude) if !EXPONENTS.contains(&magnitude) => Err(ValueFault::OutOfRange),
        _ if number.digits() > MAX_DIGITS => Err(ValueFault::TooPrecise),
        _ => Ok(number),
    }
}

/// Returns the field of this name, if it is one besides the id.
#[must_use]
pub fn find(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

/// Returns `true` if an item may have a field of this name.
#[must_use]
pub fn is_known(name: &str) -> bool {
    names().any(|known| known == name)
}

/// Returns every name that a field may have.
pub fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(ID).chain(FIELDS.map(|field| field.name))
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
            ("1e126", ValueFault::OutOfRange),
            ("9e-131", ValueFault::OutOfRange),
            (&format!("{nines}.9"), ValueFault::TooPrecise),
            ("1e999999999999999999999", ValueFault::OutOfRange),
            ("1.", ValueFault::NotANumber),
        ] {
            assert_eq!(number(text), Err(fault), "{text}");
        }
    }
}
