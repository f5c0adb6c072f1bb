//! The outcome of each clause of `CONTRACT.md` in a run, by target.

use crate::coverage::contract_doc::{Clause, ContractDoc};
use crate::report::run::{RunRecord, TestRecord, TestResult};
use crate::settings::TARGETS;

/// The binary whose tests are in the record of a run.
const BINARY: &str = "properties::";

/// The outcome of a clause, from the worst to the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClauseOutcome {
    /// A test failed at this clause, or a test of the clause failed at an unknown one.
    Fail,
    /// A test of the clause failed at another clause, or was inconclusive.
    Undecided,
    /// Every test of the clause that ran passed.
    Pass,
    /// No test of the clause ran: the tests were ignored, or belong to other binaries.
    NotTested,
}

impl ClauseOutcome {
    /// Every outcome, from the worst to the best.
    pub const ALL: [Self; 4] = [Self::Fail, Self::Undecided, Self::Pass, Self::NotTested];

    /// Returns the word for the outcome.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Undecided => "undecided",
            Self::Pass => "pass",
            Self::NotTested => "not tested in this run",
        }
    }
}

/// The outcomes of all clauses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseTable {
    /// The targets that were tested.
    pub targets: Vec<&'static str>,
    /// The clauses, in the order of `CONTRACT.md`.
    pub rows: Vec<ClauseRow>,
}

/// A clause with its outcomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseRow {
    /// The clause.
    pub clause: Clause,
    /// The outcome on each target of the table.
    pub outcomes: Vec<ClauseOutcome>,
}

impl ClauseRow {
    /// Returns the worst outcome on any target.
    #[must_use]
    pub fn overall(&self) -> ClauseOutcome {
        let worst = self.outcomes.iter().min();
        worst.copied().unwrap_or(ClauseOutcome::NotTested)
    }

    /// Returns the number of the section of `CONTRACT.md` that has the clause.
    #[must_use]
    pub fn section(&self) -> &str {
        let (section, _) = self.clause.number.split_once('.').unwrap_or_default();
        section
    }
}

impl ClauseTable {
    /// Returns the outcomes of the clauses of `contract` in a run.
    #[must_use]
    pub fn new(contract: &ContractDoc, record: &RunRecord) -> Self {
        let has_run = |target: &&str| {
            record.tests.iter().any(|test| {
                test.name.split("::").next() == Some(target)
                    && !matches!(test.result, TestResult::Ignored(_))
            })
        };
        let targets: Vec<_> = TARGETS.into_iter().filter(has_run).collect();
        let rows = contract.clauses.iter().map(|clause| {
            let outcome = |target: &&str| {
                let of_target = record.tests.iter().filter_map(|test| {
                    let trial = test.name.strip_prefix(target)?.strip_prefix("::")?;
                    let name = format!("{BINARY}{trial}");
                    outcome_of_test(test, &clause.number, clause.tests.contains(&name))
                });
                of_target.min().unwrap_or(ClauseOutcome::NotTested)
            };
            ClauseRow {
                clause: clause.clone(),
                outcomes: targets.iter().map(outcome).collect(),
            }
        });
        Self {
            rows: rows.collect(),
            targets,
        }
    }

    /// Returns the number of clauses with this overall outcome.
    #[must_use]
    pub fn count(&self, outcome: ClauseOutcome) -> usize {
        let rows = self.rows.iter();
        rows.filter(|row| row.overall() == outcome).count()
    }
}

