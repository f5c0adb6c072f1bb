//! Tests that a run against a deployed API cleans up, and leaves the items of other users unchanged. Most of them run
//! the test binary against an API on the loopback interface that holds foreign items. In [`hostile`] the API disturbs
//! the run, in [`reports`] the run leaves files, in [`trust`] a journal is forged or a response repeats a secret, and in
//! [`host_environment`] the process has proxies, another Docker or wrong settings.

mod api;
mod host_environment;
mod hostile;
mod middleware;
mod reports;
pub mod run;
mod trust;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use aws_lambda_events::http::header::RETRY_AFTER;
use contract_tests::request::route;
use contract_tests::toolkit::deployed::namespace;
use contract_tests::toolkit::progress::Progress;
use libtest_mimic::Trial;
use local::gateway::Handler;
use tokio::runtime::Handle;

use crate::results::Results;

use self::api::SharedApi;
use self::run::{Run, run_command};

type BoxError = Box<dyn std::error::Error>;
type TestResult = Result<(), BoxError>;
type Test = fn(&Handle) -> TestResult;

/// Returns the tests.
pub fn trials(runtime: &Handle, results: &Results) -> Vec<Trial> {
    let tests: [(&str, Test); 11] = [
        ("two_runs_at_once_do_not_affect_each_other", two_at_once),
        ("a_sweep_deletes_the_items_of_a_killed_run", killed),
        ("an_interrupted_run_cleans_up", interrupted),
        ("a_busy_api_makes_a_run_inconclusive", busy),
        ("a_run_that_fails_cleans_up", broken),
        ("items_that_cannot_be_deleted_are_reported", undeletable),
        ("every_request_is_signed", signed),
        ("every_request_has_the_token", with_token),
        (
            "a_list_that_is_too_long_to_check_is_reported",
            unchecked_list,
        ),
        (
            "a_sweep_without_a_journal_deletes_only_old_items",
            swept_without_journal,
        ),
        ("the_latency_of_every_response_is_in_the_table", latency),
    ];
    tests
        .into_iter()
        .chain(hostile::TESTS)
        .chain(reports::TESTS)
        .chain(trust::TESTS)
        .chain(host_environment::TESTS)
        .map(|(name, test)| {
            let runtime = runtime.clone();
            let name = format!("embedded::isolation::{name}");
            results.trial(name.clone(), move || {
                let _progress = Progress::new(&name, 1);
                test(&runtime).map_err(|error| error.to_string())
            })
        })
        .collect()
}

fn two_at_once(runtime: &Handle) -> TestResult {
    let api = SharedApi::start(runtime, None)?;
    let runs = [(); 2].map(|()| Run::start(api.url(), &[]));
    for run in runs {
        run?.expect_clean_end(
            0,
            &[
                "pass          deployed::sequences",
                "pass          deployed::concurrency",
            ],
        )?;
    }
    api.check_unchanged()
}

fn killed(runtime: &Handle) -> TestResult {
    let api = SharedApi::start(runtime, None)?;
    let mut run = Run::start(api.url(), &[("CONTRACT_CASES", "1000")])?;
    wait_for_items(&api)?;
    // A sweep skips the journal of a run that still goes on.
    run.sweep(0, "its run is still active")?;
    run.kill_when(|| api.has_new_items())?;
    run.sweep(0, "ids deleted")?;
    run.sweep(0, "no run has left a journal behind")?;
    api.check_unchanged()?;
    Ok(())
}

