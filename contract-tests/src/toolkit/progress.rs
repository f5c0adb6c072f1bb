//! The progress of a property: reports on standard error while it runs, and the result once it has passed.

use std::fmt::{self, Display};
use std::time::{Duration, Instant};

use tokio::time::timeout;

/// The minimum interval between two progress reports, before the first one, and between two announcements that
/// `CONTRACT_RATE` delays requests.
pub const REPORT_INTERVAL: Duration = Duration::from_secs(20);

/// The longest wait that is not announced.
pub const LONG_WAIT: Duration = Duration::from_secs(3);

/// Awaits a result. Prints the description on standard error if the wait is longer than [`LONG_WAIT`].
pub async fn announce_long_wait<T>(description: &str, result: impl Future<Output = T>) -> T {
    let mut result = std::pin::pin!(result);
    if let Ok(result) = timeout(LONG_WAIT, &mut result).await {
        return result;
    }
    eprintln!("waiting: {description}");
    result.await
}

/// The result of a property that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The number of cases that passed.
    pub cases: u32,
    /// The number of cases that were planned.
    pub planned: u32,
    /// The limit that ended the run early, if one did.
    pub limit: Option<String>,
    /// The part of the property that could not be checked, if any.
    pub unchecked: Option<String>,
}

impl Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.limit {
            None if self.cases == 1 => f.write_str("1 case"),
            None => write!(f, "{} cases", self.cases),
            Some(limit) => write!(f, "{} of {} cases: {limit}", self.cases, self.planned),
        }
    }
}

/// The progress of one property.
#[derive(Debug)]
pub struct Progress {
    test: String,
    cases: u32,
    done: u32,
    last_report: Instant,
}

impl Progress {
    /// Returns the progress of a property before its first case.
    #[must_use]
    pub fn new(test: &str, cases: u32) -> Self {
        Self {
            test: test.to_owned(),
            cases,
            done: 0,
            last_report: Instant::now(),
        }
    }

    /// Adds cases that are done, and reports the progress at most once in [`REPORT_INTERVAL`].
    pub fn advance(&mut self, cases: u32) {
        self.done += cases;
        if self.last_report.elapsed() >= REPORT_INTERVAL {
            self.last_report = Instant::now();
            eprintln!(
                "{}: {} of {} cases so far",
                self.test, self.done, self.cases
            );
        }
    }

    /// Returns `true` if at least one case is done.
    #[must_use]
    pub fn has_done_cases(&self) -> bool {
        self.done > 0
    }

    /// Returns the result, once no more cases are tried.
    #[must_use]
    pub fn passed(self, limit: Option<String>, unchecked: Option<String>) -> Passed {
        Passed {
            cases: self.done,
            planned: self.cases,
            limit,
            unchecked,
        }
    }
}
