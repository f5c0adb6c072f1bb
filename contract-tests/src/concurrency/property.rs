//! The concurrent property: whatever several clients send at once, the history of each item is linearizable.

use tokio::task::{JoinSet, spawn_blocking};

use crate::concurrency::client::{Client, Seen};
use crate::concurrency::plan::{Action, MAX_ITEMS, Plan, plan};
use crate::coverage::buckets::{Bucket, FAULTS};
use crate::coverage::tracker;
use crate::environments::environment::{Environment, Setup};
use crate::environments::target::Target;
use crate::report::failure::{Failure, mark_contradiction};
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::Outcome;
use crate::toolkit::progress::{Passed, Progress};
use crate::toolkit::random::Sampling;

/// The number of cases that run at once.
const PARALLELISM: u32 = 4;

/// The number of cases that run at once with a failing table in this process: they mostly wait for time-outs.
const FAULTY_PARALLELISM: u32 = 16;

/// The reason of a failure that is not one wrong response.
const NOT_LINEARIZABLE: &str = "the history of one item is not linearizable: no order of its operations explains the responses";

/// Checks as many plans as the sampling says or the budget allows, and at least one. Injects their faults if there is a
/// proxy.
///
/// # Errors
/// The first history that is not linearizable, or that has a response that is wrong by itself; or the reason why the
/// check is inconclusive.
///
/// # Panics
/// If a case panics.
pub async fn check_cases(
    target: &Target,
    setup: &Setup,
    sampling: Sampling,
    test: &str,
) -> Outcome<Passed, Box<Failure>> {
    let parallelism = match target {
        Target::Deployed(..) => 1,
        Target::Embedded if setup.proxied => FAULTY_PARALLELISM,
        Target::Embedded | Target::DynamoDbLocal(_) => PARALLELISM,
    };
    let progress = Progress::new(test, sampling.cases).until(target.deadline());
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
/// The history, if it is not linearizable or has a response that is wrong by itself; or the reason why the check is
/// inconclusive.
pub async fn check_case(
    target: &Target,
    setup: &Setup,
    sampling: Sampling,
    case: u32,
) -> Outcome<(), Box<Failure>> {
    let environment = target.open(setup).await.map_err(Inconclusive)?;
    let outcome = run_plan(&environment, sampling.draw(&plan(), case)).await;
    environment.close().await;
    outcome.map_err(|not_passed| {
        not_passed.map(|mut failure| {
            failure.seed = Some(sampling.seed);
            failure.case = case + 1;
            failure
        })
    })
}

/// Runs a plan, and checks the history of each item.
async fn run_plan(environment: &Environment, plan: Plan) -> Outcome<(), Box<Failure>> {
    let client = |number| Client::new(number, environment);
    let mut all = client(0).run(plan.initial).await;
    if all.outcome.is_ok() {
        if let Some(proxy) = environment.proxy() {
            proxy.script().enqueue(plan.faults);
        }
        let mut clients = JoinSet::new();
        for (actions, number) in plan.clients.into_iter().zip(1..) {
            clients.spawn(client(number).run(actions));
        }
        // Waits for every client, also after a failure: then no request is in flight.
        while let Some(finished) = clients.join_next().await {
            add(&mut all, finished.expect("a client does not panic"));
        }
    }
    if all.outcome.is_ok() {
        if let Some(proxy) = environment.proxy() {
            proxy.script().reset();
            proxy.apply_delayed().await;
        }
        let final_gets = (0..MAX_ITEMS).map(|key| Action::Get(key, false));
        let final_reads = final_gets.chain([Action::List(2)]);
        let seen = client(0).run(final_reads.collect()).await;
        add(&mut all, seen);
    }
    let Seen {
        mut history,
        last_exchange,
        outcome,
    } = all;
    let (broken, wrong) = match outcome {
        Err(Inconclusive(reason)) => return Err(Inconclusive(reason)),
        Err(Failed(reason)) => (reason, last_exchange),
        Ok(()) => {
            // Not on this thread, because a long search would delay the responses of the services.
            let checked = spawn_blocking(move || (mark_contradiction(&mut history), history));
            let (has_contradiction, checked) = checked.await.expect("a search does not panic");
            if !has_contradiction {
                return Ok(());
            }
            history = checked;
            (NOT_LINEARIZABLE.to_owned(), None)
        }
    };
    Err(Failed(Box::new(Failure {
        wrong,
        history,
        ..Failure::of_exchanges(broken, environment.exchanges())
    })))
}

/// Adds what a client saw. The first failure stays.
fn add(all: &mut Seen, seen: Seen) {
    all.history.extend(seen.history);
    if all.outcome.is_ok() {
        all.outcome = seen.outcome;
        all.last_exchange = seen.last_exchange;
    }
}
