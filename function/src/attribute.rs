//! The names of an item's attributes, the same in the table and in JSON.

/// The partition key, a string.
pub const ID: &str = "id";
/// The price, a number, or absent.
pub const PRICE: &str = "price";
/// The name, a string, or absent.
pub const NAME: &str = "name";
