//! Records of runs: some that passed, and some with a failed sequence.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::coverage::contract_doc::{ContractDoc, Row};
use crate::report::failure::{Failure, HistoryOperation};
use crate::report::fixtures::{self, failure, ignored, record};
use crate::report::run::{RunRecord, TestRecord, TestResult};
use crate::request::exchange::Exchange;
use crate::request::route;
use crate::toolkit::linearizability::register::RegisterOperation;

/// Returns a run that has just begun.
pub(super) fn empty() -> RunRecord {
    RunRecord {
        started: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_763_785),
        took: Duration::from_millis(340),
        is_complete: false,
        settings: vec![
            ("CONTRACT_CASES", "100".to_owned()),
            ("CONTRACT_SEED", "7".to_owned()),
        ],
        ..record([])
    }
}

fn test(name: &str, cases: &str, unchecked: Option<&str>) -> TestRecord {
    let result = TestResult::Pass {
        cases: cases.to_owned(),
        unchecked: unchecked.map(str::to_owned),
    };
    TestRecord {
        took: Duration::from_millis(40 + 997 * name.len() as u64),
        ..TestRecord::new(name, result)
    }
}

/// Returns a run of two targets that passed, with its coverage and its latencies.
pub(super) fn passed() -> RunRecord {
    let contract = ContractDoc::load();
    let mut random = Random(1);
    let count = |random: &mut Random| {
        10_u64.pow(u32::try_from(random.below(5)).unwrap_or(0)) * (1 + random.below(9))
    };
    let cells = contract.rows.iter().flat_map(Row::cells);
    let cells: Vec<_> = cells.filter(|_| random.below(60) > 0).collect();
    let buckets: Vec<_> = contract
        .buckets
        .iter()
        .filter(|_| random.below(12) > 0)
        .cloned()
        .collect();
    let tests = ["embedded", "dynamodb-local"]
        .into_iter()
        .flat_map(|target| {
            [
                (
                    "sequences::every_response_matches_the_model",
                    "100 cases",
                    None,
                ),
                (
                    "sequences::every_declared_cell_is_reached",
                    "412 cases",
                    None,
                ),
                (
                    "sequences::an_item_of_148_attributes_is_compared",
                    "1 case",
                    None,
                ),
                ("concurrency::every_item_is_linearizable", "100 cases", None),
                ("concurrency::no_update_is_lost", "50 cases", None),
                (
                    "concurrency::no_update_is_lost_even_if_answers_are_lost",
                    "50 cases",
                    Some("the completeness of a list of 5,000 items"),
                ),
                ("faults::every_item_stays_linearizable", "100 cases", None),
                (
                    "faults::no_update_is_lost_even_if_answers_are_lost",
                    "50 cases",
                    None,
                ),
                (
                    "faults::a_change_between_read_and_write_is_noticed",
                    "14 cases",
                    None,
                ),
                ("faults::every_fault_is_handled", "311 cases", None),
            ]
            .map(|(name, cases, unchecked)| test(&format!("{target}::{name}"), cases, unchecked))
        });
    let mut tests: Vec<_> = tests.collect();
    for name in [
        "deployed::sequences::every_response_matches_the_model",
        "deployed::concurrency::every_item_is_linearizable",
    ] {
        tests.push(TestRecord {
            result: ignored("set CONTRACT_URL to the URL of a deployed API"),
            ..test(name, "", None)
        });
    }
    RunRecord {
        took: Duration::from_secs(75),
        is_complete: true,
        tests,
        latencies: latencies(&mut random),
        cells: cells
            .into_iter()
            .map(|cell| (cell, count(&mut random)))
            .collect(),
        buckets: buckets
            .into_iter()
            .map(|bucket| (bucket, count(&mut random)))
            .collect(),
        ..empty()
    }
}

/// Returns sorted latencies of two targets.
fn latencies(random: &mut Random) -> BTreeMap<(&'static str, &'static str), Vec<Duration>> {
    let routes = [
        (route::PUT, 900),
        (route::GET, 400),
        (route::LIST, 1_400),
        (route::DELETE, 700),
        (route::NO_ROUTE, 90),
    ];
    let latencies = [("embedded", 1), ("dynamodb-local", 9)]
        .into_iter()
        .flat_map(|(target, factor)| {
            routes.map(|(route, typical)| ((target, route), (typical * factor, 4_000)))
        });
    let latencies = latencies.map(|(key, (typical, requests))| {
        // The product of random factors has a long tail.
        let all = (0..requests).map(|_| {
            let factor: u64 = (0..3).map(|_| 40 + random.below(120)).product();
            Duration::from_micros(typical * factor / 1_000_000 + 1)
        });
        let mut all: Vec<_> = all.collect();
        all.sort_unstable();
        (key, all)
    });
    latencies.collect()
}

