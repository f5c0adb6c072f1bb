//! What a run may spend where others pay for it or wait for it: `CONTRACT_TIME`, `CONTRACT_REQUESTS`,
//! `CONTRACT_RATE` and `CONTRACT_PAGES`.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The limits of a run against a deployed API.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long each property may take (`CONTRACT_TIME`, in seconds).
    pub time: Duration,
    /// How many requests each property may send, those that clean up included (`CONTRACT_REQUESTS`).
    pub requests: u32,
    /// How many requests all properties may send in a second (`CONTRACT_RATE`).
    pub rate: u32,
    /// How many pages of a list are followed (`CONTRACT_PAGES`).
    pub pages: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_mins(10),
            requests: 20_000,
            rate: 50,
            pages: 20,
        }
    }
}

/// What is left for one property.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    begun: Instant,
    /// How many requests were sent.
    sent: AtomicU32,
    /// How many more it will take to clean up.
    owed: AtomicU32,
}

impl Budget {
    /// All that there is, from now on.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            begun: Instant::now(),
            sent: AtomicU32::new(0),
            owed: AtomicU32::new(0),
        }
    }

    /// Takes one request out of it.
    ///
    /// # Errors
    /// Which limit is in the way.
    pub fn take(&self) -> Result<(), String> {
        self.spent().map_or(Ok(()), Err)?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Which limit is reached, if one is.
    #[must_use]
    pub fn spent(&self) -> Option<String> {
        let Limits { time, requests, .. } = self.limits;
        let sent = self.sent.load(Ordering::Relaxed);
        let owed = self.owed.load(Ordering::Relaxed);
        if self.begun.elapsed() >= time {
            Some(format!("CONTRACT_TIME={} is over", time.as_secs()))
        } else if sent.saturating_add(owed) >= requests {
            Some(format!("CONTRACT_REQUESTS={requests} are sent"))
        } else {
            None
        }
    }

    /// Puts one request aside, to clean up with.
    pub fn owe(&self) {
        self.owed.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes one of those: it is always there.
    pub fn pay(&self) {
        self.owed.fetch_sub(1, Ordering::Relaxed);
        self.sent.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_cannot_be_spent() {
        let budget = Budget::new(Limits {
            requests: 3,
            ..Limits::default()
        });
        budget.owe();
        assert_eq!(budget.take(), Ok(()));
        assert_eq!(budget.take(), Ok(()));
        assert_eq!(
            budget.take(),
            Err("CONTRACT_REQUESTS=3 are sent".to_owned())
        );
        budget.pay();
        assert!(budget.spent().is_some());
    }

    #[test]
    fn time_runs_out() {
        let budget = Budget::new(Limits {
            time: Duration::ZERO,
            ..Limits::default()
        });
        assert_eq!(budget.spent().as_deref(), Some("CONTRACT_TIME=0 is over"));
    }
}
