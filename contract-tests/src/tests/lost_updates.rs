//! Tests that the property of lost updates can fail.

use crate::concurrency::raises::{LostAnswers, no_update_is_lost};
use crate::environments::target::Target;
use crate::mutants::mutant::Mutant;
use crate::toolkit::outcome::NotPassed::Failed;

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_update_is_detected() {
    for name in [
        "If-Match of a PUT is ignored",
        "tags are compared before the write, not with it",
    ] {
        let mutant = Mutant::named(name).expect("there is such a mutant");
        let setup = mutant.setup();
        let lost = LostAnswers::Nowhere;
        let outcome = no_update_is_lost(&Target::Embedded, &setup, lost, 20, name).await;
        assert!(matches!(outcome, Err(Failed(_))), "{name}: {outcome:?}");
    }
}