/// Returns a run in which this test failed.
pub(super) fn failed(test: &str, failure: Failure) -> RunRecord {
    let mut record = passed();
    let report = format!("{}\n\nFound in case {}.", failure.broken, failure.case);
    let failed = record.tests.iter_mut().find(|record| record.name == test);
    let failed = failed.expect("the test is one of the run");
    failed.result = TestResult::Fail(report);
    failed.failure = Some(failure);
    failed.file = Some("/tmp/failure.json".into());
    record
}

/// Returns an exchange with these bodies, and the expected response in words.
pub(super) fn exchange(
    method: &str,
    target: &str,
    body: Option<&str>,
    expected: &str,
    response: &str,
) -> Exchange {
    let headers = body.map(|_| ("Content-Type".to_owned(), "application/json".to_owned()));
    Exchange {
        headers: headers.into_iter().collect(),
        body: body.map(str::to_owned),
        expected: Some(expected.to_owned()),
        ..fixtures::exchange(method, target, response)
    }
}

/// Returns a run that detected the mutant "PUT merges".
pub(super) fn put_merges() -> RunRecord {
    let (name, id) = (
        "embedded::sequences::every_response_matches_the_model",
        "contract-6b081e4a-a",
    );
    let put = |body: &str| {
        let response = format!("200 \"Put item {id}\"");
        exchange("PUT", "/items", Some(body), &response, &response)
    };
    let whole = format!(r#"{{"id":"{id}","price":1}}"#);
    let bare = format!(r#"{{"id":"{id}"}}"#);
    let mut faulty = put(&whole);
    faulty.faults = vec!["ThrottlingException".to_owned()];
    let get = exchange(
        "GET",
        &format!("/items/{id}"),
        None,
        &format!(r#"200 {{"Item":{bare}}}"#),
        &format!(r#"200 {{"Item":{whole}}}"#),
    );
    let script = format!(
        "url=${{1:-http://127.0.0.1:45967}}\n\n# 1. expected: 200 \"Put item {id}\"\n{{ printf '{bare}'; }} |\n  curl -sS -i --path-as-is -X PUT \"$url\"'/items' -H 'Content-Type: application/json' --data-binary @-; echo\n"
    );
    failed(
        name,
        Failure {
            exchanges: vec![faulty, put(&bare), get],
            wrong: Some(2),
            script: Some(script),
            ..failure(name, &format!("the item shown is {whole}, not {bare}"))
        },
    )
}

/// Returns a run whose failure has this text in every place.
pub(super) fn with_text(text: &str) -> RunRecord {
    let mut record = put_merges();
    let failed = record.tests.iter_mut().find(|test| test.failure.is_some());
    let failed = failed.expect("one test failed");
    failed.file = Some(text.into());
    failed.name = text.to_owned();
    failed.result = TestResult::Fail(text.to_owned());
    let failure = failed.failure.as_mut().expect("it has a failure");
    for field in [&mut failure.broken, &mut failure.test] {
        text.clone_into(field);
    }
    failure.script = Some(text.to_owned());
    failure.note = Some(text.to_owned());
    let exchange = failure.exchanges.last_mut().expect("an exchange");
    exchange.body = Some(text.to_owned());
    exchange.target = text.to_owned();
    exchange.expected = Some(text.to_owned());
    exchange.faults = vec![text.to_owned()];
    exchange.headers = vec![(text.to_owned(), text.to_owned())];
    failure.history.push(HistoryOperation {
        item: text.to_owned(),
        client: 0,
        operation: RegisterOperation::Read(None),
        invoked: 1,
        returned: None,
        exchanges: vec![failure.exchanges.len() - 1],
        contradicts: true,
    });
    record.settings.push(("CONTRACT_URL", text.to_owned()));
    record
}

/// Returns a run whose failure has many requests with large bodies.
pub(super) fn with_large_bodies() -> RunRecord {
    let name = "embedded::sequences::every_response_matches_the_model";
    let large = "é".repeat(200_000);
    let list = format!(
        "200 {{\"Items\":[{}]}}",
        format!("{{\"id\":\"{large}\"}},").repeat(10)
    );
    let put = exchange(
        "PUT",
        "/items",
        Some(&large),
        "200 \"Put item a\"",
        "200 \"Put item a\"",
    );
    let mut exchanges = vec![put; 70];
    let missing = list.replacen("]}", ",{\"id\":\"b\"}]}", 1);
    exchanges.push(exchange("GET", "/items?limit=10", None, &missing, &list));
    failed(
        name,
        Failure {
            exchanges,
            wrong: Some(70),
            script: Some("a".repeat(150_000)),
            ..failure(name, &format!("the list does not show {large}"))
        },
    )
}

/// A generator of numbers that differ from each other.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}
