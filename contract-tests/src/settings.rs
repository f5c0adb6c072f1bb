//! The settings of a run, which are environment variables. README.md and DEPLOYED.md list them in tables.

use std::collections::BTreeSet;
use std::env::VarError;
use std::path::{Path, PathBuf};
use std::process::exit;
use std::time::Duration;

use clap::Parser;

use crate::toolkit::deployed::access::Auth;
use crate::toolkit::deployed::limits::Limits;
use crate::toolkit::http::base_url::BaseUrl;
use crate::toolkit::random::{DEFAULT_CASES, Sampling, fresh_seed};

/// The exit code of an inconclusive run: no test failed, but some could not check the contract.
pub const EXIT_INCONCLUSIVE: u8 = 2;

/// The exit code if an argument or a variable is invalid, or if the server at `CONTRACT_URL` is not an items API.
///
/// Source: `EX_USAGE` of sysexits.h.
pub const EXIT_USAGE: u8 = 64;

/// Parses the arguments of this process. Help is printed on standard output, and ends the process with 0. Wrong
/// arguments end it with [`EXIT_USAGE`], because Clap's own exit code, 2, means "inconclusive" here.
#[must_use]
pub fn arguments<T: Parser>() -> T {
    T::try_parse().unwrap_or_else(|error| {
        if !error.use_stderr() {
            // Help that cannot be printed is not worth an error.
            let _ = error.print();
            exit(0)
        }
        let arguments = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
        eprint!("{}", redact_credentials(&error.to_string(), arguments));
        exit(EXIT_USAGE.into())
    })
}

/// Returns the message without the arguments that may contain a user name and a password.
fn redact_credentials(message: &str, arguments: impl Iterator<Item = String>) -> String {
    let values = arguments.flat_map(|argument| {
        let value = argument.split_once('=').map(|(_, value)| value.to_owned());
        [value, Some(argument)].into_iter().flatten()
    });
    let values = values.filter(|value| value.contains('@'));
    values.fold(message.to_owned(), |message, value| {
        message.replace(&value, "[hidden]")
    })
}

/// Returns the value, or prints the error and ends the process with [`EXIT_USAGE`].
pub fn or_exit<T>(result: Result<T, String>) -> T {
    result.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        exit(EXIT_USAGE.into())
    })
}

/// The targets, in the order in which a report shows them.
pub const TARGETS: [&str; 3] = ["embedded", "dynamodb-local", "deployed"];

/// The files of the reports of a run.
#[derive(Clone, Debug, Default)]
pub struct ReportFiles {
    /// The HTML report.
    pub html: Option<PathBuf>,
    /// The report in the format of `JUnit`.
    pub junit: Option<PathBuf>,
    /// The file to which the Markdown summary is appended.
    pub summary: Option<PathBuf>,
}

impl ReportFiles {
    /// Returns `true` if there is no file.
    fn is_empty(&self) -> bool {
        self.html.is_none() && self.junit.is_none() && self.summary.is_none()
    }
}

/// The values of all the variables.
#[derive(Clone, Debug)]
pub struct Variables {
    /// `CONTRACT_CASES` and `CONTRACT_SEED`.
    pub sampling: Sampling,
    /// `CONTRACT_MUTANT_SEEDS`: the number of seeds from which the properties look for the mutants.
    pub mutant_seeds: u32,
    /// `CONTRACT_URL`: the deployed API to test.
    pub url: Option<BaseUrl>,
    /// `CONTRACT_AUTH` and `CONTRACT_BEARER`: how requests to that API are authorized.
    pub auth: Auth,
    /// `CONTRACT_TIME`, `CONTRACT_CLEAN_UP`, `CONTRACT_REQUESTS`, `CONTRACT_RATE`, `CONTRACT_LIST_RATE` and
    /// `CONTRACT_PAGES`: the limits of a run at that API.
    pub limits: Limits,
    /// `CONTRACT_FAILURES`: the folder in which failures are saved.
    pub failures: PathBuf,
    /// `CONTRACT_REPORT`, `CONTRACT_JUNIT` and `CONTRACT_SUMMARY`: the files of the reports.
    pub reports: ReportFiles,
    /// `CONTRACT_JOURNALS`: the folder of the journals, which list the ids that are put into that API.
    pub journals: PathBuf,
    /// `DYNAMODB_ENDPOINT`: a `DynamoDB` Local that runs already; by default, a container is started.
    pub dynamodb_endpoint: Option<BaseUrl>,
    /// `CONTRACT_REQUIRE`: the targets that must be tested.
    pub required: BTreeSet<String>,
}

