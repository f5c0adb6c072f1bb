//! The percent-encoding of ids in paths, and of values in queries.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode_byte, utf8_percent_encode};

use crate::request::operation::UrlStyle;

/// The characters to percent-encode in a plain URL: all but the unreserved characters of RFC 3986.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The characters that must be percent-encoded in a segment of a path. It may also contain a `'`, which is encoded
/// nevertheless, because the scripts of failures have paths in single quotes.
const REQUIRED_IN_PATH: &AsciiSet = &PLAIN
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// The characters that must be percent-encoded in a value of a query. Some servers read `;` like `&`, as the end of a
/// value, and `+` as a space.
const REQUIRED_IN_QUERY: &AsciiSet = &REQUIRED_IN_PATH
    .add(b'&')
    .add(b';')
    .add(b'+')
    .remove(b'/')
    .remove(b'?');

/// The maximum length of a percent-encoded id in a path, in bytes. API Gateway refuses a request line and headers of
/// more than 10,240 bytes, and the other parts need some of them.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>.
const MAX_ENCODED_ID_BYTES: usize = 9_000;

/// The known behaviour of the gateway in front of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayProfile {
    /// A gateway that, like an HTTP API of AWS, decodes a path twice. The headers of its responses arrive unchanged.
    HttpApi,
    /// An unknown gateway. Behaviour that differs between gateways is not checked.
    Unknown,
}

/// Encodes an id as a segment of a path. Some parts are encoded twice: `%`, which a second decoding would change, `?`,
/// at which an HTTP API cuts the path after the first decoding, and dot segments, which clients and gateways remove.
/// They arrive only at a gateway that decodes a path twice. An id with a slash, or a too long one, cannot be sent.
pub(super) fn encode_id(id: &str, gateway: GatewayProfile, style: UrlStyle) -> Option<String> {
    let dots = id == "." || id == "..";
    let path = match gateway {
        _ if id.contains('/') => return None,
        GatewayProfile::HttpApi if dots => id.replace('.', "%252E"),
        GatewayProfile::HttpApi => encode(id, REQUIRED_IN_PATH, style)
            .replace("%25", "%2525")
            .replace("%3F", "%253F")
            .replace("%3f", "%253f"),
        GatewayProfile::Unknown if dots || id.contains(['%', '?']) => return None,
        GatewayProfile::Unknown => encode(id, REQUIRED_IN_PATH, style),
    };
    (path.len() <= MAX_ENCODED_ID_BYTES).then_some(path)
}

/// Encodes a value of a query.
pub(super) fn encode_query(value: &str, style: UrlStyle) -> String {
    encode(value, REQUIRED_IN_QUERY, style)
}

fn encode(text: &str, required: &'static AsciiSet, style: UrlStyle) -> String {
    let with = |set| utf8_percent_encode(text, set).to_string();
    match style {
        UrlStyle::Plain => with(PLAIN),
        UrlStyle::LowerHex => {
            let plain = with(PLAIN);
            let mut escapes = plain.split('%');
            let first = escapes.next().unwrap_or_default().to_owned();
            escapes.fold(first, |encoded, escape| {
                let (digits, rest) = escape.split_at(2);
                encoded + "%" + &digits.to_ascii_lowercase() + rest
            })
        }
        UrlStyle::Raw => with(required),
        UrlStyle::Full => text.bytes().map(percent_encode_byte).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_encoded_for_paths() {
        let at_http_api = |id| encode_id(id, GatewayProfile::HttpApi, UrlStyle::Plain);
        assert_eq!(at_http_api("a b+é").as_deref(), Some("a%20b%2B%C3%A9"));
        assert_eq!(at_http_api("%41").as_deref(), Some("%252541"));
        assert_eq!(at_http_api("é?%").as_deref(), Some("%C3%A9%253F%2525"));
        assert_eq!(at_http_api("..").as_deref(), Some("%252E%252E"));
        assert_eq!(at_http_api("a.b..").as_deref(), Some("a.b.."));
        assert_eq!(at_http_api("a/b"), None);
        let unknown = encode_id("%41", GatewayProfile::Unknown, UrlStyle::Plain);
        assert_eq!(unknown, None);
    }

    #[test]
    fn the_styles_differ_in_the_escapes_only() {
        let id = "a+:@,;é?%";
        let encoded = |style| encode_id(id, GatewayProfile::HttpApi, style);
        for (style, expected) in [
            (UrlStyle::Plain, "a%2B%3A%40%2C%3B%C3%A9%253F%2525"),
            (UrlStyle::LowerHex, "a%2b%3a%40%2c%3b%c3%a9%253f%2525"),
            (UrlStyle::Raw, "a+:@,;%C3%A9%253F%2525"),
            (UrlStyle::Full, "%61%2B%3A%40%2C%3B%C3%A9%253F%2525"),
        ] {
            assert_eq!(encoded(style).as_deref(), Some(expected));
        }
        assert_eq!(encode_query("a+b:/;&", UrlStyle::Raw), "a%2Bb:/%3B%26");
    }

    #[test]
    fn the_longest_ids_fit_into_a_path_unless_most_characters_are_encoded_twice() {
        for style in UrlStyle::ALL {
            let encoded = |id: &str| encode_id(id, GatewayProfile::HttpApi, style);
            assert!(encoded(&format!("%{}", "😀".repeat(512))).is_some());
            assert!(encoded(&"a".repeat(2048)).is_some());
            assert!(encoded(&"%".repeat(2048)).is_none());
        }
    }
}
