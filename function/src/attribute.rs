//! The attributes of an item, named the same in the table and in JSON.

use crate::price::Price;

/// The partition key, a string.
pub const ID: &str = "id";
/// The price, an optional number.
pub const PRICE: &str = "price";
/// The name, an optional string.
pub const NAME: &str = "name";

/// Every attribute, in the order of the responses.
pub const ALL: [&str; 3] = [ID, PRICE, NAME];

/// The value of an attribute, borrowed from its item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A string.
    Text(&'a str),
    /// A number.
    Number(&'a Price),
}

impl Value<'_> {
    /// Returns the size that DynamoDB counts for the value, in bytes, without the name.
    ///
    /// Source: DynamoDB's "Item sizes and formats".
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Number(number) => number.size(),
        }
    }
}
