//! The failures of a run: for each its reason, the commands that run it again, and its requests.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};

use crate::report::failure::Failure;
use crate::report::html::format::{self, count, number, shortened};
use crate::report::html::{chip, history, story};
use crate::report::run::{ResultKind, RunRecord, TestRecord};
use crate::toolkit::random::DEFAULT_CASES;
use crate::toolkit::shell::quoted;

/// The maximum number of bytes of a reason that are shown.
const MAX_REASON: usize = 600;

/// The maximum number of bytes of a script. A script in a report is complete or not there.
const MAX_SCRIPT: usize = 100_000;

/// The maximum number of bytes of a report in text that are shown.
const MAX_REPORT: usize = 20_000;

/// Returns the section with the failures; nothing if there are none.
pub(super) fn section(record: &RunRecord) -> Markup {
    let not_passed = record
        .tests
        .iter()
        .filter_map(|test| Some((test, test.result.report()?)));
    let mut all: Vec<_> = not_passed.collect();
    all.sort_by_key(|(test, _)| test.result.kind());
    if all.is_empty() {
        return html! {};
    }
    let inconclusive = record.count(ResultKind::Inconclusive);
    let heading = match (all.len() - inconclusive, inconclusive) {
        (0, _) => "Inconclusive tests",
        (_, 0) => "Failures",
        _ => "Failures and inconclusive tests",
    };
    html! {
        section #failures aria-labelledby="failures-heading" {
            h2 #failures-heading { (heading) }
            @if all.len() > 1 {
                ol.contents {
                    @for (index, (test, _)) in all.iter().enumerate() {
                        li { a href={ "#failure-" (index + 1) } { (name(&test.name)) } }
                    }
                }
            }
            @for (index, (test, report)) in all.iter().enumerate() {
                (article(record, index + 1, test, report))
            }
        }
    }
}

fn article(record: &RunRecord, index: usize, test: &TestRecord, report: &str) -> Markup {
    let id = format!("failure-{index}");
    let heading = format!("{id}-heading");
    let failure = test.failure.as_ref();
    let reason = failure.map_or(report, |failure| &failure.broken);
    let reason = reason.split("\n\n").next().unwrap_or_default();
    let class = match test.result.kind() {
        ResultKind::Inconclusive => "failure inconclusive",
        ResultKind::Pass | ResultKind::Fail | ResultKind::Ignored => "failure",
    };
    html! {
        article id=(id) class=(class) aria-labelledby=(heading) {
            p.kicker { (chip::of_result(test.result.kind())) " after " (format::duration(test.took)) }
            h3 id=(heading) { (name(&test.name)) }
            p.reason { (shortened(reason, MAX_REASON)) }
            @match failure {
                Some(failure) => (details(record, &id, test, failure)),
                None => @if report.len() > reason.len() {
                    details open { summary { "The full report" } pre { (shortened(report, MAX_REPORT)) } }
                }
            }
        }
    }
}

fn details(record: &RunRecord, id: &str, test: &TestRecord, failure: &Failure) -> Markup {
    html! {
        dl.facts {
            @if failure.case > 0 { div { dt { "Case" } dd { (number(failure.case)) } } }
            @if let Some(seed) = failure.seed { div { dt { "Seed" } dd { (seed) } } }
            @if !failure.clauses.is_empty() {
                div {
                    dt { @if failure.clauses.len() == 1 { "Clause" } @else { "Clauses" } }
                    dd {
                        @for (index, clause) in failure.clauses.iter().enumerate() {
                            @if index > 0 { ", " }
                            a href={ "#clause-" (clause) } { (clause) }
                        }
                    }
                }
            }
            @if failure.case > 0 && !failure.operations.is_empty() {
                div { dt { "Shrunk to" } dd { (count(failure.operations.len(), "operation")) } }
            }
            @if let Some(note) = &failure.note { div { dt { "Note" } dd { (note) } } }
        }
        (commands(record, test, failure))
        @if failure.history.is_empty() {
            (story::of_sequence(id, failure))
        } @else {
            (history::of_failure(id, failure))
        }
        @if let Some(script) = &failure.script { (self::script(script)) }
    }
}

/// Returns the commands that run a failure again.
fn commands(record: &RunRecord, test: &TestRecord, failure: &Failure) -> Markup {
    let mut run = String::new();
    if let Some(seed) = failure.seed {
        let _ = write!(run, "CONTRACT_SEED={seed} ");
    }
    if failure.case > DEFAULT_CASES {
        let _ = write!(run, "CONTRACT_CASES={} ", failure.case);
    }
    if test.name.starts_with("deployed::") {
        let url = record
            .settings
            .iter()
            .find(|(name, _)| *name == "CONTRACT_URL");
        let url = url.map_or("URL".to_owned(), |(_, url)| quoted(url));
        let _ = write!(run, "CONTRACT_URL={url} ");
    }
    let _ = write!(
        run,
        "cargo test -p contract-tests --test properties -- --exact {}",
        quoted(&test.name)
    );
    html! {
        div.commands {
            p { "To run this test again" @if failure.seed.is_some() { ", with the same random choices" } ":" }
            pre.copy { (run) }
            @if let Some(file) = &test.file {
                @let replays = !failure.operations.is_empty();
                p {
                    @if replays { "To replay the saved requests on any API:" }
                    @else if failure.history.is_empty() { "To see every request:" }
                    @else { "To see every request, and to check the history again:" }
                }
                pre.copy {
                    "cargo run -p contract-tests -- replay " (quoted(&file.display().to_string())) @if replays { " --url URL" }
                }
            }
        }
    }
}

/// Returns the script of curl commands.
fn script(script: &str) -> Markup {
    html! {
        h4 { "A script that sends these requests" }
        @if script.len() > MAX_SCRIPT {
            p { "The script has " (number(script.len())) " bytes. The output of the run has it in full." }
        } @else {
            p {
                "It runs as it is; its argument is the URL of another API. " code { "cargo serve" }
                " starts one on this machine. One click selects the whole script."
            }
            (format::scrolling("Script of curl commands", &html! { pre.copy.script { (script) } }))
        }
    }
}

/// Returns the name of a test, which may be broken after each part and each word.
pub(super) fn name(name: &str) -> Markup {
    html! {
        span.test {
            @for (index, part) in name.split("::").enumerate() {
                @if index > 0 { "::" (PreEscaped("<wbr>")) }
                @for word in part.split_inclusive('_') { (word) @if word.ends_with('_') { (PreEscaped("<wbr>")) } }
            }
        }
    }
}