impl Variables {
    /// Reads the variables of this process. If one is invalid, prints an error and ends the process with
    /// [`EXIT_USAGE`].
    #[must_use]
    pub fn from_env() -> Self {
        or_exit(Self::read(|name| match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8")),
        }))
    }

    fn read(variable: impl Fn(&str) -> Result<Option<String>, String>) -> Result<Self, String> {
        // An empty variable counts as unset, so that a pipeline may set every variable. White space around a value is
        // removed, except from a path.
        let path = |name: &str| {
            let path = variable(name)?.filter(|path| !path.is_empty());
            Ok::<_, String>(path.map(|path| root().join(path)))
        };
        let variable = |name: &str| {
            let value = variable(name)?.map(|value| value.trim().to_owned());
            Ok::<_, String>(value.filter(|value| !value.is_empty()))
        };
        let url = |name| {
            let url = variable(name)?;
            url.map(|url| BaseUrl::parse(name, &url)).transpose()
        };
        let number = |name| {
            let number = variable(name)?;
            number.map(|number| read_number(name, &number)).transpose()
        };
        let count = |name| {
            let count = number(name)?.map(|count| {
                let count = u32::try_from(count).ok().filter(|count| *count > 0);
                count.ok_or_else(|| format!("{name} must be from 1 to 4294967295"))
            });
            count.transpose()
        };
        let seconds = |name| {
            let seconds = count(name)?.map(u64::from);
            Ok::<_, String>(seconds.map(Duration::from_secs))
        };
        let (auth, token) = (variable("CONTRACT_AUTH")?, variable("CONTRACT_BEARER")?);
        let limits = Limits::default();
        let required = variable("CONTRACT_REQUIRE")?.unwrap_or_default();
        let reports = ReportFiles {
            html: path("CONTRACT_REPORT")?,
            junit: path("CONTRACT_JUNIT")?,
            summary: path("CONTRACT_SUMMARY")?,
        };
        if variable("NEXTEST")?.is_some() && !reports.is_empty() {
            return Err(
                "CONTRACT_REPORT, CONTRACT_JUNIT and CONTRACT_SUMMARY need cargo test, because nextest runs each test in \
                 a process of its own"
                    .to_owned(),
            );
        }
        Ok(Self {
            sampling: Sampling {
                cases: count("CONTRACT_CASES")?.unwrap_or(DEFAULT_CASES),
                seed: number("CONTRACT_SEED")?.unwrap_or_else(fresh_seed),
            },
            mutant_seeds: count("CONTRACT_MUTANT_SEEDS")?.unwrap_or(1),
            url: url("CONTRACT_URL")?,
            auth: Auth::read(auth.as_deref(), token.as_deref())?,
            limits: Limits {
                time: seconds("CONTRACT_TIME")?.unwrap_or(limits.time),
                clean_up: seconds("CONTRACT_CLEAN_UP")?.unwrap_or(limits.clean_up),
                requests: count("CONTRACT_REQUESTS")?.unwrap_or(limits.requests),
                rate: count("CONTRACT_RATE")?.unwrap_or(limits.rate),
                list_rate: count("CONTRACT_LIST_RATE")?.unwrap_or(limits.list_rate),
                pages: count("CONTRACT_PAGES")?.unwrap_or(limits.pages),
            },
            failures: path("CONTRACT_FAILURES")?
                .unwrap_or_else(|| root().join("target/contract-tests/failures")),
            reports,
            journals: path("CONTRACT_JOURNALS")?
                .unwrap_or_else(|| root().join("target/contract-tests")),
            dynamodb_endpoint: url("DYNAMODB_ENDPOINT")?,
            required: read_targets(&required)?,
        })
    }
}

