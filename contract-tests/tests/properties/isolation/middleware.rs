//! Middleware in front of a service: a gateway that is busy, or one that admits only requests with the right signature
//! or the right token.

use std::hash::{DefaultHasher, Hasher as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use aws_lambda_events::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use aws_lambda_events::http::{HeaderName, HeaderValue};
use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::prelude::{BASE64_STANDARD, Engine};
use lambda_runtime::LambdaEvent;
use local::gateway::{Handler, LambdaResponse, handler};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// The region and the credentials of valid signatures.
pub const REGION: &str = "eu-central-1";
pub const KEY: &str = "AKIDEXAMPLE";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub const SESSION: &str = "session/token==";

/// The token of valid requests.
pub const TOKEN: &str = "e30.e30.c2lnbmF0dXJl";

/// The body of the response of a busy service.
pub const BUSY: &str = "{\"message\":\"Service Unavailable\"}";

/// The characters that are percent-encoded in a path.
const PATH_ENCODE_SET: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// A request, as middleware sees it.
pub type Request = ApiGatewayV2httpRequest;

/// Returns the method of a request.
pub fn method(request: &Request) -> &str {
    request.request_context.http.method.as_str()
}

/// Puts middleware in front of a service: if `response` returns a response, the service does not get the request.
pub fn intercept(
    inner: Handler,
    response: impl Fn(&Request) -> Option<LambdaResponse> + Send + Sync + 'static,
) -> Handler {
    handler(move |event: LambdaEvent<Value>| {
        let (response, inner) = (response(&read(&event)), Handler::clone(&inner));
        async move {
            match response {
                Some(response) => response,
                None => inner(event).await,
            }
        }
    })
}

/// Replaces each 200 of a service by the response that `response` returns, if any.
pub fn replace_successes(
    inner: Handler,
    response: impl Fn(&Request) -> Option<LambdaResponse> + Send + Sync + 'static,
) -> Handler {
    handler(move |event: LambdaEvent<Value>| {
        let (forged, answered) = (response(&read(&event)), inner(event));
        async move {
            let answered = answered.await;
            let done = answered.response.status_code == 200;
            forged.filter(|_| done).unwrap_or(answered)
        }
    })
}

/// Returns the request of an event.
pub fn read(event: &LambdaEvent<Value>) -> Request {
    serde_json::from_value(event.payload.clone()).expect("a request")
}

/// Answers half of the requests with 429, as a busy gateway does, or with 503, as a busy service does.
pub fn busy(inner: Handler) -> Handler {
    let requests = AtomicUsize::new(0);
    intercept(inner, move |_| {
        // As if by chance, so that a retry may succeed, and one request in sixteen is refused four times.
        let mut hasher = DefaultHasher::new();
        hasher.write_usize(requests.fetch_add(1, Ordering::Relaxed));
        match hasher.finish() % 4 {
            0 => Some(reply(429, &[], "{\"message\":\"Too Many Requests\"}")),
            1 => Some(reply(503, &[(RETRY_AFTER, "1")], BUSY)),
            _ => None,
        }
    })
}

/// Admits requests that are signed with the right secret.
pub fn requiring_signature(inner: Handler) -> Handler {
    admit_if(
        inner,
        has_valid_signature,
        (403, "{\"message\":\"Forbidden\"}"),
    )
}

/// Admits requests with the right token.
pub fn requiring_token(inner: Handler) -> Handler {
    let has_token = |request: &Request| {
        let given = request.headers.get(AUTHORIZATION)?;
        Some(*given == format!("Bearer {TOKEN}"))
    };
    admit_if(inner, has_token, (401, "{\"message\":\"Unauthorized\"}"))
}

/// Admits the requests for which `is_admitted` returns `true`, and refuses all others.
fn admit_if(
    inner: Handler,
    is_admitted: fn(&Request) -> Option<bool>,
    (status, body): (i64, &'static str),
) -> Handler {
    intercept(inner, move |request| {
        let admitted = is_admitted(request).unwrap_or(false);
        (!admitted).then(|| reply(status, &[], body))
    })
}

/// Returns `true` if the signature of a request is valid; `None` if it has none.
fn has_valid_signature(request: &Request) -> Option<bool> {
    let header = |name: &str| request.headers.get(name)?.to_str().ok();
    let given = header("authorization")?.rsplit_once("Signature=")?.1;
    let time = date(header("x-amz-date")?)?;
    let path = utf8_percent_encode(request.raw_path.as_deref()?, PATH_ENCODE_SET).to_string();
    let query = request.raw_query_string.as_deref().unwrap_or_default();
    let mut url = format!("http://{}{path}", header("host")?);
    if !query.is_empty() {
        url = format!("{url}?{query}");
    }
    let body = request.body.as_deref().unwrap_or_default();
    let bytes = if request.is_base64_encoded {
        BASE64_STANDARD.decode(body).ok()?
    } else {
        body.as_bytes().to_vec()
    };
    let method = request.request_context.http.method.as_str();
    let signable = SignableRequest::new(
        method,
        &url,
        std::iter::empty(),
        SignableBody::Bytes(&bytes),
    );
    let session = Some(SESSION.to_owned());
    let identity =
        aws_credential_types::Credentials::new(KEY, SECRET, session, None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name("execute-api")
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .ok()?
        .into();
    let (_, signature) = sign(signable.ok()?, &parameters).ok()?.into_parts();
    Some(signature == given && header("x-amz-security-token")? == SESSION)
}

/// Parses a time such as `20261124T191242Z`.
fn date(text: &str) -> Option<SystemTime> {
    let part = |range| text.get(range);
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let (hour, minute, second) = (part(9..11)?, part(11..13)?, part(13..16)?);
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}");
    let time = DateTime::from_str(&text, DateTimeFormat::DateTime).ok()?;
    SystemTime::try_from(time).ok()
}

/// Returns a response with a JSON body.
pub fn reply(status: i64, headers: &[(HeaderName, &str)], body: &str) -> LambdaResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status;
    let json = HeaderValue::from_static("application/json");
    response.headers.insert(CONTENT_TYPE, json);
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).expect("a header");
        response.headers.insert(name, value);
    }
    response.body = Some(Body::Text(body.to_owned()));
    response.into()
}
