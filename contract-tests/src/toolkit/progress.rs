//! The progress of anything that may take long: lines on standard error at intervals, or a bar; and the result of a
//! property that has passed.

use std::convert::Infallible;
use std::fmt::{self, Display, Write as _};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::{Instant, timeout};

use super::terminal::{bars, print_line};

/// The interval between two progress reports, before the first report of a test, and between two announcements that
/// `CONTRACT_RATE` delays requests.
pub const REPORT_INTERVAL: Duration = Duration::from_secs(20);

/// The longest wait that is not announced.
pub const LONG_WAIT: Duration = Duration::from_secs(3);

/// The interval between two drawings of a bar that does not advance.
const TICK_INTERVAL: Duration = Duration::from_millis(250);

/// Awaits a result. Prints the description on standard error if the wait is longer than [`LONG_WAIT`], and again after
/// each [`REPORT_INTERVAL`].
pub async fn announce_long_wait<T>(description: &str, result: impl Future<Output = T>) -> T {
    announce(description, result, print_line).await
}

async fn announce<T>(
    description: &str,
    result: impl Future<Output = T>,
    mut print: impl FnMut(&str),
) -> T {
    let begun = Instant::now();
    let mut result = std::pin::pin!(result);
    if let Ok(result) = timeout(LONG_WAIT, &mut result).await {
        return result;
    }
    print(&format!("waiting: {description}"));
    loop {
        if let Ok(result) = timeout(REPORT_INTERVAL, &mut result).await {
            return result;
        }
        let seconds = begun.elapsed().as_secs();
        print(&format!("waiting: {description} ({seconds} s so far)"));
    }
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

/// A thread that prints a line on standard error at intervals, until the reporter is dropped. It is not a task, because
/// it must also report while the runtime is busy.
#[derive(Debug)]
pub struct Reporter {
    /// Never used to send: its end stops the thread.
    _stop: mpsc::Sender<Infallible>,
}

impl Reporter {
    /// Starts a reporter that prints its first line after `first`, and one after each [`REPORT_INTERVAL`] from then on.
    #[must_use]
    pub fn start(first: Duration, line: impl Fn() -> String + Send + 'static) -> Self {
        Self::with_interval(first, REPORT_INTERVAL, move || print_line(&line()))
    }

    fn with_interval(
        first: Duration,
        interval: Duration,
        report: impl Fn() + Send + 'static,
    ) -> Self {
        let (stop, stopped) = mpsc::channel();
        thread::spawn(move || {
            let mut wait = first;
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                report();
                wait = interval;
            }
        });
        Self { _stop: stop }
    }
}

/// The progress of one property, or of anything else that is counted. It is reported until its last clone is dropped,
/// also while the count does not change.
#[derive(Clone, Debug)]
pub struct Progress {
    count: Arc<Count>,
    view: Arc<View>,
}

#[derive(Debug)]
struct Count {
    /// The name of the test or of the action.
    name: String,
    /// The noun of the count, in the plural.
    unit: &'static str,
    done: AtomicU32,
    /// `None` if the total is not known in advance.
    total: Option<u32>,
    begun: Instant,
    /// The end of the time that the action may take, if it has one.
    end: OnceLock<Instant>,
}

/// The display of a progress.
#[derive(Debug)]
enum View {
    Bar(ProgressBar),
    Lines { _reporter: Reporter },
}

