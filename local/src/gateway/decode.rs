//! Percent-decoding as in a real HTTP API.

use percent_encoding::percent_decode_str;

use super::error::GatewayError;

/// Decodes a path **twice**, and cuts it at a `?` that the first decoding produces.
///
/// Captures of a real HTTP API show the same: `%2F` and `%252F` both arrive as `/`, `%2525` as `%`,
/// `%253F` as `?`, and `%23` as `#`; the part after a `%3F` is lost; and `%25` is rejected with 400 unless
/// two hex digits follow. The captures have no `+`; this gateway does not change it. It also rejects any other
/// invalid escape, and bytes that are not UTF-8.
pub(super) fn path(raw: &str) -> Result<String, GatewayError> {
    let decoded = decode(raw)?;
    let path = decoded
        .split_once('?')
        .map_or(decoded.as_str(), |(path, _)| path);
    decode(path)
}

/// Decodes a name or a value of the query once; a `+` is a space, as in a form. Invalid escapes and bytes
/// that are not UTF-8 are rejected as in a path: a misread parameter would do more harm than an error.
pub(super) fn query(raw: &str) -> Result<String, GatewayError> {
    decode(&raw.replace('+', " "))
}

fn decode(raw: &str) -> Result<String, GatewayError> {
    let is_hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    let mut escapes = raw.split('%').skip(1);
    if !escapes.all(|escape| escape.as_bytes().get(..2).is_some_and(is_hex)) {
        return Err(GatewayError::InvalidEncoding);
    }
    let decoded = percent_decode_str(raw).decode_utf8();
    Ok(decoded
        .map_err(|_| GatewayError::InvalidEncoding)?
        .into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_decoded_twice() {
        for (raw, expected) in [
            ("/plain", "/plain"),
            ("/space%20value", "/space value"),
            ("/question%3Fvalue", "/question"),
            ("/question%3Fa%3Fb%25", "/question"),
            ("/hash%23value", "/hash#value"),
            ("/slash%2Fvalue", "/slash/value"),
            (
                "/unicode-%CE%BB-%E4%B8%96%E7%95%8C",
                "/unicode-\u{3bb}-\u{4e16}\u{754c}",
            ),
            ("/literal%252Fvalue", "/literal/value"),
            ("/literal%253Fvalue", "/literal?value"),
            ("/literal%2525value", "/literal%value"),
            ("/plus+value", "/plus+value"),
            ("/nul%00", "/nul\0"),
            ("*", "*"),
            ("", ""),
        ] {
            assert_eq!(path(raw).expect(raw), expected);
        }
    }

    #[test]
    fn an_invalid_escape_is_rejected() {
        for raw in [
            "/percent%25done",
            "/%25",
            "/%",
            "/%2",
            "/%zz",
            "/%+1",
            "/%FF",
            "/%25FF",
            "/%ED%A0%80",
            "/%2\u{e9}",
        ] {
            assert!(
                matches!(path(raw), Err(GatewayError::InvalidEncoding)),
                "{raw}"
            );
        }
    }

    #[test]
    fn a_query_is_decoded_once() {
        assert_eq!(query("a+b%2Bc%2525").expect("decodes"), "a b+c%25");
        assert!(matches!(query("%zz"), Err(GatewayError::InvalidEncoding)));
    }
}
