//! Keeps in its namespace what is no id of an item, and what a faulty service might take for one all the
//! same: else a test that a service fails could overwrite an item of others.

use base64::prelude::{BASE64_STANDARD, Engine};

use crate::request::json::Json;
use crate::toolkit::deployed::namespace::numeric_id;

/// What comes before an id in a body that is no item, however it is written.
const BEFORE: [&str; 5] = ["\"id\":\"", "'id':'", "{id:\"", "id=", "<id>"];

/// Whether a field of this name may be taken for the id: some parsers do not mind its case.
#[must_use]
pub fn is_id(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("id")
}

/// The value of such a field, which means the same as before to a sound service.
#[must_use]
pub fn value(value: Json, prefix: &str) -> Json {
    match value {
        _ if prefix.is_empty() => value,
        Json::Text(text) if text.starts_with(prefix) => Json::Text(text),
        Json::Text(text) => Json::Text(format!("{prefix}{text}")),
        Json::Number(_) => Json::Number(numeric_id(prefix)),
        Json::Null => Json::Null,
        Json::Other(text) if text.contains("\"a\"") => {
            Json::Other(text.replace("\"a\"", &format!("\"{prefix}a\"")))
        }
        Json::Other(_) => Json::Other(format!("[\"{prefix}a\"]")),
    }
}

/// A body that is no item, with the ids in it put behind the prefix.
#[must_use]
pub fn body(body: &[u8], prefix: &str) -> Vec<u8> {
    if prefix.is_empty() {
        return body.to_vec();
    }
    if let Ok(inner) = BASE64_STANDARD.decode(body)
        && !inner.is_empty()
    {
        return BASE64_STANDARD.encode(self::body(&inner, prefix)).into();
    }
    let mut confined = Vec::with_capacity(body.len() + prefix.len());
    for &byte in body {
        confined.push(byte);
        if BEFORE
            .iter()
            .any(|before| confined.ends_with(before.as_bytes()))
        {
            confined.extend(prefix.bytes());
        }
    }
    confined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolkit::deployed::namespace::contains;

    #[test]
    fn bodies() {
        for (given, expected) in [
            (
                "{\"id\":\"a\"}{\"id\":\"b\"}",
                "{\"id\":\"p-a\"}{\"id\":\"p-b\"}",
            ),
            ("{'id':'a'}", "{'id':'p-a'}"),
            ("{id:\"a\"}", "{id:\"p-a\"}"),
            ("id=a&price=1", "id=p-a&price=1"),
            ("<id>a</id>", "<id>p-a</id>"),
            // The same as JSON, encoded.
            ("eyJpZCI6ImEifQ==", "eyJpZCI6InAtYSJ9"),
            ("{\"id\":\"", "{\"id\":\"p-"),
            ("[]", "[]"),
            ("", ""),
        ] {
            let confined = String::from_utf8(body(given.as_bytes(), "p-"));
            assert_eq!(confined.as_deref(), Ok(expected));
            assert_eq!(body(given.as_bytes(), ""), given.as_bytes());
        }
    }

    #[test]
    fn values() {
        let confined = |json| value(json, "p-");
        let text = |text: &str| Json::Text(text.to_owned());
        let other = |text: &str| Json::Other(text.to_owned());
        assert_eq!(confined(text("a")), text("p-a"));
        assert_eq!(confined(text("p-a")), text("p-a"));
        assert_eq!(confined(other("{\"S\":\"a\"}")), other("{\"S\":\"p-a\"}"));
        assert_eq!(confined(other("[1]")), other("[\"p-a\"]"));
        assert_eq!(confined(Json::Null), Json::Null);
        let one = || Json::Number("1".to_owned());
        assert_ne!(confined(one()), one());
        assert_eq!(value(one(), ""), one());
        let Json::Number(number) = confined(one()) else {
            panic!("a number stays one");
        };
        assert!(contains(&number, "p-") && contains("p-a", "p-"));
        assert!(!contains(&number, "q-") && !contains("a", "p-"));
        assert!(is_id("id") && is_id("ID") && is_id("id ") && !is_id("price"));
    }
}
