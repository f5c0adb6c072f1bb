//! The sequential property: whatever one client sends, every response matches the model.

use std::collections::BTreeSet;

use crate::contract::run::Run;
use crate::coverage::buckets::{self, Bucket};
use crate::coverage::cell::{self, Cell};
use crate::coverage::contract_doc::ContractDoc;
use crate::coverage::{bucket_sequences, conditional_sequences, exhaustive, tracker};
use crate::environments::environment::Setup;
use crate::environments::target::Target;
use crate::generate::sequence::sequence;
use crate::report::failure::Failure;
use crate::report::file::FailureFile;
use crate::report::script::{ScriptTarget, script};
use crate::request::operation::Operation;
use crate::request::url::GatewayProfile;
use crate::sequences::execute::FinalCheck;
use crate::sequences::shrink::{run_fresh, shrink};
use crate::toolkit::http::base_url::BaseUrl;
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::Outcome;
use crate::toolkit::progress::{Passed, Progress};
use crate::toolkit::random::{Sampling, unique_prefix};

/// One case in this number has a proxy between the service and its table.
const PROXIED_CASES: u32 = 4;

/// Checks as many sequences as the sampling says or the budget allows, and at least one.
///
/// # Errors
/// The first sequence that broke the contract, shrunk; or the reason why the check is inconclusive.
pub async fn check_cases(
    target: &Target,
    setup: &Setup,
    sampling: Sampling,
    test: &str,
    file: Option<&FailureFile>,
) -> Outcome<Passed, Box<Failure>> {
    let progress = Progress::new(test, sampling.cases).until(target.deadline());
    let mut unchecked = None;
    for case in 0..sampling.cases {
        let outcome = check_case(target, setup, sampling, case, test, file).await;
        match (outcome, target.exhausted()) {
            (Ok(unchecked_part), _) => {
                unchecked = unchecked.or(unchecked_part);
                progress.advance(1);
            }
            (Err(Inconclusive(_)), Some(limit)) if progress.has_done_cases() => {
                return Ok(progress.passed(Some(limit), unchecked));
            }
            (Err(not_passed), _) => return Err(not_passed),
        }
    }
    Ok(progress.passed(None, unchecked))
}

/// The cells and the buckets that sequences reached.
#[derive(Debug, Default)]
pub struct Reached {
    /// The cells.
    pub cells: BTreeSet<Cell>,
    /// The buckets.
    pub buckets: BTreeSet<Bucket>,
}

/// Returns the exhaustive sequences, in which nothing is random.
#[must_use]
pub fn exhaustive_sequences() -> Vec<Vec<Operation>> {
    let mut sequences = bucket_sequences::of_large_pages();
    sequences.extend(bucket_sequences::of_small_pages());
    sequences.extend(bucket_sequences::of_requests());
    sequences.extend(exhaustive::sequences());
    sequences.extend(conditional_sequences::sequences());
    sequences
}

/// Checks these sequences, in which nothing is random. Also returns the cells and the buckets that they reached.
///
/// # Errors
/// The first sequence that broke the contract, shrunk; or the reason why the check is inconclusive.
pub async fn check_exhaustive(
    target: &Target,
    setup: &Setup,
    sequences: Vec<Vec<Operation>>,
    test: &str,
    file: Option<&FailureFile>,
) -> Outcome<(Passed, Reached), Box<Failure>> {
    let progress = Progress::new(test, u32::try_from(sequences.len()).unwrap_or_default());
    let mut reached = Reached::default();
    for (case, operations) in (0..).zip(sequences) {
        let run = check_operations(target, setup, &operations, (None, case), test, file).await?;
        reached.cells.extend(cell::reached(&run));
        reached.buckets.extend(buckets::reached(&run));
        progress.advance(1);
    }
    Ok((progress.passed(None, None), reached))
}

