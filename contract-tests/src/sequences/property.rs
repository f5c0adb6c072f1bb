//! The sequential property: whatever one client does, every answer is what the model says.

use std::collections::BTreeSet;

use crate::contract::run::Run;
use crate::coverage::cell::{self, Cell};
use crate::coverage::{ledger, tour};
use crate::environments::environment::Setup;
use crate::environments::target::Target;
use crate::generate::sequence::sequence;
use crate::report::failure::Failure;
use crate::report::script::Place;
use crate::request::call::Gateway;
use crate::request::operation::Operation;
use crate::sequences::execute::Looking;
use crate::sequences::shrink::{run, shrink};
use crate::toolkit::http::base_url::BaseUrl;
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::Outcome;
use crate::toolkit::progress::{Held, Progress};
use crate::toolkit::random::{Settings, fresh};

/// Tries as many sequences as the settings say, or as can be paid for, and at least one.
///
/// # Errors
/// The first that broke the contract, shrunk; or why that could not be told.
pub async fn hold(
    target: &Target,
    setup: &Setup,
    settings: Settings,
    test: &str,
) -> Outcome<Held, Box<Failure>> {
    let mut progress = Progress::new(test, settings.cases);
    let mut untold = None;
    for case in 0..settings.cases {
        let held = hold_once(target, setup, settings, case, test).await;
        match (held, target.spent()) {
            (Ok(clause), _) => {
                untold = untold.or(clause);
                progress.step(1);
            }
            (Err(Inconclusive(_)), Some(limit)) if progress.is_begun() => {
                return Ok(progress.held(Some(limit), untold));
            }
            (Err(not_passed), _) => return Err(not_passed),
        }
    }
    Ok(progress.held(None, untold))
}

/// Goes through all that there is to be tried of the contract, and leaves nothing to chance. Returns
/// what it reached.
///
/// # Errors
/// The first sequence that broke the contract, shrunk; or why that could not be told.
pub async fn hold_tour(
    target: &Target,
    setup: &Setup,
    test: &str,
) -> Outcome<(Held, BTreeSet<Cell>), Box<Failure>> {
    let sequences = tour::sequences();
    let mut progress = Progress::new(test, u32::try_from(sequences.len()).unwrap_or_default());
    let mut reached = BTreeSet::new();
    for (case, operations) in (0..).zip(sequences) {
        let settings = Settings { cases: 0, seed: 0 };
        let run = hold_these(target, setup, &operations, (settings, case), test).await?;
        reached.extend(cell::reached(&run));
        progress.step(1);
    }
    Ok((progress.held(None, None), reached))
}

/// Tries the sequence of one case, and says which clause of it no verdict is about, if there is one.
///
/// # Errors
/// If it broke the contract, shrunk; or why that could not be told.
pub async fn hold_once(
    target: &Target,
    setup: &Setup,
    settings: Settings,
    case: u32,
    test: &str,
) -> Outcome<Option<String>, Box<Failure>> {
    let operations = settings.draw(&sequence(), case);
    let held = hold_these(target, setup, &operations, (settings, case), test);
    held.await.map(|run| run.untold)
}

async fn hold_these(
    target: &Target,
    setup: &Setup,
    operations: &[Operation],
    (settings, case): (Settings, u32),
    test: &str,
) -> Outcome<Run, Box<Failure>> {
    let first = run(target, setup, operations, Looking::InTheEnd)
        .await
        .map_err(Inconclusive)?;
    match &first.outcome {
        Ok(()) => {
            // In a namespace on a shared API much cannot be reached, and of a faulty service nothing counts.
            if setup.is_sound() && !matches!(target, Target::Deployed(..)) {
                ledger::note(cell::reached(&first));
            }
            return Ok(first);
        }
        Err(Inconclusive(reason)) => return Err(Inconclusive(reason.clone())),
        Err(Failed(_)) => {}
    }
    let shrunk = shrink(target, setup, first).await;
    let run = behind_a_prefix(target, setup, shrunk.run).await;
    let place = match target {
        Target::Deployed(api, _) => Place {
            url: api.url().clone(),
            gateway: Gateway::Unknown,
            curl_options: api.auth().curl_options(api.url()),
        },
        Target::Embedded | Target::DynamoDbLocal(_) => Place {
            url: BaseUrl::default(),
            gateway: Gateway::DecodesTwice,
            curl_options: String::new(),
        },
    };
    Err(Failed(Box::new(Failure {
        test: test.to_owned(),
        seed: settings.seed,
        cases: case + 1,
        run,
        place,
        note: shrunk.note,
    })))
}

/// The same run with a prefix before every id, so that its script can be run again and again; or the
/// run as it is, if it has one, or if it is the absence of one that breaks the contract.
async fn behind_a_prefix(target: &Target, setup: &Setup, shrunk: Run) -> Run {
    let prefixed = Setup {
        prefix: fresh(),
        ..setup.clone()
    };
    if !shrunk.prefix.is_empty() {
        return shrunk;
    }
    match run(target, &prefixed, &shrunk.operations, Looking::Never).await {
        Ok(run) if matches!(run.outcome, Err(Failed(_))) => run,
        _ => shrunk,
    }
}
