//! The manners of the tests as a guest: whole runs in processes of their own, against an API on the loopback interface
//! in which others have items too. Nothing of theirs is touched, however the run ends: with [`hostile`] APIs, without
//! [`trust`] in journals and responses, and in [`surroundings`] with proxies and another Docker.

mod api;
mod gates;
mod hostile;
mod run;
mod surroundings;
mod trust;

use std::thread::sleep;
use std::time::Duration;

use contract_tests::toolkit::deployed::namespace;
use libtest_mimic::Trial;
use tokio::runtime::Handle;

use self::api::Shared;
use self::run::{Run, harness};

type BoxError = Box<dyn std::error::Error>;
type TestResult = Result<(), BoxError>;
type Test = fn(&Handle) -> TestResult;

/// The tests, each of which starts an API.
pub fn trials(runtime: &Handle) -> Vec<Trial> {
    let tests: [(&str, Test); 10] = [
        ("two_runs_at_once_leave_each_other_alone", two_at_once),
        ("what_a_killed_run_left_is_swept", killed),
        ("an_interrupted_run_cleans_up", interrupted),
        ("a_busy_api_is_not_broken", busy),
        ("a_broken_api_is_left_clean", broken),
        ("what_cannot_be_deleted_is_told", undeletable),
        ("every_request_is_signed", signed),
        ("every_request_bears_the_token", borne),
        ("a_list_without_end_is_told", endless),
        ("what_has_no_journal_is_swept_when_it_is_old", old),
    ];
    tests
        .into_iter()
        .chain(hostile::TESTS)
        .chain(trust::TESTS)
        .chain(surroundings::TESTS)
        .map(|(name, test)| {
            let runtime = runtime.clone();
            Trial::test(format!("embedded::isolation::{name}"), move || {
                Ok(test(&runtime)?)
            })
        })
        .collect()
}

fn two_at_once(runtime: &Handle) -> TestResult {
    let api = Shared::start(runtime, None)?;
    let runs = [(); 2].map(|()| Run::start(api.url(), &[]));
    for run in runs {
        run?.ended(
            0,
            &[
                "pass          deployed::sequences",
                "pass          deployed::concurrency",
            ],
        )?;
    }
    api.is_as_it_was()
}

fn killed(runtime: &Handle) -> TestResult {
    let api = Shared::start(runtime, None)?;
    let mut run = Run::start(api.url(), &[("CONTRACT_CASES", "1000")])?;
    wait_for_items(&api)?;
    // Its journal is its own for as long as it goes on.
    run.sweep(0, "its run is still active")?;
    run.kill_while(|| api.has_more())?;
    run.sweep(0, "ids deleted")?;
    run.sweep(0, "no run has left a journal behind")?;
    api.is_as_it_was()?;
    run.forget()
}

