//! How fast requests may follow each other, and how long nobody may send any.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep_until};

use crate::contract::answer::Answer;

/// How many requests may come at once after a while of silence, so that clients can meet.
const BURST: u32 = 8;

/// The pause after an answer that came too soon and does not say by how much.
pub const PAUSE: Duration = Duration::from_secs(1);

/// The longest pause that is made.
pub const LONGEST: Duration = Duration::from_mins(1);

/// The pace of all requests of a run.
#[derive(Debug)]
pub struct Pace {
    step: Duration,
    /// When the next request would be due, were there no bursts.
    next: Mutex<Instant>,
}

impl Pace {
    /// So many requests in a second.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self {
            step: Duration::from_secs(1) / rate,
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits until a request may be sent.
    pub async fn turn(&self) {
        sleep_until(self.due(Instant::now())).await;
    }

    /// When the request may be sent that has come to its turn now.
    fn due(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(self.step * (BURST - 1)).unwrap_or(now);
        let due = (*next).max(earliest);
        *next = due + self.step;
        due
    }

    /// Has everybody wait, since a request was answered that it came too soon.
    pub fn pause(&self, pause: Duration) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = (*next).max(Instant::now() + pause.min(LONGEST));
    }
}

/// How long an answer asks everybody to wait, in its header `retry-after`: seconds, or a date.
#[must_use]
pub fn asked_for(answer: &Answer) -> Duration {
    let header = answer.headers.get("retry-after");
    let seconds = || Some(Duration::from_secs(header?.parse().ok()?));
    let until = || {
        let date = httpdate::parse_http_date(header?).ok()?;
        Some(date.duration_since(SystemTime::now()).unwrap_or_default())
    };
    seconds().or_else(until).unwrap_or(PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses() {
        let asked = |value: &str| {
            asked_for(&Answer {
                status: 503,
                headers: [("retry-after".to_owned(), value.to_owned())].into(),
                body: Vec::new(),
            })
        };
        assert_eq!(asked("7"), Duration::from_secs(7));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Duration::ZERO);
        assert_eq!(asked("soon"), PAUSE);
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_mins(1));
        assert!((58..=60).contains(&asked(&soon).as_secs()));
    }

    #[test]
    fn a_burst_and_then_a_steady_pace() {
        let pace = Pace::new(10);
        let long_after = Instant::now() + Duration::from_mins(1);
        for _ in 0..BURST {
            assert!(pace.due(long_after) <= long_after);
        }
        for late in [100, 200] {
            assert_eq!(
                pace.due(long_after),
                long_after + Duration::from_millis(late)
            );
        }
    }

    #[test]
    fn a_pause_is_for_everybody() {
        let pace = Pace::new(1000);
        let begun = Instant::now();
        pace.pause(Duration::from_secs(3));
        pace.pause(Duration::from_secs(1));
        assert!(pace.due(begun) >= begun + Duration::from_secs(3));
        pace.pause(Duration::from_hours(1));
        assert!(pace.due(begun) <= Instant::now() + LONGEST);
    }
}
