//! The test of the tests: runs the properties against each mutant, as against any other service.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::environments::environment::Setup;
use crate::environments::target::Target;
use crate::faults::TIME_LIMIT;
use crate::mutants::mutant::{ALL, Mutant};
use crate::report::failure::FailureReport;
use crate::sequences::execute::FinalCheck;
use crate::sequences::shrink::run_fresh;
use crate::toolkit::outcome::NotPassed::{self, Failed, Inconclusive};
use crate::toolkit::progress::Progress;
use crate::toolkit::random::Sampling;
use crate::{concurrency, faults, sequences};

/// The detection of a mutant.
#[derive(Clone, Debug)]
pub struct Detection {
    /// The property that detected it.
    pub property: &'static str,
    /// The number of the case that failed, from one; always 1 for `faults`, which has no random cases.
    pub case: u32,
    /// The number of requests, or of entries of a history, to which the failure was shrunk; `None` if the search ended
    /// early, or if one response or one fault is the failure.
    pub shrunk: Option<usize>,
}

/// The number of mutants that are tested at once.
const PARALLELISM: usize = 4;

/// Tests every mutant with this seed, and records the detections for [`results_table`].
///
/// # Errors
/// The mutants that were not detected, or whose failures were not shrunk far enough.
///
/// # Panics
/// If the test of a mutant panics.
pub async fn every_mutant_is_detected(sampling: Sampling, test: &str) -> Result<(), String> {
    let mut missed = String::new();
    let semaphore = Arc::new(Semaphore::new(PARALLELISM));
    let searches: Vec<_> = ALL
        .iter()
        .map(|mutant| {
            let (semaphore, test) = (Arc::clone(&semaphore), format!("{test}, {}", mutant.name));
            tokio::spawn(async move {
                let _permit = semaphore.acquire().await;
                let t0 = std::time::Instant::now();
                let d = detect(mutant, sampling, &test).await;
                eprintln!("TIME {:?} {}", t0.elapsed().as_secs_f32(), mutant.name);
                d
            })
        })
        .collect();
    for (mutant, search) in ALL.iter().zip(searches) {
        match search.await.expect("a search does not panic") {
            Ok(detection) => {
                if let (Some(shrunk), Some(max_requests)) = (detection.shrunk, mutant.max_requests)
                    && shrunk > max_requests
                {
                    let name = mutant.name;
                    let _ = writeln!(
                        missed,
                        "{name}: shrunk to {shrunk} requests, more than {max_requests}"
                    );
                }
                record(mutant, detection);
            }
            Err(reason) => {
                let _ = writeln!(missed, "{}: {reason}", mutant.name);
            }
        }
    }
    if missed.is_empty() {
        Ok(())
    } else {
        Err(format!("{missed}CONTRACT_SEED={}", sampling.seed))
    }
}

/// Detects one mutant. Sequences must detect a deterministic mutant. For a nondeterministic one, each case is tried
/// with the sequences and both kinds of histories in turn, and at the end every fault is tried. The original service
/// must pass what failed: else the mutation is not the cause of the failure.
async fn detect(
    mutant: &'static Mutant,
    sampling: Sampling,
    test: &str,
) -> Result<Detection, String> {
    let original = Setup::default();
    let setup = mutant.setup();
    let faulty = |setup: &Setup| Setup {
        proxied: true,
        time_limit: TIME_LIMIT,
        ..setup.clone()
    };
    if mutant.rare {
        return with_exhaustive(&setup, &original).await;
    }
    let mut progress = Progress::new(test, sampling.cases);
    for case in 0..sampling.cases {
        if let Some(detection) = with_sequences(&setup, &original, sampling, case).await? {
            return Ok(detection);
        }
        progress.advance(1);
        if mutant.max_requests.is_some() {
            continue;
        }
        for (property, setup, original) in [
            ("concurrency", &setup, &original),
            ("faults, concurrently", &faulty(&setup), &faulty(&original)),
        ] {
            if let Some(detection) =
                with_histories(property, setup, original, sampling, case).await?
            {
                return Ok(detection);
            }
        }
    }
    if mutant.max_requests.is_some() {
        return with_exhaustive(&setup, &original).await;
    }
    with_faults(&setup, &original, test).await?.ok_or(format!(
        "not detected by any of {} cases or any fault",
        sampling.cases
    ))
}

