//! An item in the model: the values of its fields.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::contract::fields::{FIELDS, Field, FieldValue, Kind};
use crate::contract::id::ID;
use crate::request::concrete::Request;
use crate::request::json::Json;
use crate::request::operation::{Batch, ContentType, Id, JsonStyle, Object, Value};
use crate::toolkit::decimal::Decimal;
use crate::toolkit::text::Text;

/// Items by id.
pub type Items = BTreeMap<String, Item>;

/// An item without its id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item(BTreeMap<&'static str, FieldValue>);

impl Item {
    /// Returns an item in which every field contains the number of the write that stores the item.
    #[must_use]
    pub fn from_write(write: u64) -> Self {
        let value = |field: Field| match field.kind {
            Kind::Number => FieldValue::Number(Decimal::from(write)),
            Kind::Text => FieldValue::Text(format!("v{write}")),
        };
        Self(FIELDS.map(|field| (field.name, value(field))).into())
    }

    /// Returns the number of the write that stored the item; `None` if the fields do not agree on one.
    #[must_use]
    pub fn write_number(&self) -> Option<u64> {
        let write = self.0.values().find_map(|value| match value {
            FieldValue::Text(text) => text.strip_prefix('v')?.parse().ok(),
            FieldValue::Number(_) => None,
        })?;
        (*self == Self::from_write(write)).then_some(write)
    }

    /// Sets the value of a field.
    pub fn set(&mut self, field: &Field, value: FieldValue) {
        self.0.insert(field.name, value);
    }

    /// Returns the numbers in the item.
    pub fn numbers(&self) -> impl Iterator<Item = &Decimal> {
        self.0.values().filter_map(|value| match value {
            FieldValue::Number(number) => Some(number),
            FieldValue::Text(_) => None,
        })
    }

    /// Returns the names of the fields that the item has, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    /// Returns the texts in the item.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.values().filter_map(|value| match value {
            FieldValue::Text(text) => Some(text.as_str()),
            FieldValue::Number(_) => None,
        })
    }

    /// Returns the PUT of the item with this id.
    #[must_use]
    pub fn put(&self, id: &str) -> Request {
        let id = (ID.to_owned(), Json::Text(id.to_owned()));
        let fields = self.0.iter().map(|(name, value)| {
            let value = match value {
                FieldValue::Number(number) => Json::Number(number.to_string()),
                FieldValue::Text(text) => Json::Text(text.clone()),
            };
            ((*name).to_owned(), value)
        });
        let fields = std::iter::once(id).chain(fields).collect();
        Request::put_fields(fields, ContentType::Json)
    }

    /// Returns the item with this id as approximate JSON, for messages.
    #[must_use]
    pub fn shown(&self, id: &str) -> String {
        let mut shown = format!("{{\"{ID}\":{id:?}");
        for (name, value) in &self.0 {
            let _ = match value {
                FieldValue::Number(number) => write!(shown, ",\"{name}\":{number}"),
                FieldValue::Text(text) => write!(shown, ",\"{name}\":{text:?}"),
            };
        }
        shown + "}"
    }
}

/// Returns a batch of items with this text in the first field that holds a text.
#[must_use]
pub fn batch(count: u16, text: &Text) -> Batch {
    let id = Value::Id(Id::Text(Text::plain("many ")));
    let field = FIELDS.iter().find(|field| field.kind == Kind::Text);
    let text = field.map(|field| (field.name.to_owned(), Value::Text(text.clone())));
    let object = Object {
        fields: std::iter::once((ID.to_owned(), id)).chain(text).collect(),
        style: JsonStyle::Plain,
    };
    Batch { count, object }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_of_mixed_writes_has_no_write_number() {
        assert_eq!(Item::from_write(7).write_number(), Some(7));
        let mut mixed = Item::from_write(7);
        mixed.set(&FIELDS[0], FieldValue::Number(Decimal::from(8)));
        assert_eq!(mixed.write_number(), None);
        assert_eq!(Item::default().write_number(), None);
    }
}
