//! CORS: the headers with which web pages of other origins may call the API, as an HTTP API with a `cors_configuration`
//! sends them. The values are the defaults of the variable `cors` in `terraform/variables.tf`.
//!
//! Sources: [Configure CORS for HTTP APIs]; for the errors of the gateway itself, [a report about an authorizer]. AWS
//! documents neither which of the headers the response to a preflight request has, nor its status, nor a `Vary`: here
//! they follow the [Fetch Standard], with 204. Credentials are never allowed, because the variable has no such setting.
//!
//! [Configure CORS for HTTP APIs]: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
//! [a report about an authorizer]: https://github.com/aws/aws-sam-cli/issues/9087
//! [Fetch Standard]: https://fetch.spec.whatwg.org/#http-cors-protocol

use std::str::FromStr;

use hyper::body::Bytes;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderName, HeaderValue, ORIGIN, VARY,
};
use hyper::http::request;
use hyper::{Method, Response};

use super::host::{HostName, is_number};

/// The methods of a request from another origin.
pub const ALLOW_METHODS: &str = "GET,PUT,DELETE";

/// The headers that such a request may have.
pub const ALLOW_HEADERS: &str = "authorization,content-type,if-match,if-none-match";

/// The headers of the response that the page may read.
pub const EXPOSE_HEADERS: &str = "apigw-requestid,etag,retry-after";

/// The time for which a browser keeps the response to a preflight request, in seconds.
pub const MAX_AGE: &str = "600";

/// An origin whose web pages may call the API, such as `http://localhost:5173`, or a wildcard: `*` for any origin,
/// `https://*` and `http://*` for any with this scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedOrigin(String);

/// The error for a text that is neither an origin nor a wildcard.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an origin: write it as browsers send it, such as http://localhost:5173, in lower case, without a path or the \
     default port; the only wildcards are \"*\", \"https://*\" and \"http://*\""
)]
pub struct InvalidOrigin;

impl FromStr for AllowedOrigin {
    type Err = InvalidOrigin;

    fn from_str(origin: &str) -> Result<Self, InvalidOrigin> {
        let is_valid = match origin.split_once("://") {
            Some(("http", host)) => is_host(host, "80"),
            Some(("https", host)) => is_host(host, "443"),
            _ => origin == "*",
        };
        is_valid
            .then(|| Self(origin.to_owned()))
            .ok_or(InvalidOrigin)
    }
}

/// Returns `true` for a wildcard, or a host as browsers write it: in lower case, with a port only if it is not the
/// default.
fn is_host(host: &str, default_port: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let is_name = name.parse::<HostName>().is_ok() && !name.contains(char::is_uppercase);
    let is_port = |port: &str| port != default_port && is_number(port);
    host == "*" || (is_name && port.is_none_or(is_port))
}

impl AllowedOrigin {
    fn allows(&self, origin: &[u8]) -> bool {
        match self.0.strip_suffix('*') {
            Some(scheme) => origin.starts_with(scheme.as_bytes()),
            None => origin == self.0.as_bytes(),
        }
    }
}

/// Returns `true` for a preflight request, to which the gateway responds by itself if CORS is configured.
pub(super) fn is_preflight(allowed: &[AllowedOrigin], head: &request::Parts) -> bool {
    let has = |name: HeaderName| head.headers.contains_key(name);
    !allowed.is_empty()
        && head.method == Method::OPTIONS
        && has(ORIGIN)
        && has(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Replaces the CORS headers of the function's response by those for the origin of the request, if CORS is configured.
pub(super) fn set_headers(
    allowed: &[AllowedOrigin],
    head: &request::Parts,
    response: &mut Response<Bytes>,
) {
    if allowed.is_empty() {
        return;
    }
    let headers = response.headers_mut();
    let is_cors = |name: &&HeaderName| name.as_str().starts_with("access-control-");
    let of_function: Vec<_> = headers.keys().filter(is_cors).cloned().collect();
    for name in of_function {
        headers.remove(name);
    }
    let is_any = allowed.iter().any(|AllowedOrigin(origin)| origin == "*");
    if !is_any {
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
    let is_allowed = |origin: &&HeaderValue| allowed.iter().any(|it| it.allows(origin.as_bytes()));
    let Some(origin) = head.headers.get(ORIGIN).filter(is_allowed) else {
        return;
    };
    let fixed: &[_] = if is_preflight(allowed, head) {
        &[
            (ACCESS_CONTROL_ALLOW_METHODS, ALLOW_METHODS),
            (ACCESS_CONTROL_ALLOW_HEADERS, ALLOW_HEADERS),
            (ACCESS_CONTROL_MAX_AGE, MAX_AGE),
        ]
    } else if head.method == Method::OPTIONS {
        // AWS documents that OPTIONS gets CORS headers only with `Access-Control-Request-Method`.
        return;
    } else {
        &[(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSE_HEADERS)]
    };
    let origin = if is_any {
        HeaderValue::from_static("*")
    } else {
        origin.clone()
    };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        for origin in [
            "*",
            "http://*",
            "https://*",
            "http://localhost:5173",
            "https://shop.example",
            "http://shop.example:443",
            "https://shop.example:80",
            "http://[::1]",
            "http://[::1]:5173",
        ] {
            assert_eq!(origin.parse(), Ok(AllowedOrigin(origin.to_owned())));
        }
        for origin in [
            "",
            "null",
            "localhost:5173",
            "//localhost",
            "ftp://localhost",
            "ftp://*",
            "HTTP://localhost",
            "http://",
            "http://:80",
            "http://Localhost:5173",
            "http://localhost:80",
            "https://localhost:443",
            "http://[::1]:80",
            "http://localhost:",
            "http://localhost:x",
            "http://localhost:+81",
            "http://localhost/",
            "http://localhost:5173/app",
            "http://me@localhost",
            "http://*.shop.example",
            "http://*:5173",
            "http://::1",
            "http://[x]",
            "http://a,http://b",
            "http://a b",
        ] {
            assert_eq!(
                origin.parse::<AllowedOrigin>(),
                Err(InvalidOrigin),
                "{origin}"
            );
        }
    }

    #[test]
    fn only_the_whole_origin_or_its_scheme_is_compared() {
        let allows = |allowed: &str, origin: &str| {
            let allowed: AllowedOrigin = allowed.parse().expect("an origin");
            allowed.allows(origin.as_bytes())
        };
        for (allowed, origin) in [
            ("*", "http://a"),
            ("*", "null"),
            ("http://*", "http://a:1"),
            ("https://*", "https://a"),
            ("http://a:1", "http://a:1"),
        ] {
            assert!(allows(allowed, origin), "{allowed} {origin}");
        }
        for (allowed, origin) in [
            ("http://*", "https://a"),
            ("https://*", "http://a"),
            ("https://*", "null"),
            ("http://a:1", "http://a"),
            ("http://a:1", "http://a:11"),
            ("http://a", "https://a"),
            ("http://a", "http://a.evil.example"),
            ("http://a", "http://A"),
            ("http://a", "null"),
            ("http://a", ""),
        ] {
            assert!(!allows(allowed, origin), "{allowed} {origin}");
        }
    }
}
