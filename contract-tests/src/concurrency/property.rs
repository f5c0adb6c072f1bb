//! The concurrent property: whatever several clients send at once, the history of each item is linearizable.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::task::{JoinSet, spawn_blocking};

use crate::concurrency::client::{Client, Rejection};
use crate::concurrency::plan::{Action, MAX_ITEMS, Plan, plan};
use crate::coverage::buckets::{Bucket, FAULTS};
use crate::coverage::tracker;
use crate::environments::environment::{Environment, Setup};
use crate::environments::target::Target;
use crate::toolkit::linearizability::linearize::is_linearizable;
use crate::toolkit::linearizability::minimise::minimise;
use crate::toolkit::linearizability::register::RegisterEntry;
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::Outcome;
use crate::toolkit::progress::{Passed, Progress};
use crate::toolkit::random::Sampling;

/// The number of cases that run at once.
const PARALLELISM: u32 = 4;

/// The number of cases that run at once with a failing table in this process: they mostly wait for time-outs.
const FAULTY_PARALLELISM: u32 = 16;

/// A history that is not linearizable, or a response that is wrong by itself.
#[derive(Debug)]
pub struct RejectedHistory {
    /// The number of the case, from one.
    pub case: u32,
    /// The reason of the rejection.
    pub reason: String,
    /// The minimised history; empty if one response is wrong by itself.
    pub entries: Vec<RegisterEntry>,
}

/// Checks as many plans as the sampling says or the budget allows, and at least one. Injects their faults if there is a
/// proxy.
///
/// # Errors
/// The first rejected history; or the reason why the check is inconclusive.
///
/// # Panics
/// If a case panics.
pub async fn check_cases(
    target: &Target,
    setup: &Setup,
    sampling: Sampling,
    test: &str,
) -> Outcome<Passed, RejectedHistory> {
    let parallelism = match target {
        Target::Deployed(..) => 1,
        Target::Embedded if setup.proxied => FAULTY_PARALLELISM,
        Target::Embedded | Target::DynamoDbLocal(_) => PARALLELISM,
    };
    let mut progress = Progress::new(test, sampling.cases);
    let mut next = 0;
    while next < sampling.cases {
        let cases = next..sampling.cases.min(next.saturating_add(parallelism));
        next = cases.end;
        let batch_size = cases.end - cases.start;
        if setup.is_original() && setup.proxied {
            let faults = cases
                .clone()
                .flat_map(|case| sampling.draw(&plan(), case).faults);
            tracker::record_drawn(faults.map(|fault| Bucket::new(FAULTS, fault.to_string())));
        }
        let cases: Vec<_> = cases
            .map(|case| {
                let (target, setup) = (target.clone(), setup.clone());
                tokio::spawn(async move { check_case(&target, &setup, sampling, case).await })
            })
            .collect();
        let mut outcome = Ok(());
        for case in cases {
            // Waits for every case, also after a failure, so that each one cleans up.
            outcome = outcome.and(case.await.expect("a case does not panic"));
        }
        match (outcome, target.exhausted()) {
            (Ok(()), _) => progress.advance(batch_size),
            (Err(Inconclusive(_)), Some(limit)) if progress.has_done_cases() => {
                return Ok(progress.passed(Some(limit), None));
            }
            (Err(not_passed), _) => return Err(not_passed),
        }
    }
    Ok(progress.passed(None, None))
}

/// Checks the plan of one case.
///
/// # Errors
/// The rejected history; or the reason why the check is inconclusive.
pub async fn check_case(
    target: &Target,
    setup: &Setup,
    sampling: Sampling,
    case: u32,
) -> Outcome<(), RejectedHistory> {
    let environment = target.open(setup).await.map_err(Inconclusive)?;
    let outcome = run_plan(&environment, sampling.draw(&plan(), case)).await;
    environment.close().await;
    outcome.map_err(|not_passed| {
        not_passed.map(|(reason, entries)| RejectedHistory {
            case: case + 1,
            reason,
            entries,
        })
    })
}

impl RejectedHistory {
    /// Returns the full report, with the seed that draws the same cases again.
    #[must_use]
    pub fn report(&self, seed: u64) -> String {
        let mut report = format!("{}\n\nFound in case {}.", self.reason, self.case);
        if !self.entries.is_empty() {
            report.push_str(" The smallest part of the history that is not linearizable:\n\n");
        }
        for entry in &self.entries {
            let _ = writeln!(report, "{entry}");
        }
        let _ = write!(
            report,
            "\nTo draw the same cases again: CONTRACT_SEED={seed}"
        );
        report
    }
}

async fn run_plan(environment: &Environment, plan: Plan) -> Outcome<(), Rejection> {
    let clock = Arc::new(AtomicU64::new(1));
    let client = |number| Client::new(number, environment, &clock);
    let mut all_entries = client(0).run(plan.initial).await?;

    if let Some(proxy) = environment.proxy() {
        proxy.script().enqueue(plan.faults);
    }
    let mut clients = JoinSet::new();
    for (actions, number) in plan.clients.into_iter().zip(1..) {
        clients.spawn(client(number).run(actions));
    }
    let mut outcome = Ok(());
    // Waits for every client, also after a failure: then no request is in flight.
    while let Some(finished) = clients.join_next().await {
        match finished.expect("a client does not panic") {
            Ok(entries) => all_entries.extend(entries),
            Err(not_passed) => outcome = outcome.and(Err(not_passed)),
        }
    }
    outcome?;
    if let Some(proxy) = environment.proxy() {
        proxy.script().reset();
        proxy.apply_delayed().await;
    }
    let final_gets = (0..MAX_ITEMS).map(|key| Action::Get(key, false));
    let final_reads = final_gets.chain([Action::List(2)]);
    all_entries.extend(client(0).run(final_reads.collect()).await?);

    // Not on this thread, because a long search would delay the responses of the services.
    let minimal = spawn_blocking(move || {
        let mut histories = (0..MAX_ITEMS).map(|key| {
            let entries = all_entries
                .iter()
                .filter(|(entry_key, _)| *entry_key == key);
            entries.map(|(_, entry)| entry.clone()).collect::<Vec<_>>()
        });
        histories
            .find(|entries| !is_linearizable(entries))
            .map(minimise)
    });
    let Some(mut minimal) = minimal.await.expect("a search does not panic") else {
        return Ok(());
    };
    minimal.sort_by_key(|entry| entry.invoked);
    let reason = "the history of one item is not linearizable: no order of its operations explains the responses";
    Err(Failed((reason.to_owned(), minimal)))
}
