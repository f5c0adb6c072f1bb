//! The signs and the colours of results.

use maud::{Markup, html};

use crate::report::clauses::ClauseOutcome;
use crate::report::run::{ResultKind, Verdict};

/// The class of a colour, and a sign.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// The class of the style sheet.
    pub(super) class: &'static str,
    /// The sign, for readers who do not see the colour.
    pub(super) sign: &'static str,
}

/// The mark of a fail.
pub(super) const FAIL: Mark = Mark::new("fail", "✗");
const UNDECIDED: Mark = Mark::new("undecided", "?");
const PASS: Mark = Mark::new("pass", "✓");
const NOT_TESTED: Mark = Mark::new("not-tested", "–");

impl Mark {
    const fn new(class: &'static str, sign: &'static str) -> Self {
        Self { class, sign }
    }
}

/// Returns the mark of the result of a run.
pub(super) fn of_verdict(verdict: Verdict) -> Mark {
    match verdict {
        Verdict::Fail => FAIL,
        Verdict::Inconclusive => UNDECIDED,
        Verdict::NotComplete => Mark::new("undecided", "…"),
        Verdict::Pass => PASS,
        Verdict::NothingTested => Mark::new("undecided", "–"),
    }
}

/// Returns the chip of the result of a test.
pub(super) fn of_result(kind: ResultKind) -> Markup {
    let mark = match kind {
        ResultKind::Fail => FAIL,
        ResultKind::Inconclusive => UNDECIDED,
        ResultKind::Pass => PASS,
        ResultKind::Ignored => NOT_TESTED,
    };
    chip(mark, kind.name())
}

/// Returns the chip of the outcome of a clause.
pub(super) fn of_outcome(outcome: ClauseOutcome) -> Markup {
    let mark = match outcome {
        ClauseOutcome::Fail => FAIL,
        ClauseOutcome::Undecided => UNDECIDED,
        ClauseOutcome::Pass => PASS,
        ClauseOutcome::NotTested => NOT_TESTED,
    };
    chip(mark, outcome.name())
}

/// Returns a chip: a word with a sign and a colour.
pub(super) fn chip(mark: Mark, word: &str) -> Markup {
    html! { span class={ "chip " (mark.class) } { span aria-hidden="true" { (mark.sign) } " " (word) } }
}
