//! The responses. An item is written as JSON directly from its attributes, and a [list](mod@list) while DynamoDB's JSON
//! is read.

mod list;
mod value;

use crate::attribute::Attributes;
use crate::error::Error;
use crate::etag::ETag;
use crate::key::Key;
use crate::response::{Response, ResponseWriter};

pub use list::Page;

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
    body.raw("{\"Item\":").item(&attributes.into()).raw("}");
    body.finish()
}
