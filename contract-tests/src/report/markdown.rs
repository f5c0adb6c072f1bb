//! The summary of a run in Markdown, for the page of a job on GitHub.
//!
//! Text that may come from the API is only in code spans and code blocks, so it cannot become markup, links or HTML.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::report::failure::Failure;
use crate::report::run::{ResultKind, RunRecord, TestRecord, TestResult};
use crate::request::exchange::Exchange;
use crate::request::route;
use crate::toolkit::deployed::latency::{PERCENTILES, milliseconds, percentile};
use crate::toolkit::printable::{one_line, printable, shorten};

/// The maximum length of a summary in bytes. GitHub shows no summary of a step that is longer than 1 MiB.
const MAX_BYTES: usize = 60_000;

/// The maximum length of the table of tests in bytes.
const MAX_TABLE_BYTES: usize = 20_000;

/// The maximum length of a script in bytes. A longer one is left out, because a part of it is of no use.
const MAX_SCRIPT_BYTES: usize = 20_000;

/// The maximum number of characters of the report of a failure.
const MAX_REPORT_CHARS: usize = 5_000;

/// The maximum number of characters of a code span.
const MAX_SPAN_CHARS: usize = 120;

/// The maximum number of entries of a list.
const MAX_ENTRIES: usize = 20;

/// Returns the summary of a run: the result, the tests, the failures with their scripts, and the latencies of a
/// deployed API. It has at most [`MAX_BYTES`], and names the parts that were left out.
#[must_use]
pub fn markdown(record: &RunRecord) -> String {
    let latencies = latency_table(record).unwrap_or_default();
    let mut summary = format!("## Contract tests: {}\n\n", record.verdict().name());
    let _ = writeln!(summary, "{}.\n", totals(record));
    let problems = record.problems.iter().map(|problem| code_span(problem));
    summary += &list(&problems.collect::<Vec<_>>());
    summary += &test_table(record);
    let end = unchecked_and_ignored(record) + &latencies;
    // The sentence about the tests that are left out has at most 100 bytes.
    let reserved = end.len() + 100;
    let mut left_out = 0;
    for test in &record.tests {
        let section = section(test).unwrap_or_default();
        if summary.len() + section.len() + reserved > MAX_BYTES {
            left_out += 1;
        } else {
            summary += &section;
        }
    }
    if left_out > 0 {
        let _ = writeln!(
            summary,
            "Tests left out here that did not pass: {left_out}. The report of the run has them.\n"
        );
    }
    summary + &end
}

/// Returns the number of tests with each result, the duration and the settings.
fn totals(record: &RunRecord) -> String {
    let counts = ResultKind::ALL.map(|kind| (record.count(kind), kind.name()));
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts = counts.map(|(count, name)| format!("{count} {name}"));
    let settings = record.settings.iter();
    let settings = settings.map(|(name, value)| code_span(&format!("{name}={value}")));
    let took = format!("{:.1} s", record.took.as_secs_f64());
    joined(counts.chain([took]).chain(settings))
}

fn test_table(record: &RunRecord) -> String {
    if record.tests.is_empty() {
        return String::new();
    }
    let mut tests: Vec<_> = record.tests.iter().collect();
    tests.sort_by_key(|test| test.result.kind());
    let mut table = "| result | test | cases | seconds |\n| --- | --- | --- | --: |\n".to_owned();
    let mut shown = 0;
    for test in &tests {
        let cases = match &test.result {
            TestResult::Pass { cases, .. } if !cases.is_empty() => cell(cases),
            TestResult::Pass { .. }
            | TestResult::Fail(_)
            | TestResult::Inconclusive(_)
            | TestResult::Ignored(_) => String::new(),
        };
        let (result, name) = (test.result.kind().name(), cell(&test.name));
        let seconds = test.took.as_secs_f64();
        let row = format!("| {result} | {name} | {cases} | {seconds:.1} |\n");
        if table.len() + row.len() > MAX_TABLE_BYTES {
            break;
        }
        table += &row;
        shown += 1;
    }
    table.push('\n');
    if shown < tests.len() {
        let hidden = tests.len() - shown;
        let _ = writeln!(table, "Tests that are left out of this table: {hidden}.\n");
    }
    table
}

