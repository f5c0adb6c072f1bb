//! Records of runs, failures and exchanges, for the tests of the reports.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::report::failure::Failure;
use crate::report::run::{RunRecord, TestRecord, TestResult};
use crate::request::exchange::{Exchange, Received};
use crate::request::operation::{NoRoute, Operation};

/// Returns the record of a run of these tests, each of which took 1.5 seconds.
pub fn record(tests: impl IntoIterator<Item = (&'static str, TestResult)>) -> RunRecord {
    let tests = tests.into_iter().map(|(name, result)| TestRecord {
        took: Duration::from_millis(1500),
        ..TestRecord::new(name, result)
    });
    RunRecord {
        started: SystemTime::UNIX_EPOCH,
        took: Duration::from_secs(2),
        is_complete: true,
        settings: vec![("CONTRACT_CASES", "100".to_owned())],
        tests: tests.collect(),
        problems: Vec::new(),
        cells: BTreeMap::new(),
        buckets: BTreeMap::new(),
        latencies: BTreeMap::new(),
    }
}

/// Returns a pass with this number of cases.
pub fn pass(cases: &str) -> TestResult {
    TestResult::Pass {
        cases: cases.to_owned(),
        unchecked: None,
    }
}

/// Returns a fail with this report.
pub fn fail(report: &str) -> TestResult {
    TestResult::Fail(report.to_owned())
}

/// Returns an inconclusive result with this reason.
pub fn inconclusive(reason: &str) -> TestResult {
    TestResult::Inconclusive(reason.to_owned())
}

/// Returns the result of a test that was ignored for this reason.
pub fn ignored(reason: &str) -> TestResult {
    TestResult::Ignored(reason.to_owned())
}

/// Returns the failure of a sequence of three operations, without its exchanges.
pub fn failure(test: &str, broken: &str) -> Failure {
    Failure {
        broken: broken.to_owned(),
        test: test.to_owned(),
        seed: Some(7),
        case: 1,
        clauses: vec!["2.2".to_owned()],
        operations: vec![Operation::NoRoute(NoRoute::ALL[0]); 3],
        ..Failure::default()
    }
}

/// Returns an exchange without a body in its request, whose response has this status and body, such as `200 {}`.
pub fn exchange(method: &str, target: &str, response: &str) -> Exchange {
    let (status, body) = response.split_once(' ').unwrap_or((response, ""));
    Exchange {
        client: 0,
        method: method.to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: None,
        expected: None,
        response: Ok(Received {
            status: status.parse().expect("a status"),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_owned(),
            request_id: Some("JKJaXmPLvHcESHA=".to_owned()),
        }),
        faults: Vec::new(),
        invoked: 1,
        returned: 2,
        milliseconds: 3.42,
    }
}
