//! The body of a request: reads it up to the limit, and encodes it for an event as text or as base64.

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use tokio::time::timeout;

use super::error::GatewayError;

/// The maximum size of a body, in bytes: 10 MB (API Gateway's quota for the payload).
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// The maximum time for draining the rest of a rejected request: a client that is cut off while it is still
/// sending does not get the response.
pub(super) const LINGER: Duration = Duration::from_secs(5);

/// Reads the whole body within `client_timeout`. Never holds more than the limit in memory.
pub(super) async fn read(
    mut body: Incoming,
    client_timeout: Duration,
) -> Result<Bytes, GatewayError> {
    let declared_size = body.size_hint().lower();
    let mut error = GatewayError::BodyTooLarge;
    if usize::try_from(declared_size).is_ok_and(|size| size <= MAX_BODY_BYTES) {
        match timeout(
            client_timeout,
            Limited::new(&mut body, MAX_BODY_BYTES).collect(),
        )
        .await
        {
            Ok(Ok(read)) => return Ok(read.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {}
            // The rest is not drained, because hyper stops reading at the error.
            Ok(Err(_)) => return Err(GatewayError::UnreadableBody),
            Err(_) => error = GatewayError::RequestTimeout(client_timeout),
        }
    }
    tokio::spawn(timeout(LINGER, async move {
        while let Some(Ok(_)) = body.frame().await {}
    }));
    Err(error)
}

/// Returns the body as an event carries it, and its `isBase64Encoded`; `None` if the body is empty.
///
/// The content type decides if a body is text. AWS does not document what happens to a text that is not UTF-8.
/// Here it is encoded as base64, because replacement characters could make two different ids equal.
pub(super) fn encode(body: &Bytes, content_type: Option<&[u8]>) -> Option<(String, bool)> {
    if body.is_empty() {
        return None;
    }
    match str::from_utf8(body) {
        Ok(text) if content_type.is_some_and(is_text) => Some((text.to_owned(), false)),
        _ => Some((BASE64_STANDARD.encode(body), true)),
    }
}

/// Returns `true` if API Gateway treats this content type as text. The default of `curl -d`,
/// `application/x-www-form-urlencoded`, is not text.
fn is_text(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next();
    let essence = essence.unwrap_or_default().trim_ascii();
    let essence = essence.to_ascii_lowercase();
    essence.starts_with(b"text/")
        || [
            b"application/json".as_slice(),
            b"application/xml",
            b"application/javascript",
        ]
        .contains(&essence.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode_text(body: &'static [u8], content_type: Option<&str>) -> Option<(String, bool)> {
        encode(&Bytes::from_static(body), content_type.map(str::as_bytes))
    }

    #[test]
    fn text_is_not_encoded() {
        for content_type in [
            "application/json",
            "Application/JSON ; charset=utf-8",
            "application/xml",
            "application/javascript",
            "text/plain",
            "text/x-anything",
        ] {
            let encoded = encode_text(b"{}", Some(content_type));
            assert_eq!(encoded, Some(("{}".to_owned(), false)), "{content_type}");
        }
    }

    #[test]
    fn other_content_types_are_base64() {
        for content_type in [
            None,
            Some(""),
            Some("application/x-www-form-urlencoded"),
            Some("application/octet-stream"),
            Some("application/vnd.api+json"),
            Some("application/jsonp"),
            Some("x/text/plain"),
        ] {
            let encoded = encode_text(b"{}", content_type);
            assert_eq!(encoded, Some(("e30=".to_owned(), true)), "{content_type:?}");
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_base64() {
        let encoded = encode_text(b"a\xffb", Some("text/plain"));
        assert_eq!(encoded, Some(("Yf9i".to_owned(), true)));
    }

    #[test]
    fn an_empty_body_is_left_out() {
        assert_eq!(encode_text(b"", None), None);
        assert_eq!(encode_text(b"", Some("application/json")), None);
    }
}
