//! The steps of the benchmark, which it announces on standard error. The results are on standard output.

use crate::request::Request;

/// The steps of a run.
pub struct Steps {
    begun: usize,
    total: usize,
}

impl Steps {
    /// Says how long the run takes, and returns its steps. Both kinds of runs begin with two builds.
    pub fn announce(gate: bool) -> Self {
        let (action, total) = if gate {
            ("counts instructions, which takes about a minute", 2 + 5)
        } else {
            let measured = 1 + Request::ALL.len();
            (
                "measures times, which takes about half a minute",
                2 + measured,
            )
        };
        eprintln!("speed: {action}, after two builds, which take about 5 minutes from scratch");
        Self { begun: 0, total }
    }

    /// Says that the next step begins.
    pub fn next(&mut self, name: &str) {
        self.begun += 1;
        eprintln!("speed: {} of {}, {name}", self.begun, self.total);
    }
}