/// Waits until a run has put something.
fn wait_for_items(api: &Shared) -> TestResult {
    while !api.has_more()? {
        sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn interrupted(runtime: &Handle) -> TestResult {
    let api = Shared::start(runtime, None)?;
    let run = Run::start(api.url(), &[("CONTRACT_CASES", "1000")])?;
    wait_for_items(&api)?;
    run.interrupt()?;
    run.ended(130, &[])?;
    api.is_as_it_was()
}

fn busy(runtime: &Handle) -> TestResult {
    let api = Shared::start(runtime, Some(&gates::busy))?;
    let run = Run::start(api.url(), &[("CONTRACT_CASES", "1000")])?;
    let told = run.ended(
        2,
        &[
            "inconclusive  deployed::sequences",
            "inconclusive  deployed::concurrency",
        ],
    )?;
    if told.contains("broken") {
        return Err(told.into());
    }
    api.is_as_it_was()
}

fn broken(runtime: &Handle) -> TestResult {
    for bug in [
        "PUT merges",
        "ids are trimmed",
        "DELETE of a missing item fails",
    ] {
        let api = Shared::start(runtime, Some(api::planted(bug)))?;
        let run = Run::of(
            "deployed::sequences",
            api.url(),
            &[("CONTRACT_CASES", "200")],
        )?;
        let told = run.ended(101, &["fail          deployed::sequences"]);
        let told = told.map_err(|wrong| format!("{bug}: {wrong}"))?;
        api.is_as_it_was()?;
        if !told.contains("curl") {
            return Err(format!("{bug}: no script in {told}").into());
        }
    }
    Ok(())
}

fn undeletable(runtime: &Handle) -> TestResult {
    let api = Shared::start(runtime, Some(api::planted("DELETE does nothing")))?;
    // Every item stays, so each sequence that shrinking tries has longer lists to read.
    let variables = [("CONTRACT_CASES", "200"), ("CONTRACT_TIME", "60")];
    let mut run = Run::start(api.url(), &variables)?;
    run.wait(101, &["items are left behind", "contract-tests -- sweep"])?;
    run.sweep(1, "items are left behind")?;
    run.forget()
}

fn signed(runtime: &Handle) -> TestResult {
    let api = Shared::start(runtime, Some(&gates::signed))?;
    let run = Run::start(
        api.url(),
        &[
            ("CONTRACT_AUTH", "iam"),
            ("AWS_REGION", gates::REGION),
            ("AWS_ACCESS_KEY_ID", gates::KEY),
            ("AWS_SECRET_ACCESS_KEY", gates::SECRET),
            ("AWS_SESSION_TOKEN", gates::SESSION),
        ],
    )?;
    run.ended(
        0,
        &[
            "pass          deployed::sequences",
            "pass          deployed::concurrency",
        ],
    )?;
    let wrong = Run::start(
        api.url(),
        &[
            ("CONTRACT_AUTH", "iam"),
            ("AWS_REGION", gates::REGION),
            ("AWS_ACCESS_KEY_ID", gates::KEY),
            ("AWS_SECRET_ACCESS_KEY", "another"),
            ("AWS_SESSION_TOKEN", gates::SESSION),
        ],
    )?;
    wrong.ended(2, &["403", "the signature was rejected"])?;
    Run::start(api.url(), &[])?.ended(2, &["403", "CONTRACT_AUTH=iam"])?;
    api.is_as_it_was()
}

fn borne(runtime: &Handle) -> TestResult {
    let api = Shared::start(runtime, Some(&gates::borne))?;
    let run = Run::start(api.url(), &[("CONTRACT_BEARER", gates::TOKEN)])?;
    let told = run.ended(
        0,
        &[
            "pass          deployed::sequences",
            "pass          deployed::concurrency",
        ],
    )?;
    if told.contains(gates::TOKEN) {
        return Err("the token is told".into());
    }
    let wrong = Run::start(api.url(), &[("CONTRACT_BEARER", "another-token-than-that")])?;
    wrong.ended(2, &["401", "CONTRACT_BEARER"])?;
    Run::start(api.url(), &[])?.ended(2, &["401", "set CONTRACT_BEARER"])?;
    api.is_as_it_was()
}

fn endless(runtime: &Handle) -> TestResult {
    let api = Shared::start(runtime, None)?;
    let variables = [("CONTRACT_PAGES", "1"), ("CONTRACT_CASES", "20")];
    let run = Run::of("deployed::sequences", api.url(), &variables)?;
    let clause = "the completeness of lists: other users have more than CONTRACT_PAGES=1 pages";
    run.ended(0, &["pass          deployed::sequences", clause])?;
    api.is_as_it_was()
}

fn old(runtime: &Handle) -> TestResult {
    let api = Shared::start(runtime, None)?;
    api.put("contract-00000000-0123456789ab-0000-a b")?;
    harness(&["sweep", "--url", api.url()], &[], 0, "1 items deleted")?;
    api.is_as_it_was()?;
    // Of a run that has just begun, and may go on.
    api.put(&format!("{}0000-a", namespace::for_run()))?;
    harness(&["sweep", "--url", api.url()], &[], 0, "0 items deleted")?;
    if api.has_more()? {
        Ok(())
    } else {
        Err("an item of a run that may go on is gone".into())
    }
}
