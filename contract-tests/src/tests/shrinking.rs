//! Tests that a failure after many requests is shrunk to the end.

use crate::environments::target::Target;
use crate::mutants::mutant::Mutant;
use crate::request::operation::Operation;
use crate::sequences::execute::FinalCheck;
use crate::sequences::shrink::{run_fresh, shrink};

#[tokio::test]
async fn a_batch_of_which_one_item_is_needed_is_taken_apart() {
    // A batch of nine items has too many requests to be taken apart at once.
    let sequence = r#"[
        {"putMany": {"count": 9, "object": {
            "fields": [["id", {"id": {"text": "many "}}], ["name", {"text": "x"}]], "spelling": "plain"}}},
        {"put": [{"fields": [["id", {"id": {"text": "many 8"}}]], "spelling": "plain"}, "json"]}
    ]"#;
    assert_eq!(shrunk_to("PUT merges", sequence).await, 2);
}

#[tokio::test]
async fn a_batch_of_which_every_item_is_needed_stays_whole() {
    let sequence = r#"[
        {"putMany": {"count": 40, "object": {
            "fields": [["id", {"id": {"text": "many "}}]], "spelling": "plain"}}},
        {"list": {}}
    ]"#;
    assert_eq!(
        shrunk_to("the list ends after 25 items", sequence).await,
        27
    );
}

/// Returns the number of requests to which this sequence, which reveals the mutant, is shrunk.
async fn shrunk_to(name: &str, sequence: &str) -> usize {
    let mutant = Mutant::named(name).expect("there is such a mutant");
    let setup = mutant.setup();
    let operations: Vec<Operation> = serde_json::from_str(sequence).expect("valid operations");
    let target = &Target::Embedded;
    let run = run_fresh(target, &setup, &operations, FinalCheck::AtEnd).await;
    let run = run.expect("the embedded table can be opened");
    assert!(run.outcome.is_err(), "{name} passes");
    let shrunk = shrink(target, &setup, run, name).await;
    assert_eq!(shrunk.note, None, "{name}: {:?}", shrunk.run.operations);
    shrunk.run.steps.len()
}
