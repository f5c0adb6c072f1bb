//! JSON that is compared as it is meant: the order of keys is free, and numbers are exact decimals.

use std::collections::BTreeMap;

use contract_tests::toolkit::decimal::Decimal;
use serde_json::value::RawValue;

/// A JSON value in which no number has been through a binary float.
#[derive(Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`, `true` or `false`.
    Word(String),
    Number(Decimal),
    String(String),
    Array(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        let value: &RawValue = serde_json::from_str(text)?;
        let text = value.get();
        Ok(match text.as_bytes() {
            [b'{', ..] => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
                let member = |(name, value): (_, &RawValue)| Ok((name, Self::parse(value.get())?));
                Self::Object(members.into_iter().map(member).collect::<Result<_, _>>()?)
            }
            [b'[', ..] => {
                let elements: Vec<&RawValue> = serde_json::from_str(text)?;
                let element = |value: &RawValue| Self::parse(value.get());
                Self::Array(
                    elements
                        .into_iter()
                        .map(element)
                        .collect::<Result<_, _>>()?,
                )
            }
            [b'"', ..] => Self::String(serde_json::from_str(text)?),
            [b'n' | b't' | b'f', ..] => Self::Word(text.to_owned()),
            _ => Self::Number(Decimal::parse(text).expect("a number")),
        })
    }

    /// A list of items, whose order is free.
    pub fn parse_list(text: &str) -> serde_json::Result<Self> {
        let mut list = Self::parse(text)?;
        if let Self::Object(members) = &mut list
            && let Some(Self::Array(items)) = members.get_mut("Items")
        {
            sort(items);
        }
        Ok(list)
    }
}

/// Puts values in some order that depends on nothing but what they are.
pub fn sort(values: &mut [Json]) {
    values.sort_by_cached_key(|value| format!("{value:?}"));
}

#[test]
fn numbers_are_equal_by_value_and_to_the_last_digit() {
    let same = |one: &str, other: &str| Json::parse(one).unwrap() == Json::parse(other).unwrap();
    assert!(same("19.90", "19.9"));
    assert!(same("-0.0", "0e7"));
    assert!(same("1e+21", "1000000000000000000000"));
    assert!(same("120e-2", "1.2"));
    assert!(!same("-1", "1"));
    assert!(!same("9007199254740993", "9007199254740992"));
    assert!(!same("1e-400", "0"));
    assert!(!same("10", "1"));
}

#[test]
fn the_order_of_keys_is_free_and_that_of_items_in_a_list() {
    let one = r#"{"Items":[{"id":"a","price":1},{"id":"b"}],"Count":2}"#;
    let other = r#"{"Count":2,"Items":[{"id":"b"},{"price":1.0,"id":"a"}]}"#;
    assert_eq!(
        Json::parse_list(one).unwrap(),
        Json::parse_list(other).unwrap()
    );
    assert_ne!(Json::parse(one).unwrap(), Json::parse(other).unwrap());
}
