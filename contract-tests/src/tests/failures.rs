//! Tests of the failures that properties return: they show the request, the response and the fault, in short lines.

use std::sync::{Arc, Mutex};

use local::gateway::Handler;
use serde_json::Value;

use crate::concurrency;
use crate::environments::environment::Setup;
use crate::environments::target::Target;
use crate::mutants::mutant::Mutant;
use crate::report::explain::explain;
use crate::report::failure::Failure;
use crate::request::concrete::Request;
use crate::request::operation::Operation;
use crate::sequences;
use crate::sequences::execute::FinalCheck;
use crate::sequences::shrink::run_fresh;
use crate::toolkit::dynamodb::fault::Fault;
use crate::toolkit::outcome::NotPassed::Failed;
use crate::toolkit::random::Sampling;

/// The maximum number of bytes of a line that a person reads.
const MAX_LINE: usize = 2_000;

/// Answers every GET of an item as if it was the GET before it.
fn swapped(inner: Handler) -> Handler {
    let last = Mutex::new(None::<Value>);
    Arc::new(move |mut event| {
        if event.payload["routeKey"] == "GET /items/{id}" {
            let mut last = last.lock().expect("no test panics");
            if let Some(before) = last.replace(event.payload.clone()) {
                event.payload = before;
            }
        }
        inner(event)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_of_swapped_responses_shows_the_request_and_the_response() {
    let setup = Setup {
        wrap: Some(swapped),
        ..Setup::default()
    };
    let sampling = Sampling { cases: 50, seed: 7 };
    let outcome = concurrency::check_cases(&Target::Embedded, &setup, sampling, "swapped").await;
    let Err(Failed(failure)) = outcome else {
        panic!("{outcome:?}");
    };
    let wrong = &failure.exchanges[failure.wrong.expect("one response is wrong by itself")];
    assert!(failure.exchanges.len() > 1 && !failure.history.is_empty());
    let text = explained(&failure);
    let id = wrong.request_id().expect("the gateway adds an id");
    for part in [wrong.target.as_str(), id, "CONTRACT_SEED=7"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[tokio::test]
async fn an_exchange_has_the_faults_that_its_request_met() {
    let setup = Setup {
        proxied: true,
        ..Setup::default()
    };
    let environment = Target::Embedded.open(&setup).await.expect("a table");
    let proxy = environment.proxy().expect("a proxy");
    proxy
        .script()
        .enqueue([Fault::DropBeforeApply, Fault::Pass, Fault::DropAfterApply]);
    for (number, method) in [(1, Request::get("a")), (2, Request::delete("a"))] {
        let recorded = environment.client(number).send(&method).await;
        recorded.response.expect("the API answers");
    }
    let exchanges = environment.exchanges();
    environment.close().await;
    let faults = exchanges.iter().map(|it| (it.client, it.faults.join(" ")));
    let expected = [
        (1, "DropBeforeApply".to_owned()),
        (2, "DropAfterApply".to_owned()),
    ];
    assert!(faults.eq(expected), "{exchanges:?}");
}

#[tokio::test]
async fn a_failure_of_large_items_is_explained_in_short_lines() {
    let mutant = Mutant::named("a text is cut after 32,767 bytes").expect("there is such a mutant");
    let operations = r#"[
        {"put": [{"fields": [["id", {"id": {"text": "a"}}], ["name", {"text": {"fill": "x", "bytes": 300000}}]],
            "spelling": "plain"}, "json"]},
        {"list": {}}
    ]"#;
    let operations: Vec<Operation> = serde_json::from_str(operations).expect("operations");
    let target = &Target::Embedded;
    let run = run_fresh(target, &mutant.setup(), &operations, FinalCheck::Skip).await;
    let failure = sequences::failure_of(&run.expect("a run"), target);
    assert!(failure.broken.len() > 300_000, "{}", failure.broken);
    let text = explained(&failure);
    assert!(text.contains("bytes)") && text.contains("curl"), "{text}");
    // Nothing in it is random.
    assert!(!text.contains("CONTRACT_SEED"), "{text}");
}

/// Returns the text of a failure. No line may be long.
fn explained(failure: &Failure) -> String {
    let text = explain(failure, Err("it is that of a test"));
    for line in text.lines() {
        assert!(line.len() <= MAX_LINE, "{} bytes: {line}", line.len());
    }
    text
}
