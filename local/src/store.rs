//! The store of the table: memory, a file, or any DynamoDB.

use std::fmt;
use std::path::PathBuf;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use function::config::{self, variable};
use function::connector;
use hyper::Uri;

use crate::embedded::Embedded;
use crate::error::Error;

/// The store of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// The memory of this process. The table is gone when the process ends.
    Memory,
    /// A file, which is created if it does not exist.
    File(PathBuf),
    /// The DynamoDB at this URL: DynamoDB Local, or DynamoDB in AWS.
    Endpoint(String),
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("in memory, gone when the API stops"),
            Self::File(path) => write!(f, "kept in {}", path.display()),
            Self::Endpoint(url) => write!(f, "in the DynamoDB at {url}"),
        }
    }
}

/// The endpoint of an embedded DynamoDB: a host name that never resolves.
///
/// Source: RFC 6761, 6.4.
const EMBEDDED_ENDPOINT: &str = "http://embedded.invalid";

/// The access key if the environment has none. DynamoDB Local accepts only letters and digits.
const PLACEHOLDER: &str = "local";

/// The region if the environment has none.
pub(crate) const DEFAULT_REGION: &str = "us-east-1";

impl Store {
    /// Returns the URL that the SDK calls.
    #[must_use]
    pub fn endpoint_url(&self) -> &str {
        match self {
            Self::Memory | Self::File(_) => EMBEDDED_ENDPOINT,
            Self::Endpoint(url) => url,
        }
    }
}

/// Returns the SDK configuration for an embedded DynamoDB. The environment does not change it.
pub(crate) fn embedded_config(embedded: &Embedded) -> SdkConfig {
    sdk_config(EMBEDDED_ENDPOINT, None, None, None)
        .into_builder()
        .http_client(embedded.http_client())
        .build()
}

/// Returns the SDK configuration for the DynamoDB at `url`, with the credentials and the region of the
/// environment, or placeholders if it has none: most emulators of DynamoDB accept any.
pub(crate) fn endpoint_config(url: &str) -> Result<SdkConfig, Error> {
    let uri: Option<Uri> = url.parse().ok();
    let scheme = uri.as_ref().and_then(Uri::scheme_str);
    if !scheme.is_some_and(|scheme| ["http", "https"].contains(&scheme)) {
        return Err(Error::EndpointUrl(url.to_owned()));
    }
    let keys = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    let sdk = sdk_config(url, keys, variable("AWS_SESSION_TOKEN"), region);
    if scheme == Some("http") {
        return Ok(sdk);
    }
    let roots = config::roots(variable).map_err(Error::Authorities)?;
    let http_client = connector::http_client(roots);
    Ok(sdk.into_builder().http_client(http_client).build())
}

/// Returns the environment variables with which a process has the configuration of [`endpoint_config`].
pub(crate) fn endpoint_environment(url: &str) -> Vec<(&'static str, String)> {
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    let keys = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
    let has_keys = keys.is_some();
    let (id, secret) = keys.unwrap_or_else(|| (PLACEHOLDER.to_owned(), PLACEHOLDER.to_owned()));
    let mut environment = vec![
        ("AWS_ENDPOINT_URL_DYNAMODB", url.to_owned()),
        (
            "AWS_REGION",
            region.unwrap_or_else(|| DEFAULT_REGION.to_owned()),
        ),
        ("AWS_ACCESS_KEY_ID", id),
        ("AWS_SECRET_ACCESS_KEY", secret),
    ];
    let session = variable("AWS_SESSION_TOKEN").filter(|_| has_keys);
    environment.extend(session.map(|session| ("AWS_SESSION_TOKEN", session)));
    environment.extend(variable("AWS_CA_BUNDLE").map(|bundle| ("AWS_CA_BUNDLE", bundle)));
    environment
}

fn sdk_config(
    url: &str,
    keys: Option<(String, String)>,
    session: Option<String>,
    region: Option<String>,
) -> SdkConfig {
    let credentials = match keys {
        Some((id, secret)) => Credentials::new(id, secret, session, None, "environment"),
        None => Credentials::new(PLACEHOLDER, PLACEHOLDER, None, None, "placeholder"),
    };
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(
            region.unwrap_or_else(|| DEFAULT_REGION.to_owned()),
        ))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_an_http_url() {
        for url in [
            "http://localhost:8000",
            "https://dynamodb.eu-west-1.amazonaws.com/",
        ] {
            assert!(endpoint_config(url).is_ok(), "{url}");
        }
        for url in [
            "",
            "localhost:8000",
            "localhost",
            "/",
            "ftp://localhost",
            "http://",
            "http:// x",
        ] {
            assert!(
                matches!(endpoint_config(url), Err(Error::EndpointUrl(_))),
                "{url}"
            );
        }
    }

    #[test]
    fn the_environment_does_not_reach_an_embedded_table() {
        let embedded = Embedded::in_memory().expect("a table in memory");
        let config = embedded_config(&embedded);
        assert_eq!(config.region().map(AsRef::as_ref), Some("us-east-1"));
        assert_eq!(config.endpoint_url(), Some(Store::Memory.endpoint_url()));
    }
}
