//! The latencies of a run's requests, and the table of their percentiles by route.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The latencies of the requests of a run, by route. All of them are kept, so that the percentiles are exact;
/// `CONTRACT_REQUESTS` limits their number.
#[derive(Debug, Default)]
pub struct Latencies(Mutex<BTreeMap<&'static str, Vec<Duration>>>);

impl Latencies {
    /// Records the latency of one request to this route.
    pub fn record(&self, route: &'static str, latency: Duration) {
        let mut latencies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        latencies.entry(route).or_default().push(latency);
    }

    /// Returns the sorted latencies so far, by route.
    #[must_use]
    pub fn by_route(&self) -> BTreeMap<&'static str, Vec<Duration>> {
        let latencies = self.0.lock();
        let mut latencies = latencies.unwrap_or_else(PoisonError::into_inner).clone();
        for latencies in latencies.values_mut() {
            latencies.sort_unstable();
        }
        latencies
    }

    /// Returns a table with a row for each of these routes that has a latency; `None` if none of them has one. The
    /// table ends with a line break, and has no empty line.
    #[must_use]
    pub fn table(&self, routes: &[&'static str]) -> Option<String> {
        let latencies = self.by_route();
        let rows = routes.iter().filter_map(|route| {
            let sorted = latencies.get(route)?;
            let (p50, p99) = (percentile(sorted, 50)?, percentile(sorted, 99)?);
            Some((*route, sorted.len(), milliseconds(p50), milliseconds(p99)))
        });
        let rows: Vec<_> = rows.collect();
        let width = rows.iter().map(|(route, ..)| route.len()).max()?;
        let mut table = format!(
            "Latency, in milliseconds:\n  {:width$}  requests      p50      p99\n",
            "route"
        );
        for (route, requests, p50, p99) in rows {
            let _ = writeln!(
                table,
                "  {route:width$}  {requests:8}  {p50:7.1}  {p99:7.1}"
            );
        }
        Some(table)
    }
}

/// The percentiles that a report shows.
pub const PERCENTILES: [usize; 3] = [50, 95, 99];

/// Returns the percentile of sorted latencies by the nearest-rank method: the smallest latency such that at least this
/// percentage of all latencies are not longer. Returns `None` if there are no latencies.
#[must_use]
pub fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// Returns the latency in milliseconds.
#[must_use]
pub fn milliseconds(latency: Duration) -> f64 {
    latency.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_latency_at_the_nearest_rank() {
        for (count, p50, p99) in [
            (0, None, None),
            (1, Some(1), Some(1)),
            (2, Some(1), Some(2)),
            (3, Some(2), Some(3)),
            (100, Some(50), Some(99)),
            (101, Some(51), Some(100)),
            (200, Some(100), Some(198)),
        ] {
            let sorted: Vec<_> = (1..=count).map(Duration::from_millis).collect();
            let found = [50, 99].map(|percent| percentile(&sorted, percent));
            let expected = [p50, p99].map(|latency| latency.map(Duration::from_millis));
            assert_eq!(found, expected, "{count} latencies");
        }
    }

    #[test]
    fn a_table_has_a_row_for_each_route_with_a_latency() {
        let latencies = Latencies::default();
        let routes = ["PUT /items", "GET /items", "GET /items/{id}"];
        latencies.record("no route", Duration::from_millis(1));
        assert_eq!(latencies.table(&routes), None);
        for microseconds in [12_340, 40_000_000, 12_260] {
            latencies.record("GET /items/{id}", Duration::from_micros(microseconds));
        }
        latencies.record("PUT /items", Duration::from_micros(40));
        let expected = "\
Latency, in milliseconds:
  route            requests      p50      p99
  PUT /items              1      0.0      0.0
  GET /items/{id}         3     12.3  40000.0
";
        assert_eq!(latencies.table(&routes).as_deref(), Some(expected));
    }
}
