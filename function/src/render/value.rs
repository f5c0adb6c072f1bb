//! An item as the responses show it, from the SDK's map or directly from DynamoDB's JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::attribute::{self, Attributes, PARTITION_KEY};
use crate::price::Price;
use crate::response::ResponseWriter;

/// The known attributes of an item, in the order of [`attribute::ALL`]. Other writers may have stored more, which are
/// not shown.
#[derive(Debug, Default)]
pub(super) struct ShownItem<'a>([Option<ShownValue<'a>>; attribute::ALL.len()]);

/// The value of an attribute as plain JSON. Any writer may have stored it, with any type.
#[derive(Debug)]
enum ShownValue<'a> {
    Text(Text<'a>),
    Number(Text<'a>),
    /// Binary, in base64.
    Binary(Text<'a>),
    Bool(bool),
    /// A list or a set.
    List(Vec<Self>),
    Map(BTreeMap<Text<'a>, Self>),
    /// NULL, or a type that DynamoDB may add in future.
    Null,
}

/// A string, borrowed from the JSON if it has no escapes.
#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl<'a> ShownItem<'a> {
    /// Returns the slot for the value of an attribute, or `None` if it is not shown.
    fn slot(&mut self, name: &str) -> Option<&mut Option<ShownValue<'a>>> {
        // Comparing the few names costs less than looking up each of them in a map.
        let index = attribute::ALL.iter().position(|known| *known == name);
        self.0.get_mut(index?)
    }

    /// Returns the id of an item or of a key, or `None` if there is none: the table then has a different key.
    pub fn into_id(mut self) -> Option<Cow<'a, str>> {
        match self.slot(PARTITION_KEY)?.take() {
            Some(ShownValue::Text(Text(id))) if !id.is_empty() => Some(id),
            _ => None,
        }
    }
}

impl<'a> From<&'a Attributes> for ShownItem<'a> {
    fn from(attributes: &'a Attributes) -> Self {
        let mut item = Self::default();
        for (name, value) in attributes {
            if let Some(shown) = item.slot(name) {
                *shown = Some(value.into());
            }
        }
        item
    }
}

impl<'de> Deserialize<'de> for ShownItem<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ShownItemVisitor)
    }
}

struct ShownItemVisitor;

impl<'de> Visitor<'de> for ShownItemVisitor {
    type Value = ShownItem<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ShownItem<'de>, A::Error> {
        let mut item = ShownItem::default();
        while let Some(Text(name)) = map.next_key()? {
            match item.slot(&name) {
                Some(shown) => *shown = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(item)
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(text.into())
    }
}

impl<'a> From<&'a AttributeValue> for ShownValue<'a> {
    fn from(value: &'a AttributeValue) -> Self {
        fn list<'a, T>(values: &'a [T], value: impl Fn(&'a T) -> ShownValue<'a>) -> ShownValue<'a> {
            ShownValue::List(values.iter().map(value).collect())
        }
        let text = |text: &'a String| Self::Text(text.as_str().into());
        let number = |number: &'a String| Self::Number(number.as_str().into());
        let binary = |bytes: &[u8]| Self::Binary(Text(BASE64.encode(bytes).into()));
        match value {
            AttributeValue::S(value) => text(value),
            AttributeValue::N(value) => number(value),
            AttributeValue::B(value) => binary(value.as_ref()),
            AttributeValue::Bool(value) => Self::Bool(*value),
            AttributeValue::Ss(values) => list(values, text),
            AttributeValue::Ns(values) => list(values, number),
            AttributeValue::Bs(values) => list(values, |value| binary(value.as_ref())),
            AttributeValue::L(values) => list(values, Self::from),
            AttributeValue::M(members) => Self::Map(
                members
                    .iter()
                    .map(|(name, value)| (name.as_str().into(), value.into()))
                    .collect(),
            ),
            _ => Self::Null,
        }
    }
}

impl<'de> Deserialize<'de> for ShownValue<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ShownValueVisitor)
    }
}

/// The visitor of a value in DynamoDB's JSON, an object with one member: its name is the type.
struct ShownValueVisitor;

