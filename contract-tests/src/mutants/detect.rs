//! The test of the tests: each planted bug is looked for as the contract's own tests would.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::concurrency::Rejected;
use crate::environments::environment::Setup;
use crate::environments::target::Target;
use crate::faults::TIME_LIMIT;
use crate::mutants::mutant::{ALL, Bug};
use crate::sequences::execute::Looking;
use crate::sequences::shrink::run;
use crate::toolkit::outcome::NotPassed::{self, Failed, Inconclusive};
use crate::toolkit::progress::Progress;
use crate::toolkit::random::Settings;
use crate::{concurrency, faults, sequences};

/// How a bug was caught.
#[derive(Clone, Debug)]
pub struct Caught {
    /// By which suite.
    pub suite: &'static str,
    /// In which case.
    pub cases: u32,
    /// To how many requests, or operations of a history, it was shrunk.
    pub shrunk: Option<usize>,
}

/// How many bugs are looked for at once.
const AT_ONCE: usize = 4;

/// Looks for every bug from this seed, and remembers what came of it for [`table`].
///
/// # Errors
/// The bugs that were not caught, or not shrunk as far as they can be.
///
/// # Panics
/// If the search for one does.
pub async fn every_bug_is_caught(settings: Settings, test: &str) -> Result<(), String> {
    let mut missed = String::new();
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    let caught: Vec<_> = ALL
        .iter()
        .map(|bug| {
            let (at_once, test) = (Arc::clone(&at_once), format!("{test}, {}", bug.name));
            tokio::spawn(async move {
                let _turn = at_once.acquire().await;
                catch(bug, settings, &test).await
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
        Err(format!("{missed}CONTRACT_SEED={}", settings.seed))
    }
}

/// Looks for one bug: with sequences if it shows every time, for these have to find it; or else with one
/// case of each suite after the other. The sound service must not be reported for the same, or it was not
/// the bug that was caught.
async fn catch(bug: &'static Bug, settings: Settings, test: &str) -> Result<Caught, String> {
    let sound = Setup::default();
    let setup = bug.setup();
    let faulty = |setup: &Setup| Setup {
        proxied: true,
        time_limit: TIME_LIMIT,
        ..setup.clone()
    };
    let mut progress = Progress::new(test, settings.cases);
    for case in 0..settings.cases {
        if let Some(caught) = by_a_sequence(&setup, &sound, settings, case).await? {
            return Ok(caught);
        }
        progress.step(1);
        if bug.requests.is_some() {
            continue;
        }
        for (suite, setup, sound) in [
            ("concurrency", &setup, &sound),
            ("faults, concurrently", &faulty(&setup), &faulty(&sound)),
        ] {
            if let Some(caught) = by_a_history(suite, setup, sound, settings, case).await? {
                return Ok(caught);
            }
        }
    }
    if bug.requests.is_some() {
        return Err(format!("not caught by any of {} sequences", settings.cases));
    }
    by_a_fault(&setup, &sound, test).await?.ok_or(format!(
        "not caught by any of {} cases, nor by a fault",
        settings.cases
    ))
}

async fn by_a_sequence(
    setup: &Setup,
    sound: &Setup,
    settings: Settings,
    case: u32,
) -> Result<Option<Caught>, String> {
    let target = &Target::Embedded;
    let failure = match sequences::hold_once(target, setup, settings, case, "").await {
        Ok(_) => return Ok(None),
        Err(Failed(failure)) => failure,
        Err(Inconclusive(reason)) => return Err(reason),
    };
    let again = run(target, sound, &failure.run.operations, Looking::InTheEnd).await?;
    again.outcome.map_err(|it| also_sound(&it))?;
    Ok(Some(Caught {
        suite: "sequences",
        cases: failure.cases,
        shrunk: failure.note.is_none().then_some(failure.run.steps.len()),
    }))
}

async fn by_a_history(
    suite: &'static str,
    setup: &Setup,
    sound: &Setup,
    settings: Settings,
    case: u32,
) -> Result<Option<Caught>, String> {
    let target = &Target::Embedded;
    let Rejected { cases, events, .. } =
        match concurrency::hold_once(target, setup, settings, case).await {
            Ok(()) => return Ok(None),
            Err(Failed(rejected)) => rejected,
            Err(Inconclusive(reason)) => return Err(reason),
        };
    let again = concurrency::hold_once(target, sound, settings, case).await;
    again.map_err(|it| also_sound(&it.map(|rejected| rejected.report(settings.seed))))?;
    Ok(Some(Caught {
        suite,
        cases,
        shrunk: (!events.is_empty()).then_some(events.len()),
    }))
}

async fn by_a_fault(setup: &Setup, sound: &Setup, test: &str) -> Result<Option<Caught>, String> {
    let target = &Target::Embedded;
    let situation = match faults::hold(target, setup, test).await {
        Ok(_) => return Ok(None),
        Err(Failed(misbehaviour)) => misbehaviour.situation,
        Err(Inconclusive(reason)) => return Err(reason),
    };
    let again = faults::hold_in(situation, target, sound).await;
    again.map_err(|it| also_sound(&it.map(|wrong| wrong.to_string())))?;
    Ok(Some(Caught {
        suite: "faults",
        cases: 1,
        shrunk: None,
    }))
}

fn also_sound(not_passed: &NotPassed) -> String {
    format!("the sound service is reported too: {not_passed}")
}

type Rows = BTreeMap<&'static str, Vec<Caught>>;

static ROWS: Mutex<Rows> = Mutex::new(Rows::new());

fn remember(bug: &'static Bug, caught: Caught) {
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
