//! The body of a request: read up to the limit, and encoded in an event as text or as base64.

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use tokio::time::timeout;

use super::error::GatewayError;

/// How large a body may be, in bytes: 10 MB (API Gateway's quota of the payload).
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// How long the rest of a request that was refused is read and thrown away: the client gets its answer only
/// if it is not cut off while it is still sending.
pub(super) const LINGER: Duration = Duration::from_secs(5);

/// Reads the whole body within this time, and never holds more than the limit of it.
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
            // hyper reads no more of such a body.
            Ok(Err(_)) => return Err(GatewayError::UnreadableBody),
            Err(_) => error = GatewayError::RequestTimeout(client_timeout),
        }
    }
    tokio::spawn(timeout(LINGER, async move {
        while let Some(Ok(_)) = body.frame().await {}
    }));
    Err(error)
}

/// The body as an event carries it, and its `isBase64Encoded`; `None` if there is nothing to carry.
///
/// Text is what has a content type of text. What AWS does where its bytes are not UTF-8 after all is
/// not known; here they come as base64, for replacement characters would make one item of two.
pub(super) fn encode(body: &Bytes, content_type: Option<&[u8]>) -> Option<(String, bool)> {
    if body.is_empty() {
        return None;
    }
    match str::from_utf8(body) {
        Ok(text) if content_type.is_some_and(is_text) => Some((text.to_owned(), false)),
        _ => Some((BASE64_STANDARD.encode(body), true)),
    }
}

/// Whether API Gateway takes this content type for text. It does not take the one that plain
/// `curl -d` sends, `application/x-www-form-urlencoded`.
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
