//! What the function is told by its environment, checked before it takes a request.

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_lambda_events::http::Uri;

/// The environment's configuration.
#[derive(Debug)]
pub struct Config {
    /// The name of the DynamoDB table.
    pub table_name: String,
    /// The region, the credentials and the endpoint, as every AWS SDK reads them.
    pub sdk: SdkConfig,
}

/// What to mend in the environment.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A variable is missing.
    #[error("{0} is not set: set it to {1}")]
    Missing(&'static str, &'static str),
    /// A variable holds what it cannot mean.
    #[error("{0} is {1:?}: set it to {2}")]
    Invalid(&'static str, String, &'static str),
}

const TABLE_NAME: &str = "TABLE_NAME";
const A_TABLE_NAME: &str =
    "the name of the DynamoDB table of items (3 to 255 of a-z, A-Z, 0-9, '_', '-' and '.')";
const REGION: &str = "AWS_REGION";
const A_REGION: &str = "the region of the table, such as eu-central-1";
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"];
const AN_ENDPOINT: &str = "a URL such as http://localhost:8000, or unset it to use DynamoDB itself";

impl Config {
    /// Reads the environment of the process.
    ///
    /// # Errors
    /// The first variable that has to be mended, and what to set it to.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let variable = |name: &str| std::env::var(name).ok();
        let table_name = table_name(variable)?;
        let region = region(variable)?;
        endpoint(variable)?;
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .region(region)
            // Lambda hands over its role's credentials here, and nowhere else.
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .load()
            .await;
        Ok(Self { table_name, sdk })
    }
}

type Variable = Option<String>;

fn table_name(variable: impl Fn(&str) -> Variable) -> Result<String, ConfigError> {
    let name = variable(TABLE_NAME).ok_or(ConfigError::Missing(TABLE_NAME, A_TABLE_NAME))?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if (3..=255).contains(&name.len()) && name.chars().all(allowed) {
        Ok(name)
    } else {
        Err(ConfigError::Invalid(TABLE_NAME, name, A_TABLE_NAME))
    }
}

fn region(variable: impl Fn(&str) -> Variable) -> Result<Region, ConfigError> {
    variable(REGION)
        .filter(|region| !region.is_empty())
        .map(Region::new)
        .ok_or(ConfigError::Missing(REGION, A_REGION))
}

fn endpoint(variable: impl Fn(&str) -> Variable) -> Result<(), ConfigError> {
    for name in ENDPOINTS {
        if let Some(url) = variable(name)
            && !url.parse::<Uri>().is_ok_and(|uri| {
                uri.host().is_some() && ["http", "https"].map(Some).contains(&uri.scheme_str())
            })
        {
            return Err(ConfigError::Invalid(name, url, AN_ENDPOINT));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_name_is_one_that_dynamodb_can_have() {
        let read = |name: Option<&str>| table_name(|_| name.map(str::to_owned));
        assert_eq!(
            read(None),
            Err(ConfigError::Missing(TABLE_NAME, A_TABLE_NAME))
        );
        for name in ["abc", "http-crud-tutorial-items", "A_b.9", &"x".repeat(255)] {
            assert_eq!(read(Some(name)).as_deref(), Ok(name));
        }
        for name in ["", "ab", "a b c", "caf\u{e9}s", "a/b/c", &"x".repeat(256)] {
            let refused = ConfigError::Invalid(TABLE_NAME, name.to_owned(), A_TABLE_NAME);
            assert_eq!(read(Some(name)), Err(refused));
        }
    }

    #[test]
    fn a_region_is_needed() {
        let read = |value: Option<&str>| region(|_| value.map(str::to_owned));
        assert!(read(None).is_err() && read(Some("")).is_err());
        assert_eq!(read(Some("eu-central-1")).unwrap().as_ref(), "eu-central-1");
    }

    #[test]
    fn either_endpoint_must_be_a_url() {
        for name in ENDPOINTS {
            let read = |url: &str| endpoint(|asked| (asked == name).then(|| url.to_owned()));
            assert_eq!(read("http://localhost:8000"), Ok(()));
            assert_eq!(read("https://dynamodb.eu-central-1.amazonaws.com"), Ok(()));
            for url in [
                "",
                "localhost:8000",
                "http://",
                "ftp://localhost",
                "http:// x",
                "http://a b",
            ] {
                let refused = ConfigError::Invalid(name, url.to_owned(), AN_ENDPOINT);
                assert_eq!(read(url), Err(refused));
            }
        }
    }
}