/// Returns the outcome of the clause with this number, as far as a test shows it. A failure that names the clause
/// counts even if the test is not one of the clause.
fn outcome_of_test(test: &TestRecord, number: &str, is_of_clause: bool) -> Option<ClauseOutcome> {
    let failure = test.failure.as_ref();
    let clauses = failure.map_or(&[][..], |failure| failure.clauses.as_slice());
    let is_named = clauses.iter().any(|clause| clause == number);
    match &test.result {
        TestResult::Fail(_) if is_named => Some(ClauseOutcome::Fail),
        TestResult::Fail(_) if is_of_clause && clauses.is_empty() => Some(ClauseOutcome::Fail),
        TestResult::Fail(_) | TestResult::Inconclusive(_) => {
            is_of_clause.then_some(ClauseOutcome::Undecided)
        }
        TestResult::Pass { .. } => is_of_clause.then_some(ClauseOutcome::Pass),
        TestResult::Ignored(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::failure::Failure;
    use crate::report::fixtures;

    const DOC: &str = "\
| 1.1 | Both. | `rules::a::b`; `properties::p::one`; `properties::p::two` |
| 1.2 | One. | `properties::p::one` |
| 2.1 | Other. | `rules::a::b` |";

    fn test(name: &str, result: TestResult, clauses: &[&str]) -> TestRecord {
        let failure = matches!(result, TestResult::Fail(_)).then(|| Failure {
            clauses: clauses.iter().map(|clause| (*clause).to_owned()).collect(),
            ..Failure::default()
        });
        TestRecord {
            failure,
            ..TestRecord::new(name, result)
        }
    }

    fn pass() -> TestResult {
        fixtures::pass("")
    }

    fn fail() -> TestResult {
        fixtures::fail("the status is wrong")
    }

    fn table(tests: Vec<TestRecord>) -> (Vec<&'static str>, Vec<Vec<ClauseOutcome>>) {
        let record = RunRecord {
            tests,
            ..fixtures::record([])
        };
        let table = ClauseTable::new(&ContractDoc::parse(DOC), &record);
        let outcomes = table.rows.into_iter().map(|row| row.outcomes);
        (table.targets, outcomes.collect())
    }

    use ClauseOutcome::{Fail, NotTested, Pass, Undecided};

    #[test]
    fn a_clause_passes_if_all_of_its_tests_that_ran_passed() {
        let ignored = TestResult::Ignored("no container".to_owned());
        let (targets, outcomes) = table(vec![
            test("dynamodb-local::p::one", ignored.clone(), &[]),
            test("embedded::p::two", pass(), &[]),
            test("embedded::p::one", ignored, &[]),
        ]);
        assert_eq!(targets, ["embedded"]);
        assert_eq!(outcomes, [[Pass], [NotTested], [NotTested]]);
    }

    #[test]
    fn a_failure_counts_for_its_clauses_and_leaves_the_others_undecided() {
        let (_, outcomes) = table(vec![
            test("embedded::p::one", fail(), &["1.2"]),
            test("embedded::p::two", pass(), &[]),
        ]);
        assert_eq!(outcomes, [[Undecided], [Fail], [NotTested]]);
    }

    #[test]
    fn a_failure_counts_for_a_clause_that_only_other_tests_check() {
        let (_, outcomes) = table(vec![test("embedded::p::one", fail(), &["2.1"])]);
        assert_eq!(outcomes, [[Undecided], [Undecided], [Fail]]);
    }

    #[test]
    fn a_failure_without_clauses_counts_for_all_clauses_of_its_test() {
        let (_, outcomes) = table(vec![
            test("embedded::p::one", fail(), &[]),
            test("embedded::p::two", pass(), &[]),
        ]);
        assert_eq!(outcomes, [[Fail], [Fail], [NotTested]]);
    }

    #[test]
    fn the_targets_have_separate_outcomes() {
        let inconclusive = TestResult::Inconclusive("no response".to_owned());
        let (targets, outcomes) = table(vec![
            test("deployed::p::one", inconclusive, &[]),
            test("embedded::p::one", pass(), &[]),
        ]);
        assert_eq!(targets, ["embedded", "deployed"]);
        let expected = [[Pass, Undecided], [Pass, Undecided], [NotTested; 2]];
        assert_eq!(outcomes, expected);
    }

    #[test]
    fn without_tests_no_clause_is_tested() {
        let (targets, outcomes) = table(Vec::new());
        assert!(targets.is_empty());
        assert!(outcomes.iter().all(Vec::is_empty));
    }
}
