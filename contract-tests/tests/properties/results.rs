//! The results of the properties: pass, fail or inconclusive. libtest-mimic knows only pass and fail, so an inconclusive
//! test fails with a message that says so, and the process has a separate exit code for it.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contract_tests::settings::{EXIT_INCONCLUSIVE, EXIT_USAGE};
use contract_tests::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use contract_tests::toolkit::outcome::Outcome;
use contract_tests::toolkit::progress::Passed;
use libtest_mimic::Conclusion;

/// The results of this run.
#[derive(Clone, Default)]
pub struct Results(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The lines of the summary.
    lines: Vec<String>,
    /// The number of inconclusive tests.
    inconclusive: u64,
}

impl Results {
    /// Records the outcome of a test, and returns it as libtest-mimic expects it.
    pub fn record(&self, test: &str, outcome: Outcome<Passed>) -> Result<(), String> {
        let mut state = self.state();
        match outcome {
            Ok(passed) => {
                state.lines.push(format!("pass          {test} ({passed})"));
                if let Some(unchecked) = passed.unchecked {
                    state
                        .lines
                        .push(format!("unchecked     {test}: {unchecked}"));
                }
                Ok(())
            }
            Err(Failed(report)) => {
                state.lines.push(format!("fail          {test}"));
                Err(report)
            }
            Err(Inconclusive(reason)) => {
                state.inconclusive += 1;
                state.lines.push(format!("inconclusive  {test}: {reason}"));
                Err(format!("Inconclusive: {reason}"))
            }
        }
    }

    /// Returns the summary, with a line for each result; `None` if there is no result.
    pub fn summary(&self) -> Option<String> {
        let state = self.state();
        let mut summary = "Results:\n".to_owned();
        for line in &state.lines {
            let _ = writeln!(summary, "  {line}");
        }
        (!state.lines.is_empty()).then_some(summary)
    }

    /// Returns 0 if all tests passed, and 101 if one failed. If none failed but some were inconclusive, returns 64 if
    /// the URL is wrong, and 2 otherwise.
    pub fn exit_code(&self, conclusion: &Conclusion, wrong_url: bool) -> ExitCode {
        if conclusion.num_failed == 0 || conclusion.num_failed > self.state().inconclusive {
            conclusion.exit_code()
        } else if wrong_url {
            ExitCode::from(EXIT_USAGE)
        } else {
            ExitCode::from(EXIT_INCONCLUSIVE)
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
