//! Every response of the tutorial's own function that a client could provoke, against ours.
//!
//! The function was recorded ([`corpus`]) and every step judged by hand ([`verdicts`]): it is equal,
//! or it differs for a reason that the contract gives. A step that changes sides fails.

#[path = "../common/mod.rs"]
mod common;
mod corpus;
mod verdicts;

use std::collections::{BTreeMap, BTreeSet};

use common::{Api, Response};
use corpus::{Case, Step};
use verdicts::Verdicts;

#[tokio::test]
async fn every_answer_is_the_recorded_one_or_differs_for_a_reason() {
    let api = Api::start().await;
    let verdicts = Verdicts::read();
    let mut complaints = Vec::new();
    for case in corpus::cases() {
        api.delete_table().await;
        api.create_table().await;
        for item in case.bulk.iter().flat_map(corpus::Bulk::bodies) {
            assert_eq!(api.put(item).await.status, 200, "{}", case.name);
        }
        for (number, step) in (1..).zip(&case.steps) {
            let response = step.request.replay(&api).await;
            if let Some(complaint) = judge(&verdicts, &api, &case, number, step, &response).await {
                let shown: String = format!("{response:?}").chars().take(200).collect();
                let route = &step.request.route_key;
                complaints.push(format!(
                    "{}, step {number}, {route}: {complaint}: {shown}",
                    case.name
                ));
            }
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// What is wrong with a response, if anything is.
async fn judge(
    verdicts: &Verdicts,
    api: &Api,
    case: &Case,
    number: usize,
    step: &Step,
    response: &Response,
) -> Option<String> {
    match (verdicts.on(case, number), step.equals(response)) {
        (None, true) => None,
        (None, false) => Some("differs from the record, and no row explains it".to_owned()),
        (Some(difference), true) => Some(format!("equal, in spite of row {:?}", difference.rows)),
        (Some(difference), false) => (!difference.here.is(api, case, response).await)
            .then(|| "differs from the record, but not as it was judged".to_owned()),
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
        "no name twice"
    );
}

#[test]
fn every_difference_is_of_a_step_and_has_a_row() {
    let steps: BTreeMap<_, _> = corpus::cases()
        .into_iter()
        .map(|case| (case.name, case.steps.len()))
        .collect();
    let Verdicts {
        rows, differences, ..
    } = Verdicts::read();
    assert!(
        rows.keys().copied().eq(1..=16),
        "the contract's table has 16 rows"
    );
    let mut judged = BTreeSet::new();
    for it in &differences {
        let place = (it.case.as_str(), it.step);
        assert!(judged.insert(place), "{place:?} is judged twice");
        assert!((1..=steps[&it.case]).contains(&it.step), "{place:?}");
        assert!(!it.rows.is_empty(), "{place:?}");
        assert!(
            it.rows.iter().all(|row| rows.contains_key(row)),
            "{place:?}"
        );
    }
}
