//! A run of the `deployed` tests in a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use contract_tests::toolkit::random::unique_prefix;

use super::BoxError;

/// Variables of this process which are none of such a run's business.
const OURS: [&str; 14] = [
    "AWS_PROFILE",
    "CONTRACT_AUTH",
    "CONTRACT_BEARER",
    "CONTRACT_CLEAN_UP",
    "CONTRACT_PAGES",
    "CONTRACT_REQUESTS",
    "CONTRACT_REQUIRE",
    "CONTRACT_SEED",
    "CONTRACT_TIME",
    "CONTRACT_URL",
    "DYNAMODB_ENDPOINT",
    "NEXTEST",
    "NO_PROXY",
    "no_proxy",
];

/// A run, and the folder of its journal.
pub struct Run {
    child: Child,
    stderr: BufReader<ChildStderr>,
    journals: PathBuf,
}

impl Run {
    /// Starts one against the API at this URL, with these variables.
    pub fn start(url: &str, variables: &[(&str, &str)]) -> Result<Self, BoxError> {
        Self::of("deployed::", url, variables)
    }

    /// Starts one of these tests alone.
    pub fn of(tests: &str, url: &str, variables: &[(&str, &str)]) -> Result<Self, BoxError> {
        let journals = folder();
        let mut command = Command::new(std::env::current_exe()?);
        for name in OURS {
            command.env_remove(name);
        }
        let mut child = command
            .arg(tests)
            .env("CONTRACT_URL", url)
            .env("CONTRACT_JOURNALS", &journals)
            .env("CONTRACT_CASES", "5")
            .env("CONTRACT_RATE", "1000")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = child.stderr.take().ok_or("its stderr is piped")?;
        Ok(Self {
            child,
            stderr: BufReader::new(stderr),
            journals,
        })
    }

    /// Waits for its end: with this exit code, having told all of this, and with no journal left.
    pub fn ended(mut self, code: i32, tells: &[&str]) -> Result<String, BoxError> {
        let told = self.wait(code, tells)?;
        match std::fs::read_dir(&self.journals) {
            // A run that put nothing needs no journal.
            Err(_) => Ok(told),
            Ok(mut left) => match left.next() {
                None => {
                    self.forget()?;
                    Ok(told)
                }
                Some(journal) => {
                    Err(format!("{} is left: {told}", journal?.path().display()).into())
                }
            },
        }
    }

    /// Waits for its end: with this exit code, and having told all of this.
    pub fn wait(&mut self, code: i32, tells: &[&str]) -> Result<String, BoxError> {
        let mut told = String::new();
        // What it says to stderr is little, and fits into the pipe.
        if let Some(mut stdout) = self.child.stdout.take() {
            stdout.read_to_string(&mut told)?;
        }
        self.stderr.read_to_string(&mut told)?;
        let ended = self.child.wait()?.code();
        match tells.iter().find(|tell| !told.contains(**tell)) {
            None if ended == Some(code) => Ok(told),
            missing => Err(format!(
                "it ended with {ended:?}, not {code}, {missing:?} missing: {told}"
            )
            .into()),
        }
    }

    /// Waits until it has said this to stderr.
    pub fn says(&mut self, text: &str) -> Result<(), BoxError> {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            if self.stderr.read_line(&mut line)? == 0 {
                return Err(format!("it ended without {text:?}").into());
            }
        }
        Ok(())
    }

    /// Kills it as nothing can be that cleans up, at a moment at which this is so.
    pub fn kill_while(&mut self, so: impl Fn() -> Result<bool, BoxError>) -> Result<(), BoxError> {
        loop {
            self.signal("STOP")?;
            // What it has sent is still answered.
            sleep(Duration::from_millis(100));
            if so()? {
                break;
            }
            self.signal("CONT")?;
            sleep(Duration::from_millis(10));
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Presses Ctrl-C.
    pub fn interrupt(&self) -> Result<(), BoxError> {
        self.signal("INT")
    }

    fn signal(&self, signal: &str) -> Result<(), BoxError> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status()?;
        if sent.success() {
            Ok(())
        } else {
            Err("the run ended too early".into())
        }
    }

    /// Sweeps what it left behind: that ends with this exit code, having told this.
    pub fn sweep(&self, code: i32, tell: &str) -> Result<(), BoxError> {
        let journals = self.journals.display().to_string();
        harness(&["sweep"], &[("CONTRACT_JOURNALS", &journals)], code, tell)
    }

    /// Removes its folder.
    pub fn forget(self) -> Result<(), BoxError> {
        Ok(std::fs::remove_dir_all(&self.journals)?)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Where a test fails, its run does not go on without it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a folder for journals, which is not there yet.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}journals", unique_prefix()))
}

/// Runs the harness's own command with these arguments and variables: it ends with this exit code, having told this, and
/// none of the values that are called secret.
pub fn harness(
    arguments: &[&str],
    variables: &[(&str, &str)],
    code: i32,
    tell: &str,
) -> Result<(), BoxError> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contract-tests"));
    for name in OURS {
        command.env_remove(name);
    }
    let ended = command
        .args(arguments)
        .env("CONTRACT_RATE", "1000")
        .env("CONTRACT_JOURNALS", env!("CARGO_TARGET_TMPDIR"))
        .envs(variables.iter().copied())
        .output()?;
    let told = [ended.stdout, ended.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    if ended.status.code() == Some(code) && told.contains(tell) && !told.contains("secret") {
        Ok(())
    } else {
        Err(format!("it ended with {:?}, and told: {told}", ended.status.code()).into())
    }
}
