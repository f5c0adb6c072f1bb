//! What the environment variables choose of a run; README.md has them all in a table.

use std::collections::BTreeSet;
use std::env::VarError;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::time::Duration;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::live::access::Auth;
use crate::live::journal::default_folder;
use crate::live::limits::Limits;

/// How many cases each property tries unless `CONTRACT_CASES` says otherwise.
pub const CASES: u32 = 100;

/// The targets that `CONTRACT_REQUIRE` may name.
const TARGETS: [&str; 3] = ["embedded", "dynamodb-local", "live"];

/// What all the variables say.
#[derive(Clone, Debug)]
pub struct Variables {
    /// `CONTRACT_CASES` and `CONTRACT_SEED`.
    pub settings: Settings,
    /// `CONTRACT_URL`: the deployed API to test.
    pub url: Option<String>,
    /// `CONTRACT_AUTH` and `CONTRACT_BEARER`: what lets requests in there.
    pub auth: Auth,
    /// `CONTRACT_TIME`, `CONTRACT_REQUESTS`, `CONTRACT_RATE` and `CONTRACT_PAGES`: what may be spent there.
    pub limits: Limits,
    /// `CONTRACT_JOURNALS`: where the journals of what was put there are kept.
    pub journals: PathBuf,
    /// `DYNAMODB_ENDPOINT`: where `DynamoDB` Local is, if no container is to be started.
    pub dynamodb_endpoint: Option<String>,
    /// `CONTRACT_REQUIRE`: the targets that must be tested.
    pub required: BTreeSet<String>,
}

impl Variables {
    /// The variables of this process.
    ///
    /// # Errors
    /// What is wrong with one of them, and what it may be.
    pub fn of_process() -> Result<Self, String> {
        Self::read(|name| match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8")),
        })
    }

    fn read(variable: impl Fn(&str) -> Result<Option<String>, String>) -> Result<Self, String> {
        // One that is set to nothing is as good as none, so that a pipeline can leave it so.
        let variable = |name: &str| Ok::<_, String>(variable(name)?.filter(|it| !it.is_empty()));
        let url = |name| {
            let url = variable(name)?;
            url.map(|url| read_url(name, &url)).transpose()
        };
        let number = |name| {
            let number = variable(name)?;
            number.map(|number| read_number(name, &number)).transpose()
        };
        let count = |name, default| match number(name)? {
            None => Ok(default),
            Some(count) => {
                let count = u32::try_from(count).ok().filter(|count| *count > 0);
                count.ok_or_else(|| format!("{name} must be from 1 to 4294967295"))
            }
        };
        let token = variable("CONTRACT_BEARER")?;
        let implied = if token.is_some() { "bearer" } else { "none" };
        let auth = variable("CONTRACT_AUTH")?.unwrap_or_else(|| implied.to_owned());
        let limits = Limits::default();
        let required = variable("CONTRACT_REQUIRE")?.unwrap_or_default();
        Ok(Self {
            settings: Settings {
                cases: count("CONTRACT_CASES", CASES)?,
                seed: number("CONTRACT_SEED")?.unwrap_or_else(fresh_seed),
            },
            url: url("CONTRACT_URL")?,
            auth: Auth::named(&auth, token)?,
            limits: Limits {
                time: number("CONTRACT_TIME")?.map_or(limits.time, Duration::from_secs),
                requests: count("CONTRACT_REQUESTS", limits.requests)?,
                rate: count("CONTRACT_RATE", limits.rate)?,
                pages: count("CONTRACT_PAGES", limits.pages)?,
            },
            journals: variable("CONTRACT_JOURNALS")?.map_or_else(default_folder, PathBuf::from),
            dynamodb_endpoint: url("DYNAMODB_ENDPOINT")?,
            required: read_targets(&required)?,
        })
    }
}

fn read_number(name: &str, value: &str) -> Result<u64, String> {
    let number = value.parse();
    number.map_err(|_| format!("{name} is {value:?}, and must be a whole number"))
}