impl Drop for View {
    fn drop(&mut self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

impl Progress {
    /// Returns the progress of a property before its first case.
    #[must_use]
    pub fn new(test: &str, cases: u32) -> Self {
        Self::counting(test, Some(cases), "cases", REPORT_INTERVAL)
    }

    /// Returns the progress of an action that counts this unit. Lines are printed unless the process draws bars, the
    /// first one after `first_line`.
    #[must_use]
    pub fn counting(
        name: &str,
        total: Option<u32>,
        unit: &'static str,
        first_line: Duration,
    ) -> Self {
        let count = Arc::new(Count {
            name: name.to_owned(),
            unit,
            done: AtomicU32::new(0),
            total,
            begun: Instant::now(),
            end: OnceLock::new(),
        });
        let view = if let Some(bar) = count.bar() {
            View::Bar(bar)
        } else {
            let count = Arc::clone(&count);
            let line = move || count.line(count.begun.elapsed());
            View::Lines {
                _reporter: Reporter::start(first_line, line),
            }
        };
        Self {
            count,
            view: Arc::new(view),
        }
    }

    /// Returns the progress of an action that may take until this time, so that its estimate is not longer.
    #[must_use]
    pub fn until(self, end: Option<Instant>) -> Self {
        if let Some(end) = end {
            // An error means that the end is already set.
            let _ = self.count.end.set(end);
        }
        self
    }

    /// Adds this number to the count.
    pub fn advance(&self, number: u32) {
        self.count.done.fetch_add(number, Ordering::Relaxed);
        if let View::Bar(bar) = &*self.view {
            bar.inc(number.into());
        }
    }

    /// Returns `true` if at least one case is done.
    #[must_use]
    pub fn has_done_cases(&self) -> bool {
        self.count.done() > 0
    }

    /// Returns the result, once no more cases are tried.
    #[must_use]
    pub fn passed(self, limit: Option<String>, unchecked: Option<String>) -> Passed {
        let cases = self.count.done();
        Passed {
            cases,
            planned: self.count.total.unwrap_or(cases),
            limit,
            unchecked,
        }
    }
}

impl Count {
    fn done(&self) -> u32 {
        self.done.load(Ordering::Relaxed)
    }

    /// Returns the line of a report after this time.
    fn line(&self, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs();
        let mut line = match self.total {
            // Its count is 0 until it ends.
            Some(1) => format!("{}: {seconds} s so far", self.name),
            _ => format!("{}: {} after {seconds} s", self.name, self.counted()),
        };
        if let Some(remaining) = self.remaining(elapsed) {
            let _ = write!(line, ", {remaining}");
        }
        line
    }

    /// Returns the count, such as `40 of 100 cases`.
    fn counted(&self) -> String {
        match self.total {
            Some(total) => format!("{} of {total} {}", self.done(), self.unit),
            None => format!("{} {}", self.done(), self.unit),
        }
    }

    /// Returns an estimate of the remaining time, or its limit if that is shorter; `None` if neither is known.
    fn remaining(&self, elapsed: Duration) -> Option<String> {
        let estimate = self
            .total
            .and_then(|total| estimate(self.done(), total, elapsed));
        let end = self.end.get();
        let limit = end.map(|end| (*end - self.begun).saturating_sub(elapsed));
        match (estimate, limit) {
            (Some(estimate), limit) if limit.is_none_or(|limit| estimate <= limit) => {
                Some(format!("about {} left", rounded(estimate)))
            }
            (_, Some(limit)) => Some(format!("at most {} left", rounded(limit))),
            (_, None) => None,
        }
    }

    /// Returns the bar, if this process draws bars. It shows the same words as a line, and the rate.
    fn bar(self: &Arc<Self>) -> Option<ProgressBar> {
        let (template, bar) = match self.total {
            Some(total) => (
                "[{bar:12}] {words}: {wide_msg}",
                ProgressBar::new(total.into()),
            ),
            None => ("{spinner} {words}: {wide_msg}", ProgressBar::new_spinner()),
        };
        let style = ProgressStyle::with_template(template).expect("the template is valid");
        let count = Arc::clone(self);
        let style = style.progress_chars("=> ").with_key(
            "words",
            move |_: &indicatif::ProgressState, words: &mut dyn fmt::Write| {
                // A bar that cannot be written is drawn again at the next tick.
                let _ = words.write_str(&count.words(count.begun.elapsed()));
            },
        );
        let bar = bars()?.add(bar.with_style(style).with_message(self.name.clone()));
        bar.enable_steady_tick(TICK_INTERVAL);
        Some(bar)
    }

    /// Returns the words of a bar after this time.
    fn words(&self, elapsed: Duration) -> String {
        let mut words = self.counted();
        let seconds = elapsed.as_secs_f64();
        if self.done() > 0 && seconds > 0.0 {
            let _ = write!(words, ", {:.1} a second", f64::from(self.done()) / seconds);
        }
        if let Some(remaining) = self.remaining(elapsed) {
            let _ = write!(words, ", {remaining}");
        }
        words
    }
}

/// Estimates the time for the rest, at the rate so far. Returns `None` if nothing is done yet, so that the rate is not
/// known.
fn estimate(done: u32, total: u32, elapsed: Duration) -> Option<Duration> {
    let rest = total.saturating_sub(done);
    (done > 0).then(|| elapsed.mul_f64(f64::from(rest) / f64::from(done)))
}

/// Returns a duration in words, rounded up to ten seconds, to minutes or to hours.
fn rounded(duration: Duration) -> String {
    match duration.as_secs_f64().ceil() {
        seconds if seconds <= 120.0 => format!("{} s", (seconds / 10.0).ceil() * 10.0),
        seconds if seconds <= 7200.0 => format!("{} min", (seconds / 60.0).ceil()),
        seconds => format!("{} h", (seconds / 3600.0).ceil()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use tokio::time::sleep;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn count(done: u32, total: Option<u32>) -> Count {
        Count {
            name: "embedded::faults".to_owned(),
            unit: "cases",
            done: AtomicU32::new(done),
            total,
            begun: Instant::now(),
            end: OnceLock::new(),
        }
    }

    #[test]
    fn a_line_has_the_count_and_an_estimate() {
        let line = |done, total| count(done, total).line(20 * SECOND);
        for (done, total, expected) in [
            (40, Some(100), "40 of 100 cases after 20 s, about 30 s left"),
            (
                100,
                Some(100),
                "100 of 100 cases after 20 s, about 0 s left",
            ),
            (0, Some(100), "0 of 100 cases after 20 s"),
            (40, None, "40 cases after 20 s"),
            (0, Some(1), "20 s so far"),
        ] {
            assert_eq!(line(done, total), format!("embedded::faults: {expected}"));
        }
    }

    #[test]
    fn a_bar_also_has_the_rate() {
        let words = |done| count(done, Some(100)).words(20 * SECOND);
        assert_eq!(words(40), "40 of 100 cases, 2.0 a second, about 30 s left");
        assert_eq!(words(0), "0 of 100 cases");
        assert_eq!(
            count(40, Some(100)).words(Duration::ZERO),
            "40 of 100 cases, about 0 s left"
        );
    }

    #[test]
    fn an_estimate_is_not_longer_than_the_time_limit() {
        let remaining = |done, limit: u32| {
            let count = count(done, Some(100));
            let end = count.begun + limit * SECOND;
            count.end.set(end).expect("the end is not set yet");
            count.remaining(20 * SECOND)
        };
        for (done, limit, expected) in [
            (40, 600, "about 30 s left"),
            (1, 600, "at most 10 min left"),
            (0, 600, "at most 10 min left"),
            (1, 10, "at most 0 s left"),
        ] {
            assert_eq!(remaining(done, limit).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_remaining_time_is_rounded_up() {
        for (seconds, expected) in [
            (0, "0 s"),
            (1, "10 s"),
            (111, "120 s"),
            (121, "3 min"),
            (7200, "120 min"),
            (7201, "3 h"),
        ] {
            assert_eq!(rounded(seconds * SECOND), expected);
        }
    }

    #[test]
    fn a_reporter_reports_until_it_is_dropped() {
        let (sender, reports) = channel();
        let short = Duration::from_millis(1);
        let reporter = Reporter::with_interval(short, short, move || {
            // An error means that the test has ended.
            let _ = sender.send(());
        });
        for _ in 0..3 {
            assert_eq!(reports.recv(), Ok(()));
        }
        drop(reporter);
        // Ends only because the thread ends, and drops the sender.
        for () in reports {}
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_wait_is_announced_at_every_interval() {
        let mut lines = Vec::new();
        announce(
            "an answer",
            sleep(LONG_WAIT + 2 * REPORT_INTERVAL + SECOND),
            |line| {
                lines.push(line.to_owned());
            },
        )
        .await;
        assert_eq!(
            lines,
            [
                "waiting: an answer",
                "waiting: an answer (23 s so far)",
                "waiting: an answer (43 s so far)",
            ]
        );
        let short = announce("an answer", async {}, |line| panic!("{line}"));
        short.await;
    }

    #[test]
    fn every_clone_advances_the_same_progress_without_a_terminal() {
        let progress = Progress::new("test", 3);
        assert!(!progress.has_done_cases());
        progress.clone().advance(2);
        assert!(progress.has_done_cases());
        assert!(matches!(&*progress.view, View::Lines { .. }));
        let passed = progress.passed(Some("CONTRACT_TIME=1 is over".to_owned()), None);
        assert_eq!(passed.to_string(), "2 of 3 cases: CONTRACT_TIME=1 is over");
    }
}