/// Waits until a run has put an item.
fn wait_for_items(api: &SharedApi) -> TestResult {
    while !api.has_new_items()? {
        sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn interrupted(runtime: &Handle) -> TestResult {
    let api = SharedApi::start(runtime, None)?;
    let mut run = Run::start(api.url(), &[("CONTRACT_CASES", "1000")])?;
    wait_for_items(&api)?;
    run.interrupt()?;
    run.expect_clean_end(130, &[])?;
    api.check_unchanged()
}

fn busy(runtime: &Handle) -> TestResult {
    let api = SharedApi::start(runtime, Some(&middleware::busy))?;
    let mut run = Run::start(api.url(), &[("CONTRACT_CASES", "1000")])?;
    let output = run.expect_clean_end(
        2,
        &[
            "inconclusive  deployed::sequences",
            "inconclusive  deployed::concurrency",
        ],
    )?;
    // Each property gives up at the first request that is refused every time, and does not run into its time limit.
    if output.contains("fail          deployed") || output.contains("CONTRACT_TIME") {
        return Err(output.into());
    }
    api.check_unchanged()
}

fn broken(runtime: &Handle) -> TestResult {
    for name in [
        "PUT merges",
        "ids are trimmed",
        "DELETE of a missing item fails",
    ] {
        let api = SharedApi::start(runtime, Some(api::mutant(name)))?;
        let mut run = Run::start_tests(
            "deployed::sequences",
            api.url(),
            &[("CONTRACT_CASES", "200")],
        )?;
        let output = run.expect_clean_end(101, &["fail          deployed::sequences"]);
        let output = output.map_err(|wrong| format!("{name}: {wrong}"))?;
        api.check_unchanged()?;
        if !output.contains("curl") {
            return Err(format!("{name}: no script in {output}").into());
        }
    }
    Ok(())
}

fn undeletable(runtime: &Handle) -> TestResult {
    let api = SharedApi::start(runtime, Some(api::mutant("DELETE does nothing")))?;
    // No item is deleted, so the lists get longer with each sequence that shrinking tries.
    let variables = [("CONTRACT_CASES", "200"), ("CONTRACT_TIME", "60")];
    let mut run = Run::start(api.url(), &variables)?;
    run.expect_end(101, &["items are left behind", "contract-tests -- sweep"])?;
    run.sweep(1, "items are left behind")?;
    Ok(())
}

fn signed(runtime: &Handle) -> TestResult {
    let api = SharedApi::start(runtime, Some(&middleware::requiring_signature))?;
    let mut run = Run::start(
        api.url(),
        &[
            ("CONTRACT_AUTH", "iam"),
            ("AWS_REGION", middleware::REGION),
            ("AWS_ACCESS_KEY_ID", middleware::KEY),
            ("AWS_SECRET_ACCESS_KEY", middleware::SECRET),
            ("AWS_SESSION_TOKEN", middleware::SESSION),
        ],
    )?;
    run.expect_clean_end(
        0,
        &[
            "pass          deployed::sequences",
            "pass          deployed::concurrency",
        ],
    )?;
    let mut wrong = Run::start(
        api.url(),
        &[
            ("CONTRACT_AUTH", "iam"),
            ("AWS_REGION", middleware::REGION),
            ("AWS_ACCESS_KEY_ID", middleware::KEY),
            ("AWS_SECRET_ACCESS_KEY", "another"),
            ("AWS_SESSION_TOKEN", middleware::SESSION),
        ],
    )?;
    wrong.expect_clean_end(2, &["403", "the signature was rejected"])?;
    Run::start(api.url(), &[])?.expect_clean_end(2, &["403", "CONTRACT_AUTH=iam"])?;
    api.check_unchanged()
}

fn with_token(runtime: &Handle) -> TestResult {
    let api = SharedApi::start(runtime, Some(&middleware::requiring_token))?;
    let mut run = Run::start(api.url(), &[("CONTRACT_BEARER", middleware::TOKEN)])?;
    let output = run.expect_clean_end(
        0,
        &[
            "pass          deployed::sequences",
            "pass          deployed::concurrency",
        ],
    )?;
    if output.contains(middleware::TOKEN) {
        return Err("the token is in the output".into());
    }
    let mut wrong = Run::start(api.url(), &[("CONTRACT_BEARER", "another-token-than-that")])?;
    wrong.expect_clean_end(2, &["401", "CONTRACT_BEARER"])?;
    Run::start(api.url(), &[])?.expect_clean_end(2, &["401", "set CONTRACT_BEARER"])?;
    api.check_unchanged()
}

fn unchecked_list(runtime: &Handle) -> TestResult {
    let api = SharedApi::start(runtime, None)?;
    let variables = [("CONTRACT_PAGES", "1"), ("CONTRACT_CASES", "20")];
    let mut run = Run::start_tests("deployed::sequences", api.url(), &variables)?;
    let clause = "the completeness of lists: other users have more than CONTRACT_PAGES=1 pages";
    run.expect_clean_end(0, &["pass          deployed::sequences", clause])?;
    api.check_unchanged()
}

fn swept_without_journal(runtime: &Handle) -> TestResult {
    let api = SharedApi::start(runtime, None)?;
    api.put("contract-00000000-0123456789ab-0000-a b")?;
    run_command(&["sweep", "--url", api.url()], &[], 0, "1 items deleted")?;
    api.check_unchanged()?;
    // The item of a run that has just begun, and may go on.
    api.put(&format!("{}0000-a", namespace::for_run()))?;
    run_command(&["sweep", "--url", api.url()], &[], 0, "0 items deleted")?;
    if api.has_new_items()? {
        Ok(())
    } else {
        Err("an item of a run that may go on was deleted".into())
    }
}

/// Compares the requests of each route in the table with those that reached the API, also those that were retried.
fn latency(runtime: &Handle) -> TestResult {
    let requests = Arc::new(Mutex::new(BTreeMap::<String, usize>::new()));
    let wrap = |inner: Handler| {
        let requests = Arc::clone(&requests);
        middleware::intercept(inner, move |request| {
            let mut requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
            let route = request.route_key.clone().unwrap_or_default();
            let count = requests.entry(route).or_default();
            *count += 1;
            (*count == 1).then(|| middleware::reply(429, &[(RETRY_AFTER, "0")], middleware::BUSY))
        })
    };
    let api = SharedApi::start(runtime, Some(&wrap))?;
    // The requests of this test never end at the gateway, where they would not be counted.
    let mut run = Run::start_tests("deployed::concurrency::no_update_is_lost", api.url(), &[])?;
    let output = run.expect_clean_end(0, &["Results:"])?;
    let (_, table) = output
        .split_once("\n\nLatency, in milliseconds:\n")
        .ok_or_else(|| format!("no table after an empty line: {output}"))?;
    let (table, _) = table
        .split_once("\n\n")
        .ok_or_else(|| format!("no empty line after the table: {output}"))?;
    let requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
    let heading = Some("route requests p50 p99".to_owned());
    let expected = route::ALL.map(|route| Some(format!("{route} {}", requests.get(route)?)));
    // The latencies themselves depend on the machine.
    let found = table.lines().enumerate().map(|(number, line)| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let known = if number == 0 { 4 } else { 3 };
        Some(columns.get(..known)?.join(" "))
    });
    if !found.eq([heading].into_iter().chain(expected)) {
        return Err(format!("{requests:?} were sent, but the table is\n{table}").into());
    }
    let mut run = Run::start_tests("embedded::regressions", api.url(), &[])?;
    let output = run.expect_clean_end(0, &["Results:"])?;
    if output.contains("Latency") {
        return Err(format!("latencies of an API that is not deployed: {output}").into());
    }
    api.check_unchanged()
}
