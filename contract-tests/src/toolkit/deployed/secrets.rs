//! The secrets of a request. They are removed from its response, which may repeat them, because reports show responses.

use reqwest::Request;

use crate::toolkit::http::response::Response;

/// The minimum length of a secret, in bytes. Anything shorter might be a word of an item.
pub const MIN_SECRET_BYTES: usize = 16;

/// The text that replaces a secret.
const HIDDEN: &str = "[secret]";

/// The secrets of one request.
#[derive(Debug)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Returns the secrets of this request: the values of its sensitive headers, without the scheme of a token, if they
    /// have at least [`MIN_SECRET_BYTES`].
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let values = request.headers().values();
        let sensitive = values.filter(|value| value.is_sensitive());
        let secrets = sensitive.filter_map(|value| value.to_str().ok());
        // The scheme before a token is not secret.
        let secrets = secrets.map(|secret| secret.strip_prefix("Bearer ").unwrap_or(secret));
        let secrets = secrets.filter(|secret| secret.len() >= MIN_SECRET_BYTES);
        Self(secrets.map(str::to_owned).collect())
    }

    /// Replaces the secrets in the headers and the body of a response.
    pub fn hide_in(&self, response: &mut Response) {
        for secret in &self.0 {
            for value in response.headers.values_mut() {
                *value = value.replace(secret, HIDDEN);
            }
            let body = String::from_utf8_lossy(&response.body);
            if body.contains(secret) {
                response.body = body.replace(secret, HIDDEN).into_bytes();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use reqwest::{Method, Url};

    use super::*;

    fn secrets(values: &[(&'static str, &'static str)]) -> Secrets {
        let url = Url::parse("https://host").expect("a URL");
        let mut request = Request::new(Method::GET, url);
        request
            .headers_mut()
            .insert("accept", HeaderValue::from_static("application/json"));
        for (name, value) in values {
            let mut value = HeaderValue::from_static(value);
            value.set_sensitive(true);
            request.headers_mut().insert(*name, value);
        }
        Secrets::of(&request)
    }

    #[test]
    fn secrets_are_removed_from_a_response() {
        let secrets = secrets(&[
            ("authorization", "Bearer e30.e30.c2lnbmF0dXJl"),
            ("x-amz-security-token", "session/token=="),
            ("x-amz-content-sha256", "the-hash-of-a-body"),
        ]);
        let mut response = Response {
            status: 200,
            headers: [("www-authenticate", "Bearer e30.e30.c2lnbmF0dXJl")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            body: b"application/json e30.e30.c2lnbmF0dXJl session/token== the-hash-of-a-body"
                .to_vec(),
        };
        secrets.hide_in(&mut response);
        assert_eq!(response.headers["www-authenticate"], "Bearer [secret]");
        // The second value is too short for a secret.
        let body = b"application/json [secret] session/token== [secret]";
        assert_eq!(response.body, body);
    }
}
