//! Says how far a long property has come, to those who wait.

use std::time::{Duration, Instant};

/// How long it is silent at first, and between two lines.
const SILENCE: Duration = Duration::from_secs(20);

/// The progress of one property.
#[derive(Debug)]
pub struct Progress {
    test: String,
    cases: u32,
    done: u32,
    told: Instant,
}

impl Progress {
    /// None yet of so many cases.
    #[must_use]
    pub fn new(test: &str, cases: u32) -> Self {
        Self {
            test: test.to_owned(),
            cases,
            done: 0,
            told: Instant::now(),
        }
    }

    /// So many cases more are done.
    pub fn step(&mut self, cases: u32) {
        self.done += cases;
        if self.told.elapsed() >= SILENCE {
            self.told = Instant::now();
            eprintln!(
                "{}: {} of {} cases so far",
                self.test, self.done, self.cases
            );
        }
    }
}
