//! The secrets that a request sends, taken out of whatever repeats them: an answer may, and reports show answers.

use reqwest::Request;

use crate::contract::answer::Answer;

/// The shortest secret that is taken out of an answer, in bytes. A shorter one might be a word of an item.
const MIN_IN_ANSWER: usize = 16;

/// The text in place of a secret.
const HIDDEN: &str = "[secret]";

/// The secrets of one request.
#[derive(Debug)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Returns those of this request: the values of its headers that are marked as sensitive.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let values = request.headers().values();
        let sensitive = values.filter(|value| value.is_sensitive());
        let secrets = sensitive.filter_map(|value| value.to_str().ok());
        // The word before a token is none of its secret.
        let secrets = secrets.map(|secret| secret.strip_prefix("Bearer ").unwrap_or(secret));
        Self(secrets.map(str::to_owned).collect())
    }

    /// Returns this text without them.
    #[must_use]
    pub fn hidden_in(&self, text: &str) -> String {
        let text = text.to_owned();
        self.0
            .iter()
            .fold(text, |text, secret| text.replace(secret, HIDDEN))
    }

    /// Takes them out of the headers and the body of an answer.
    pub fn hide_in(&self, answer: &mut Answer) {
        let long = self.0.iter().filter(|secret| secret.len() >= MIN_IN_ANSWER);
        for secret in long {
            for value in answer.headers.values_mut() {
                *value = value.replace(secret, HIDDEN);
            }
            let body = String::from_utf8_lossy(&answer.body);
            if body.contains(secret) {
                answer.body = body.replace(secret, HIDDEN).into_bytes();
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
    fn an_answer_that_repeats_a_secret_is_shown_without_it() {
        let secrets = secrets(&[
            ("authorization", "Bearer e30.e30.c2lnbmF0dXJl"),
            ("x-amz-security-token", "session/token=="),
        ]);
        let mut answer = Answer {
            status: 200,
            headers: [("www-authenticate", "Bearer e30.e30.c2lnbmF0dXJl")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            body: b"application/json e30.e30.c2lnbmF0dXJl session/token==".to_vec(),
        };
        secrets.hide_in(&mut answer);
        assert_eq!(answer.headers["www-authenticate"], "Bearer [secret]");
        // The second is too short to be told from an item's text.
        let body = b"application/json [secret] session/token==";
        assert_eq!(answer.body, body);
        assert_eq!(secrets.hidden_in("session/token=="), "[secret]");
    }
}
