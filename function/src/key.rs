//! The partition key of an item, in paths and start keys.

use crate::error::Error;
use crate::limits::MAX_ID_BYTES;

/// The partition key of an item that may be in the table: 1 to [`MAX_ID_BYTES`] bytes of UTF-8.
///
/// Any writer may have stored it, so there is no other restriction here. PUT accepts less: see
/// [`Item::parse`](crate::item::Item::parse).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// Parses the value of `field`, the name that an error message uses.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the value is empty or longer than [`MAX_ID_BYTES`].
    pub fn parse(field: &str, value: impl Into<String>) -> Result<Self, Error> {
        let value = value.into();
        match value.len() {
            0 => Err(Error::Invalid(format!("{field} must not be empty"))),
            1..=MAX_ID_BYTES => Ok(Self(value)),
            length => Err(Error::Invalid(format!(
                "{field} is {length} bytes of UTF-8: the most is {MAX_ID_BYTES}"
            ))),
        }
    }

    /// Returns the key as DynamoDB stores it. DynamoDB compares keys byte by byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_bytes() {
        assert!(Key::parse("id", "").is_err());
        assert!(Key::parse("id", "a".repeat(2048)).is_ok());
        assert!(Key::parse("id", "a".repeat(2049)).is_err());
        assert!(Key::parse("id", "😀".repeat(512)).is_ok());
        assert!(Key::parse("id", "😀".repeat(513)).is_err());
    }

    #[test]
    fn ids_that_put_refuses_can_still_be_read() {
        for id in [".", "..", "a/b", "50%", "a?b", "line\nbreak"] {
            assert_eq!(Key::parse("id", id).unwrap().as_str(), id);
        }
    }
}
