//! The three verdicts: a property held, or it is broken, or an environment was in the way of telling.
//! libtest-mimic knows only two, so the third is a failure that says so, and has an exit code of its own.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contract_tests::settings::{INCONCLUSIVE, WRONG_SETTING};
use contract_tests::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use contract_tests::toolkit::outcome::Outcome;
use contract_tests::toolkit::progress::Held;
use libtest_mimic::Conclusion;

/// The verdicts of this run.
#[derive(Clone, Default)]
pub struct Verdicts(Arc<Mutex<Given>>);

#[derive(Default)]
struct Given {
    /// A line of the summary each.
    lines: Vec<String>,
    could_not_tell: u64,
}

impl Verdicts {
    /// Takes down the verdict of a test, and makes of it what libtest-mimic understands.
    pub fn give(&self, test: &str, verdict: Outcome<Held>) -> Result<(), String> {
        let mut given = self.given();
        match verdict {
            Ok(held) => {
                given.lines.push(format!("held            {test} ({held})"));
                if let Some(untold) = held.untold {
                    given
                        .lines
                        .push(format!("could not tell  {test}, {untold}"));
                }
                Ok(())
            }
            Err(Failed(report)) => {
                given.lines.push(format!("broken          {test}"));
                Err(report)
            }
            Err(Inconclusive(reason)) => {
                given.could_not_tell += 1;
                given
                    .lines
                    .push(format!("could not tell  {test}: {reason}"));
                Err(format!("It could not be told: {reason}"))
            }
        }
    }

    /// What was told of each property, and what was not.
    pub fn summary(&self) -> Option<String> {
        let given = self.given();
        let mut summary = "Verdicts:\n".to_owned();
        for line in &given.lines {
            let _ = writeln!(summary, "  {line}");
        }
        (!given.lines.is_empty()).then_some(summary)
    }

    /// Returns 0 if all held, 101 if something is broken, and 2 if only some of it could not be told: 64 if that is
    /// because the URL is wrong.
    pub fn exit_code(&self, conclusion: &Conclusion, wrong_url: bool) -> ExitCode {
        if conclusion.num_failed == 0 || conclusion.num_failed > self.given().could_not_tell {
            conclusion.exit_code()
        } else if wrong_url {
            ExitCode::from(WRONG_SETTING)
        } else {
            ExitCode::from(INCONCLUSIVE)
        }
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
