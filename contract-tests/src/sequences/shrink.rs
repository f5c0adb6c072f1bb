//! Shrinks a sequence that broke the contract to the fewest and simplest requests that still break it, by delta
//! debugging: parts are removed, first halves and last single operations, as long as the rest still fails.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::contract::run::Run;
use crate::environments::environment::Setup;
use crate::environments::target::Target;
use crate::request::concrete::{Request, RequestKind};
use crate::request::ids::Ids;
use crate::request::operation::{ContentType, Operation, Query, UrlStyle};
use crate::sequences::execute::{FinalCheck, execute};
use crate::sequences::simplify::{
    simpler_operations, with_last_apart, with_simpler_ids, with_small_pages,
};
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::progress::{Progress, REPORT_INTERVAL, Reporter};

/// The maximum number of sequences that are tried, so that shrinking ends even in a slow environment.
const MAX_TRIES: usize = 1_500;

/// The maximum time of a search, so that a failure that needs large items is reported before a pipeline gives up.
const MAX_TIME: Duration = Duration::from_mins(3);

/// The maximum number of operations into which one is taken apart. With more of them, the report is shorter with the
/// whole operation.
const MAX_PARTS: usize = 8;

/// The shortest run that is known to break the contract.
#[derive(Debug)]
pub struct Shrunk {
    /// The run.
    pub run: Run,
    /// The reason why the search ended early, if it did.
    pub note: Option<String>,
}

/// Runs the operations in a fresh environment.
///
/// # Errors
/// If the environment cannot be opened: the reason.
pub async fn run_fresh(
    target: &Target,
    setup: &Setup,
    operations: &[Operation],
    final_check: FinalCheck,
) -> Result<Run, String> {
    let environment = target.open(setup).await?;
    let run = execute(&environment, operations, final_check, None).await;
    environment.close().await;
    Ok(run)
}

/// Runs the operations of a saved failure in a fresh environment, with a final check. The progress counts them.
///
/// # Errors
/// If the environment cannot be opened: the reason.
pub async fn replay(
    target: &Target,
    operations: &[Operation],
    progress: &Progress,
) -> Result<Run, String> {
    let environment = target.open(&Setup::default()).await?;
    let run = execute(&environment, operations, FinalCheck::AtEnd, Some(progress)).await;
    environment.close().await;
    Ok(run)
}

/// Shrinks the sequence that broke the contract in `first_run`. Each candidate runs in a fresh environment. If a run is
/// inconclusive, the search ends with the shortest run so far. Its reports on standard error name the test.
pub async fn shrink(target: &Target, setup: &Setup, first_run: Run, test: &str) -> Shrunk {
    let candidates = with_explicit_check(&first_run);
    let size = Arc::new(Size {
        requests: AtomicUsize::new(first_run.steps.len()),
        tried: AtomicUsize::new(0),
    });
    let (test, started, reported) = (test.to_owned(), Instant::now(), Arc::clone(&size));
    let _reporter = Reporter::start(REPORT_INTERVAL, move || {
        reported.line(&test, started.elapsed())
    });
    let mut search = Search {
        target,
        setup,
        best: first_run,
        tried: HashSet::new(),
        started,
        size,
    };
    let note = search.run(candidates).await.err();
    Shrunk {
        run: search.best,
        note,
    }
}

/// Returns the operations of a run with its final check as explicit operations, so that the script contains every
/// request: first with the last request of the check only, then with all of them.
fn with_explicit_check(run: &Run) -> [Vec<Operation>; 2] {
    let check_steps = run
        .steps
        .iter()
        .filter(|step| step.operation_index.is_none());
    let (lists, gets): (Vec<_>, Vec<_>) =
        check_steps.partition(|step| matches!(step.request.kind, RequestKind::List { .. }));
    let paginate = (!lists.is_empty()).then_some(Operation::Paginate {
        limit: 1000,
        delete_last_of_page: false,
    });
    let gets: Vec<_> = gets
        .iter()
        .map(|step| to_operation(&step.request, &run.prefix))
        .collect();
    let last_check = paginate.as_ref().or(gets.last()).cloned();
    let with = |checks: Vec<Operation>| [run.operations.clone(), checks].concat();
    [
        with(last_check.into_iter().collect()),
        with(gets.into_iter().chain(paginate).collect()),
    ]
}

struct Search<'a> {
    target: &'a Target,
    setup: &'a Setup,
    best: Run,
    /// The sequences that were tried already, as JSON.
    tried: HashSet<String>,
    started: Instant,
    size: Arc<Size>,
}

/// The size of the best sequence and of the search so far, for reports.
#[derive(Debug)]
struct Size {
    requests: AtomicUsize,
    tried: AtomicUsize,
}

impl Size {
    /// Returns the line of a report after this time.
    fn line(&self, test: &str, elapsed: Duration) -> String {
        format!(
            "{test}: shrinking for {} s of at most {}: {} requests, tried {} of at most {MAX_TRIES} sequences",
            elapsed.as_secs(),
            MAX_TIME.as_secs(),
            self.requests.load(Ordering::Relaxed),
            self.tried.load(Ordering::Relaxed)
        )
    }
}

