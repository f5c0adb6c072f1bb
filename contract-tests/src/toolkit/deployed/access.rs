//! Access to a deployed API: without authorization (a public API), with a bearer token (`CONTRACT_BEARER`, for a JWT
//! authorizer), or with a signature (`CONTRACT_AUTH=iam`, for IAM authorization).

use std::fmt;
use std::time::SystemTime;

use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use function::config::variable;
use local::error::chain;
use reqwest::Request;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::secrets::MIN_SECRET_BYTES;
use crate::toolkit::http::base_url::BaseUrl;

/// The service for which the requests to an HTTP API are signed.
const SERVICE: &str = "execute-api";

/// The scheme before the token in the header `authorization`.
const SCHEME: &str = "Bearer";

/// The time before their expiry at which credentials are renewed.
const EXPIRY_MARGIN: std::time::Duration = std::time::Duration::from_mins(1);

/// The kinds of authorization, as `CONTRACT_AUTH` and the journals name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthKind {
    /// No authorization.
    None,
    /// A bearer token.
    Bearer,
    /// A signature.
    Iam,
}

/// The authorization of requests to a deployed API.
#[derive(Clone, PartialEq, Eq)]
pub enum Auth {
    /// None: the API is public.
    Open,
    /// This value of the header `authorization`, marked as sensitive.
    Bearer(HeaderValue),
    /// A signature with the credentials of the SDK's default chain: variables, profiles, roles.
    Iam,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)
    }
}

impl Auth {
    /// Parses the values of `CONTRACT_AUTH` and `CONTRACT_BEARER`.
    ///
    /// # Errors
    /// If a value is invalid or missing. The message names the variable to set. It repeats neither value, because a
    /// token may be in the wrong variable.
    pub fn read(kind: Option<&str>, token: Option<&str>) -> Result<Self, String> {
        let token = token.map(parse_bearer).transpose()?;
        let kind = match (kind, &token) {
            (Some("none"), _) | (None, None) => AuthKind::None,
            (Some("bearer"), _) | (None, Some(_)) => AuthKind::Bearer,
            (Some("iam"), _) => AuthKind::Iam,
            (Some(_), _) => return Err("CONTRACT_AUTH must be none, bearer or iam".to_owned()),
        };
        Self::of(kind, token)
    }

    /// Returns authorization of this kind, with this value of the header `authorization` if the kind needs one.
    ///
    /// # Errors
    /// If the kind needs a token and there is none; the message names the variable to set.
    fn of(kind: AuthKind, token: Option<HeaderValue>) -> Result<Self, String> {
        match kind {
            AuthKind::None => Ok(Self::Open),
            AuthKind::Iam => Ok(Self::Iam),
            AuthKind::Bearer => token
                .map(Self::Bearer)
                .ok_or("set CONTRACT_BEARER to a token for this API".to_owned()),
        }
    }

    /// Returns this authorization, or one of the given kind if this one is [`Auth::Open`].
    ///
    /// # Errors
    /// If the kind needs a token and there is none; the message names the variable to set.
    pub fn or_of_kind(&self, kind: AuthKind) -> Result<Self, String> {
        match self {
            Self::Open => Self::of(kind, None),
            Self::Bearer(_) | Self::Iam => Ok(self.clone()),
        }
    }

    /// Returns the kind of authorization, which is not a secret.
    #[must_use]
    pub fn kind(&self) -> AuthKind {
        match self {
            Self::Open => AuthKind::None,
            Self::Bearer(_) => AuthKind::Bearer,
            Self::Iam => AuthKind::Iam,
        }
    }

    /// Returns the options that authorize curl. The shell must have the token in `CONTRACT_BEARER`. For a signature, it
    /// must have the credentials in `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, if they have one,
    /// `AWS_SESSION_TOKEN`, and the region in `AWS_REGION` unless the URL contains it.
    #[must_use]
    pub fn curl_options(&self, url: &BaseUrl) -> String {
        match self {
            Self::Open => String::new(),
            // The last word is the token, with or without a scheme before it.
            Self::Bearer(_) => {
                "-H \"Authorization: Bearer $(printf %s \"$CONTRACT_BEARER\" | awk 'NF {print $NF}')\"".to_owned()
            }
            Self::Iam => {
                let region = region_of(url.as_str()).unwrap_or_else(|| "$AWS_REGION".to_owned());
                format!(
                    "--aws-sigv4 \"aws:amz:{region}:execute-api\" \\\n  \
                     --user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\" \\\n  \
                     ${{AWS_SESSION_TOKEN:+-H \"x-amz-security-token: $AWS_SESSION_TOKEN\"}}"
                )
            }
        }
    }
}

