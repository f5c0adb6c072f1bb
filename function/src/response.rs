//! The response to Lambda in payload format 2.0, written in one pass.
//!
//! The body is a JSON string, so a JSON body is escaped twice: each of its quotes takes two bytes, and each quote in
//! one of its strings four. Escaping twice in one pass avoids a second pass over a body of up to 6 MB.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::etag::ETag;

/// The initial capacity of a writer, in bytes: a typical item fits.
const INITIAL_CAPACITY: usize = 512;

/// The response that API Gateway sends to the client.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Response {
    #[serde(skip)]
    status: u16,
    json: Box<RawValue>,
}

impl Response {
    /// Returns the JSON text that Lambda gets.
    #[must_use]
    pub fn json(&self) -> &str {
        self.json.get()
    }

    /// Returns the HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }
}

/// A writer of a response whose body is JSON text.
pub(crate) struct ResponseWriter {
    status: u16,
    json: Vec<u8>,
}

impl ResponseWriter {
    /// Starts a response with this HTTP status. A 503 asks the client to try again after a second.
    pub fn new(status: u16) -> Self {
        let retry_after = [r#","retry-after":"1""#];
        Self::with_headers(status, if status == 503 { &retry_after } else { &[] })
    }

    /// Starts a response about an item with this tag.
    pub fn with_etag(status: u16, etag: &ETag) -> Self {
        Self::with_headers(status, &[r#","etag":"\""#, etag.opaque(), r#"\"""#])
    }

    fn with_headers(status: u16, more: &[&str]) -> Self {
        // Without a content type, an HTTP API adds `text/plain`, which a cache would take over from a 304.
        let mut json = String::with_capacity(INITIAL_CAPACITY);
        json.push_str(r#"{"statusCode":"#);
        json.push_str(&status.to_string());
        json.push_str(r#","headers":{"content-type":"application/json""#);
        json.extend(more.iter().copied());
        json.push_str(r#"},"isBase64Encoded":false,"cookies":[],"body":""#);
        Self {
            status,
            json: json.into_bytes(),
        }
    }

    /// Returns the number of bytes written so far. A quote in the body counts as two.
    pub fn len(&self) -> usize {
        self.json.len()
    }

    /// Makes room for this many bytes in advance.
    pub fn reserve(&mut self, bytes: usize) {
        self.json.reserve(bytes);
    }

    /// Removes everything after the first `length` bytes.
    pub fn truncate(&mut self, length: usize) {
        self.json.truncate(length);
    }

    /// Adds JSON text to the body.
    pub fn raw(&mut self, json: &str) -> &mut Self {
        for byte in json.bytes() {
            if matches!(byte, b'"' | b'\\') {
                self.json.push(b'\\');
            }
            self.json.push(byte);
        }
        self
    }

    /// Adds a JSON string to the body.
    pub fn string(&mut self, text: &str) -> &mut Self {
        // A count without an early exit is vectorized.
        let escaped = |byte: &u8| matches!(byte, ..b' ' | b'"' | b'\\');
        if text.bytes().filter(escaped).count() == 0 {
            self.json.extend_from_slice(b"\\\"");
            self.json.extend_from_slice(text.as_bytes());
            self.json.extend_from_slice(b"\\\"");
            self
        } else {
            self.raw(&serde_json::to_string(text).expect("a string can be written to memory"))
        }
    }

    /// Finishes the response.
    pub fn finish(mut self) -> Response {
        self.json.extend_from_slice(b"\"}");
        let json = String::from_utf8(self.json).expect("only UTF-8 was written");
        Response {
            status: self.status,
            json: RawValue::from_string(json).expect("only JSON was written"),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
    use proptest::prelude::*;

    use super::*;
    use crate::attribute::Attributes;

    pub(crate) fn read(response: &Response) -> ApiGatewayV2httpResponse {
        serde_json::from_str(response.json()).unwrap()
    }

    proptest! {
        #[test]
        fn the_gateway_reads_the_body_that_was_written(name in any::<String>(), value in any::<String>()) {
            let mut writer = ResponseWriter::new(200);
            writer.raw("{").string(&name).raw(":").string(&value).raw("}");
            let body = read(&writer.finish()).body.unwrap();
            let expected = serde_json::json!({name: value}).to_string();
            prop_assert_eq!(&*body, expected.as_bytes());
        }
    }

    #[test]
    fn the_gateway_reads_the_status_and_the_headers() {
        for (status, retry_after) in [(200, None), (404, None), (503, Some("1"))] {
            let mut writer = ResponseWriter::new(status);
            writer.raw("{}");
            let response = read(&writer.finish());
            assert_eq!(response.status_code, i64::from(status));
            assert!(!response.is_base64_encoded);
            assert_eq!(response.headers["content-type"], "application/json");
            let header = response.headers.get("retry-after");
            assert_eq!(header.map(|it| it.to_str().unwrap()), retry_after);
        }
    }

    #[test]
    fn the_gateway_reads_the_tag() {
        let etag = ETag::of(&Attributes::new());
        let written = ResponseWriter::with_etag(304, &etag).finish();
        assert_eq!(written.status(), 304);
        let response = read(&written);
        assert_eq!(response.status_code, 304);
        assert_eq!(response.headers["etag"], etag.to_string());
        assert_eq!(response.body.map(|body| body.len()), Some(0));
    }
}
