//! The steps of the benchmark, which it announces on standard error. The results are on standard output.

use crate::request::Request;

/// The steps of a run.
pub struct Steps {
    begun: usize,
    total: usize,
}

impl Steps {
    /// Says how long a run takes that measures times.
    pub fn of_times(duration: &str) -> Self {
        let measured = 1 + Request::ALL.len();
        Self::announce(&format!("measures times, which takes {duration}"), measured)
    }

    /// Says how long a run takes that counts instructions.
    pub fn of_gate() -> Self {
        Self::announce("counts instructions, which takes about 2 minutes", 9)
    }

    /// Says what the run does after two builds, with which each begins, and returns its steps.
    fn announce(action: &str, steps: usize) -> Self {
        eprintln!("speed: {action}, after two builds, which take about 5 minutes from scratch");
        Self {
            begun: 0,
            total: 2 + steps,
        }
    }

    /// Says that the next step begins.
    pub fn next(&mut self, name: &str) {
        self.begun += 1;
        eprintln!("speed: {} of {}, {name}", self.begun, self.total);
    }
}
