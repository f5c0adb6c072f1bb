//! JSON as it came: members in their order, none twice, numbers to the last digit.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of a JSON object, each value as its text.
#[derive(Debug)]
pub struct Members(Vec<(String, Box<RawValue>)>);

impl Members {
    /// Reads an object that has no member twice.
    ///
    /// # Errors
    /// What it is instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| format!("is not a JSON object: {error}"))
    }

    /// The members, each value as its JSON text.
    #[must_use]
    pub fn into_texts(self) -> Vec<(String, String)> {
        self.0
            .into_iter()
            .map(|(name, value)| (name, value.get().to_owned()))
            .collect()
    }

    /// Takes the member of this name out, as its JSON text.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.remove(at).1.get().to_owned())
    }

    /// Makes sure that nothing was left.
    ///
    /// # Errors
    /// What was.
    pub fn nothing_left(&self) -> Result<(), String> {
        match self.0.first() {
            None => Ok(()),
            Some((name, value)) => Err(format!("has {name:?}: {value}, which nothing declares")),
        }
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members: Vec<(String, Box<RawValue>)> = Vec::new();
        while let Some((name, value)) = map.next_entry()? {
            if members.iter().any(|(other, _)| *other == name) {
                return Err(A::Error::custom(format!("{name:?} comes twice")));
            }
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

/// Reads a JSON string.
///
/// # Errors
/// What it is instead.
pub fn string(text: &str) -> Result<String, String> {
    serde_json::from_str(text).map_err(|_| format!("is {text} and not a string"))
}

/// Reads a JSON array, each element as its text.
///
/// # Errors
/// What it is instead.
pub fn array(text: &str) -> Result<Vec<Box<RawValue>>, String> {
    serde_json::from_str(text).map_err(|_| "is not an array".to_owned())
}
