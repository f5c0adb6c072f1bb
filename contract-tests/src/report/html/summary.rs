//! The head of the report: the result of the run in words, its time and its settings.

use maud::{Markup, html};

use crate::report::html::chip::{self, Mark};
use crate::report::html::format::{count, duration, number, time};
use crate::report::run::{ResultKind, RunRecord};

/// Returns the result of the run, its time and its settings.
pub(super) fn header(record: &RunRecord) -> Markup {
    let verdict = record.verdict();
    let Mark { class, sign } = chip::of_verdict(verdict);
    let ignored = record.count(ResultKind::Ignored);
    let ran = record.tests.len() - ignored;
    html! {
        header class={ "page " (class) } {
            p.kicker { "Contract tests of the items API" }
            h1 { span.sign aria-hidden="true" { (sign) } " " span.verdict { (verdict.name()) } }
            p.lead {
                @if record.not_passed() == 0 && record.is_complete && ran > 0 {
                    "All " (count(ran, "test")) " passed."
                } @else if ran > 0 {
                    @for (index, (number, word)) in parts(record).into_iter().enumerate() {
                        @if index > 0 { ", " }
                        b { (self::number(number)) } " " (word)
                    }
                    " of " (count(ran, "test")) " that " @if record.is_complete { "ran" } @else { "have ended" } "."
                }
                @if ignored > 0 {
                    " " (count(ignored, "more test"))
                    @if ignored == 1 { " was" } @else { " were" } " ignored."
                }
            }
            @if !record.problems.is_empty() {
                ul.problems { @for problem in &record.problems { li { (problem) } } }
            }
            @if !record.is_complete {
                p.lead {
                    b { "The run is still going on, or was killed: " }
                    "this report shows the tests that have ended."
                }
            }
            dl.facts {
                div { dt { "Started" } dd { (time(record.started)) } }
                div { dt { "Duration" } dd { (duration(record.took)) } }
                @for (name, value) in &record.settings { div { dt { code { (name) } } dd { (value) } } }
            }
        }
    }
}

/// Returns the results of the tests that ran, with their numbers.
fn parts(record: &RunRecord) -> Vec<(usize, &'static str)> {
    let parts = [
        (ResultKind::Fail, "failed"),
        (ResultKind::Inconclusive, "inconclusive"),
        (ResultKind::Pass, "passed"),
    ];
    let parts = parts.map(|(kind, word)| (record.count(kind), word));
    parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .collect()
}
