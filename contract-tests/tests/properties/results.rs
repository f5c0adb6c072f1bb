//! The results of the tests. libtest-mimic knows only success and failure, so an inconclusive test fails there with a
//! message that says so. The process has a separate exit code for inconclusive tests.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use contract_tests::report::explain::explain;
use contract_tests::report::failure::Failure;
use contract_tests::report::file::FailureFile;
use contract_tests::report::run::{ResultKind, TestRecord, TestResult};
use contract_tests::settings::{EXIT_INCONCLUSIVE, EXIT_USAGE};
use contract_tests::toolkit::outcome::NotPassed::{self, Failed, Inconclusive};
use contract_tests::toolkit::outcome::Outcome;
use contract_tests::toolkit::progress::Passed;
use libtest_mimic::{Conclusion, Trial};

/// A function that is called with the tests so far.
type Changed = dyn Fn(&[TestRecord]) + Send + Sync;

/// The results of this run.
#[derive(Clone)]
pub struct Results {
    /// The folder in which failures are saved.
    failures: PathBuf,
    tests: Arc<Mutex<Vec<TestRecord>>>,
    /// The function that is called after each test.
    changed: Arc<Changed>,
}

impl Results {
    /// Returns the results of a run that saves failures in this folder, and calls `changed` after each test.
    pub fn new(failures: PathBuf, changed: impl Fn(&[TestRecord]) + Send + Sync + 'static) -> Self {
        Self {
            failures,
            tests: Arc::default(),
            changed: Arc::new(changed),
        }
    }

    /// Runs a property, records its result, and returns the result as libtest-mimic expects it.
    pub fn run_property(
        &self,
        test: &str,
        property: impl FnOnce(&FailureFile) -> Outcome<Passed, Box<Failure>>,
    ) -> Result<(), String> {
        let file = FailureFile::new(&self.failures, test);
        self.run(test, || match property(&file) {
            Ok(passed) => {
                let result = TestResult::Pass {
                    cases: passed.to_string(),
                    unchecked: passed.unchecked,
                };
                TestRecord::new(test, result)
            }
            Err(Failed(mut failure)) => {
                test.clone_into(&mut failure.test);
                let saved = file.save(&failure);
                let report = explain(&failure, saved.as_deref().map_err(String::as_str));
                TestRecord {
                    file: saved.ok(),
                    failure: Some(*failure),
                    ..TestRecord::new(test, TestResult::Fail(report))
                }
            }
            Err(Inconclusive(reason)) => TestRecord::new(test, TestResult::Inconclusive(reason)),
        })
    }

    /// Returns the trial of a test that does not check a property.
    pub fn trial(
        &self,
        name: impl Into<String>,
        run: impl FnOnce() -> Result<(), String> + Send + 'static,
    ) -> Trial {
        let (results, name) = (self.clone(), name.into());
        Trial::test(name.clone(), move || Ok(results.run_test(&name, run)?))
    }

    /// Runs a test that does not check a property, and records its result.
    pub fn run_test(
        &self,
        test: &str,
        run: impl FnOnce() -> Result<(), String>,
    ) -> Result<(), String> {
        self.run(test, || {
            let result = match run() {
                Ok(()) => TestResult::Pass {
                    cases: String::new(),
                    unchecked: None,
                },
                Err(report) => TestResult::Fail(report),
            };
            TestRecord::new(test, result)
        })
    }

    /// Records a test that is ignored for this reason.
    pub fn ignore(&self, test: &str, reason: &str) {
        self.add(TestRecord::new(
            test,
            TestResult::Ignored(reason.to_owned()),
        ));
    }

    fn run(&self, test: &str, run: impl FnOnce() -> TestRecord) -> Result<(), String> {
        let started = Instant::now();
        let panicked = PanicGuard {
            results: self,
            test,
        };
        let record = run();
        std::mem::forget(panicked);
        let result = record.result.clone();
        self.add(TestRecord {
            took: started.elapsed(),
            ..record
        });
        match result {
            TestResult::Pass { .. } | TestResult::Ignored(_) => Ok(()),
            TestResult::Fail(report) => Err(report),
            TestResult::Inconclusive(reason) => Err(format!("Inconclusive: {reason}")),
        }
    }

    fn add(&self, test: TestRecord) {
        let mut tests = self.tests();
        tests.push(test);
        (self.changed)(&tests);
    }

    /// Returns the tests that were recorded so far.
    pub fn tests(&self) -> MutexGuard<'_, Vec<TestRecord>> {
        self.tests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the summary, with a line for each property and for each other test that failed; `None` if it has no line.
    pub fn summary(&self) -> Option<String> {
        let mut summary = "Results:\n".to_owned();
        let mut is_empty = true;
        for TestRecord { name, result, .. } in self.tests().iter() {
            let line = match result {
                TestResult::Pass { cases, .. } if !cases.is_empty() => format!("{name} ({cases})"),
                TestResult::Pass { .. } | TestResult::Ignored(_) => continue,
                TestResult::Fail(_) => name.clone(),
                TestResult::Inconclusive(reason) => format!("{name}: {reason}"),
            };
            let _ = writeln!(summary, "  {:12}  {line}", result.kind().name());
            if let TestResult::Pass {
                unchecked: Some(unchecked),
                ..
            } = result
            {
                let _ = writeln!(summary, "  {:12}  {name}: {unchecked}", "unchecked");
            }
            is_empty = false;
        }
        (!is_empty).then_some(summary)
    }

    /// Returns 0 if all tests passed, and 101 if one failed. If none failed but some were inconclusive, returns 64 if
    /// the URL is wrong, and 2 otherwise.
    pub fn exit_code(&self, conclusion: &Conclusion, wrong_url: bool) -> ExitCode {
        let tests = self.tests();
        let inconclusive = tests
            .iter()
            .filter(|test| test.result.kind() == ResultKind::Inconclusive);
        if conclusion.num_failed == 0 || conclusion.num_failed > inconclusive.count() as u64 {
            conclusion.exit_code()
        } else if wrong_url {
            ExitCode::from(EXIT_USAGE)
        } else {
            ExitCode::from(EXIT_INCONCLUSIVE)
        }
    }
}

/// The guard that records a test as failed if it panics. libtest-mimic then prints the message of the panic.
struct PanicGuard<'a> {
    results: &'a Results,
    test: &'a str,
}

impl Drop for PanicGuard<'_> {
    fn drop(&mut self) {
        let report = "the test panicked: its output has the message".to_owned();
        self.results
            .add(TestRecord::new(self.test, TestResult::Fail(report)));
    }
}

/// Returns the outcome of a property whose failures cannot be replayed, with the type of a property whose failures can.
pub fn without_replay<T>(outcome: Outcome<T>) -> Outcome<T, Box<Failure>> {
    outcome.map_err(|not_passed: NotPassed| {
        not_passed.map(|broken| Box::new(Failure::of_exchanges(broken, Vec::new())))
    })
}
