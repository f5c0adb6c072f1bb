//! The table of all tests with their results.

use maud::{Markup, html};

use crate::report::html::chip;
use crate::report::html::failures::name;
use crate::report::html::format::{duration, scrolling, shortened};
use crate::report::run::{RunRecord, TestResult};

/// The maximum number of bytes of a reason that are shown.
const MAX_REASON: usize = 300;

/// Returns the section with all tests, in the order in which they ended.
pub(super) fn section(record: &RunRecord) -> Markup {
    let table = html! {
        table.results {
            caption.visually-hidden { "All tests, in the order in which they ended" }
            thead {
                tr {
                    th scope="col" { "Result" }
                    th scope="col" { "Test" }
                    th scope="col" { "Cases" }
                    th.figure scope="col" { "Duration" }
                }
            }
            tbody {
                @for test in &record.tests {
                    tr {
                        td { (chip::of_result(test.result.kind())) }
                        th scope="row" { (name(&test.name)) (remark(&test.result)) }
                        td { @if let TestResult::Pass { cases, .. } = &test.result { (cases) } }
                        td.figure { @if !matches!(test.result, TestResult::Ignored(_)) { (duration(test.took)) } }
                    }
                }
            }
        }
    };
    html! {
        section #all-tests aria-labelledby="all-tests-heading" {
            h2 #all-tests-heading { "All tests" }
            @if record.tests.is_empty() {
                p { "No test has ended." }
            } @else {
                (scrolling("The results of all tests", &table))
            }
        }
    }
}

/// Returns the reason of a result, or the part that was not checked.
fn remark(result: &TestResult) -> Markup {
    let (kind, text) = match result {
        TestResult::Pass { unchecked, .. } => match unchecked {
            Some(unchecked) => ("Unchecked: ", unchecked),
            None => return html! {},
        },
        TestResult::Fail(report) => ("", report),
        TestResult::Inconclusive(reason) => ("Inconclusive: ", reason),
        TestResult::Ignored(reason) => ("Ignored: ", reason),
    };
    let first = text.split("\n\n").next().unwrap_or_default();
    html! { p.remark { (kind) (shortened(first, MAX_REASON)) } }
}
