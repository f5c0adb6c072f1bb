//! The record of a run: the result of each test, the coverage and the latencies. The reports are made from it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::coverage::buckets::Bucket;
use crate::coverage::cell::Cell;
use crate::report::failure::Failure;

/// The record of a run.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// The time at which the run began.
    pub started: SystemTime,
    /// The duration so far.
    pub took: Duration,
    /// `true` if the run has ended; `false` if it goes on or was killed.
    pub is_complete: bool,
    /// The names and values of the settings that a report shows: the cases, the seed and the URL, but no credentials.
    pub settings: Vec<(&'static str, String)>,
    /// The tests that were run or ignored, in the order in which they ended.
    pub tests: Vec<TestRecord>,
    /// The failures of the run that do not belong to a test: cells of the coverage table that were not reached, and
    /// items that could not be deleted.
    pub problems: Vec<String>,
    /// The cells of the coverage table that were reached, with their counts.
    pub cells: BTreeMap<Cell, u64>,
    /// The buckets that random cases reached, with their counts.
    pub buckets: BTreeMap<Bucket, u64>,
    /// The sorted latencies of the requests, by target and route key.
    pub latencies: BTreeMap<(&'static str, &'static str), Vec<Duration>>,
}

/// A test that was run or ignored.
#[derive(Clone, Debug)]
pub struct TestRecord {
    /// The full name, such as `embedded::sequences::every_response_matches_the_model`.
    pub name: String,
    /// The result.
    pub result: TestResult,
    /// The duration.
    pub took: Duration,
    /// The failure, if the test failed and shows one.
    pub failure: Option<Failure>,
    /// The file of the failure, if it was saved.
    pub file: Option<PathBuf>,
}

/// The result of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestResult {
    /// The property holds in all cases.
    Pass {
        /// The number of cases, such as `100 cases`; empty if the test has no cases.
        cases: String,
        /// The part of the property that could not be checked, if any.
        unchecked: Option<String>,
    },
    /// The property is broken. The text is the report.
    Fail(String),
    /// The environment had a problem. The text is the reason.
    Inconclusive(String),
    /// The test was not run. The text is the reason.
    Ignored(String),
}

/// The kinds of results, in the order in which a summary shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResultKind {
    /// The kind of [`TestResult::Fail`].
    Fail,
    /// The kind of [`TestResult::Inconclusive`].
    Inconclusive,
    /// The kind of [`TestResult::Pass`].
    Pass,
    /// The kind of [`TestResult::Ignored`].
    Ignored,
}

impl ResultKind {
    /// Every kind, in the order of a summary.
    pub const ALL: [Self; 4] = [Self::Fail, Self::Inconclusive, Self::Pass, Self::Ignored];

    /// Returns the word for the result.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::Pass => "pass",
            Self::Ignored => "ignored",
        }
    }
}

impl TestResult {
    /// Returns the kind of the result.
    #[must_use]
    pub fn kind(&self) -> ResultKind {
        match self {
            Self::Fail(_) => ResultKind::Fail,
            Self::Inconclusive(_) => ResultKind::Inconclusive,
            Self::Pass { .. } => ResultKind::Pass,
            Self::Ignored(_) => ResultKind::Ignored,
        }
    }

    /// Returns the report of a fail, or the reason of an inconclusive result; `None` for other results.
    #[must_use]
    pub fn report(&self) -> Option<&str> {
        match self {
            Self::Fail(report) | Self::Inconclusive(report) => Some(report),
            Self::Pass { .. } | Self::Ignored(_) => None,
        }
    }
}

impl TestRecord {
    /// Returns the record of a test that took no time and has no failure.
    #[must_use]
    pub fn new(name: &str, result: TestResult) -> Self {
        Self {
            name: name.to_owned(),
            result,
            took: Duration::ZERO,
            failure: None,
            file: None,
        }
    }
}

/// The result of a whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A test failed, or the run has a problem.
    Fail,
    /// No test failed, but one was inconclusive.
    Inconclusive,
    /// The tests that have ended passed.
    NotComplete,
    /// Every test that was run passed.
    Pass,
    /// No test was run.
    NothingTested,
}

impl Verdict {
    /// Returns the verdict in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::NotComplete => "not complete",
            Self::Pass => "pass",
            Self::NothingTested => "nothing was tested",
        }
    }
}

impl RunRecord {
    /// Returns the number of tests with a result of this kind.
    #[must_use]
    pub fn count(&self, kind: ResultKind) -> usize {
        let tests = self.tests.iter();
        tests.filter(|test| test.result.kind() == kind).count()
    }

    /// Returns the number of tests that failed or were inconclusive.
    #[must_use]
    pub fn not_passed(&self) -> usize {
        self.count(ResultKind::Fail) + self.count(ResultKind::Inconclusive)
    }

    /// Returns the result of the run.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if !self.problems.is_empty() || self.count(ResultKind::Fail) > 0 {
            Verdict::Fail
        } else if self.count(ResultKind::Inconclusive) > 0 {
            Verdict::Inconclusive
        } else if !self.is_complete {
            Verdict::NotComplete
        } else if self.count(ResultKind::Pass) > 0 {
            Verdict::Pass
        } else {
            Verdict::NothingTested
        }
    }
}