/// Parses a token and returns the value of the header `authorization` that contains it. The value of the header itself
/// is also accepted, because it is easily mistaken for the token.
fn parse_bearer(token: &str) -> Result<HeaderValue, String> {
    let words: Vec<_> = token.split_whitespace().collect();
    let token = match *words {
        [scheme, token] if scheme.eq_ignore_ascii_case(SCHEME) => Some(token),
        [token] => Some(token),
        _ => None,
    };
    let token = token.filter(|token| token.len() >= MIN_SECRET_BYTES && token.is_ascii());
    let value = token.and_then(|token| HeaderValue::from_str(&format!("{SCHEME} {token}")).ok());
    let mut value = value.ok_or_else(|| {
        format!(
            "CONTRACT_BEARER is not a token: set it to one word of at least {MIN_SECRET_BYTES} ASCII characters"
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The authorization of requests to one API, with its credentials.
#[derive(Debug)]
pub enum Access {
    /// None: the API is public.
    Open,
    /// This value of the header `authorization`.
    Bearer(HeaderValue),
    /// A signature.
    Iam(Box<Signer>),
}

impl Access {
    /// Gets the credentials for the API at this URL, if the authorization needs them.
    ///
    /// # Errors
    /// If the credentials or the region are missing.
    pub async fn get(auth: &Auth, url: &BaseUrl) -> Result<Self, String> {
        match auth {
            Auth::Open => Ok(Self::Open),
            Auth::Bearer(value) => Ok(Self::Bearer(value.clone())),
            Auth::Iam => Ok(Self::Iam(Box::new(Signer::from_environment(url).await?))),
        }
    }

    /// Adds the authorization to this request.
    ///
    /// # Errors
    /// If the request cannot be signed, for example because there are no credentials.
    pub async fn apply(&self, request: &mut Request) -> Result<(), String> {
        match self {
            Self::Open => {}
            Self::Bearer(value) => {
                request.headers_mut().insert(AUTHORIZATION, value.clone());
            }
            Self::Iam(signer) => signer.sign(request).await?,
        }
        Ok(())
    }

    /// Returns advice for a request that the gateway rejected.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Open => {
                "set CONTRACT_BEARER to a token for an API with a JWT authorizer, or CONTRACT_AUTH=iam for one with IAM authorization"
            }
            Self::Bearer(_) => {
                "the token in CONTRACT_BEARER was rejected: it may be expired, or lack the audience or the scope that the authorizer requires"
            }
            Self::Iam(_) => {
                "the signature was rejected: the credentials must be valid and allow execute-api:Invoke, and the \
                 region must be that of the API (CONTRACT_AUTH=iam uses the default chain of AWS: variables, \
                 AWS_PROFILE, roles)"
            }
        }
    }
}

/// The signer of requests to an API in one region.
#[derive(Debug)]
pub struct Signer {
    region: String,
    config: SdkConfig,
    credentials: Mutex<Option<Credentials>>,
}

impl Signer {
    async fn from_environment(url: &BaseUrl) -> Result<Self, String> {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        // The SDK's default chain would use an empty variable as a region or a profile.
        let profile = variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
        let region = |name| variable(name).map(Region::new);
        let region = RegionProviderChain::first_try(region("AWS_REGION"))
            .or_else(region("AWS_DEFAULT_REGION"))
            .or_else(
                ProfileFileRegionProvider::builder()
                    .profile_name(&profile)
                    .build(),
            )
            .or_else(ImdsRegionProvider::builder().build());
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .profile_name(profile)
            .region(region)
            .load()
            .await;
        let region = region_of(url.as_str()).or_else(|| config.region().map(ToString::to_string));
        let region =
            region.ok_or("CONTRACT_AUTH is iam: set AWS_REGION to the region of the API")?;
        let signer = Self {
            region,
            config,
            credentials: Mutex::new(None),
        };
        signer.credentials().await?;
        Ok(signer)
    }

    async fn credentials(&self) -> Result<Credentials, String> {
        let mut cached = self.credentials.lock().await;
        let is_fresh = |credentials: &Credentials| {
            let soon = SystemTime::now() + EXPIRY_MARGIN;
            credentials.expiry().is_none_or(|expiry| expiry > soon)
        };
        if let Some(credentials) = cached.as_ref().filter(|cached| is_fresh(cached)) {
            return Ok(credentials.clone());
        }
        let provider = self.config.credentials_provider();
        let provider = provider.ok_or("there is no provider of credentials")?;
        let credentials = provider.provide_credentials().await.map_err(|error| {
            format!(
                "CONTRACT_AUTH is iam, and there are no credentials: set AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY, or AWS_PROFILE ({})",
                chain(&error)
            )
        })?;
        Ok(cached.insert(credentials).clone())
    }

    async fn sign(&self, request: &mut Request) -> Result<(), String> {
        let identity = self.credentials().await?.into();
        let headers = signature_headers(request, &identity, &self.region, SystemTime::now())?;
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| chain(&error))?;
            let mut value = HeaderValue::from_str(&value).map_err(|error| chain(&error))?;
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
        Ok(())
    }
}

