//! The responses, whose bodies are written as JSON directly from the attributes of the table.

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::attribute::{self, Attributes, PARTITION_KEY};
use crate::error::Error;
use crate::etag::ETag;
use crate::key::Key;
use crate::price::Price;
use crate::response::{Response, ResponseWriter};
use crate::table::{Page, id_of};

/// The largest list response, in bytes of the JSON that Lambda gets. There the body is one JSON string, so every quote
/// and backslash of the body takes two bytes. Lambda's limit is 6 MB.
pub const MAX_RESPONSE_BYTES: usize = 6_000_000;

/// The part of [`MAX_RESPONSE_BYTES`] that is reserved for everything but the items: the status, the headers, the
/// counts, and the longest last key, in which each control character takes the seven bytes of `\\u0001`.
const RESPONSE_OVERHEAD: usize = 20_000;

/// Returns `"Put item <id>"`, a JSON string, with the tag of the item.
#[must_use]
pub fn put(id: &Key, etag: &ETag) -> Response {
    confirmation(ResponseWriter::with_etag(200, etag), "Put item ", id)
}

/// Returns `"Deleted item <id>"`, a JSON string.
#[must_use]
pub fn deleted(id: &Key) -> Response {
    confirmation(ResponseWriter::new(200), "Deleted item ", id)
}

fn confirmation(mut body: ResponseWriter, prefix: &str, id: &Key) -> Response {
    body.string(&format!("{prefix}{}", id.as_str()));
    body.finish()
}

/// Returns `{"message":"…"}`, the shape that API Gateway also uses, with the status of the error. The 503 of a write
/// also has an `outcome`.
#[must_use]
pub fn error(error: &Error) -> Response {
    let mut body = ResponseWriter::new(error.status());
    body.raw("{\"message\":").string(&error.to_string());
    if let Some(outcome) = error.outcome() {
        body.raw(",\"outcome\":").string(outcome);
    }
    body.raw("}");
    body.finish()
}

/// Returns the response to a client that has the item with this tag already: 304, without a body.
#[must_use]
pub fn not_modified(etag: &ETag) -> Response {
    ResponseWriter::with_etag(304, etag).finish()
}

/// Returns `{"Item":{…}}`, with the tag of the item.
#[must_use]
pub fn item(attributes: &Attributes, etag: &ETag) -> Response {
    let mut body = ResponseWriter::with_etag(200, etag);
    body.raw("{\"Item\":").item(attributes).raw("}");
    body.finish()
}

/// Returns `{"Items":[…],"Count":n,"ScannedCount":n}`, with `"LastEvaluatedKey"` if more items may follow: the table
/// ended the page, or the next item would make the response exceed [`MAX_RESPONSE_BYTES`].
///
/// # Errors
/// [`Error::Misconfigured`] if an item has no id: the table then has a different key.
pub fn list(page: &Page) -> Result<Response, Error> {
    let mut body = ResponseWriter::new(200);
    body.raw("{\"Items\":[");
    let limit = body.len() + MAX_RESPONSE_BYTES - RESPONSE_OVERHEAD;
    let mut last = page.last.as_deref();
    let mut shown: usize = 0;
    let mut previous = None;
    for attributes in &page.items {
        let id = id_of(attributes)?;
        let start = body.len();
        if shown > 0 {
            body.raw(",");
        }
        body.item(attributes);
        // The first item always fits: its 400 KB become at most 14 times as much. A list without items would have no
        // key from which to continue.
        if shown > 0 && body.len() > limit {
            body.truncate(start);
            last = previous;
            break;
        }
        shown += 1;
        previous = Some(id);
    }
    body.raw(&format!("],\"Count\":{shown},\"ScannedCount\":{shown}"));
    if let Some(last) = last {
        body.raw(",\"LastEvaluatedKey\":{")
            .key(PARTITION_KEY)
            .string(last)
            .raw("}");
    }
    body.raw("}");
    Ok(body.finish())
}

impl ResponseWriter {
    fn key(&mut self, name: &str) -> &mut Self {
        self.string(name).raw(":")
    }

    fn elements<T>(
        &mut self,
        elements: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) -> &mut Self {
        for (index, element) in elements.into_iter().enumerate() {
            if index > 0 {
                self.raw(",");
            }
            write(self, element);
        }
        self
    }

    /// Writes the known attributes of an item. Other writers may have stored more, which are not shown.
    fn item(&mut self, attributes: &Attributes) -> &mut Self {
        // Scanning the few attributes costs less than looking up each name.
        let mut values = attribute::ALL.map(|name| (name, None));
        for (name, value) in attributes {
            if let Some((_, found)) = values.iter_mut().find(|(known, _)| known == name) {
                *found = Some(value);
            }
        }
        let shown = values
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        self.raw("{")
            .elements(shown, |body, (name, value)| {
                body.key(name).value(value);
            })
            .raw("}")
    }

    fn number(&mut self, text: &str) -> &mut Self {
        // In the canonical form, whose length is bounded. DynamoDB writes out an exponent as zeros.
        match Price::parse(text) {
            Ok(number) => self.raw(&number.to_string()),
            Err(_) => self.string(text),
        }
    }

    fn binary(&mut self, bytes: &[u8]) -> &mut Self {
        self.string(&BASE64.encode(bytes))
    }

