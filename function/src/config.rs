//! The configuration, read from environment variables and checked before the first request.

use std::path::Path;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use http::Uri;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::connector;

/// The configuration of the function.
#[derive(Debug)]
pub struct Config {
    /// The name of the DynamoDB table.
    pub table_name: String,
    /// The region, credentials, endpoint and certificate authorities, from the variables that every AWS SDK uses.
    /// Profiles and other files of the SDK are not read.
    pub sdk: SdkConfig,
}

/// An environment variable that must be corrected.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A required variable is not set.
    #[error("{0} is not set: set it to {1}")]
    Missing(&'static str, &'static str),
    /// The value of a variable is not valid.
    #[error("{0} is {1:?}: set it to {2}")]
    Invalid(&'static str, String, &'static str),
    /// The file of certificate authorities cannot be used.
    #[error("{CA_BUNDLE} is {0:?}, which {1}: set it to {CA_BUNDLE_HINT}, or unset it")]
    CaBundle(String, String),
}

const TABLE_NAME: &str = "TABLE_NAME";
const TABLE_NAME_HINT: &str =
    "the name of the DynamoDB table of items (3 to 255 of a-z, A-Z, 0-9, '_', '-' and '.')";
const REGION: &str = "AWS_REGION";
const REGION_HINT: &str = "the region of the table, such as eu-central-1";
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"];
const ENDPOINT_HINT: &str =
    "a URL such as http://localhost:8000, or unset it to use DynamoDB itself";
const FIPS: &str = "AWS_USE_FIPS_ENDPOINT";
const DUAL_STACK: &str = "AWS_USE_DUALSTACK_ENDPOINT";
const SWITCH_HINT: &str = "true or false, or unset it";
const CA_BUNDLE: &str = "AWS_CA_BUNDLE";
const CA_BUNDLE_HINT: &str =
    "the path of a PEM file of additional certificate authorities to trust";

impl Config {
    /// Reads the environment variables of the process.
    ///
    /// # Errors
    /// The first variable that must be corrected, and a hint for its value.
    pub fn from_env() -> Result<Self, ConfigError> {
        let table_name = table_name(variable)?;
        let region = region(variable)?;
        let mut sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(region)
            .http_client(connector::http_client(roots(variable)?))
            // Lambda passes the credentials of the function's role in variables only.
            .credentials_provider(SharedCredentialsProvider::new(
                EnvironmentVariableCredentialsProvider::new(),
            ));
        sdk.set_endpoint_url(endpoint(variable)?)
            .set_use_fips(switch(variable, FIPS)?)
            .set_use_dual_stack(switch(variable, DUAL_STACK)?);
        let sdk = sdk.build();
        Ok(Self { table_name, sdk })
    }
}

/// The value of an environment variable, or `None` if it is unset, empty or not UTF-8.
pub type Variable = Option<String>;

