//! An item as PUT may store it.

use serde_json::value::RawValue;

use crate::attribute::{self, Value};
use crate::body::{self, Fields};
use crate::error::Error;
use crate::key::Key;
use crate::limits::MAX_ITEM_BYTES;
use crate::price::Price;

/// An item that fits in the table, and that every client can read back through a real HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    id: Key,
    price: Option<Price>,
    name: Option<String>,
}

impl Item {
    /// Parses the body of a PUT, one JSON object.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the item could not be stored or read back unchanged, and [`Error::TooLarge`] if it
    /// exceeds [`MAX_ITEM_BYTES`].
    pub fn parse(body: &str) -> Result<Self, Error> {
        let fields = Fields::parse(body)?;
        let id = fields
            .get(attribute::ID)
            .ok_or(Error::invalid("id is missing"))?;
        let item = Self {
            id: ensure_addressable(Key::parse(attribute::ID, body::string(attribute::ID, id)?)?)?,
            price: optional(&fields, attribute::PRICE, price)?,
            name: optional(&fields, attribute::NAME, body::string)?,
        };
        if item.size() > MAX_ITEM_BYTES {
            return Err(Error::TooLarge);
        }
        Ok(item)
    }

    /// Returns the attributes that the item has, each name with its value. The size and the table operations use this
    /// list.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, Value<'_>)> {
        // Destructured in full, so that the compiler rejects a forgotten field.
        let Self { id, price, name } = self;
        let attributes = [
            Some((attribute::ID, Value::Text(id.as_str()))),
            price
                .as_ref()
                .map(|price| (attribute::PRICE, Value::Number(price))),
            name.as_ref()
                .map(|name| (attribute::NAME, Value::Text(name))),
        ];
        attributes.into_iter().flatten()
    }

    /// Returns the partition key.
    #[must_use]
    pub fn id(&self) -> &Key {
        &self.id
    }

    /// Returns the size that DynamoDB counts for the item, in bytes: at most [`MAX_ITEM_BYTES`].
    ///
    /// Source: DynamoDB's "Item sizes and formats".
    #[must_use]
    pub fn size(&self) -> usize {
        let attributes = self.attributes();
        attributes
            .map(|(name, value)| name.len() + value.size())
            .sum()
    }
}

/// Parses the value of an optional field. `null` means the same as a missing field.
fn optional<T>(
    fields: &Fields<'_>,
    name: &str,
    read: impl Fn(&str, &RawValue) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let value = fields.get(name).filter(|value| value.get() != "null");
    value.map(|value| read(name, value)).transpose()
}

fn price(field: &str, value: &RawValue) -> Result<Price, Error> {
    Price::parse(value.get()).map_err(|error| Error::Invalid(format!("{field} {error}")))
}

/// Rejects an id that could be put but never read or deleted: an HTTP API decodes a path twice and cuts it at `?`,
/// and clients remove `.` and `..`. Control characters are rejected by choice.
fn ensure_addressable(id: Key) -> Result<Key, Error> {
    let text = id.as_str();
    if text == "." || text == ".." {
        return Err(Error::invalid("id must not be \".\" or \"..\""));
    }
    if text.contains(['/', '?', '%']) {
        return Err(Error::invalid("id must not contain \"/\", \"?\" or \"%\""));
    }
    if text.contains(char::is_control) {
        return Err(Error::invalid("id must not contain control characters"));
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_absent_and_empty_is_not() {
        let item = Item::parse(r#"{"id":"a","price":null,"name":null}"#).unwrap();
        assert!(item.attributes().eq([("id", Value::Text("a"))]));
        let item = Item::parse(r#"{"id":"a","price":0,"name":""}"#).unwrap();
        let zero = Price::parse("0").unwrap();
        assert!(item.attributes().eq([
            ("id", Value::Text("a")),
            ("price", Value::Number(&zero)),
            ("name", Value::Text("")),
        ]));
    }

    #[test]
    fn every_attribute_is_read_and_listed() {
        let item = Item::parse(r#"{"id":"a","price":0,"name":""}"#).unwrap();
        let names = item.attributes().map(|(name, _)| name);
        assert!(names.eq(attribute::ALL));
    }

    #[test]
    fn ids_that_no_path_can_carry_and_control_characters_are_refused() {
        let put = |id: &str| {
            Item::parse(&format!(
                r#"{{"id":{}}}"#,
                serde_json::to_string(id).unwrap()
            ))
        };
        for id in [
            "/", "a/b", "a?b", "50%", ".", "..", "\0", "a\tb", "\u{7f}", "\u{80}", "\u{9f}", "",
        ] {
            assert!(put(id).is_err(), "{id:?}");
        }
        for id in [
            "...", ".a", "a#b", " ", "a b", "😀", "\u{a0}", "e\u{301}", "é", "+", "\u{2028}",
        ] {
            assert_eq!(put(id).unwrap().id().as_str(), id);
        }
    }

    #[test]
    fn only_a_string_is_an_id() {
        for id in ["null", "1", "true", "[]", "{}", r#"["a"]"#] {
            assert!(Item::parse(&format!(r#"{{"id":{id}}}"#)).is_err(), "{id}");
        }
        assert!(Item::parse("{}").is_err());
    }

    #[test]
    fn only_a_number_is_a_price() {
        for price in [
            r#""1""#,
            "true",
            "[1]",
            "{}",
            r#"{"$serde_json::private::Number":"1"}"#,
            r#"{"$serde_json::private::RawValue":"1"}"#,
        ] {
            assert!(
                Item::parse(&format!(r#"{{"id":"a","price":{price}}}"#)).is_err(),
                "{price}"
            );
        }
    }

    #[test]
    fn the_size_limit_is_exact_to_the_byte() {
        let put = |length: usize| {
            Item::parse(&format!(
                r#"{{"id":"s","price":-123,"name":"{}"}}"#,
                "x".repeat(length)
            ))
        };
        // id + s, price + (2 bytes of digits + 1 + the sign), name + x…
        let fits = MAX_ITEM_BYTES - (2 + 1) - (5 + 4) - 4;
        assert_eq!(put(fits).unwrap().size(), MAX_ITEM_BYTES);
        assert!(matches!(put(fits + 1), Err(Error::TooLarge)));
    }
}
