//! The conversion of the function's response to an HTTP response.

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use base64::prelude::{BASE64_STANDARD, Engine};
use hyper::body::Bytes;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, SET_COOKIE, TRANSFER_ENCODING,
};
use hyper::{Response, StatusCode};

use super::error::GatewayError;

/// The maximum size of the function's response, in bytes of JSON (Lambda's quota, 6 MB and 100 bytes).
pub const MAX_RESPONSE_BYTES: usize = 6_291_556;

/// Converts the function's response to HTTP, unless it is too large or malformed.
///
/// The function's response is serialized and parsed again, as on its way from Lambda, so that the client gets only
/// the data that the JSON has.
pub(super) fn to_http(
    lambda_response: &ApiGatewayV2httpResponse,
) -> Result<Response<Bytes>, GatewayError> {
    let json = serde_json::to_vec(lambda_response)
        .map_err(|_| GatewayError::MalformedResponse("invalid JSON"))?;
    if json.len() > MAX_RESPONSE_BYTES {
        return Err(GatewayError::ResponseTooLarge(json.len()));
    }
    let lambda_response: ApiGatewayV2httpResponse = serde_json::from_slice(&json)
        .map_err(|_| GatewayError::MalformedResponse("invalid JSON"))?;

    let mut response = Response::new(body(&lambda_response)?);
    *response.status_mut() = status(lambda_response.status_code)?;
    let headers = response.headers_mut();
    *headers = lambda_response.headers;
    // The server sets the headers for the length of the body and the state of the connection.
    for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers
        .entry(CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("text/plain; charset=utf-8"));
    for cookie in lambda_response.cookies {
        let cookie = HeaderValue::try_from(cookie);
        headers.append(
            SET_COOKIE,
            cookie.map_err(|_| GatewayError::MalformedResponse("an invalid cookie"))?,
        );
    }
    Ok(response)
}

/// Converts a status code, which must be from 200 to 599: a 1xx status is not final.
fn status(code: i64) -> Result<StatusCode, GatewayError> {
    u16::try_from(code)
        .ok()
        .filter(|code| (200..=599).contains(code))
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or(GatewayError::MalformedResponse("an invalid statusCode"))
}

fn body(lambda_response: &ApiGatewayV2httpResponse) -> Result<Bytes, GatewayError> {
    let body = lambda_response.body.as_deref().unwrap_or_default();
    if lambda_response.is_base64_encoded {
        let decoded = BASE64_STANDARD.decode(body);
        Ok(decoded
            .map_err(|_| GatewayError::MalformedResponse("invalid base64"))?
            .into())
    } else {
        Ok(Bytes::copy_from_slice(body))
    }
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::encodings::Body;

    use super::*;

    fn lambda_response(status_code: i64, body: &str) -> ApiGatewayV2httpResponse {
        let mut lambda_response = ApiGatewayV2httpResponse::default();
        lambda_response.status_code = status_code;
        lambda_response.body = Some(Body::Text(body.to_owned()));
        lambda_response
    }

    fn converted(lambda_response: &ApiGatewayV2httpResponse) -> Response<Bytes> {
        to_http(lambda_response).expect("a response")
    }

    #[test]
    fn a_response_without_a_content_type_is_plain_text() {
        let response = converted(&lambda_response(201, "hello"));
        assert_eq!(response.status(), 201);
        assert_eq!(
            response.headers()[CONTENT_TYPE],
            "text/plain; charset=utf-8"
        );
        assert_eq!(response.body(), "hello");
    }

    #[test]
    fn base64_is_decoded_and_cookies_are_set() {
        let mut lambda_response = lambda_response(200, "AP8=");
        lambda_response.is_base64_encoded = true;
        lambda_response.cookies = vec!["a=1".to_owned(), "b=2".to_owned()];
        lambda_response
            .headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("image/png"));
        lambda_response
            .headers
            .insert(CONTENT_LENGTH, HeaderValue::from_static("99"));
        let response = converted(&lambda_response);
        assert_eq!(response.body(), b"\0\xff".as_slice());
        assert_eq!(response.headers()[CONTENT_TYPE], "image/png");
        assert!(response.headers().get(CONTENT_LENGTH).is_none());
        let cookies = response.headers().get_all(SET_COOKIE).iter();
        assert_eq!(cookies.collect::<Vec<_>>(), ["a=1", "b=2"]);
    }

    #[test]
    fn a_response_may_have_no_body() {
        let mut lambda_response = lambda_response(204, "");
        lambda_response.body = None;
        assert_eq!(converted(&lambda_response).body(), "");
    }

    #[test]
    fn a_malformed_response_is_rejected() {
        let codes = [-1, 0, 100, 199, 600, 65_736, i64::MAX].map(|code| lambda_response(code, ""));
        let mut base64 = lambda_response(200, "not base64");
        base64.is_base64_encoded = true;
        let mut cookie = lambda_response(200, "");
        cookie.cookies = vec!["a\nb".to_owned()];
        for lambda_response in codes.into_iter().chain([base64, cookie]) {
            let result = to_http(&lambda_response);
            assert!(
                matches!(result, Err(GatewayError::MalformedResponse(_))),
                "{lambda_response:?}"
            );
        }
    }

    #[test]
    fn a_response_has_at_most_6291556_bytes_of_json() {
        let empty_length = serde_json::to_vec(&lambda_response(200, ""))
            .expect("JSON")
            .len();
        assert!(
            to_http(&lambda_response(
                200,
                &"a".repeat(MAX_RESPONSE_BYTES - empty_length)
            ))
            .is_ok()
        );
        // A quote takes two bytes in JSON.
        let quoted = "a".repeat(MAX_RESPONSE_BYTES - empty_length - 1) + "\"";
        assert!(matches!(
            to_http(&lambda_response(200, &quoted)),
            Err(GatewayError::ResponseTooLarge(6_291_557))
        ));
    }
}
