//! The limits of a run against an API that has other users: `CONTRACT_TIME`, `CONTRACT_CLEAN_UP`,
//! `CONTRACT_REQUESTS`, `CONTRACT_RATE`, `CONTRACT_LIST_RATE` and `CONTRACT_PAGES`.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// The limits of a run against a deployed API.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The time that each property may take (`CONTRACT_TIME`, in seconds).
    pub time: Duration,
    /// The time that a case, and then the run, may take to clean up (`CONTRACT_CLEAN_UP`, in seconds).
    pub clean_up: Duration,
    /// The maximum number of requests of each property, including one to delete each id (`CONTRACT_REQUESTS`). The
    /// health check, further requests for a deletion, and the clean-up at the end of the run are not counted.
    pub requests: u32,
    /// The requests that the whole run may send in a second, besides a burst after an idle time (`CONTRACT_RATE`).
    pub rate: u32,
    /// The same for lists, each page of which counts (`CONTRACT_LIST_RATE`). By default less than Terraform's variable
    /// `route_throttling` allows by default, so that other callers of the API can list too.
    pub list_rate: u32,
    /// The pages of a list that are followed (`CONTRACT_PAGES`).
    pub pages: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_mins(10),
            clean_up: Duration::from_mins(2),
            requests: 20_000,
            rate: 50,
            list_rate: 8,
            pages: 20,
        }
    }
}

/// The end of a time limit, and the name of that limit.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    /// The end of the time.
    pub at: Instant,
    limit: &'static str,
    time: Duration,
}

impl Deadline {
    /// Returns the end of this time, which begins now.
    #[must_use]
    pub fn after(limit: &'static str, time: Duration) -> Self {
        Self {
            at: Instant::now() + time,
            limit,
            time,
        }
    }

    /// Returns the time that is left.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Checks that the time is not over.
    ///
    /// # Errors
    /// If the time is over; the message names the limit.
    pub fn check(&self) -> Result<(), String> {
        if self.remaining().is_zero() {
            Err(format!("{self} is over"))
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.limit, self.time.as_secs())
    }
}

/// The limits of one property, and the part of them that it has used.
#[derive(Debug)]
pub struct Budget {
    requests: u32,
    deadline: Deadline,
    /// The number of requests that were sent.
    sent: AtomicU32,
    /// The number of requests that are reserved for the clean-up.
    reserved: AtomicU32,
}

impl Budget {
    /// Returns an unused budget, whose time begins now.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            requests: limits.requests,
            deadline: Deadline::after("CONTRACT_TIME", limits.time),
            sent: AtomicU32::new(0),
            reserved: AtomicU32::new(0),
        }
    }

    /// Returns the deadline of the property.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Takes one request from the budget.
    ///
    /// # Errors
    /// If a limit is reached; the message names it.
    pub fn try_acquire(&self) -> Result<(), String> {
        self.exhausted().map_or(Ok(()), Err)?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Returns the limit that is reached, if one is.
    #[must_use]
    pub fn exhausted(&self) -> Option<String> {
        let (requests, sent) = (self.requests, self.sent.load(Ordering::Relaxed));
        let reserved = self.reserved.load(Ordering::Relaxed);
        let sent = sent.saturating_add(reserved);
        let deadline_error = self.deadline.check().err();
        deadline_error.or_else(|| {
            (sent >= requests).then(|| format!("CONTRACT_REQUESTS={requests} is used up"))
        })
    }

    /// Reserves one request for the clean-up.
    pub fn reserve_cleanup(&self) {
        self.reserved.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes one reserved request, even if a limit is reached.
    pub fn use_reserved(&self) {
        self.reserved.fetch_sub(1, Ordering::Relaxed);
        self.sent.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_requests_are_kept_for_the_clean_up() {
        let budget = Budget::new(Limits {
            requests: 3,
            ..Limits::default()
        });
        budget.reserve_cleanup();
        assert_eq!(budget.try_acquire(), Ok(()));
        assert_eq!(budget.try_acquire(), Ok(()));
        assert_eq!(
            budget.try_acquire(),
            Err("CONTRACT_REQUESTS=3 is used up".to_owned())
        );
        budget.use_reserved();
        assert!(budget.exhausted().is_some());
    }

    #[test]
    fn a_budget_is_exhausted_when_its_deadline_has_passed() {
        let budget = Budget::new(Limits {
            time: Duration::ZERO,
            ..Limits::default()
        });
        assert_eq!(
            budget.exhausted().as_deref(),
            Some("CONTRACT_TIME=0 is over")
        );
    }
}