fn signature_headers(
    request: &Request,
    identity: &aws_smithy_runtime_api::client::identity::Identity,
    region: &str,
    time: SystemTime,
) -> Result<Vec<(String, String)>, String> {
    let body = request.body().and_then(reqwest::Body::as_bytes);
    let signable = SignableRequest::new(
        request.method().as_str(),
        request.url().as_str(),
        std::iter::empty(),
        SignableBody::Bytes(body.unwrap_or_default()),
    );
    let parameters = v4::SigningParams::builder()
        .identity(identity)
        .region(region)
        .name(SERVICE)
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| chain(&error))?
        .into();
    let signed = signable.and_then(|signable| sign(signable, &parameters));
    let (instructions, _) = signed.map_err(|error| chain(&error))?.into_parts();
    let headers = instructions.headers();
    Ok(headers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

/// Returns the region in the default host name that API Gateway gives to an API.
fn region_of(url: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    let mut labels = url.host_str()?.split('.').skip(1);
    (labels.next()? == SERVICE).then(|| labels.next().map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_read_from_the_host_name() {
        let region = |url: &str| region_of(url);
        let default_host = "https://a1b2c3.execute-api.eu-west-1.amazonaws.com/stage";
        assert_eq!(region(default_host).as_deref(), Some("eu-west-1"));
        assert_eq!(region("https://items.example.com"), None);
        assert_eq!(region("http://127.0.0.1:3000"), None);
    }

    #[test]
    fn a_token_is_sent_with_the_bearer_scheme() {
        for value in [
            "e30.e30.c2lnbmF0",
            " e30.e30.c2lnbmF0\n",
            "Bearer e30.e30.c2lnbmF0",
            "bearer  e30.e30.c2lnbmF0 ",
        ] {
            let Ok(Auth::Bearer(header)) = Auth::read(None, Some(value)) else {
                panic!("{value:?} has a token");
            };
            assert_eq!(header, "Bearer e30.e30.c2lnbmF0");
            assert!(header.is_sensitive());
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let auth = Auth::read(None, Some("a-secret-of-the-user")).expect("a token is there");
        assert_eq!(format!("{auth:?}"), "Bearer");
        for (kind, token) in [
            (Some("bearer"), None),
            (Some("Bearer secret"), None),
            (None, Some("Basic secret")),
            (None, Some("Bearer ")),
            (None, Some("a-secret-of-the-user\u{e9}")),
        ] {
            let error = Auth::read(kind, token).expect_err("it cannot be used");
            assert!(
                error.contains("CONTRACT_") && !error.contains("secret"),
                "{error}"
            );
        }
    }
}
