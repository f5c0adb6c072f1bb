//! The bodies of answers, written as JSON straight from the table's attributes.

use std::fmt::Display;
use std::io::Write as _;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::attribute;
use crate::error::Error;
use crate::key::Key;
use crate::price::Price;
use crate::table::{Attributes, PARTITION_KEY, Page, id_of};

/// The most bytes of a list's reply to Lambda, in which the body is one JSON string: there, every
/// quote and backslash takes two bytes. Lambda's own limit is 6 MB.
pub const MAX_REPLY: usize = 6_000_000;

/// What to keep of [`MAX_REPLY`] for all that is not an item: the status and headers, the counts,
/// and a last key of 2048 control characters, of which each takes the seven bytes of `\\u0001`.
const REPLY_RESERVE: usize = 20_000;

/// `"Put item <id>"`, a JSON string.
#[must_use]
pub fn put(id: &Key) -> String {
    Json::default()
        .string(&format!("Put item {}", id.as_str()))
        .finish()
}

/// `"Deleted item <id>"`, a JSON string.
#[must_use]
pub fn deleted(id: &Key) -> String {
    Json::default()
        .string(&format!("Deleted item {}", id.as_str()))
        .finish()
}

/// `{"message":"…"}`, the shape that API Gateway itself uses.
#[must_use]
pub fn message(text: &impl Display) -> String {
    Json::default()
        .raw("{\"message\":")
        .string(&text.to_string())
        .raw("}")
        .finish()
}

/// `{"Item":{…}}`.
#[must_use]
pub fn item(attributes: &Attributes) -> String {
    Json::default()
        .raw("{\"Item\":")
        .item(attributes)
        .raw("}")
        .finish()
}

/// `{"Items":[…],"Count":n,"ScannedCount":n}`, with `"LastEvaluatedKey"` where the page was cut short:
/// by the table, or at the item that would take the reply over [`MAX_REPLY`].
///
/// # Errors
/// [`Error::Misconfigured`] if an item has no id: then the table has another key.
pub fn list(page: Page) -> Result<String, Error> {
    let mut json = Json::default();
    json.raw("{\"Items\":[");
    let mut reply = REPLY_RESERVE;
    let mut shown = 0;
    let mut last = None;
    let mut cut = false;
    for attributes in &page.items {
        let id = id_of(attributes)?;
        let start = json.0.len();
        if shown > 0 {
            json.raw(",");
        }
        json.item(attributes);
        reply += escaped_length(&json.0[start..]);
        // The first item always fits (400 KB of it are at most 14 times as much in the reply), and a
        // list that shows none could not be gone on with.
        cut = shown > 0 && reply > MAX_REPLY;
        if cut {
            json.0.truncate(start);
            break;
        }
        shown += 1;
        last = Some(id);
    }
    json.raw(&format!("],\"Count\":{shown},\"ScannedCount\":{shown}"));
    if let Some(last) = if cut { last } else { page.last } {
        json.raw(",\"LastEvaluatedKey\":{")
            .member(PARTITION_KEY)
            .string(last.as_str())
            .raw("}");
    }
    Ok(json.raw("}").finish())
}

fn escaped_length(json: &[u8]) -> usize {
    json.len()
        + json
            .iter()
            .filter(|&&byte| byte == b'"' || byte == b'\\')
            .count()
}

/// JSON text in the making.
#[derive(Default)]
struct Json(Vec<u8>);

impl Json {
    fn raw(&mut self, text: &str) -> &mut Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn string(&mut self, text: &str) -> &mut Self {
        serde_json::to_writer(&mut self.0, text).expect("a string can be written to memory");
        self
    }

    fn member(&mut self, name: &str) -> &mut Self {
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

    /// An item's own three attributes; another writer may have stored more, which stay unseen.
    fn item(&mut self, attributes: &Attributes) -> &mut Self {
        let shown = [attribute::ID, attribute::PRICE, attribute::NAME]
            .into_iter()
            .filter_map(|name| Some((name, attributes.get(name)?)));
        self.raw("{")
            .elements(shown, |json, (name, value)| {
                json.member(name).value(value);
            })
            .raw("}")
    }

    fn number(&mut self, text: &str) -> &mut Self {
        // In our own form, since that is bounded where DynamoDB writes an exponent out as zeros.
        match Price::parse(text) {
            Ok(number) => {
                write!(self.0, "{number}").expect("a number can be written to memory");
                self
            }
            Err(_) => self.string(text),
        }
    }

    fn binary(&mut self, bytes: &[u8]) -> &mut Self {
        self.string(&BASE64.encode(bytes))
    }

    /// Any attribute as plain JSON: a set as an array, binary as a base64 string.
    fn value(&mut self, value: &AttributeValue) -> &mut Self {
        match value {
            AttributeValue::S(text) => self.string(text),
            AttributeValue::N(text) => self.number(text),
            AttributeValue::Bool(true) => self.raw("true"),
            AttributeValue::Bool(false) => self.raw("false"),
            AttributeValue::B(bytes) => self.binary(bytes.as_ref()),
            AttributeValue::Ss(texts) => self
                .raw("[")
                .elements(texts, |json, text| {
                    json.string(text);
                })
                .raw("]"),
            AttributeValue::Ns(texts) => self
                .raw("[")
                .elements(texts, |json, text| {
                    json.number(text);
                })
                .raw("]"),
            AttributeValue::Bs(blobs) => self
                .raw("[")
                .elements(blobs, |json, bytes| {
                    json.binary(bytes.as_ref());
                })
                .raw("]"),
            AttributeValue::L(values) => self
                .raw("[")
                .elements(values, |json, value| {
                    json.value(value);
                })
                .raw("]"),
            AttributeValue::M(members) => self
                .raw("{")
                .elements(members, |json, (name, value)| {
                    json.member(name).value(value);
                })
                .raw("}"),
            // NULL, and a type that DynamoDB may yet come to have.
            _ => self.raw("null"),
        }
    }

    fn finish(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.0)).expect("only UTF-8 was written")
    }
}
