//! JSON whose numbers keep every digit: objects with unique members in order, and a canonical form of any text.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::toolkit::decimal::Decimal;

/// The members of a JSON object, each value as its text.
#[derive(Debug)]
pub struct Members {
    /// The name of the object in errors.
    label: String,
    members: Vec<(String, Box<RawValue>)>,
}

impl Members {
    /// Parses an object. Errors name it by `label`.
    ///
    /// # Errors
    /// If the text is not an object, or if a member of it occurs twice.
    pub fn parse(label: &str, text: &str) -> Result<Self, String> {
        let parsed: Result<UniqueMembers, _> = serde_json::from_str(text);
        let UniqueMembers(members) = parsed.map_err(|error| {
            format!("{label} is not a JSON object with unique members: {error}")
        })?;
        Ok(Self {
            label: label.to_owned(),
            members,
        })
    }

    /// Returns the members, each value as its JSON text.
    #[must_use]
    pub fn into_texts(self) -> Vec<(String, String)> {
        let members = self.members.into_iter();
        members
            .map(|(name, value)| (name, value.get().to_owned()))
            .collect()
    }

    /// Removes the member of this name and returns its JSON text.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let index = self.members.iter().position(|(member, _)| member == name)?;
        Some(self.members.remove(index).1.get().to_owned())
    }

    /// Removes the member of this name, which must exist, and returns its JSON text.
    ///
    /// # Errors
    /// If there is no such member.
    pub fn take_required(&mut self, name: &str) -> Result<String, String> {
        let taken = self.take(name);
        taken.ok_or_else(|| format!("{} has no {name}", self.label))
    }

    /// Checks that every member was taken.
    ///
    /// # Errors
    /// If a member is left; the message names it.
    pub fn ensure_empty(self) -> Result<(), String> {
        match self.members.first() {
            None => Ok(()),
            Some((name, value)) => Err(format!(
                "{} has an unexpected member {name:?}: {value}",
                self.label
            )),
        }
    }
}

/// Members with unique names.
struct UniqueMembers(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = UniqueMembers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UniqueMembers, A::Error> {
        let mut members: Vec<(String, Box<RawValue>)> = Vec::new();
        while let Some((name, value)) = map.next_entry()? {
            if members.iter().any(|(member, _)| *member == name) {
                return Err(A::Error::custom(format!("{name:?} occurs twice")));
            }
            members.push((name, value));
        }
        Ok(UniqueMembers(members))
    }
}

/// Parses a JSON string.
///
/// # Errors
/// If the text is not a string, or has a lone surrogate; the message contains the text.
pub fn string(text: &str) -> Result<String, String> {
    serde_json::from_str(text).map_err(|_| format!("is {text}, not a string"))
}

/// Parses a JSON array into the texts of its elements.
///
/// # Errors
/// If the text is not an array.
pub fn array(text: &str) -> Result<Vec<Box<RawValue>>, String> {
    serde_json::from_str(text).map_err(|_| "is not an array".to_owned())
}

/// Returns the canonical form of a JSON text, which is the same for texts with the same meaning. The order of members
/// does not matter, only the last of several members with one name counts, and numbers are exact decimals.
///
/// # Errors
/// If the text is not JSON, or if a string in it has a lone surrogate.
pub fn canonical(text: &str) -> serde_json::Result<String> {
    let value: &RawValue = serde_json::from_str(text)?;
    let text = value.get();
    Ok(match text.as_bytes() {
        [b'{', ..] => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
            let member = |(name, value): (String, &RawValue)| {
                let name = serde_json::Value::from(name);
                Ok(format!("{name}:{}", canonical(value.get())?))
            };
            let members: serde_json::Result<Vec<_>> = members.into_iter().map(member).collect();
            format!("{{{}}}", members?.join(","))
        }
        [b'[', ..] => {
            let elements: Vec<&RawValue> = serde_json::from_str(text)?;
            let elements = elements.iter().map(|value| canonical(value.get()));
            format!("[{}]", elements.collect::<Result<Vec<_>, _>>()?.join(","))
        }
        [b'"', ..] => serde_json::Value::from(serde_json::from_str::<String>(text)?).to_string(),
        _ => Decimal::parse(text).map_or_else(|| text.to_owned(), |number| number.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &str, right: &str) -> bool {
        let canonical = |text| canonical(text).expect("JSON");
        canonical(left) == canonical(right)
    }

    #[test]
    fn numbers_are_equal_by_value_and_to_the_last_digit() {
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
    fn texts_with_the_same_meaning_are_equal() {
        assert!(same(
            r#"{"a":"\u0041","b":[1, null]}"#,
            r#"{"b":[1.0,null],"a":"A"}"#
        ));
        assert!(!same("[1,2]", "[2,1]") && !same("\"1\"", "1") && !same("null", "false"));
        assert!(canonical(r#""\ud800""#).is_err() && canonical("{").is_err());
    }
}
