//! The base URL of a service, checked and normalised once.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;
use serde::{Deserialize, Serialize};

/// The base URL of a service: `http` or `https`, a host, and a path if the service has one. It ends without a slash,
/// and has no user, query or fragment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct BaseUrl {
    text: String,
    host: String,
}

impl BaseUrl {
    /// Parses the value of the variable or argument `name`.
    ///
    /// # Errors
    /// If the value is not such a URL. The message has `name` and examples of URLs, but not the value, which may be a
    /// secret in the wrong variable.
    pub fn parse(name: &str, value: &str) -> Result<Self, String> {
        let invalid = |problem: &str| {
            Err(format!(
                "{name} {problem}: set it to a URL such as https://host or https://host/stage"
            ))
        };
        let Ok(url) = Url::parse(value) else {
            return invalid("is not a URL");
        };
        if !["http", "https"].contains(&url.scheme()) {
            return invalid("does not begin with http:// or https://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return invalid("has a user name or a password, which would appear in reports");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return invalid("has a query or a fragment");
        }
        let host = url.host_str().unwrap_or_default();
        Ok(Self {
            text: url.as_str().trim_end_matches('/').to_owned(),
            host: host.trim_matches(['[', ']']).to_owned(),
        })
    }

    /// Returns the URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the host, an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns `true` if the host is a loopback or unspecified address, or a name that is reserved for loopback.
    ///
    /// Source: RFC 6761, section 6.3.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        if let Ok(address) = self.host.parse::<IpAddr>() {
            let address = address.to_canonical();
            return address.is_loopback() || address.is_unspecified();
        }
        let name = self.host.trim_end_matches('.');
        name == "localhost" || name.ends_with(".localhost")
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<BaseUrl> for String {
    fn from(url: BaseUrl) -> Self {
        url.text
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse("the URL", &text)
    }
}

impl Default for BaseUrl {
    /// Returns the address of `cargo serve`.
    fn default() -> Self {
        Self::parse("cargo serve", "http://127.0.0.1:3000").expect("the default is a URL")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(value: &str) -> Result<BaseUrl, String> {
        BaseUrl::parse("CONTRACT_URL", value)
    }

    #[test]
    fn a_url_is_normalised() {
        for (value, expected) in [
            ("https://host/stage/ ", "https://host/stage"),
            (" HTTPS://Host:443//\n", "https://host"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("https://host/%20/$default", "https://host/%20/$default"),
        ] {
            assert_eq!(
                parse(value).map(|url| url.to_string()).as_deref(),
                Ok(expected)
            );
        }
        assert!(parse(BaseUrl::default().as_str()).is_ok());
    }

    #[test]
    fn an_error_names_the_variable_and_does_not_repeat_the_value() {
        for value in [
            "host",
            "",
            "https://",
            "ftp://host",
            "https://host:port",
            "https://user:secret@host",
            "https://secret@host",
            "https://user:secret@host:port",
            "https://host?token=secret",
            "https://host/#secret",
            "secret@host",
            "secret",
        ] {
            let error = parse(value).expect_err(value);
            assert!(error.starts_with("CONTRACT_URL "), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn is_loopback_recognises_loopback_addresses_and_names() {
        for (host, expected) in [
            ("127.0.0.1", true),
            ("127.9.9.9:3000", true),
            ("[::1]:3000", true),
            ("[::ffff:127.0.0.1]", true),
            ("0.0.0.0", true),
            ("LocalHost", true),
            ("localhost.", true),
            ("a.execute-api.localhost:4566", true),
            ("localhost.example.com", false),
            ("notlocalhost", false),
            ("10.0.0.1", false),
        ] {
            let url = parse(&format!("http://{host}")).expect(host);
            assert_eq!(url.is_loopback(), expected, "{host}");
        }
    }
}