impl<'de> Visitor<'de> for ShownValueVisitor {
    type Value = ShownValue<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ShownValue<'de>, A::Error> {
        fn list<'a>(texts: Vec<Text<'a>>, value: fn(Text<'a>) -> ShownValue<'a>) -> ShownValue<'a> {
            ShownValue::List(texts.into_iter().map(value).collect())
        }
        let Some(Text(kind)) = map.next_key()? else {
            return Err(A::Error::custom("an attribute value has no type"));
        };
        let value = match &*kind {
            "S" => ShownValue::Text(map.next_value()?),
            "N" => ShownValue::Number(map.next_value()?),
            "B" => ShownValue::Binary(map.next_value()?),
            "BOOL" => ShownValue::Bool(map.next_value()?),
            "SS" => list(map.next_value()?, ShownValue::Text),
            "NS" => list(map.next_value()?, ShownValue::Number),
            "BS" => list(map.next_value()?, ShownValue::Binary),
            "L" => ShownValue::List(map.next_value()?),
            "M" => ShownValue::Map(map.next_value()?),
            _ => {
                map.next_value::<IgnoredAny>()?;
                ShownValue::Null
            }
        };
        match map.next_key::<IgnoredAny>()? {
            None => Ok(value),
            Some(_) => Err(A::Error::custom("an attribute value has two types")),
        }
    }
}

impl ResponseWriter {
    /// Writes an item.
    pub(super) fn item(&mut self, item: &ShownItem<'_>) -> &mut Self {
        let shown = attribute::ALL.into_iter().zip(&item.0);
        let shown = shown.filter_map(|(name, value)| Some((name, value.as_ref()?)));
        self.members(shown)
    }

    fn members<'a>(
        &mut self,
        members: impl IntoIterator<Item = (&'a str, &'a ShownValue<'a>)>,
    ) -> &mut Self {
        self.raw("{");
        for (index, (name, value)) in members.into_iter().enumerate() {
            self.raw(if index > 0 { "," } else { "" })
                .string(name)
                .raw(":")
                .value(value);
        }
        self.raw("}")
    }