fn read_url(name: &str, value: &str) -> Result<String, String> {
    let usable = reqwest::Url::parse(value).is_ok_and(|url| {
        ["http", "https"].contains(&url.scheme())
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    if usable {
        Ok(value.to_owned())
    } else {
        Err(format!(
            "{name} is {value:?}, and must be the URL of an API, like https://host or https://host/stage"
        ))
    }
}

fn read_targets(value: &str) -> Result<BTreeSet<String>, String> {
    let names = value.split(',').map(str::trim);
    let names: BTreeSet<_> = names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    match names.iter().find(|name| !TARGETS.contains(&name.as_str())) {
        None => Ok(names),
        Some(name) => Err(format!(
            "CONTRACT_REQUIRE names {name:?}, and there are only {}",
            TARGETS.join(", ")
        )),
    }
}

/// How much is tried, and from which seed.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many cases each property tries.
    pub cases: u32,
    /// What all that is chosen at random follows from.
    pub seed: u64,
}

impl Settings {
    /// A default run from a new seed.
    #[must_use]
    pub fn fresh() -> Self {
        Self {
            cases: CASES,
            seed: fresh_seed(),
        }
    }

    /// What this strategy makes of a case, whatever came before it.
    ///
    /// # Panics
    /// If the strategy rejects too much, which none of ours does.
    pub fn draw<S: Strategy>(&self, strategy: &S, case: u32) -> S::Value {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..12].copy_from_slice(&case.to_le_bytes());
        let config = Config {
            failure_persistence: None,
            ..Config::default()
        };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let tree = strategy.new_tree(&mut TestRunner::new_with_rng(config, rng));
        tree.expect("a value can always be drawn").current()
    }
}

fn fresh_seed() -> u64 {
    // Short enough to be typed in again.
    RandomState::new().build_hasher().finish() >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Variables, String> {
        Variables::read(|name| {
            let found = variables.iter().find(|(other, _)| *other == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        })
    }

    #[test]
    fn nothing_need_be_set() {
        for variables in [&[][..], &[("CONTRACT_URL", ""), ("CONTRACT_CASES", "")]] {
            let read = read(variables).expect("nothing is wrong");
            assert_eq!(read.settings.cases, CASES);
            assert!(read.url.is_none() && read.required.is_empty());
        }
    }

    #[test]
    fn what_is_set_is_read() {
        let read = read(&[
            ("CONTRACT_CASES", "7"),
            ("CONTRACT_SEED", "8"),
            ("CONTRACT_URL", "https://host/stage/"),
            ("DYNAMODB_ENDPOINT", "http://127.0.0.1:8000"),
            ("CONTRACT_REQUIRE", "live, dynamodb-local,"),
        ])
        .expect("nothing is wrong");
        assert_eq!((read.settings.cases, read.settings.seed), (7, 8));
        assert_eq!(read.url.as_deref(), Some("https://host/stage/"));
        assert_eq!(
            read.dynamodb_endpoint.as_deref(),
            Some("http://127.0.0.1:8000")
        );
        assert_eq!(read.required.len(), 2);
    }

    #[test]
    fn what_cannot_be_used_is_an_error_that_names_it() {
        for (name, value) in [
            ("CONTRACT_CASES", "many"),
            ("CONTRACT_CASES", "0"),
            ("CONTRACT_CASES", "4294967296"),
            ("CONTRACT_SEED", "-1"),
            ("CONTRACT_URL", "host"),
            ("CONTRACT_URL", "ftp://host"),
            ("CONTRACT_URL", "https://host/?a=b"),
            ("DYNAMODB_ENDPOINT", "localhost:8000"),
            ("CONTRACT_REQUIRE", "dynamodb"),
        ] {
            let error = read(&[(name, value)]).expect_err(value);
            assert!(error.starts_with(name), "{error}");
        }
    }
}