/// Returns a list of the parts that could not be checked, and of the reasons why tests were ignored.
fn unchecked_and_ignored(record: &RunRecord) -> String {
    let mut entries = Vec::new();
    let mut ignored = BTreeMap::new();
    for test in &record.tests {
        match &test.result {
            TestResult::Pass {
                unchecked: Some(part),
                ..
            } => {
                let name = code_span(&test.name);
                entries.push(format!("Unchecked in {name}: {}", code_span(part)));
            }
            TestResult::Ignored(reason) => *ignored.entry(reason).or_insert(0) += 1,
            TestResult::Pass { .. } | TestResult::Fail(_) | TestResult::Inconclusive(_) => {}
        }
    }
    let ignored = ignored
        .into_iter()
        .map(|(reason, count)| format!("Ignored ({count}): {}", code_span(reason)));
    list(&entries.into_iter().chain(ignored).collect::<Vec<_>>())
}

/// Returns the section of a test that did not pass; `None` if it passed or was ignored.
fn section(test: &TestRecord) -> Option<String> {
    let report = test.result.report()?;
    let (name, result) = (code_span(&test.name), test.result.kind().name());
    let mut section = format!("### {name}: {result}\n\n");
    let Some(failure) = &test.failure else {
        return Some(section + &report_block(report));
    };
    // Without a script, the report has the history, or the requests.
    let shown = failure.script.as_ref().map_or(report, |_| &failure.broken);
    section += &report_block(shown);
    section += &facts(test, failure);
    section += &request_ids(failure);
    section += &faults(failure);
    match &failure.script {
        None => {}
        Some(script) if script.len() > MAX_SCRIPT_BYTES => {
            let _ = writeln!(
                section,
                "The script that reproduces it has {} bytes: the report of the run has it.\n",
                script.len()
            );
        }
        Some(script) => {
            section += "To reproduce it, run this script; its argument is the URL of an API.\n\n";
            section += &code_block("sh", script);
        }
    }
    Some(section)
}

fn report_block(report: &str) -> String {
    let report = report.trim_end();
    let shown = shorten(report, MAX_REPORT_CHARS);
    let cut = if shown == report {
        ""
    } else {
        "Cut here: the report of the run has the rest.\n\n"
    };
    code_block("text", &shown) + cut
}

/// Returns the case, the seed, the clauses, the note and the file of a failure, as a list.
fn facts(test: &TestRecord, failure: &Failure) -> String {
    let mut facts = Vec::new();
    if failure.case > 0 {
        facts.push(format!("Case: {}", failure.case));
    }
    if let Some(seed) = failure.seed {
        facts.push(format!("Seed: `CONTRACT_SEED={seed}`"));
    }
    if !failure.clauses.is_empty() {
        let clauses = joined(failure.clauses.iter().map(|clause| code_span(clause)));
        facts.push(format!("Clauses of `CONTRACT.md`: {clauses}"));
    }
    if let Some(note) = &failure.note {
        facts.push(format!("Note: {}", code_span(note)));
    }
    if let Some(file) = &test.file {
        let file = code_span(&file.display().to_string());
        facts.push(format!("Saved as {file}"));
    }
    list(&facts)
}