async fn with_sequences(
    setup: &Setup,
    original: &Setup,
    sampling: Sampling,
    case: u32,
) -> Result<Option<Detection>, String> {
    let target = &Target::Embedded;
    let failure = match sequences::check_case(target, setup, sampling, case, "").await {
        Ok(_) => return Ok(None),
        Err(Failed(failure)) => failure,
        Err(Inconclusive(reason)) => return Err(reason),
    };
    with_failure("sequences", *failure, original)
        .await
        .map(Some)
}

async fn with_exhaustive(setup: &Setup, original: &Setup) -> Result<Detection, String> {
    match sequences::check_exhaustive(&Target::Embedded, setup, "").await {
        Ok(_) => Err("not detected by any sequence, random or not".to_owned()),
        Err(Failed(failure)) => with_failure("sequences, exhaustive", *failure, original).await,
        Err(Inconclusive(reason)) => Err(reason),
    }
}

/// Returns the detection by a sequence that failed, unless the original service does not pass the sequence either.
async fn with_failure(
    property: &'static str,
    failure: FailureReport,
    original: &Setup,
) -> Result<Detection, String> {
    let (target, operations) = (&Target::Embedded, &failure.run.operations);
    let rerun = run_fresh(target, original, operations, FinalCheck::AtEnd).await?;
    rerun
        .outcome
        .map_err(|not_passed| original_fails_too(&not_passed))?;
    Ok(Detection {
        property,
        case: failure.case,
        shrunk: failure.note.is_none().then_some(failure.run.steps.len()),
    })
}

async fn with_histories(
    property: &'static str,
    setup: &Setup,
    original: &Setup,
    sampling: Sampling,
    case: u32,
) -> Result<Option<Detection>, String> {
    let target = &Target::Embedded;
    let rejected = match concurrency::check_case(target, setup, sampling, case).await {
        Ok(()) => return Ok(None),
        Err(Failed(rejected)) => rejected,
        Err(Inconclusive(reason)) => return Err(reason),
    };
    let entries = rejected.entries.len();
    let rerun = concurrency::check_case(target, original, sampling, case).await;
    rerun.map_err(|not_passed| {
        original_fails_too(&not_passed.map(|rejected| rejected.report(sampling.seed)))
    })?;
    Ok(Some(Detection {
        property,
        case: rejected.case,
        shrunk: (entries > 0).then_some(entries),
    }))
}

async fn with_faults(
    setup: &Setup,
    original: &Setup,
    test: &str,
) -> Result<Option<Detection>, String> {
    let target = &Target::Embedded;
    let case = match faults::check_all(target, setup, test).await {
        Ok(_) => return Ok(None),
        Err(Failed(failure)) => failure.case,
        Err(Inconclusive(reason)) => return Err(reason),
    };
    let rerun = faults::check_case(case, target, original).await;
    rerun
        .map_err(|not_passed| original_fails_too(&not_passed.map(|failure| failure.to_string())))?;
    Ok(Some(Detection {
        property: "faults",
        case: 1,
        shrunk: None,
    }))
}

fn original_fails_too(not_passed: &NotPassed) -> String {
    format!("the original service does not pass either: {not_passed}")
}

type Detections = BTreeMap<&'static str, Vec<Detection>>;

static DETECTIONS: Mutex<Detections> = Mutex::new(Detections::new());

fn record(mutant: &'static Mutant, detection: Detection) {
    let mut detections = DETECTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    detections.entry(mutant.name).or_default().push(detection);
}

/// Returns the detections so far as a Markdown table; `None` if no mutant was detected.
#[must_use]
pub fn results_table() -> Option<String> {
    let detections = DETECTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    if detections.is_empty() {
        return None;
    }
    let mut table =
        "| mutant | detected by | in case | shrunk to |\n|---|---|--:|--:|\n".to_owned();
    for mutant in &ALL {
        let by_seed = detections.get(mutant.name);
        let by_seed = by_seed.map(Vec::as_slice).unwrap_or_default();
        let mut properties: Vec<_> = by_seed.iter().map(|detection| detection.property).collect();
        properties.sort_unstable();
        properties.dedup();
        let cases = by_seed.iter().map(|detection| detection.case as usize);
        let shrunk = by_seed.iter().filter_map(|detection| detection.shrunk);
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} |",
            mutant.name,
            properties.join("; "),
            range(cases.collect()),
            range(shrunk.collect())
        );
    }
    Some(table)
}

fn range(mut numbers: Vec<usize>) -> String {
    numbers.sort_unstable();
    match numbers[..] {
        [] => "-".to_owned(),
        [first, .., last] if first != last => format!("{first} to {last}"),
        [first, ..] => first.to_string(),
    }
}
