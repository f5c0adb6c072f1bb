//! A run of the tests in a child process.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use contract_tests::toolkit::random::unique_prefix;

use super::BoxError;

/// The variables of this process that a child process does not inherit, besides those of the tests.
const REMOVED_VARIABLES: [&str; 6] = [
    "AWS_PROFILE",
    "DYNAMODB_ENDPOINT",
    "GITHUB_ACTIONS",
    "NEXTEST",
    "NO_PROXY",
    "no_proxy",
];

/// Returns the command of a child process that does not inherit `CONTRACT_…` and [`REMOVED_VARIABLES`].
pub fn child(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in REMOVED_VARIABLES {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CONTRACT_") {
            command.env_remove(name);
        }
    }
    command
}

/// A run, with the folders of its journal and of its failures.
pub struct Run {
    child: Child,
    stderr: BufReader<ChildStderr>,
    journals: PathBuf,
    failures: PathBuf,
}

impl Run {
    /// Starts all tests of a deployed API against the one at this URL, with these variables.
    pub fn start(url: &str, variables: &[(&str, &str)]) -> Result<Self, BoxError> {
        Self::start_tests("deployed::", url, variables)
    }

    /// Starts only these tests.
    pub fn start_tests(
        tests: &str,
        url: &str,
        variables: &[(&str, &str)],
    ) -> Result<Self, BoxError> {
        let journals = new_folder();
        let failures = journals.with_extension("failures");
        let mut child = child(std::env::current_exe()?)
            .arg(tests)
            .env("CONTRACT_URL", url)
            .env("CONTRACT_JOURNALS", &journals)
            .env("CONTRACT_FAILURES", &failures)
            .env("CONTRACT_CASES", "5")
            .env("CONTRACT_RATE", "1000")
            .env("CONTRACT_LIST_RATE", "1000")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = child.stderr.take().ok_or("stderr is not piped")?;
        Ok(Self {
            child,
            stderr: BufReader::new(stderr),
            journals,
            failures,
        })
    }

    /// Returns the files of the failures that the run has saved.
    pub fn failures(&self) -> Result<Vec<PathBuf>, BoxError> {
        let Ok(files) = std::fs::read_dir(&self.failures) else {
            return Ok(Vec::new());
        };
        let paths = files.map(|file| Ok(file?.path()));
        let paths: Vec<_> = paths.collect::<Result<_, BoxError>>()?;
        let is_saved = |path: &PathBuf| path.extension().is_some_and(|it| it == "json");
        Ok(paths.into_iter().filter(is_saved).collect())
    }

    /// Waits for the end of the run. Returns an error unless it has this exit code, its output contains all of
    /// `expected`, and no journal is left.
    pub fn expect_clean_end(&mut self, code: i32, expected: &[&str]) -> Result<String, BoxError> {
        let output = self.expect_end(code, expected)?;
        match std::fs::read_dir(&self.journals) {
            // A run that put nothing needs no journal.
            Err(_) => Ok(output),
            Ok(mut left) => match left.next() {
                None => Ok(output),
                Some(journal) => {
                    Err(format!("{} is left: {output}", journal?.path().display()).into())
                }
            },
        }
    }

    /// Waits for the end of the run. Returns an error unless it has this exit code, and its output contains all of
    /// `expected`.
    pub fn expect_end(&mut self, code: i32, expected: &[&str]) -> Result<String, BoxError> {
        let mut output = String::new();
        // The output on stderr is short enough for the buffer of the pipe.
        if let Some(mut stdout) = self.child.stdout.take() {
            stdout.read_to_string(&mut output)?;
        }
        self.stderr.read_to_string(&mut output)?;
        let ended = self.child.wait()?.code();
        match expected
            .iter()
            .find(|expected| !output.contains(**expected))
        {
            None if ended == Some(code) => Ok(output),
            missing => Err(format!(
                "the run ended with {ended:?}, not {code}, or without {missing:?}: {output}"
            )
            .into()),
        }
    }

    /// Waits until the run has printed a line with this text on stderr.
    pub fn wait_for_line(&mut self, text: &str) -> Result<(), BoxError> {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            if self.stderr.read_line(&mut line)? == 0 {
                return Err(format!("the run ended without {text:?}").into());
            }
        }
        Ok(())
    }

    /// Kills the run, so that it cannot clean up, at a moment at which the condition is true.
    pub fn kill_when(
        &mut self,
        condition: impl Fn() -> Result<bool, BoxError>,
    ) -> Result<(), BoxError> {
        loop {
            self.signal("STOP")?;
            // The requests that it has sent are still processed.
            sleep(Duration::from_millis(100));
            if condition()? {
                break;
            }
            self.signal("CONT")?;
            sleep(Duration::from_millis(10));
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Sends the signal of Ctrl-C.
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

    /// Sweeps the items that the run left behind. Returns an error unless the sweep has this exit code, and its output
    /// contains `expected`.
    pub fn sweep(&self, code: i32, expected: &str) -> Result<(), BoxError> {
        let journals = self.journals.display().to_string();
        run_command(
            &["sweep"],
            &[("CONTRACT_JOURNALS", &journals)],
            code,
            expected,
        )
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // If a test fails, its run must not go on.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for folder in [&self.journals, &self.failures] {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// Returns the path of a folder for journals, which does not exist yet.
pub fn new_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}journals", unique_prefix()))
}

/// Runs the command `contract-tests` with these arguments and variables. Returns an error unless it has this exit code,
/// and its output contains `expected`, but neither the word `secret` nor an escape sequence of a bar.
pub fn run_command(
    arguments: &[&str],
    variables: &[(&str, &str)],
    code: i32,
    expected: &str,
) -> Result<(), BoxError> {
    let output = output_of_command(arguments, variables, code)?;
    let has_none_of = |unexpected: [&str; 2]| !unexpected.iter().any(|text| output.contains(text));
    if output.contains(expected) && has_none_of(["secret", "\x1b"]) {
        Ok(())
    } else {
        Err(format!("the command printed: {output}").into())
    }
}

/// Replays a failure. Returns an error unless the command has this exit code, and its output contains `expected`. The
/// output may have the word `secret`, because the generated items do.
pub fn replay(arguments: &[&str], code: i32, expected: &str) -> Result<(), BoxError> {
    let arguments = [&["replay"], arguments].concat();
    let output = output_of_command(&arguments, &[], code)?;
    if output.contains(expected) {
        Ok(())
    } else {
        Err(format!("the replay printed: {output}").into())
    }
}

/// Returns the output of the command `contract-tests`, which must have this exit code.
fn output_of_command(
    arguments: &[&str],
    variables: &[(&str, &str)],
    code: i32,
) -> Result<String, BoxError> {
    let ended = child(env!("CARGO_BIN_EXE_contract-tests"))
        .args(arguments)
        .env("CONTRACT_RATE", "1000")
        .env("CONTRACT_LIST_RATE", "1000")
        .env("CONTRACT_JOURNALS", env!("CARGO_TARGET_TMPDIR"))
        .envs(variables.iter().copied())
        .output()?;
    let output = [ended.stdout, ended.stderr].concat();
    let output = String::from_utf8_lossy(&output).into_owned();
    if ended.status.code() == Some(code) {
        Ok(output)
    } else {
        let ended = ended.status.code();
        Err(format!("the command ended with {ended:?}, and printed: {output}").into())
    }
}
