//! The test of the tests: each planted bug is looked for as the contract's own tests would.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::concurrency::RejectedHistory;
use crate::environments::environment::Setup;
use crate::environments::target::Target;
use crate::faults::TIME_LIMIT;
use crate::mutants::mutant::{ALL, Mutant};
use crate::sequences::execute::FinalCheck;
use crate::sequences::shrink::run_fresh;
use crate::toolkit::outcome::NotPassed::{self, Failed, Inconclusive};
use crate::toolkit::progress::Progress;
use crate::toolkit::random::Sampling;
use crate::{concurrency, faults, sequences};

/// How a bug was caught.
#[derive(Clone, Debug)]
pub struct Detection {
    /// By which suite.
    pub suite: &'static str,
    /// In which case.
    pub cases: u32,
    /// To how many requests, or operations of a history, it was shrunk.
    pub shrunk: Option<usize>,
}

/// How many bugs are looked for at once.
const PARALLELISM: usize = 4;

/// Looks for every bug from this seed, and remembers what came of it for [`table`].
///
/// # Errors
/// The bugs that were not caught, or not shrunk as far as they can be.
///
/// # Panics
/// If the search for one does.
pub async fn every_mutant_is_detected(sampling: Sampling, test: &str) -> Result<(), String> {
    let mut missed = String::new();
    let at_once = Arc::new(Semaphore::new(PARALLELISM));
    let caught: Vec<_> = ALL
        .iter()
        .map(|bug| {
            let (at_once, test) = (Arc::clone(&at_once), format!("{test}, {}", bug.name));
            tokio::spawn(async move {
                let _turn = at_once.acquire().await;
                catch(bug, sampling, &test).await
            })
        })
        .collect();
    for (bug, caught) in ALL.iter().zip(caught) {
        match caught.await.expect("a search does not panic") {
            Ok(caught) => {
                if let (Some(shrunk), Some(requests)) = (caught.shrunk, bug.requests)
                    && shrunk > requests
                {
                    let name = bug.name;
                    let _ = writeln!(
                        missed,
                        "{name}: shrunk to {shrunk} requests, not {requests}"
                    );
                }
                remember(bug, caught);
            }
            Err(reason) => {
                let _ = writeln!(missed, "{}: {reason}", bug.name);
            }
        }
    }
    if missed.is_empty() {
        Ok(())
    } else {
        Err(format!("{missed}CONTRACT_SEED={}", sampling.seed))
    }
}

/// Looks for one bug: with sequences if it shows every time, for these have to find it; or else with one
/// case of each suite after the other. The sound service must not be reported for the same, or it was not
/// the bug that was caught.
async fn catch(bug: &'static Mutant, sampling: Sampling, test: &str) -> Result<Detection, String> {
    let sound = Setup::default();
    let setup = bug.setup();
    let faulty = |setup: &Setup| Setup {
        proxied: true,
        time_limit: TIME_LIMIT,
        ..setup.clone()
    };
    let mut progress = Progress::new(test, sampling.cases);
    for case in 0..sampling.cases {
        if let Some(caught) = by_a_sequence(&setup, &sound, sampling, case).await? {
            return Ok(caught);
        }
        progress.advance(1);
        if bug.requests.is_some() {
            continue;
        }
        for (suite, setup, sound) in [
            ("concurrency", &setup, &sound),
            ("faults, concurrently", &faulty(&setup), &faulty(&sound)),
        ] {
            if let Some(caught) = by_a_history(suite, setup, sound, sampling, case).await? {
                return Ok(caught);
            }
        }
    }
    if bug.requests.is_some() {
        return Err(format!("not caught by any of {} sequences", sampling.cases));
    }
    by_a_fault(&setup, &sound, test).await?.ok_or(format!(
        "not caught by any of {} cases, nor by a fault",
        sampling.cases
    ))
}

async fn by_a_sequence(
    setup: &Setup,
    sound: &Setup,
    sampling: Sampling,
    case: u32,
) -> Result<Option<Detection>, String> {
    let target = &Target::Embedded;
    let failure = match sequences::check_case(target, setup, sampling, case, "").await {
        Ok(_) => return Ok(None),
        Err(Failed(failure)) => failure,
        Err(Inconclusive(reason)) => return Err(reason),
    };
    let again = run_fresh(target, sound, &failure.run.operations, FinalCheck::AtEnd).await?;
    again.outcome.map_err(|it| also_sound(&it))?;
    Ok(Some(Detection {
        suite: "sequences",
        cases: failure.cases,
        shrunk: failure.note.is_none().then_some(failure.run.steps.len()),
    }))
}

async fn by_a_history(
    suite: &'static str,
    setup: &Setup,
    sound: &Setup,
    sampling: Sampling,
    case: u32,
) -> Result<Option<Detection>, String> {
    let target = &Target::Embedded;
    let RejectedHistory { cases, entries, .. } =
        match concurrency::check_case(target, setup, sampling, case).await {
            Ok(()) => return Ok(None),
            Err(Failed(rejected)) => rejected,
            Err(Inconclusive(reason)) => return Err(reason),
        };
    let again = concurrency::check_case(target, sound, sampling, case).await;
    again.map_err(|it| also_sound(&it.map(|rejected| rejected.report(sampling.seed))))?;
    Ok(Some(Detection {
        suite,
        cases,
        shrunk: (!entries.is_empty()).then_some(entries.len()),
    }))
}

async fn by_a_fault(setup: &Setup, sound: &Setup, test: &str) -> Result<Option<Detection>, String> {
    let target = &Target::Embedded;
    let case = match faults::check_all(target, setup, test).await {
        Ok(_) => return Ok(None),
        Err(Failed(misbehaviour)) => misbehaviour.case,
        Err(Inconclusive(reason)) => return Err(reason),
    };
    let again = faults::check_case(case, target, sound).await;
    again.map_err(|it| also_sound(&it.map(|wrong| wrong.to_string())))?;
    Ok(Some(Detection {
        suite: "faults",
        cases: 1,
        shrunk: None,
    }))
}

fn also_sound(not_passed: &NotPassed) -> String {
    format!("the sound service is reported too: {not_passed}")
}

type Rows = BTreeMap<&'static str, Vec<Detection>>;

static ROWS: Mutex<Rows> = Mutex::new(Rows::new());

fn remember(bug: &'static Mutant, caught: Detection) {
    let mut rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
    rows.entry(bug.name).or_default().push(caught);
}

/// What has been caught so far, as a table in Markdown; `None` if nothing was looked for.
#[must_use]
pub fn table() -> Option<String> {
    let rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
    if rows.is_empty() {
        return None;
    }
    let mut table =
        "| planted bug | caught by | in case | shrunk to |\n|---|---|--:|--:|\n".to_owned();
    for bug in &ALL {
        let caught = rows.get(bug.name).map(Vec::as_slice).unwrap_or_default();
        let mut suites: Vec<_> = caught.iter().map(|caught| caught.suite).collect();
        suites.sort_unstable();
        suites.dedup();
        let cases: Vec<_> = caught.iter().map(|caught| caught.cases as usize).collect();
        let shrunk: Vec<_> = caught.iter().filter_map(|caught| caught.shrunk).collect();
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} |",
            bug.name,
            suites.join("; "),
            range(cases),
            range(shrunk)
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
