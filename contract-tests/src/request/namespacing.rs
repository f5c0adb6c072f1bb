//! Prefixes id-like values in *invalid* bodies with the namespace, so that a faulty service that stores them anyway
//! cannot overwrite a foreign item.

use base64::prelude::{BASE64_STANDARD, Engine};

use crate::request::json::Json;
use crate::toolkit::deployed::namespace::numeric_id;

/// The texts that come before an id in a body that is not an item.
const BEFORE_ID: [&str; 5] = ["\"id\":\"", "'id':'", "{id:\"", "id=", "<id>"];

/// Returns `true` if a service may take a field of this name for the id: some parsers ignore case or white space.
#[must_use]
pub fn may_be_id(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("id")
}

/// Returns a value for a field that may be an id, from which even a faulty service gets only an id in the namespace: a
/// string gets the prefix, a number is replaced by the namespace's number, and other JSON gets a string with the prefix
/// in it; `null` stays. A correct service still accepts or refuses the value as before.
#[must_use]
pub fn prefix_value(value: Json, prefix: &str) -> Json {
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

/// Returns a body that is not an item, with the prefix where an id usually begins, for example after `"id":"`, also if
/// the body is base64.
#[must_use]
pub fn prefix_body(body: &[u8], prefix: &str) -> Vec<u8> {
    if prefix.is_empty() {
        return body.to_vec();
    }
    if let Ok(inner) = BASE64_STANDARD.decode(body)
        && !inner.is_empty()
    {
        return BASE64_STANDARD.encode(prefix_body(&inner, prefix)).into();
    }
    let mut namespaced = Vec::with_capacity(body.len() + prefix.len());
    for &byte in body {
        namespaced.push(byte);
        if BEFORE_ID
            .iter()
            .any(|before| namespaced.ends_with(before.as_bytes()))
        {
            namespaced.extend(prefix.bytes());
        }
    }
    namespaced
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolkit::deployed::namespace::contains;

    #[test]
    fn ids_in_bodies_get_the_prefix() {
        for (given, expected) in [
            (
                "{\"id\":\"a\"}{\"id\":\"b\"}",
                "{\"id\":\"p-a\"}{\"id\":\"p-b\"}",
            ),
            ("{'id':'a'}", "{'id':'p-a'}"),
            ("{id:\"a\"}", "{id:\"p-a\"}"),
            ("id=a&price=1", "id=p-a&price=1"),
            ("<id>a</id>", "<id>p-a</id>"),
            // The base64 of `{"id":"a"}`.
            ("eyJpZCI6ImEifQ==", "eyJpZCI6InAtYSJ9"),
            ("{\"id\":\"", "{\"id\":\"p-"),
            ("[]", "[]"),
            ("", ""),
        ] {
            let namespaced = String::from_utf8(prefix_body(given.as_bytes(), "p-"));
            assert_eq!(namespaced.as_deref(), Ok(expected));
            assert_eq!(prefix_body(given.as_bytes(), ""), given.as_bytes());
        }
    }

    #[test]
    fn a_value_that_may_be_an_id_stays_in_the_namespace() {
        let namespaced = |json| prefix_value(json, "p-");
        let text = |text: &str| Json::Text(text.to_owned());
        let other_json = |text: &str| Json::Other(text.to_owned());
        assert_eq!(namespaced(text("a")), text("p-a"));
        assert_eq!(namespaced(text("p-a")), text("p-a"));
        assert_eq!(
            namespaced(other_json("{\"S\":\"a\"}")),
            other_json("{\"S\":\"p-a\"}")
        );
        assert_eq!(namespaced(other_json("[1]")), other_json("[\"p-a\"]"));
        assert_eq!(namespaced(Json::Null), Json::Null);
        let number_one = || Json::Number("1".to_owned());
        assert_ne!(namespaced(number_one()), number_one());
        assert_eq!(prefix_value(number_one(), ""), number_one());
        let Json::Number(number) = namespaced(number_one()) else {
            panic!("a number stays one");
        };
        assert!(contains(&number, "p-") && contains("p-a", "p-"));
        assert!(!contains(&number, "q-") && !contains("a", "p-"));
        assert!(may_be_id("id") && may_be_id("ID") && may_be_id("id ") && !may_be_id("price"));
    }
}
