//! An item as PUT may store it.

use serde_json::value::RawValue;

use crate::attribute;
use crate::body::{self, Fields};
use crate::error::Error;
use crate::key::Key;
use crate::price::Price;

/// The largest item that DynamoDB takes, in bytes of attribute names and values.
///
/// Source: DynamoDB's quotas, "Item size".
pub const MAX_SIZE: usize = 409_600;

/// An item that fits in the table and can be read back by every client, through a real HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    id: Key,
    price: Option<Price>,
    name: Option<String>,
    size: usize,
}

impl Item {
    /// Reads the body of a PUT, one JSON object.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything that could not be stored or read back as it was sent, and
    /// [`Error::TooLarge`] over [`MAX_SIZE`].
    pub fn parse(body: &str) -> Result<Self, Error> {
        let fields = Fields::parse(body)?;
        let id = fields.id.ok_or(Error::invalid("id is missing"))?;
        let id = reachable(Key::parse(attribute::ID, body::string(attribute::ID, id)?)?)?;
        let price = present(fields.price).map(price).transpose()?;
        let name = present(fields.name)
            .map(|name| body::string(attribute::NAME, name))
            .transpose()?;

        let size = attribute::ID.len()
            + id.as_str().len()
            + price
                .as_ref()
                .map_or(0, |price| attribute::PRICE.len() + price.size())
            + name
                .as_ref()
                .map_or(0, |name| attribute::NAME.len() + name.len());
        if size > MAX_SIZE {
            return Err(Error::TooLarge);
        }
        Ok(Self {
            id,
            price,
            name,
            size,
        })
    }

    /// The partition key.
    #[must_use]
    pub fn id(&self) -> &Key {
        &self.id
    }

    /// The price, if it has one.
    #[must_use]
    pub fn price(&self) -> Option<&Price> {
        self.price.as_ref()
    }

    /// The name, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The bytes that DynamoDB counts for it, at most [`MAX_SIZE`].
    ///
    /// Source: DynamoDB's "Item sizes and formats".
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }
}

/// `null` says the same as leaving the field out.
fn present(value: Option<&RawValue>) -> Option<&RawValue> {
    value.filter(|value| value.get() != "null")
}

fn price(value: &RawValue) -> Result<Price, Error> {
    Price::parse(value.get()).map_err(|refusal| Error::Invalid(format!("price {refusal}")))
}

/// Refuses an id that could be put but never read or deleted again: an HTTP API decodes a path twice
/// and cuts it at `?`, and clients fold `.` and `..` away. Control characters are refused by choice.
fn reachable(id: Key) -> Result<Key, Error> {
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
        assert_eq!((item.price(), item.name()), (None, None));
        let item = Item::parse(r#"{"id":"a","price":0,"name":""}"#).unwrap();
        assert_eq!(
            (item.price().unwrap().to_string().as_str(), item.name()),
            ("0", Some(""))
        );
    }

    #[test]
    fn ids_that_no_path_carries_are_refused() {
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
    fn nothing_but_a_number_is_a_price() {
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
    fn size_is_bounded_to_the_byte() {
        let put = |length: usize| {
            Item::parse(&format!(
                r#"{{"id":"s","price":-123,"name":"{}"}}"#,
                "x".repeat(length)
            ))
        };
        // id + s, price + (2 digits' bytes + 1 + the sign), name + x…
        let fits = MAX_SIZE - (2 + 1) - (5 + 4) - 4;
        assert_eq!(put(fits).unwrap().size(), MAX_SIZE);
        assert!(matches!(put(fits + 1), Err(Error::TooLarge)));
    }
}
