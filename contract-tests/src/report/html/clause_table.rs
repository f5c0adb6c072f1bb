//! The clauses of the contract with their outcomes on each target.

use maud::{Markup, PreEscaped, html};

use crate::coverage::contract_doc::ContractDoc;
use crate::report::clauses::{ClauseOutcome, ClauseRow, ClauseTable};
use crate::report::html::chip;
use crate::report::html::format::{count, number, scrolling};

/// Returns the section with the clauses.
pub(super) fn section(contract: &ContractDoc, table: &ClauseTable) -> Markup {
    let failed: Vec<_> = table
        .rows
        .iter()
        .filter(|row| row.overall() == ClauseOutcome::Fail)
        .collect();
    html! {
        section #clauses aria-labelledby="clauses-heading" {
            h2 #clauses-heading { "Clauses of the contract" }
            p.summary { (summary(table)) }
            @if table.targets.is_empty() {
                p { "No target was tested in this run." }
            } @else {
                @if !failed.is_empty() {
                    h3 { "Clauses that failed" }
                    (rows("Clauses that failed", table, &failed, true))
                }
                @if failed.is_empty() { h3 { "All clauses, by section of " code { "CONTRACT.md" } } }
                @else { h3 { "The other clauses, by section of " code { "CONTRACT.md" } } }
                @for (section, title) in &contract.sections { (of_section(section, title, table)) }
                p.note {
                    "Fail: the failed request is about the clause, and maybe about other clauses too. "
                    "Undecided: a test of the clause failed at another clause, or was inconclusive. "
                    "Not tested: the tests of the clause were not run, or belong to another test binary than "
                    code { "properties" } "."
                }
            }
        }
    }
}

/// Returns the number of clauses with each outcome.
fn summary(table: &ClauseTable) -> Markup {
    html! {
        @for outcome in ClauseOutcome::ALL {
            span.count { b { (number(table.count(outcome))) } " " (chip::of_outcome(outcome)) } " "
        }
        "of " (count(table.rows.len(), "clause"))
    }
}

/// Returns the clauses of a section, except those that failed.
fn of_section(section: &str, title: &str, table: &ClauseTable) -> Markup {
    let rows = table.rows.iter().filter(|row| row.section() == section);
    let rows: Vec<_> = rows
        .filter(|row| row.overall() != ClauseOutcome::Fail)
        .collect();
    let counts = ClauseOutcome::ALL.into_iter().filter_map(|outcome| {
        let count = rows.iter().filter(|row| row.overall() == outcome).count();
        (count > 0).then(|| format!("{count} {}", outcome.name()))
    });
    let counts = counts.collect::<Vec<_>>().join(", ");
    html! {
        @if !rows.is_empty() {
            details {
                summary { (section) " " (title) " " span.muted { "· " (counts) } }
                (self::rows(&format!("Section {section}, {title}"), table, &rows, false))
            }
        }
    }
}

fn rows(caption: &str, table: &ClauseTable, rows: &[&ClauseRow], with_tests: bool) -> Markup {
    let table = html! {
        table.clauses {
            caption.visually-hidden { (caption) }
            thead {
                tr {
                    th scope="col" { "#" }
                    th scope="col" { "Clause" }
                    @for target in &table.targets { th.outcome scope="col" { (target) } }
                }
            }
            tbody {
                @for row in rows {
                    tr id={ "clause-" (row.clause.number) } {
                        th scope="row" { (row.clause.number) }
                        td.sentence {
                            (sentence(&row.clause.sentence))
                            @if with_tests { p.note { "Tests: " (row.clause.tests.join(", ")) } }
                        }
                        @for outcome in &row.outcomes { td.outcome { (chip::of_outcome(*outcome)) } }
                    }
                }
            }
        }
    };
    scrolling(caption, &table)
}

/// Returns a sentence of `CONTRACT.md`, with its code marked, and the text of its links without their addresses.
fn sentence(markdown: &str) -> Markup {
    let parts = markdown.split('`').enumerate();
    html! {
        @for (index, part) in parts {
            @if index % 2 == 1 { code { (part) } } @else { (without_links(part)) }
        }
    }
}

/// Returns a part of a Markdown text between two pieces of code, without brackets and addresses of links.
fn without_links(text: &str) -> String {
    let text = text.strip_suffix('[').unwrap_or(text);
    match text
        .strip_prefix("](")
        .and_then(|link| link.split_once(')'))
    {
        Some((_, after)) => after.to_owned(),
        None => text.to_owned(),
    }
}

/// Returns the navigation link with the number of clauses that failed.
pub(super) fn link(table: &ClauseTable) -> Markup {
    let failed = table.count(ClauseOutcome::Fail);
    html! {
        a href="#clauses" { "Clauses" @if failed > 0 { (PreEscaped("&nbsp;")) "(" (failed) " failed)" } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_no_markdown() {
        let shown =
            sentence("A `limit` has a reason in [`verdicts.json`](tests/data/verdicts.json).");
        let expected = "A <code>limit</code> has a reason in <code>verdicts.json</code>.";
        assert_eq!(shown.into_string(), expected);
    }
}
