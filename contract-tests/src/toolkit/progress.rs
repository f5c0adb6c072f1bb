//! How far a property has come, and what it waits for: said to those who wait, and kept as what was proven in the end.

use std::fmt::{self, Display};
use std::time::{Duration, Instant};

use tokio::time::timeout;

/// The time before the first line that says how far it is, and between two lines.
pub const REPORT_INTERVAL: Duration = Duration::from_secs(20);

/// The longest wait that is not announced.
pub const LONG_WAIT: Duration = Duration::from_secs(3);

/// Waits for a result. Announces on standard error what is waited for, once the wait is long.
pub async fn announce_long_wait<T>(description: &str, result: impl Future<Output = T>) -> T {
    let mut result = std::pin::pin!(result);
    if let Ok(result) = timeout(LONG_WAIT, &mut result).await {
        return result;
    }
    eprintln!("waiting: {description}");
    result.await
}

/// What is known of a property that nothing was found to break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// In how many cases it held.
    pub cases: u32,
    /// How many it was to be tried in.
    pub planned: u32,
    /// Which limit kept it from being tried in more.
    pub limit: Option<String>,
    /// Which clause of it no verdict is about.
    pub unchecked: Option<String>,
}

impl Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.limit {
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
    /// None yet of so many cases.
    #[must_use]
    pub fn new(test: &str, cases: u32) -> Self {
        Self {
            test: test.to_owned(),
            cases,
            done: 0,
            last_report: Instant::now(),
        }
    }

    /// So many cases more are done.
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

    /// Whether any case is done.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.done > 0
    }

    /// What was proven, when no more cases are tried.
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