/// Returns the folder from which relative paths are resolved: the root of the workspace if cargo started this process,
/// because `cargo test` does so in the folder of the package; else the current folder. The path is absolute, so that a
/// command in another folder finds the same file.
#[must_use]
pub fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = package.as_deref().and_then(Path::parent);
    let root = root.map_or_else(std::env::current_dir, |root| Ok(root.to_owned()));
    root.unwrap_or_default()
}

fn read_number(name: &str, value: &str) -> Result<u64, String> {
    let number = value.parse();
    number.map_err(|_| format!("{name} must be a whole number, not negative and below 2^64"))
}

fn read_targets(value: &str) -> Result<BTreeSet<String>, String> {
    let names = value.split(',').map(str::trim);
    let names: BTreeSet<_> = names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    if names.iter().all(|name| TARGETS.contains(&name.as_str())) {
        Ok(names)
    } else {
        let targets = TARGETS.join(", ");
        Err(format!("CONTRACT_REQUIRE may name only {targets}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Variables, String> {
        Variables::read(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        })
    }

    #[test]
    fn every_variable_is_optional() {
        for variables in [&[][..], &[("CONTRACT_URL", ""), ("CONTRACT_CASES", "")]] {
            let variables = read(variables).expect("the variables are valid");
            assert_eq!(variables.sampling.cases, DEFAULT_CASES);
            assert_eq!(variables.mutant_seeds, 1);
            assert!(variables.url.is_none() && variables.required.is_empty());
        }
    }

    #[test]
    fn reports_need_one_process_for_all_tests() {
        for name in ["CONTRACT_REPORT", "CONTRACT_JUNIT", "CONTRACT_SUMMARY"] {
            let file = (name, "file");
            assert!(read(&[file]).is_ok());
            let error = read(&[file, ("NEXTEST", "1")]).expect_err(name);
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn credentials_in_a_url_are_hidden() {
        let arguments = ["--url=http://user:secret@host", "http://user:secret@host"];
        for argument in arguments {
            let message = format!("error: invalid value '{argument}'");
            let shown = redact_credentials(&message, [argument.to_owned()].into_iter());
            assert!(
                shown.contains("[hidden]") && !shown.contains("secret"),
                "{shown}"
            );
        }
    }

    #[test]
    fn variables_are_read() {
        let variables = read(&[
            ("CONTRACT_CASES", "7"),
            ("CONTRACT_SEED", "8"),
            ("CONTRACT_URL", "https://host/stage/ "),
            ("CONTRACT_TIME", "8\n"),
            ("DYNAMODB_ENDPOINT", "http://127.0.0.1:8000"),
            ("CONTRACT_REQUIRE", "deployed, dynamodb-local,"),
        ])
        .expect("the variables are valid");
        assert_eq!((variables.sampling.cases, variables.sampling.seed), (7, 8));
        let text = |url: &Option<BaseUrl>| url.as_ref().map(ToString::to_string);
        assert_eq!(text(&variables.url).as_deref(), Some("https://host/stage"));
        assert_eq!(variables.limits.time, Duration::from_secs(8));
        assert_eq!(
            text(&variables.dynamodb_endpoint).as_deref(),
            Some("http://127.0.0.1:8000")
        );
        assert_eq!(variables.required.len(), 2);
    }

    #[test]
    fn an_invalid_value_is_an_error_that_names_the_variable() {
        for (name, value) in [
            ("CONTRACT_CASES", "many"),
            ("CONTRACT_MUTANT_SEEDS", "0"),
            ("CONTRACT_CASES", "0"),
            ("CONTRACT_CASES", "4294967296"),
            ("CONTRACT_SEED", "-1"),
            ("CONTRACT_TIME", "0"),
            ("CONTRACT_AUTH", "Bearer"),
            ("CONTRACT_BEARER", "a b"),
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
