//! The body of a PUT: from the text of the event to the fields of one JSON object.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::attribute;
use crate::error::Error;
use crate::limits::MAX_NAME_SHOWN;

/// Returns the text that the client sent, decoded if API Gateway encoded it.
///
/// # Errors
/// [`Error::Invalid`] if the body is empty, is flagged as base64 but is not, or is not UTF-8.
pub fn text(body: Option<&str>, is_base64_encoded: bool) -> Result<Cow<'_, str>, Error> {
    let body = body.unwrap_or_default();
    if body.is_empty() {
        return Err(Error::invalid("the body is empty: send one JSON object"));
    }
    if !is_base64_encoded {
        return Ok(Cow::Borrowed(body));
    }
    let bytes = BASE64
        .decode(body)
        .map_err(|_| Error::invalid("the body is not base64, though the event says so"))?;
    String::from_utf8(bytes)
        .map(Cow::Owned)
        .map_err(|_| Error::invalid("the body is not UTF-8"))
}

/// The values of the known fields, each as the JSON text that was sent.
///
/// As text, a price keeps all its digits, and no object can be mistaken for a number.
#[derive(Debug, Default)]
pub struct Fields<'a>([Option<&'a RawValue>; attribute::ALL.len()]);

impl<'a> Fields<'a> {
    /// Parses one JSON object with known fields only, each at most once.
    ///
    /// # Errors
    /// [`Error::Invalid`], whose message describes the fault without showing values.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        let object: ParsedObject<'a> =
            serde_json::from_str(text).map_err(|error| not_json(&error))?;
        match object.first_error {
            Some(message) => Err(Error::Invalid(message)),
            None => Ok(object.fields),
        }
    }

    /// Returns the value of the field `name`, if it was sent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        index_of(name).and_then(|index| self.0[index])
    }
}

/// Parses the JSON string in the value of `field`.
///
/// # Errors
/// [`Error::Invalid`] if the value is not a string, or contains a lone surrogate, which UTF-8 cannot encode.
pub fn string(field: &str, value: &RawValue) -> Result<String, Error> {
    if !value.get().starts_with('"') {
        return Err(Error::Invalid(format!("{field} must be a string")));
    }
    serde_json::from_str(value.get()).map_err(|_| {
        Error::Invalid(format!(
            "{field} is not valid Unicode: a \\u escape stands for half a character"
        ))
    })
}

/// Returns the index of a known field in [`attribute::ALL`].
fn index_of(name: &str) -> Option<usize> {
    attribute::ALL.iter().position(|known| *known == name)
}

fn not_json(error: &serde_json::Error) -> Error {
    Error::Invalid(match error.classify() {
        Category::Data => "the body must be one JSON object".to_owned(),
        Category::Eof => "the body is not valid JSON: it ends too early".to_owned(),
        Category::Syntax | Category::Io => format!(
            "the body is not valid JSON, at line {} column {}",
            error.line(),
            error.column()
        ),
    })
}

/// The whole object, with the first error in its fields. Syntax errors take precedence, because the object is read to
/// its end before a bad field is reported.
#[derive(Default)]
struct ParsedObject<'a> {
    fields: Fields<'a>,
    first_error: Option<String>,
}

impl<'de> Deserialize<'de> for ParsedObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = ParsedObject<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = ParsedObject::default();
        while let Some((name, value)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
            let kind = match index_of(&name) {
                None => "unknown",
                Some(index) if object.fields.0[index].replace(value).is_some() => "duplicate",
                Some(_) => continue,
            };
            object
                .first_error
                .get_or_insert_with(|| field_error(kind, &name));
        }
        Ok(object)
    }
}

fn field_error(kind: &str, name: &str) -> String {
    let shown: String = name.chars().take(MAX_NAME_SHOWN).collect();
    let [first @ .., last] = attribute::ALL;
    let names = first.join(", ");
    format!("{kind} field {shown:?}: an item has {names} and {last}, each at most once")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        match Fields::parse(text) {
            Err(Error::Invalid(message)) => message,
            other => panic!("{text:?} gave {other:?}"),
        }
    }

    #[test]
    fn each_value_is_kept_as_it_was_sent() {
        let fields = Fields::parse(r#" { "price" : 19.90, "\u0069d": "a" } "#).unwrap();
        assert_eq!(fields.get("price").unwrap().get(), "19.90");
        assert_eq!(fields.get("id").unwrap().get(), r#""a""#);
        assert!(fields.get("name").is_none());
    }

    #[test]
    fn a_message_names_an_unknown_or_duplicate_field_and_truncates_its_name() {
        assert!(message(r#"{"id":"a","colour":1}"#).starts_with(r#"unknown field "colour":"#));
        assert!(message(r#"{"id":"a","\u0069d":"b"}"#).starts_with(r#"duplicate field "id":"#));
        assert!(message(r#"{"id":"a","ID":"b"}"#).starts_with(r#"unknown field "ID":"#));
        let long = "é".repeat(65);
        assert!(
            message(&format!(r#"{{"{long}":1}}"#)).contains(&format!("\"{}\"", "é".repeat(64)))
        );
    }

    #[test]
    fn a_body_that_is_not_one_json_object_is_refused() {
        for text in ["[]", "42", "null", "\"\"", "true"] {
            assert_eq!(message(text), "the body must be one JSON object");
        }
        for text in ["{", "{\"id\":\"a\"", "{\"id\":\"a", "   "] {
            assert_eq!(
                message(text),
                "the body is not valid JSON: it ends too early"
            );
        }
        assert_eq!(
            message("{\"id\":\"a\",}"),
            "the body is not valid JSON, at line 1 column 11"
        );
        for text in [
            "{}{}",
            "{} x",
            "{,}",
            "\u{feff}{}",
            "<a/>",
            "{\"id\":'a'}",
            "{\"a\":01}",
        ] {
            assert!(
                message(text).starts_with("the body is not valid JSON, at"),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_syntax_error_takes_precedence_over_a_bad_field() {
        assert!(message(r#"{"colour":1,"#).contains("not valid JSON"));
    }

    #[test]
    fn deep_nesting_does_not_overflow_the_stack() {
        let deep = "[".repeat(200_000);
        assert!(message(&format!("{{\"id\":{deep}")).contains("not valid JSON"));
        let closed = "]".repeat(200_000);
        assert!(Fields::parse(&format!("{{\"id\":{deep}{closed}}}")).is_ok());
    }

    #[test]
    fn a_body_is_decoded_only_if_it_is_flagged_as_base64() {
        assert_eq!(text(Some("e30="), true).unwrap(), "{}");
        assert_eq!(text(Some("e30="), false).unwrap(), "e30=");
        for (body, flag) in [
            (None, false),
            (Some(""), true),
            (Some("e30"), true),
            (Some("/w=="), true),
        ] {
            assert!(text(body, flag).is_err(), "{body:?}");
        }
    }

    #[test]
    fn a_string_with_a_lone_surrogate_is_refused() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        assert_eq!(
            string("name", &raw(r#""\ud83d\ude00\u0000""#)).unwrap(),
            "😀\0"
        );
        for text in [r#""\ud800""#, r#""\udc00\ud800""#, "1", "null", "{}"] {
            assert!(string("name", &raw(text)).is_err(), "{text}");
        }
    }
}