/// Checks the sequence of one case. Returns the part of the property that could not be checked, if any.
///
/// # Errors
/// The sequence, shrunk, if it broke the contract; or the reason why the check is inconclusive.
pub async fn check_case(
    target: &Target,
    setup: &Setup,
    sampling: Sampling,
    case: u32,
    test: &str,
    file: Option<&FailureFile>,
) -> Outcome<Option<String>, Box<Failure>> {
    let operations = sampling.draw(&sequence(), case);
    let setup = &Setup {
        // Only behind a proxy is a read stale that is not strongly consistent.
        proxied: setup.proxied || case.is_multiple_of(PROXIED_CASES),
        ..setup.clone()
    };
    let checked = check_operations(
        target,
        setup,
        &operations,
        (Some(sampling.seed), case),
        test,
        file,
    );
    let run = checked.await?;
    if setup.is_original() {
        tracker::record_drawn(buckets::reached(&run));
    }
    Ok(run.unchecked)
}

async fn check_operations(
    target: &Target,
    setup: &Setup,
    operations: &[Operation],
    (seed, case): (Option<u64>, u32),
    test: &str,
    file: Option<&FailureFile>,
) -> Outcome<Run, Box<Failure>> {
    let first_run = run_fresh(target, setup, operations, FinalCheck::AtEnd)
        .await
        .map_err(Inconclusive)?;
    match &first_run.outcome {
        Ok(()) => {
            // A namespace of a deployed API cannot reach every cell, and the cells that a mutant reached do not count.
            if setup.is_original() && !matches!(target, Target::Deployed(..)) {
                tracker::record(cell::reached(&first_run));
            }
            return Ok(first_run);
        }
        Err(Inconclusive(reason)) => return Err(Inconclusive(reason.clone())),
        Err(Failed(_)) => {}
    }
    let failure = |run: &Run, note| Failure {
        seed,
        case: case + 1,
        note,
        ..failure_of(run, target)
    };
    if let Some(file) = file {
        // Shrinking may take minutes, and a killed run keeps what it had. A failure to save is reported at the end.
        let note = "the sequence was not shrunk, because the run ended too early".to_owned();
        let first = Failure {
            test: test.to_owned(),
            ..failure(&first_run, Some(note))
        };
        let _ = file.save(&first);
    }
    let shrunk = shrink(target, setup, first_run, test).await;
    let run = with_prefix(target, setup, shrunk.run).await;
    Err(Failed(Box::new(failure(&run, shrunk.note))))
}

/// Returns the failure of a run on this target, with its script.
#[must_use]
pub fn failure_of(run: &Run, target: &Target) -> Failure {
    let reason = run.outcome.as_ref().err().map(ToString::to_string);
    let script_target = script_target(target, &run.prefix);
    Failure {
        clauses: ContractDoc::load().clauses_about(&cell::of_last_step(run)),
        script: Some(script(&run.steps, &run.prefix, &script_target)),
        ..Failure::of_run(reason.unwrap_or_default(), run, &script_target.own_prefix)
    }
}

/// Returns the API for the script of a failure, whose ids have this prefix.
fn script_target(target: &Target, prefix: &str) -> ScriptTarget {
    let own_prefix = target.own_prefix(prefix).to_owned();
    match target {
        Target::Deployed(api, _) => ScriptTarget {
            url: api.url().clone(),
            gateway: GatewayProfile::Unknown,
            own_prefix,
            curl_options: api.auth().curl_options(api.url()),
        },
        Target::Embedded | Target::DynamoDbLocal(_) => ScriptTarget {
            url: BaseUrl::default(),
            gateway: GatewayProfile::HttpApi,
            own_prefix,
            curl_options: String::new(),
        },
    }
}

/// Repeats the run with a prefix before every id, so that its script can be run many times. Returns the original run if
/// it already has a prefix, or if the repeated run does not fail.
async fn with_prefix(target: &Target, setup: &Setup, shrunk: Run) -> Run {
    let prefixed = Setup {
        prefix: unique_prefix(),
        ..setup.clone()
    };
    if !shrunk.prefix.is_empty() {
        return shrunk;
    }
    match run_fresh(target, &prefixed, &shrunk.operations, FinalCheck::Skip).await {
        Ok(run) if matches!(run.outcome, Err(Failed(_))) => run,
        _ => shrunk,
    }
}