impl Search<'_> {
    async fn run(&mut self, candidates: [Vec<Operation>; 2]) -> Result<(), String> {
        for operations in candidates {
            if self.still_fails(operations).await? {
                return self.shrink().await;
            }
        }
        Err("the same requests did not fail a second time".to_owned())
    }

    async fn shrink(&mut self) -> Result<(), String> {
        // Most failures do not need large pages, and without them all further tries are fast.
        for smaller in with_small_pages(&self.best.operations) {
            if self.still_fails(smaller).await? {
                break;
            }
        }
        // Simpler operations may allow more operations to be removed.
        while self.remove_operations().await? || self.simplify().await? {}
        Ok(())
    }

    /// Removes every operation that is not needed. Returns `true` if one was removed.
    async fn remove_operations(&mut self) -> Result<bool, String> {
        let mut changed = false;
        let mut width = self.best.operations.len().div_ceil(2);
        loop {
            let mut start = 0;
            while start < self.best.operations.len() {
                let mut candidate = self.best.operations.clone();
                candidate.drain(start..candidate.len().min(start + width));
                if self.still_fails(candidate).await? {
                    changed = true;
                } else {
                    start += width;
                }
            }
            if width <= 1 {
                return Ok(changed);
            }
            width = width.div_ceil(2);
        }
    }

    /// Simplifies the operations. Returns `true` if one was simplified.
    async fn simplify(&mut self) -> Result<bool, String> {
        let mut changed = false;
        'restart: loop {
            for candidate in self.candidates() {
                if self.still_fails(candidate).await? {
                    changed = true;
                    continue 'restart;
                }
            }
            return Ok(changed);
        }
    }

    /// Returns every sequence that has one simpler operation than the best one, or one simpler id in all operations.
    fn candidates(&self) -> Vec<Vec<Operation>> {
        let operations = &self.best.operations;
        let mut candidates = Vec::new();
        for (index, operation) in operations.iter().enumerate() {
            let mut replace = |replacement: &[Operation]| {
                candidates
                    .push([&operations[..index], replacement, &operations[index + 1..]].concat());
            };
            for simpler in simpler_operations(operation) {
                replace(&[simpler]);
            }
            if let Operation::PutMany(batch) = operation {
                for parts in with_last_apart(batch) {
                    replace(&parts);
                }
            }
            let parts = self.parts(index, operation);
            if (1..=MAX_PARTS).contains(&parts.len()) {
                replace(&parts);
            }
        }
        candidates.extend(with_simpler_ids(operations));
        candidates
    }

    /// Returns the operations that together send the same requests as this one, if it sends several.
    fn parts(&self, index: usize, operation: &Operation) -> Vec<Operation> {
        match operation {
            Operation::Paginate { .. } => {
                let steps = self.best.steps.iter();
                let steps = steps.filter(|step| step.operation_index == Some(index));
                steps
                    .map(|step| to_operation(&step.request, &self.best.prefix))
                    .collect()
            }
            Operation::PutMany(batch) => batch
                .objects()
                .map(|object| Operation::Put(object, ContentType::Json))
                .collect(),
            Operation::Put(..)
            | Operation::PutRaw(..)
            | Operation::Get(_)
            | Operation::Delete(_)
            | Operation::List(_)
            | Operation::NoRoute(_)
            | Operation::Conditional(..) => Vec::new(),
        }
    }

    /// Returns `true` if these operations were not tried before and also break the contract. Their run is then the best
    /// one.
    async fn still_fails(&mut self, operations: Vec<Operation>) -> Result<bool, String> {
        let json = serde_json::to_string(&operations).expect("operations can be written");
        if !self.tried.insert(json) {
            return Ok(false);
        }
        self.size.tried.store(self.tried.len(), Ordering::Relaxed);
        if self.tried.len() > MAX_TRIES {
            return Err(format!(
                "a shorter sequence may exist: the search ended after {MAX_TRIES} tries"
            ));
        }
        if self.started.elapsed() > MAX_TIME {
            return Err(format!(
                "a shorter sequence may exist: the search ended after {MAX_TIME:?}"
            ));
        }
        let inconclusive = |reason| format!("a shorter sequence may exist: {reason}");
        let run = run_fresh(self.target, self.setup, &operations, FinalCheck::Skip).await;
        let run = run.map_err(inconclusive)?;
        match &run.outcome {
            Ok(()) => Ok(false),
            Err(Inconclusive(reason)) => Err(inconclusive(reason.clone())),
            Err(Failed(_)) => {
                self.size.requests.store(run.steps.len(), Ordering::Relaxed);
                self.best = run;
                Ok(true)
            }
        }
    }
}

/// Returns the operation that sends only this request, which comes from the final check or from a [`Paginate`].
///
/// [`Paginate`]: Operation::Paginate
fn to_operation(request: &Request, prefix: &str) -> Operation {
    let literal = |id: &String| Ids::new(prefix).literal(id);
    match &request.kind {
        RequestKind::Get(id) => Operation::Get(literal(id).into()),
        RequestKind::Delete(id) => Operation::Delete(literal(id).into()),
        RequestKind::List {
            limit,
            start,
            other,
        } => Operation::List(Query {
            limit: limit.clone(),
            start: start.as_ref().map(literal),
            other: other.clone(),
            style: UrlStyle::Plain,
        }),
        RequestKind::Put { .. } | RequestKind::NoRoute(_) => {
            unreachable!("the final check and Paginate only read and delete")
        }
    }
}
