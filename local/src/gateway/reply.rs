//! The reply of the function, turned into an HTTP response.

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use base64::prelude::{BASE64_STANDARD, Engine};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, SET_COOKIE, TRANSFER_ENCODING,
};
use hyper::{Response, StatusCode};

use super::refusal::Refusal;

/// How large a reply may be, in bytes of JSON (Lambda's quota, 6 MB and 100 bytes).
const LIMIT: usize = 6_291_556;

/// The response to a reply that is neither too large nor malformed.
///
/// The reply is written as JSON and read again, as on its way from Lambda: what the JSON does not
/// carry, the client does not get.
pub(super) fn to_http(reply: &ApiGatewayV2httpResponse) -> Result<Response<Full<Bytes>>, Refusal> {
    let written = serde_json::to_vec(reply).map_err(|_| Refusal::MalformedReply("its JSON"))?;
    if written.len() > LIMIT {
        return Err(Refusal::ReplyTooLarge(written.len()));
    }
    let reply: ApiGatewayV2httpResponse =
        serde_json::from_slice(&written).map_err(|_| Refusal::MalformedReply("its JSON"))?;

    let mut response = Response::new(Full::new(body(&reply)?));
    *response.status_mut() = status(reply.status_code)?;
    let headers = response.headers_mut();
    *headers = reply.headers;
    // The length of the body and the state of the connection are the server's to tell.
    for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers
        .entry(CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("text/plain; charset=utf-8"));
    for cookie in reply.cookies {
        let cookie = HeaderValue::try_from(cookie);
        headers.append(
            SET_COOKIE,
            cookie.map_err(|_| Refusal::MalformedReply("a cookie"))?,
        );
    }
    Ok(response)
}

/// A final status; 1xx cannot be the answer to a request.
fn status(code: i64) -> Result<StatusCode, Refusal> {
    u16::try_from(code)
        .ok()
        .filter(|code| (200..=599).contains(code))
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or(Refusal::MalformedReply("its statusCode"))
}

fn body(reply: &ApiGatewayV2httpResponse) -> Result<Bytes, Refusal> {
    let carried = reply.body.as_deref().unwrap_or_default();
    if reply.is_base64_encoded {
        let decoded = BASE64_STANDARD.decode(carried);
        Ok(decoded
            .map_err(|_| Refusal::MalformedReply("its base64"))?
            .into())
    } else {
        Ok(Bytes::copy_from_slice(carried))
    }
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::encodings::Body;
    use http_body_util::BodyExt;

    use super::*;

    fn reply(status_code: i64, body: &str) -> ApiGatewayV2httpResponse {
        let mut reply = ApiGatewayV2httpResponse::default();
        reply.status_code = status_code;
        reply.body = Some(Body::Text(body.to_owned()));
        reply
    }

    async fn sent(reply: &ApiGatewayV2httpResponse) -> (Response<()>, Bytes) {
        let (head, body) = to_http(reply).expect("a response").into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        (Response::from_parts(head, ()), body)
    }

    #[tokio::test]
    async fn a_reply_without_a_content_type_is_plain_text() {
        let (response, body) = sent(&reply(201, "hello")).await;
        assert_eq!(response.status(), 201);
        assert_eq!(
            response.headers()[CONTENT_TYPE],
            "text/plain; charset=utf-8"
        );
        assert_eq!(body, "hello");
    }

    #[tokio::test]
    async fn base64_is_decoded_and_cookies_are_set() {
        let mut reply = reply(200, "AP8=");
        reply.is_base64_encoded = true;
        reply.cookies = vec!["a=1".to_owned(), "b=2".to_owned()];
        reply
            .headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("image/png"));
        reply
            .headers
            .insert(CONTENT_LENGTH, HeaderValue::from_static("99"));
        let (response, body) = sent(&reply).await;
        assert_eq!(body, b"\0\xff".as_slice());
        assert_eq!(response.headers()[CONTENT_TYPE], "image/png");
        assert!(response.headers().get(CONTENT_LENGTH).is_none());
        let cookies = response.headers().get_all(SET_COOKIE).iter();
        assert_eq!(cookies.collect::<Vec<_>>(), ["a=1", "b=2"]);
    }

    #[tokio::test]
    async fn a_reply_may_have_no_body() {
        let mut reply = reply(204, "");
        reply.body = None;
        assert_eq!(sent(&reply).await.1, "");
    }

    #[test]
    fn a_malformed_reply_is_refused() {
        let mut replies = [-1, 0, 100, 199, 600, 65_736, i64::MAX].map(|code| reply(code, ""));
        replies[0] = {
            let mut reply = reply(200, "not base64");
            reply.is_base64_encoded = true;
            reply
        };
        replies[1] = {
            let mut reply = reply(200, "");
            reply.cookies = vec!["a\nb".to_owned()];
            reply
        };
        for reply in replies {
            let refused = to_http(&reply);
            assert!(
                matches!(refused, Err(Refusal::MalformedReply(_))),
                "{reply:?}"
            );
        }
    }

    #[test]
    fn a_reply_may_be_6291556_bytes_of_json_and_no_more() {
        let frame = serde_json::to_vec(&reply(200, "")).expect("JSON").len();
        assert!(to_http(&reply(200, &"a".repeat(LIMIT - frame))).is_ok());
        // A quote takes two bytes in JSON.
        let quoted = "a".repeat(LIMIT - frame - 1) + "\"";
        assert!(matches!(
            to_http(&reply(200, &quoted)),
            Err(Refusal::ReplyTooLarge(6_291_557))
        ));
    }
}
