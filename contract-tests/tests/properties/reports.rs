//! The files of the reports. They are written again as tests end, so that a killed run leaves a report of the tests
//! that had ended.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use contract_tests::coverage::tracker;
use contract_tests::report::annotations::annotations;
use contract_tests::report::file::replace;
use contract_tests::report::html::html;
use contract_tests::report::junit::junit;
use contract_tests::report::markdown::markdown;
use contract_tests::report::run::{RunRecord, TestRecord};
use contract_tests::settings::{ReportFiles, Variables};
use contract_tests::toolkit::deployed::latency::Latencies;
use function::config::variable;

/// The minimum time between two writes of the reports of a run that goes on, because each test waits for a write.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// The latencies of the requests to each target, by the name of the target.
pub type LatenciesOfTargets = BTreeMap<&'static str, Arc<Latencies>>;

/// The reports of this run.
pub struct Reports {
    files: ReportFiles,
    started: (SystemTime, Instant),
    settings: Vec<(&'static str, String)>,
    latencies: LatenciesOfTargets,
    has_failed: AtomicBool,
    /// The time of the last write, if there was one.
    written: Mutex<Option<Instant>>,
}

impl Reports {
    /// Returns the reports, and creates their files.
    ///
    /// # Errors
    /// If a file cannot be written: the reason, with the path.
    pub fn new(variables: &Variables, latencies: LatenciesOfTargets) -> Result<Self, String> {
        let sampling = variables.sampling;
        let mut settings = vec![
            ("CONTRACT_CASES", sampling.cases.to_string()),
            ("CONTRACT_SEED", sampling.seed.to_string()),
        ];
        if let Some(url) = &variables.url {
            settings.push(("CONTRACT_URL", url.to_string()));
        }
        let reports = Self {
            files: variables.reports.clone(),
            started: (SystemTime::now(), Instant::now()),
            settings,
            latencies,
            has_failed: AtomicBool::new(false),
            written: Mutex::default(),
        };
        reports.try_write(&reports.record(&[], false))?;
        if let Some(summary) = &reports.files.summary {
            append(summary, "")?;
        }
        Ok(reports)
    }

    /// Writes the reports of a run that goes on, unless they were just written. Only the first failure to write a file
    /// is printed.
    pub fn write(&self, tests: &[TestRecord]) {
        let mut last = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| last.elapsed() >= MIN_INTERVAL);
        if is_due && (self.files.html.is_some() || self.files.junit.is_some()) {
            self.print_failure(self.try_write(&self.record(tests, false)));
            *last = Some(Instant::now());
        }
    }

    /// Writes the reports of a run that has ended, and its summary. Returns `false` if a file could not be written.
    pub fn finish(&self, tests: &[TestRecord], problems: Vec<String>) -> bool {
        self.publish(&RunRecord {
            problems,
            ..self.record(tests, true)
        });
        !self.has_failed.load(Ordering::Relaxed)
    }

    /// Writes the reports and the summary of a run that a signal has ended.
    pub fn finish_interrupted(&self, tests: &[TestRecord]) {
        self.publish(&self.record(tests, false));
    }

    /// Writes the reports and the summary, and prints the annotations.
    fn publish(&self, record: &RunRecord) {
        if variable("GITHUB_ACTIONS").as_deref() == Some("true") {
            for annotation in annotations(record, self.files.html.as_deref()) {
                println!("{annotation}");
            }
        }
        self.print_failure(self.try_write(record));
        if let Some(summary) = &self.files.summary {
            self.print_failure(append(summary, &markdown(record)));
        }
        if let Some(html) = &self.files.html {
            println!("The report is in {}", html.display());
        }
    }

    fn record(&self, tests: &[TestRecord], is_complete: bool) -> RunRecord {
        let (started, clock) = self.started;
        let of_target = |(target, latencies): (&&'static str, &Arc<Latencies>)| {
            let target = *target;
            let by_route = latencies.by_route().into_iter();
            by_route.map(move |(route, latencies)| ((target, route), latencies))
        };
        RunRecord {
            started,
            took: clock.elapsed(),
            is_complete,
            settings: self.settings.clone(),
            tests: tests.to_vec(),
            problems: Vec::new(),
            cells: tracker::cells(),
            buckets: tracker::buckets(),
            latencies: self.latencies.iter().flat_map(of_target).collect(),
        }
    }

    fn try_write(&self, record: &RunRecord) -> Result<(), String> {
        if let Some(file) = &self.files.html {
            replace(file, &html(record))?;
        }
        if let Some(file) = &self.files.junit {
            replace(file, &junit(record)?)?;
        }
        Ok(())
    }

    fn print_failure(&self, written: Result<(), String>) {
        if let Err(error) = written
            && !self.has_failed.swap(true, Ordering::Relaxed)
        {
            eprintln!("{error}");
        }
    }
}

fn append(file: &Path, content: &str) -> Result<(), String> {
    let mut options = OpenOptions::new();
    options
        .append(true)
        .create(true)
        .open(file)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .map_err(|error| format!("failed to write {}: {error}", file.display()))
}
