//! The test of the tests: runs the properties against each mutant, as against any other service.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::environments::environment::Setup;
use crate::environments::target::Target;
use crate::faults::with_failing_table;
use crate::mutants::mutant::{ALL, Mutant, RevealedBy};
use crate::request::operation::Operation;
use crate::sequences::execute::FinalCheck;
use crate::sequences::shrink::run_fresh;
use crate::toolkit::outcome::NotPassed::{self, Failed, Inconclusive};
use crate::toolkit::progress::{Progress, REPORT_INTERVAL};
use crate::toolkit::random::Sampling;
use crate::{concurrency, faults, sequences};

/// The detection of a mutant.
#[derive(Clone, Debug)]
pub struct Detection {
    /// The property that detected it.
    pub property: &'static str,
    /// The number of the case or of the exhaustive sequence that failed, from one; always 1 for `faults`.
    pub case: u32,
    /// The number of requests, or of entries of a history, to which the failure was shrunk; `None` if one response or one
    /// fault is the failure, or if the failed sequence is an exhaustive one.
    pub shrunk: Option<usize>,
}

/// The name of the property of the exhaustive sequences.
const EXHAUSTIVE: &str = "sequences, exhaustive";

/// The maximum number of mutants that the random cases of one seed may miss, so that the exhaustive sequences have to
/// detect them. More of them are a gap in the generators, and not bad luck.
const MAX_FALLBACKS: usize = 3;

/// The number of mutants that are tested at once.
const PARALLELISM: usize = 4;

/// The maximum number of histories of a mutant that are checked at once.
const MAX_HISTORIES: u32 = 4;

/// Tests every mutant that random cases must reveal, with this seed, and records the detections for [`results_table`].
///
/// # Errors
/// The mutants that were not detected, or whose failures were not shrunk far enough.
///
/// # Panics
/// If the test of a mutant panics.
pub async fn every_mutant_is_detected(sampling: Sampling, test: &str) -> Result<(), String> {
    let detected = test_mutants(true, sampling, test).await;
    detected.map_err(|missed| format!("{missed}CONTRACT_SEED={}", sampling.seed))
}

/// Tests every mutant that a case without random choices must reveal, and records the detections for [`results_table`].
///
/// # Errors
/// The mutants that were not detected.
///
/// # Panics
/// If the test of a mutant panics.
pub async fn every_mutant_is_detected_without_random_choices(test: &str) -> Result<(), String> {
    let no_choices = Sampling { cases: 1, seed: 0 };
    test_mutants(false, no_choices, test).await
}

/// Tests the mutants that random cases must reveal, or all others. Returns those that were missed as an error.
async fn test_mutants(random: bool, sampling: Sampling, test: &str) -> Result<(), String> {
    let (mut missed, mut fallbacks) = (String::new(), Vec::new());
    let semaphore = Arc::new(Semaphore::new(PARALLELISM));
    let mutants = ALL
        .iter()
        .filter(|mutant| mutant.revealed_by.is_random() == random);
    let total = u32::try_from(mutants.clone().count()).ok();
    let progress = Progress::counting(test, total, "mutants", REPORT_INTERVAL);
    let searches: Vec<_> = mutants
        .map(|mutant| {
            let (semaphore, test) = (Arc::clone(&semaphore), format!("{test}, {}", mutant.name));
            let progress = progress.clone();
            let search = tokio::spawn(async move {
                let _permit = semaphore.acquire().await;
                let detected = detect(mutant, sampling, &test).await;
                progress.advance(1);
                detected
            });
            (mutant, search)
        })
        .collect();
    for (mutant, search) in searches {
        match search.await.expect("a search does not panic") {
            Ok(detection) => {
                if let (Some(shrunk), RevealedBy::Sequence(max_requests)) =
                    (detection.shrunk, mutant.revealed_by)
                    && shrunk > max_requests
                {
                    let name = mutant.name;
                    let _ = writeln!(
                        missed,
                        "{name}: shrunk to {shrunk} requests, more than {max_requests}"
                    );
                }
                if random && detection.property == EXHAUSTIVE {
                    fallbacks.push(mutant.name);
                }
                record(mutant, detection);
            }
            Err(reason) => {
                let _ = writeln!(missed, "{}: {reason}", mutant.name);
            }
        }
    }
    if fallbacks.len() > MAX_FALLBACKS {
        let _ = writeln!(missed, "random cases missed: {}", fallbacks.join("; "));
    }
    if missed.is_empty() {
        Ok(())
    } else {
        Err(missed)
    }
}