    /// Writes an attribute of any type as plain JSON: a set as an array, binary as a base64 string.
    fn value(&mut self, value: &AttributeValue) -> &mut Self {
        match value {
            AttributeValue::S(text) => self.string(text),
            AttributeValue::N(text) => self.number(text),
            AttributeValue::Bool(true) => self.raw("true"),
            AttributeValue::Bool(false) => self.raw("false"),
            AttributeValue::B(bytes) => self.binary(bytes.as_ref()),
            AttributeValue::Ss(texts) => self
                .raw("[")
                .elements(texts, |body, text| {
                    body.string(text);
                })
                .raw("]"),
            AttributeValue::Ns(texts) => self
                .raw("[")
                .elements(texts, |body, text| {
                    body.number(text);
                })
                .raw("]"),
            AttributeValue::Bs(blobs) => self
                .raw("[")
                .elements(blobs, |body, bytes| {
                    body.binary(bytes.as_ref());
                })
                .raw("]"),
            AttributeValue::L(values) => self
                .raw("[")
                .elements(values, |body, value| {
                    body.value(value);
                })
                .raw("]"),
            AttributeValue::M(members) => self
                .raw("{")
                .elements(members, |body, (name, value)| {
                    body.key(name).value(value);
                })
                .raw("}"),
            // NULL, or a type that DynamoDB may add in future.
            _ => self.raw("null"),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::primitives::Blob;
    use serde_json::{Value, json};

    use super::*;
    use crate::response::tests::read;

    fn body(response: &Response) -> Value {
        serde_json::from_slice(&read(response).body.unwrap()).unwrap()
    }

    fn stored(id: &str, name: AttributeValue) -> Attributes {
        let id = AttributeValue::S(id.to_owned());
        Attributes::from([
            (attribute::ID.to_owned(), id),
            (attribute::NAME.to_owned(), name),
        ])
    }

    /// Returns an item that takes `length` more bytes of a response than the shortest one.
    fn long(id: &str, length: usize) -> Attributes {
        stored(id, AttributeValue::S("x".repeat(length)))
    }

    fn listed(items: impl Into<Vec<Attributes>>) -> Response {
        let items = items.into();
        list(&Page { items, last: None }).unwrap()
    }

    #[test]
    fn an_attribute_of_any_type_is_plain_json() {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let number = |number: &str| AttributeValue::N(number.to_owned());
        for (value, expected) in [
            (text("a \"quote\""), json!("a \"quote\"")),
            (number("-1.50"), json!(-1.5)),
            (AttributeValue::Bool(true), json!(true)),
            (AttributeValue::Bool(false), json!(false)),
            (AttributeValue::Null(true), json!(null)),
            (AttributeValue::B(Blob::new([255, 254])), json!("//4=")),
            (
                AttributeValue::Ss(vec!["a".to_owned(), "b".to_owned()]),
                json!(["a", "b"]),
            ),
            (
                AttributeValue::Ns(vec!["1".to_owned(), "2".to_owned()]),
                json!([1, 2]),
            ),
            (
                AttributeValue::Bs(vec![Blob::new([0]), Blob::new([1])]),
                json!(["AA==", "AQ=="]),
            ),
            (
                AttributeValue::L(vec![text("a"), number("1")]),
                json!(["a", 1]),
            ),
            (
                AttributeValue::M([("a".to_owned(), text("b"))].into()),
                json!({"a": "b"}),
            ),
        ] {
            let attributes = stored("1", value);
            assert_eq!(
                body(&item(&attributes, &ETag::of(&attributes))),
                json!({"Item": {"id": "1", "name": expected}})
            );
        }
    }

    #[test]
    fn a_list_continues_after_the_last_item_of_the_page() {
        let page = Page {
            items: vec![long("a", 1), long("b", 1)],
            last: Some("b".to_owned()),
        };
        let items = json!([{"id": "a", "name": "x"}, {"id": "b", "name": "x"}]);
        assert_eq!(
            body(&list(&page).unwrap()),
            json!({"Items": items, "Count": 2, "ScannedCount": 2, "LastEvaluatedKey": {"id": "b"}})
        );
    }

    #[test]
    fn a_list_ends_before_the_item_that_would_exceed_the_response_limit() {
        let two = |more| listed([long("a", 0), long("b", more), long("c", 0)]);
        let size = |items| listed(items).json().len();
        let both = size(vec![long("a", 0), long("b", 0)]) - size(vec![]);
        let room = MAX_RESPONSE_BYTES - RESPONSE_OVERHEAD - both;

        let full = body(&two(room));
        assert_eq!(
            (&full["Count"], &full["LastEvaluatedKey"]),
            (&json!(2), &json!({"id": "b"}))
        );
        let over = body(&two(room + 1));
        assert_eq!(over["Items"], json!([{"id": "a", "name": ""}]));
        assert_eq!(
            (&over["Count"], &over["LastEvaluatedKey"]),
            (&json!(1), &json!({"id": "a"}))
        );
    }

    #[test]
    fn a_list_shows_its_first_item_whatever_its_size() {
        let first = body(&listed([long("a", MAX_RESPONSE_BYTES), long("b", 0)]));
        assert_eq!(
            (&first["Count"], &first["LastEvaluatedKey"]),
            (&json!(1), &json!({"id": "a"}))
        );
    }
}
