//! The three verdicts: a property held, or it is broken, or an environment was in the way of telling.
//! libtest-mimic knows only two, so the third is a failure that says so, and has an exit code of its own.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contract_tests::settings::{EXIT_INCONCLUSIVE, EXIT_USAGE};
use contract_tests::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use contract_tests::toolkit::outcome::Outcome;
use contract_tests::toolkit::progress::Passed;
use libtest_mimic::Conclusion;

/// The verdicts of this run.
#[derive(Clone, Default)]
pub struct Results(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// A line of the summary each.
    lines: Vec<String>,
    inconclusive: u64,
}

impl Results {
    /// Takes down the verdict of a test, and makes of it what libtest-mimic understands.
    pub fn record(&self, test: &str, outcome: Outcome<Passed>) -> Result<(), String> {
        let mut state = self.state();
        match outcome {
            Ok(passed) => {
                state.lines.push(format!("pass          {test} ({passed})"));
                if let Some(unchecked) = passed.unchecked {
                    state
                        .lines
                        .push(format!("inconclusive  {test}, {unchecked}"));
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

    /// What was told of each property, and what was not.
    pub fn summary(&self) -> Option<String> {
        let state = self.state();
        let mut summary = "Results:\n".to_owned();
        for line in &state.lines {
            let _ = writeln!(summary, "  {line}");
        }
        (!state.lines.is_empty()).then_some(summary)
    }

    /// Returns 0 if all held, 101 if something is broken, and 2 if only some of it could not be told: 64 if that is
    /// because the URL is wrong.
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