/// Detects one mutant with the property that must reveal it. The original service must pass what failed: else the bug
/// is not the cause of the failure.
async fn detect(
    mutant: &'static Mutant,
    sampling: Sampling,
    test: &str,
) -> Result<Detection, String> {
    let original = Setup::default();
    let setup = mutant.setup();
    let mut next = 0;
    while next < sampling.cases {
        let detection = match mutant.revealed_by {
            RevealedBy::Sequence(_) => {
                next += 1;
                with_sequences(&setup, &original, sampling, next - 1, test).await?
            }
            RevealedBy::History | RevealedBy::HistoryWithFaults => {
                // Most bugs show in the first history, so the others are checked only if it passes.
                let cases = next..sampling.cases.min(next + MAX_HISTORIES.min(next + 1));
                next = cases.end;
                if mutant.revealed_by == RevealedBy::History {
                    with_histories("concurrency", &setup, &original, sampling, cases).await?
                } else {
                    let (setup, original) =
                        (with_failing_table(&setup), with_failing_table(&original));
                    with_histories("faults, concurrently", &setup, &original, sampling, cases)
                        .await?
                }
            }
            RevealedBy::ExhaustiveSequence => return with_exhaustive(&setup, &original).await,
            RevealedBy::Fault => {
                let detection = with_faults(&setup, &original, test).await?;
                return detection.ok_or("not detected by any fault".to_owned());
            }
        };
        if let Some(detection) = detection {
            return Ok(detection);
        }
    }
    // A run of bad luck must not fail the test.
    if matches!(mutant.revealed_by, RevealedBy::Sequence(_)) {
        return with_exhaustive(&setup, &original).await;
    }
    if mutant.revealed_by == RevealedBy::HistoryWithFaults
        && let Some(detection) = with_faults(&setup, &original, test).await?
    {
        return Ok(detection);
    }
    Err(format!("not detected by any of {} cases", sampling.cases))
}

async fn with_sequences(
    setup: &Setup,
    original: &Setup,
    sampling: Sampling,
    case: u32,
    test: &str,
) -> Result<Option<Detection>, String> {
    let target = &Target::Embedded;
    let failure = match sequences::check_case(target, setup, sampling, case, test, None).await {
        Ok(_) => return Ok(None),
        Err(Failed(failure)) => failure,
        Err(Inconclusive(reason)) => return Err(reason),
    };
    if let Some(note) = failure.note {
        return Err(format!("detected in case {}, but {note}", failure.case));
    }
    passes_original(&failure.operations, original).await?;
    Ok(Some(Detection {
        property: "sequences",
        case: failure.case,
        shrunk: Some(failure.exchanges.len()),
    }))
}

/// Looks for a failure in the exhaustive sequences. It is not shrunk, because these sequences have few operations.
async fn with_exhaustive(setup: &Setup, original: &Setup) -> Result<Detection, String> {
    let target = &Target::Embedded;
    for (case, operations) in (1..).zip(sequences::exhaustive_sequences()) {
        let run = run_fresh(target, setup, &operations, FinalCheck::AtEnd).await?;
        match run.outcome {
            Ok(()) => {}
            Err(Inconclusive(reason)) => return Err(reason),
            Err(Failed(_)) => {
                passes_original(&operations, original).await?;
                return Ok(Detection {
                    property: EXHAUSTIVE,
                    case,
                    shrunk: None,
                });
            }
        }
    }
    Err("not detected by any sequence, random or not".to_owned())
}

/// Checks that the original service passes a sequence that a mutant fails.
async fn passes_original(operations: &[Operation], original: &Setup) -> Result<(), String> {
    let rerun = run_fresh(&Target::Embedded, original, operations, FinalCheck::AtEnd).await?;
    rerun
        .outcome
        .map_err(|not_passed| original_fails_too(&not_passed))
}

/// Checks several histories at the same time, because they wait for each other and for time-outs. Returns the first
/// detection.
async fn with_histories(
    property: &'static str,
    setup: &Setup,
    original: &Setup,
    sampling: Sampling,
    cases: Range<u32>,
) -> Result<Option<Detection>, String> {
    let checks: Vec<_> = cases
        .map(|case| {
            let setup = setup.clone();
            tokio::spawn(async move {
                concurrency::check_case(&Target::Embedded, &setup, sampling, case).await
            })
        })
        .collect();
    let mut outcome = Ok(());
    for check in checks {
        outcome = outcome.and(check.await.expect("a case does not panic"));
    }
    let rejected = match outcome {
        Ok(()) => return Ok(None),
        Err(Failed(rejected)) => rejected,
        Err(Inconclusive(reason)) => return Err(reason),
    };
    let entries = rejected.contradicting().len();
    let case = rejected.case - 1;
    let rerun = concurrency::check_case(&Target::Embedded, original, sampling, case).await;
    rerun.map_err(|not_passed| original_fails_too(&not_passed.map(|rejected| rejected.broken)))?;
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
    rerun.map_err(|not_passed| {
        original_fails_too(&not_passed.map(|of_case| of_case.failure.broken))
    })?;
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
        let mut properties = BTreeMap::<_, usize>::new();
        for detection in by_seed {
            *properties.entry(detection.property).or_default() += 1;
        }
        let properties: Vec<_> = match properties.len() {
            0 | 1 => properties.into_keys().map(str::to_owned).collect(),
            _ => {
                let counted = properties.into_iter();
                counted
                    .map(|(property, count)| format!("{property} ({count})"))
                    .collect()
            }
        };
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
