//! The report of a run as one HTML file, which needs no script and fetches nothing.
//!
//! In the order of the page: the [`summary`] of the run; its [`failures`], each with the [`story`] of its requests or
//! with its [`history`]; the [`clause_table`]; the [`coverage`]; the [`latency`] of the routes; and the [`test_table`].
//! A history has figures of [`lanes`] and an explanation by its [`orders`]. A [`difference`] marks the wrong part of a
//! response, a [`chip`] shows a result, and [`mod@format`] writes numbers and times.

mod chip;
mod clause_table;
mod coverage;
mod difference;
mod failures;
mod format;
mod history;
mod lanes;
mod latency;
mod orders;
mod story;
mod summary;
mod test_table;
#[cfg(test)]
mod tests;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::coverage::contract_doc::ContractDoc;
use crate::report::clauses::ClauseTable;
use crate::report::run::RunRecord;

/// The policy of the page: only its own style, nothing from elsewhere, and no scripts.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

const STYLE: &str = include_str!("html/style.css");

/// Returns the report of a run.
#[must_use]
pub fn html(record: &RunRecord) -> String {
    page(record).into_string()
}

fn page(record: &RunRecord) -> Markup {
    let contract = ContractDoc::load();
    let clauses = ClauseTable::new(&contract, record);
    let verdict = record.verdict();
    let sign = chip::of_verdict(verdict).sign;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (sign) " " (verdict.name()) ": contract tests of the items API" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (summary::header(record))
                nav aria-label="Sections of the report" {
                    ul {
                        @if record.not_passed() > 0 {
                            li { a href="#failures" { "Failures" (PreEscaped("&nbsp;")) "(" (record.not_passed()) ")" } }
                        }
                        li { (clause_table::link(&clauses)) }
                        li { a href="#coverage" { "Coverage" } }
                        li { a href="#latency" { "Latency" } }
                        li { a href="#all-tests" { "All tests" } }
                    }
                }
                main {
                    (failures::section(record))
                    (clause_table::section(&contract, &clauses))
                    (coverage::section(&contract, record))
                    (latency::section(record))
                    (test_table::section(record))
                }
            }
        }
    }
}
