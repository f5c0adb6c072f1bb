//! The attributes of an item, named the same in the table and in JSON.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::price::Price;

/// An item as the table stores it. Any writer may have stored it, with any attributes.
pub type Attributes = HashMap<String, AttributeValue>;

/// The partition key, a string.
pub const ID: &str = "id";
/// The price, an optional number.
pub const PRICE: &str = "price";
/// The name, an optional string.
pub const NAME: &str = "name";

/// Every attribute, in the order of the responses.
pub const ALL: [&str; 3] = [ID, PRICE, NAME];

/// The name of the table's partition key, of type S. The table has no sort key.
pub const PARTITION_KEY: &str = ID;

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
