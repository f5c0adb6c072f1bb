//! Compares our responses with those of the tutorial's function, for every recorded case that a client can provoke.
//!
//! The function was recorded ([`corpus`]), and each step was judged by hand ([`verdicts`]): our response equals the
//! recorded one, or it differs for a reason in `verdicts.json`. A step for which this is no longer true fails.

#[path = "../common/mod.rs"]
mod common;
mod corpus;
mod verdicts;

use std::collections::{BTreeMap, BTreeSet};

use common::{Api, Response};
use contract_tests::request::route;
use corpus::{Case, Step};
use verdicts::Verdicts;

#[tokio::test]
async fn every_response_equals_the_recorded_one_or_differs_for_a_reason() {
    let api = Api::start().await;
    let verdicts = Verdicts::read();
    let mut mismatches = Vec::new();
    for case in corpus::cases() {
        api.delete_table().await;
        api.create_table().await;
        for item in case.bulk.iter().flat_map(corpus::Bulk::bodies) {
            assert_eq!(api.put(item).await.status, 200, "{}", case.name);
        }
        for (number, step) in (1..).zip(&case.steps) {
            let response = step.request.replay(&api).await;
            let has_tag = response.headers.contains_key("etag");
            let needs_tag = [route::PUT, route::GET].contains(&step.request.route_key.as_str())
                && response.status == 200;
            assert_eq!(has_tag, needs_tag, "row 17: {}, step {number}", case.name);
            if let Some(mismatch) =
                compare_step(&verdicts, &api, &case, number, step, &response).await
            {
                let shown: String = format!("{response:?}").chars().take(200).collect();
                let route = &step.request.route_key;
                mismatches.push(format!(
                    "{}, step {number}, {route}: {mismatch}: {shown}",
                    case.name
                ));
            }
        }
    }
    assert!(mismatches.is_empty(), "\n{}", mismatches.join("\n"));
}

/// Returns an error message for a response that is not as it was judged.
async fn compare_step(
    verdicts: &Verdicts,
    api: &Api,
    case: &Case,
    number: usize,
    step: &Step,
    response: &Response,
) -> Option<String> {
    match (
        verdicts.difference_at(case, number),
        step.matches_recording(response),
    ) {
        (None, true) => None,
        (None, false) => {
            Some("differs from the recorded response, and no row explains it".to_owned())
        }
        (Some(difference), true) => Some(format!(
            "equals the recorded response, in spite of rows {:?}",
            difference.rows
        )),
        (Some(difference), false) => (!difference.here.matches(api, case, response).await)
            .then(|| "differs from the recorded response, but not as it was judged".to_owned()),
    }
}

#[test]
fn every_recorded_case_is_replayed_or_left_out_for_a_reason() {
    let replayed = corpus::cases().into_iter().map(|case| case.name);
    let left_out = Verdicts::read().left_out.into_values().flatten();
    let names: Vec<_> = replayed.chain(left_out).collect();
    assert_eq!(names.len(), 242);
    assert_eq!(
        names.iter().collect::<BTreeSet<_>>().len(),
        242,
        "a name occurs twice"
    );
}

#[test]
fn every_difference_names_a_step_and_a_row() {
    let steps: BTreeMap<_, _> = corpus::cases()
        .into_iter()
        .map(|case| (case.name, case.steps.len()))
        .collect();
    let Verdicts {
        rows, differences, ..
    } = Verdicts::read();
    assert!(rows.keys().copied().eq(1..=17), "verdicts.json has 17 rows");
    let mut seen = BTreeSet::new();
    for difference in &differences {
        let place = (difference.case.as_str(), difference.step);
        assert!(seen.insert(place), "{place:?} is judged twice");
        assert!(
            (1..=steps[&difference.case]).contains(&difference.step),
            "{place:?}"
        );
        assert!(!difference.rows.is_empty(), "{place:?}");
        assert!(
            difference.rows.iter().all(|row| rows.contains_key(row)),
            "{place:?}"
        );
    }
}