/// Reads an environment variable of the process. An empty one counts as unset, because Terraform and pipelines leave
/// variables empty. One that is not UTF-8 also counts as unset.
#[must_use]
pub fn variable(name: &str) -> Variable {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn table_name(variable: impl Fn(&str) -> Variable) -> Result<String, ConfigError> {
    let name = variable(TABLE_NAME).ok_or(ConfigError::Missing(TABLE_NAME, TABLE_NAME_HINT))?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if (3..=255).contains(&name.len()) && name.chars().all(allowed) {
        Ok(name)
    } else {
        Err(ConfigError::Invalid(TABLE_NAME, name, TABLE_NAME_HINT))
    }
}

fn region(variable: impl Fn(&str) -> Variable) -> Result<Region, ConfigError> {
    variable(REGION)
        .map(Region::new)
        .ok_or(ConfigError::Missing(REGION, REGION_HINT))
}

/// Returns the first of [`ENDPOINTS`] that is set, to use instead of the region's endpoint. All of them are checked.
fn endpoint(variable: impl Fn(&str) -> Variable) -> Result<Variable, ConfigError> {
    let mut found = None;
    for name in ENDPOINTS {
        let Some(url) = variable(name) else { continue };
        if !url.parse::<Uri>().is_ok_and(|uri| {
            uri.host().is_some() && ["http", "https"].map(Some).contains(&uri.scheme_str())
        }) {
            return Err(ConfigError::Invalid(name, url, ENDPOINT_HINT));
        }
        found.get_or_insert(url);
    }
    Ok(found)
}

fn switch(
    variable: impl Fn(&str) -> Variable,
    name: &'static str,
) -> Result<Option<bool>, ConfigError> {
    let Some(value) = variable(name) else {
        return Ok(None);
    };
    match value.to_ascii_lowercase().parse() {
        Ok(on) => Ok(Some(on)),
        Err(_) => Err(ConfigError::Invalid(name, value, SWITCH_HINT)),
    }
}

/// Returns the compiled-in root certificates, and those in the file that `AWS_CA_BUNDLE` names if that variable is set.
///
/// # Errors
/// [`ConfigError::CaBundle`] if the file cannot be used.
pub fn roots(variable: impl Fn(&str) -> Variable) -> Result<RootCertStore, ConfigError> {
    let mut roots = connector::roots();
    if let Some(path) = variable(CA_BUNDLE) {
        add_bundle(&mut roots, path.as_ref())
            .map_err(|reason| ConfigError::CaBundle(path, reason))?;
    }
    Ok(roots)
}

fn add_bundle(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let pem = std::fs::read(path).map_err(|error| format!("cannot be read ({error})"))?;
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        certificate
            .map_err(|error| error.to_string())
            .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()))
            .map_err(|error| format!("holds an invalid certificate ({error})"))?;
    }
    if roots.len() == before {
        return Err("holds no certificate".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_name_must_be_valid_in_dynamodb() {
        let read = |name: Option<&str>| table_name(|_| name.map(str::to_owned));
        assert_eq!(
            read(None),
            Err(ConfigError::Missing(TABLE_NAME, TABLE_NAME_HINT))
        );
        for name in ["abc", "http-crud-tutorial-items", "A_b.9", &"x".repeat(255)] {
            assert_eq!(read(Some(name)).as_deref(), Ok(name));
        }
        for name in ["ab", "a b c", "caf\u{e9}s", "a/b/c", &"x".repeat(256)] {
            let refused = ConfigError::Invalid(TABLE_NAME, name.to_owned(), TABLE_NAME_HINT);
            assert_eq!(read(Some(name)), Err(refused));
        }
    }

    #[test]
    fn a_region_is_required() {
        let read = |value: Option<&str>| region(|_| value.map(str::to_owned));
        assert!(read(None).is_err());
        assert_eq!(read(Some("eu-central-1")).unwrap().as_ref(), "eu-central-1");
    }

    #[test]
    fn either_endpoint_must_be_a_url() {
        for name in ENDPOINTS {
            let read = |url: &str| endpoint(|asked| (asked == name).then(|| url.to_owned()));
            for url in [
                "http://localhost:8000",
                "https://dynamodb.eu-central-1.amazonaws.com",
            ] {
                assert_eq!(read(url), Ok(Some(url.to_owned())));
            }
            for url in [
                "localhost:8000",
                "http://",
                "ftp://localhost",
                "http:// x",
                "http://a b",
            ] {
                let refused = ConfigError::Invalid(name, url.to_owned(), ENDPOINT_HINT);
                assert_eq!(read(url), Err(refused));
            }
        }
    }

    fn bundle(content: &str) -> Result<usize, ConfigError> {
        // Each test has its own file, because tests run in parallel.
        let name = format!("{:?}.pem", std::thread::current().id());
        let path = std::env::temp_dir().join(format!("{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        let added = roots(|_| Some(path.display().to_string()));
        std::fs::remove_file(&path).unwrap();
        Ok(added?.len() - connector::roots().len())
    }

    #[test]
    fn a_ca_bundle_is_added_to_the_roots() {
        let authority = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let two = authority().cert.pem() + &authority().cert.pem();
        assert_eq!(bundle(&two), Ok(2));
    }

    #[test]
    fn a_ca_bundle_is_optional() {
        let roots = roots(|_| None).unwrap();
        assert_eq!(roots.len(), connector::roots().len());
    }

    #[test]
    fn an_unusable_ca_bundle_is_reported_with_its_path_and_its_fault() {
        let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let cut_short = "-----BEGIN CERTIFICATE-----\nAAAA\n";
        for (content, fault) in [
            ("", "holds no certificate:"),
            ("text", "holds no certificate:"),
            (no_certificate, "holds an invalid certificate ("),
            (cut_short, "holds an invalid certificate ("),
        ] {
            let error = bundle(content).unwrap_err().to_string();
            assert!(error.starts_with("AWS_CA_BUNDLE is \"/"), "{error}");
            assert!(error.contains(fault), "{error}");
        }
        let error = roots(|_| Some("/no/such/file".to_owned()))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("which cannot be read (No such file"),
            "{error}"
        );
    }

    #[test]
    fn the_endpoint_of_dynamodb_takes_precedence() {
        let both = |name: &str| Some(format!("https://{}", name.to_lowercase()));
        let first = endpoint(both).unwrap();
        assert_eq!(first.as_deref(), Some("https://aws_endpoint_url_dynamodb"));
    }

    #[test]
    fn a_switch_is_true_or_false() {
        let set = |value: &str| switch(|_| Some(value.to_owned()), FIPS);
        assert_eq!(
            (set("true"), set("False")),
            (Ok(Some(true)), Ok(Some(false)))
        );
        assert!(set("1").is_err());
        assert_eq!(switch(|_| None, FIPS), Ok(None));
    }
}
