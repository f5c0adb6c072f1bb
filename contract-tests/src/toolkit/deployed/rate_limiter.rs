//! The rate limiters of a run's requests and of its lists, which also back off while the API is busy.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep_until};

use super::limits::Deadline;
use crate::toolkit::http::response::Response;
use crate::toolkit::progress::{LONG_WAIT, REPORT_INTERVAL};
use crate::toolkit::terminal::print_line;

/// The number of requests that may be sent at once after an idle time, so that the requests of several clients overlap.
const BURST: u32 = 8;

/// The pause after a 429 or 5xx without a valid `retry-after`, and after a request to which the API did not respond.
pub const DEFAULT_BACKOFF: Duration = Duration::from_secs(1);

/// The longest pause: 136 years, as long as a time limit can be. A longer pause counts as this long.
const MAX_BACKOFF: Duration = Duration::from_secs(u32::MAX as u64);

/// The rate limiter of all requests of a run, or of its lists.
#[derive(Debug)]
pub struct RateLimiter {
    /// The variable that sets the rate.
    variable: &'static str,
    interval: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The time at which the next request would be due without bursts.
    next_due: Instant,
    /// The time until which no request may be sent, because the API is busy.
    paused_until: Instant,
    /// The end of the last wait that was announced.
    announced_until: Instant,
}

impl RateLimiter {
    /// Returns a limiter of this many requests in a second, which this variable sets.
    ///
    /// # Panics
    /// If the rate is 0.
    #[must_use]
    pub fn new(variable: &'static str, rate: u32) -> Self {
        let now = Instant::now();
        Self {
            variable,
            interval: Duration::from_secs(1) / rate,
            state: Mutex::new(State {
                next_due: now,
                paused_until: now,
                announced_until: now,
            }),
        }
    }

    /// Waits until a request may be sent. Announces a long wait, and refuses at once to wait for a long pause that ends
    /// after the deadline.
    ///
    /// # Errors
    /// If no request may be sent before the deadline.
    pub async fn acquire(&self, deadline: Deadline) -> Result<(), String> {
        loop {
            let due = self.due(Instant::now(), deadline)?;
            sleep_until(due.min(deadline.at)).await;
            deadline.check()?;
            // A response may have asked for a pause in the meantime.
            if self.state().paused_until <= Instant::now() {
                return Ok(());
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the time at which the next request may be sent, and reserves it for the caller unless it is after the
    /// deadline. Announces a long wait.
    ///
    /// # Errors
    /// If the API is busy for a long time, beyond the deadline.
    fn due(&self, now: Instant, deadline: Deadline) -> Result<Instant, String> {
        let mut state = self.state();
        let earliest = now.checked_sub(self.interval * (BURST - 1)).unwrap_or(now);
        let due = state.next_due.max(earliest).max(state.paused_until);
        let pause = state.paused_until.saturating_duration_since(now);
        let wait = due.saturating_duration_since(now);
        if pause > LONG_WAIT && state.paused_until > deadline.at {
            let (pause, remaining) = (pause.as_secs(), deadline.remaining().as_secs());
            return Err(format!(
                "the API is busy, so no request is sent for {pause} s, and {deadline} has only {remaining} s left"
            ));
        }
        if due <= deadline.at {
            state.next_due = due + self.interval;
        }
        let (until, reason, repeat_after) = if pause > LONG_WAIT {
            let reason = "the API is busy".to_owned();
            (state.paused_until, reason, Duration::ZERO)
        } else {
            let reason = format!("{} allows the next request only then", self.variable);
            (due, reason, REPORT_INTERVAL)
        };
        if wait > LONG_WAIT && until > state.announced_until + repeat_after {
            state.announced_until = until;
            print_line(&format!("waiting {} s: {reason}", wait.as_secs()));
        }
        Ok(due)
    }

    /// Lets no request pass for this pause, or for a longer one that is already in progress.
    pub fn back_off(&self, pause: Duration) {
        let mut state = self.state();
        state.paused_until = state
            .paused_until
            .max(Instant::now() + pause.min(MAX_BACKOFF));
    }
}

/// Returns the pause that a response asks for in its header `retry-after`, as seconds or as a date;
/// [`DEFAULT_BACKOFF`] if it has no valid one.
#[must_use]
pub fn retry_after(response: &Response) -> Duration {
    let header = response.headers.get("retry-after");
    let seconds = || Some(Duration::from_secs(header?.parse().ok()?));
    let until = || {
        let date = httpdate::parse_http_date(header?).ok()?;
        Some(date.duration_since(SystemTime::now()).unwrap_or_default())
    };
    seconds().or_else(until).unwrap_or(DEFAULT_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadline() -> Deadline {
        Deadline::after("CONTRACT_TIME", Duration::from_hours(1))
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let parsed = |value: &str| {
            retry_after(&Response {
                status: 503,
                headers: [("retry-after".to_owned(), value.to_owned())].into(),
                body: Vec::new(),
            })
        };
        assert_eq!(parsed("7"), Duration::from_secs(7));
        assert_eq!(parsed("Sun, 06 Nov 1994 08:49:37 GMT"), Duration::ZERO);
        assert_eq!(parsed("soon"), DEFAULT_BACKOFF);
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_mins(1));
        assert!((58..=60).contains(&parsed(&soon).as_secs()));
    }

    #[test]
    fn requests_after_a_burst_are_spaced_evenly() {
        let limiter = RateLimiter::new("CONTRACT_RATE", 10);
        let long_after = Instant::now() + Duration::from_mins(1);
        let due = || limiter.due(long_after, deadline()).expect("there is time");
        for _ in 0..BURST {
            assert!(due() <= long_after);
        }
        for delay in [100, 200] {
            assert_eq!(due(), long_after + Duration::from_millis(delay));
        }
    }

    #[test]
    fn a_pause_delays_every_request() {
        let limiter = RateLimiter::new("CONTRACT_RATE", 1000);
        let begun = Instant::now();
        let due = || limiter.due(begun, deadline()).expect("there is time");
        limiter.back_off(Duration::from_secs(3));
        limiter.back_off(Duration::from_secs(1));
        assert!(due() >= begun + Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_beyond_the_deadline_is_refused_at_once() {
        let limiter = RateLimiter::new("CONTRACT_RATE", 1000);
        let begun = Instant::now();
        limiter.back_off(Duration::from_secs(30));
        assert_eq!(limiter.acquire(deadline()).await, Ok(()));
        assert_eq!(begun.elapsed(), Duration::from_secs(30));
        limiter.back_off(Duration::MAX);
        let soon = Deadline::after("CONTRACT_TIME", Duration::from_secs(8));
        let refused = limiter.acquire(soon).await.expect_err("8 s are not enough");
        assert!(refused.contains("CONTRACT_TIME=8 has only"), "{refused}");
        assert_eq!(begun.elapsed(), Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_for_the_rate_ends_at_the_deadline() {
        let limiter = RateLimiter::new("CONTRACT_RATE", 1);
        let soon = Deadline::after("CONTRACT_TIME", Duration::from_secs(8));
        let begun = Instant::now();
        let ended = loop {
            if let Err(reason) = limiter.acquire(soon).await {
                break reason;
            }
        };
        assert_eq!(ended, "CONTRACT_TIME=8 is over");
        assert_eq!(begun.elapsed(), Duration::from_secs(8));
    }
}