/// Returns the gateway's ids of the requests of a failure, or of the part of its history that is not linearizable.
fn request_ids(failure: &Failure) -> String {
    let contradicting = failure.contradicting().into_iter();
    let contradicting: Vec<_> = contradicting.flat_map(|of| &of.exchanges).collect();
    let failed = failure.failed_exchange();
    let shown = failure.exchanges.iter().enumerate();
    let shown = shown.filter(|(at, _)| contradicting.is_empty() || contradicting.contains(&at));
    let ids = shown.filter_map(|(at, exchange)| {
        let received = exchange.response.as_ref().ok()?;
        let id = code_span(received.request_id.as_ref()?);
        let mark = match failed {
            Some(failed) if failed == at => ", the failed request",
            _ => "",
        };
        let request = request(exchange);
        Some(format!("{id}: {request}, {}{mark}", received.status))
    });
    let mut ids: Vec<_> = ids.collect();
    if ids.is_empty() {
        return String::new();
    }
    // The failed request is the last one of a sequence.
    let hidden = ids.len().saturating_sub(MAX_ENTRIES);
    let ids = list(&ids.split_off(hidden));
    let before = match hidden {
        0 => String::new(),
        hidden => format!(" Ids before these that are left out: {hidden}."),
    };
    format!("Request ids, to look for in the log of the function.{before}\n\n{ids}")
}

/// Returns the faults that the table had, by request.
fn faults(failure: &Failure) -> String {
    let exchanges = failure.exchanges.iter();
    let with_faults = exchanges.filter(|exchange| !exchange.faults.is_empty());
    let entries = with_faults.map(|exchange| {
        let faults = exchange.faults.iter().take(MAX_ENTRIES);
        let faults = joined(faults.map(|fault| code_span(fault)));
        format!("{}: {faults}", request(exchange))
    });
    let entries = list(&entries.collect::<Vec<_>>());
    if entries.is_empty() {
        return entries;
    }
    format!("Faults of the table:\n\n{entries}")
}

fn request(exchange: &Exchange) -> String {
    code_span(&format!("{} {}", exchange.method, exchange.target))
}

/// Returns the latencies of the deployed API by route; `None` if there are none.
fn latency_table(record: &RunRecord) -> Option<String> {
    let rows = route::ALL.into_iter().filter_map(|route| {
        let sorted = record.latencies.get(&("deployed", route))?;
        let mut row = format!("| {route} | {} |", sorted.len());
        for percent in PERCENTILES {
            let _ = write!(row, " {:.1} |", milliseconds(percentile(sorted, percent)?));
        }
        Some(row + "\n")
    });
    let rows: String = rows.collect();
    (!rows.is_empty()).then(|| {
        format!(
            "### Latency, in milliseconds\n\n| route | requests | p50 | p95 | p99 |\n\
             | --- | --: | --: | --: | --: |\n{rows}\n"
        )
    })
}

/// Returns a list of at most [`MAX_ENTRIES`]; nothing if there are no entries.
fn list(entries: &[String]) -> String {
    let mut list = String::new();
    for entry in entries.iter().take(MAX_ENTRIES) {
        let _ = writeln!(list, "- {entry}");
    }
    if entries.len() > MAX_ENTRIES {
        let _ = writeln!(list, "- and {} more", entries.len() - MAX_ENTRIES);
    }
    if !list.is_empty() {
        list.push('\n');
    }
    list
}

/// Returns the parts with commas between them.
fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// Returns the text as a code span in a cell of a table. A `|` would end the cell, also in a code span.
fn cell(text: &str) -> String {
    code_span(&text.replace('|', "\\u{7c}"))
}

/// Returns the text as a code span in one line.
fn code_span(text: &str) -> String {
    // Shortened twice, because escapes make the text longer.
    let text = one_line(&shorten(text, MAX_SPAN_CHARS));
    let text = shorten(&text, MAX_SPAN_CHARS);
    let fence = "`".repeat(longest_run(&text) + 1);
    // A backtick at an end would belong to the fence, and Markdown removes a space from both ends. A span is not empty.
    let is_end = |c| matches!(c, ' ' | '`');
    let padding = if text.is_empty() || text.starts_with(is_end) || text.ends_with(is_end) {
        " "
    } else {
        ""
    };
    format!("{fence}{padding}{text}{padding}{fence}")
}

/// Returns the text as a code block.
fn code_block(language: &str, text: &str) -> String {
    let text = printable(text);
    let fence = "`".repeat((longest_run(&text) + 1).max(3));
    format!("{fence}{language}\n{}\n{fence}\n\n", text.trim_end())
}

/// Returns the length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`');
    runs.map(str::len).max().unwrap_or_default()
}