    fn value(&mut self, value: &ShownValue<'_>) -> &mut Self {
        match value {
            ShownValue::Text(Text(text)) | ShownValue::Binary(Text(text)) => self.string(text),
            // In the canonical form, whose length is bounded. DynamoDB writes out an exponent as zeros.
            ShownValue::Number(Text(text)) => match Price::parse(text) {
                Ok(number) => self.raw(&number.to_string()),
                Err(_) => self.string(text),
            },
            ShownValue::Bool(value) => self.raw(if *value { "true" } else { "false" }),
            ShownValue::List(values) => {
                self.raw("[");
                for (index, value) in values.iter().enumerate() {
                    self.raw(if index > 0 { "," } else { "" }).value(value);
                }
                self.raw("]")
            }
            ShownValue::Map(members) => {
                self.members(members.iter().map(|(name, value)| (&*name.0, value)))
            }
            ShownValue::Null => self.raw("null"),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::primitives::Blob;
    use serde_json::json;

    use super::*;
    use crate::response::Response;
    use crate::response::tests::read;

    fn written(item: &ShownItem<'_>) -> serde_json::Value {
        let mut body = ResponseWriter::new(200);
        body.item(item);
        let response: Response = body.finish();
        serde_json::from_slice(&read(&response).body.unwrap()).unwrap()
    }

    #[test]
    fn a_value_of_any_type_is_the_same_plain_json_from_the_sdk_and_from_dynamodb() {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let number = |number: &str| AttributeValue::N(number.to_owned());
        let blob = |bytes: &[u8]| Blob::new(bytes);
        for (value, stored, expected) in [
            (
                text("a \"quote\""),
                json!({"S": "a \"quote\""}),
                json!("a \"quote\""),
            ),
            (text(""), json!({"S": ""}), json!("")),
            (number("-1.50"), json!({"N": "-1.50"}), json!(-1.5)),
            (
                number("no number"),
                json!({"N": "no number"}),
                json!("no number"),
            ),
            (
                AttributeValue::Bool(true),
                json!({"BOOL": true}),
                json!(true),
            ),
            (
                AttributeValue::Bool(false),
                json!({"BOOL": false}),
                json!(false),
            ),
            (
                AttributeValue::Null(true),
                json!({"NULL": true}),
                json!(null),
            ),
            (
                AttributeValue::B(blob(&[255, 254])),
                json!({"B": "//4="}),
                json!("//4="),
            ),
            (
                AttributeValue::Ss(vec!["a".to_owned(), "b".to_owned()]),
                json!({"SS": ["a", "b"]}),
                json!(["a", "b"]),
            ),
            (
                AttributeValue::Ns(vec!["1".to_owned(), "2".to_owned()]),
                json!({"NS": ["1", "2"]}),
                json!([1, 2]),
            ),
            (
                AttributeValue::Bs(vec![blob(&[0]), blob(&[1])]),
                json!({"BS": ["AA==", "AQ=="]}),
                json!(["AA==", "AQ=="]),
            ),
            (
                AttributeValue::L(vec![text("a"), number("1")]),
                json!({"L": [{"S": "a"}, {"N": "1"}]}),
                json!(["a", 1]),
            ),
            (
                AttributeValue::M(
                    [("a".to_owned(), text("b")), ("\"".to_owned(), text("c"))].into(),
                ),
                json!({"M": {"a": {"S": "b"}, "\"": {"S": "c"}}}),
                json!({"a": "b", "\"": "c"}),
            ),
        ] {
            let expected = json!({"id": "1", "name": expected});
            let stored = json!({"name": stored, "more": {"L": []}, "id": {"S": "1"}}).to_string();
            assert_eq!(written(&serde_json::from_str(&stored).unwrap()), expected);
            let attributes = Attributes::from([
                (attribute::NAME.to_owned(), value),
                ("more".to_owned(), AttributeValue::L(vec![])),
                (attribute::ID.to_owned(), text("1")),
            ]);
            assert_eq!(written(&ShownItem::from(&attributes)), expected);
        }
    }

    fn value(json: &str) -> Result<serde_json::Value, serde_json::Error> {
        let item = format!(r#"{{"name":{json}}}"#);
        Ok(written(&serde_json::from_str(&item)?)["name"].take())
    }

    #[test]
    fn a_value_of_a_future_type_is_null() {
        for json in [r#"{"X":1}"#, r#"{"VECTOR":[{"S":"a"}]}"#] {
            assert_eq!(value(json).unwrap(), json!(null), "{json}");
        }
    }

    #[test]
    fn escapes_of_dynamodb_are_read() {
        let json = r#"{"\u0053":"\u0000\n\"\\\ud83c\udf89\/é"}"#;
        assert_eq!(value(json).unwrap(), json!("\0\n\"\\🎉/é"));
        assert!(value(r#"{"S":"\ud83c"}"#).is_err());
    }

    #[test]
    fn the_deepest_value_that_dynamodb_stores_is_read() {
        // Source: DynamoDB's quotas, "Nested attribute depth", 32 levels.
        let json = (0..32).fold(r#"{"N":"1"}"#.to_owned(), |json, _| {
            format!(r#"{{"L":[{json}]}}"#)
        });
        let expected = (0..32).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(value(&json).unwrap(), expected);
    }

    #[test]
    fn a_value_has_one_type_and_fits_it() {
        for json in [
            "{}",
            "null",
            r#""a""#,
            "[]",
            r#"{"S":"a","N":"1"}"#,
            r#"{"S":1}"#,
            r#"{"S":null}"#,
            r#"{"N":1}"#,
            r#"{"BOOL":"true"}"#,
            r#"{"SS":"a"}"#,
            r#"{"L":["a"]}"#,
            r#"{"M":{"a":"b"}}"#,
        ] {
            assert!(value(json).is_err(), "{json}");
        }
    }

    #[test]
    fn only_a_text_that_is_not_empty_is_an_id() {
        let id = |json: &str| {
            serde_json::from_str::<ShownItem<'_>>(json)
                .unwrap()
                .into_id()
                .map(Cow::into_owned)
        };
        assert_eq!(id(r#"{"id":{"S":"a"}}"#).as_deref(), Some("a"));
        for json in [
            "{}",
            r#"{"pk":{"S":"a"}}"#,
            r#"{"id":{"N":"1"}}"#,
            r#"{"id":{"B":"AA=="}}"#,
            r#"{"id":{"S":""}}"#,
        ] {
            assert_eq!(id(json), None, "{json}");
        }
    }
}
