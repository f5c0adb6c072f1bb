//! The annotations of a run on GitHub: workflow commands, which the runner reads from standard output.
//!
//! Source: <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>

use std::path::Path;

use crate::report::run::{RunRecord, TestResult};
use crate::toolkit::printable::{first_line, one_line};

/// The maximum number of errors, and of warnings. GitHub shows ten of each for a step; the script that runs the tests
/// adds at most two.
const MAX_ANNOTATIONS: usize = 8;

/// The maximum number of characters of a reason.
const MAX_REASON_CHARS: usize = 300;

/// Returns an `::error` for each test that failed, and a `::warning` for each inconclusive one. Each is one line, to be
/// printed at the start of a line. `report` is the path of the report, if there is one.
#[must_use]
pub fn annotations(record: &RunRecord, report: Option<&Path>) -> Vec<String> {
    let place = match report {
        Some(report) => format!("The report is {}", one_line(&report.display().to_string())),
        None => "The log has the report".to_owned(),
    };
    let (mut fails, mut inconclusive) = (Vec::new(), Vec::new());
    for problem in &record.problems {
        let problem = first_line(problem, MAX_REASON_CHARS);
        fails.push(format!("{problem}\n{place}."));
    }
    for test in &record.tests {
        let (annotations, reason) = match &test.result {
            TestResult::Fail(report) => (&mut fails, report),
            TestResult::Inconclusive(reason) => (&mut inconclusive, reason),
            TestResult::Pass { .. } | TestResult::Ignored(_) => continue,
        };
        let reason = first_line(reason, MAX_REASON_CHARS);
        annotations.push(format!("{}: {reason}\n{place}.", one_line(&test.name)));
    }
    let fails = commands("error", "The contract tests failed", fails);
    let inconclusive = commands("warning", "A contract test was inconclusive", inconclusive);
    fails.chain(inconclusive).collect()
}

/// Returns the commands for these messages. If there are too many, the last command says how many are not shown.
fn commands(command: &str, title: &str, mut messages: Vec<String>) -> impl Iterator<Item = String> {
    if messages.len() > MAX_ANNOTATIONS {
        let hidden = messages.split_off(MAX_ANNOTATIONS - 1);
        messages.push(format!("{} more tests: see the report.", hidden.len()));
    }
    let start = format!("::{command} title={}::", escape_property(title));
    messages
        .into_iter()
        .map(move |message| format!("{start}{}", escape_data(&message)))
}

/// Escapes the message of a workflow command.
///
/// Source: `escapeData` in <https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>
fn escape_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes the value of a property of a workflow command.
///
/// Source: `escapeProperty` in the same file.
fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{fail, ignored, inconclusive, pass, record};

    const NAME: &str = "deployed::one";

    #[test]
    fn a_fail_is_an_error_and_an_inconclusive_test_a_warning() {
        let record = record([
            (NAME, inconclusive("busy")),
            (NAME, pass("100 cases")),
            (NAME, ignored("no Docker")),
            (NAME, fail("100% wrong, or: more\n\nthe script")),
        ]);
        let expected = [
            "::error title=The contract tests failed::deployed::one: 100%25 wrong, or: more%0AThe report is target/report.html.",
            "::warning title=A contract test was inconclusive::deployed::one: busy%0AThe report is target/report.html.",
        ];
        let report = Path::new("target/report.html");
        assert_eq!(annotations(&record, Some(report)), expected);
        let without = annotations(&record, None);
        assert!(
            without[0].ends_with("%0AThe log has the report."),
            "{without:?}"
        );
    }

    #[test]
    fn a_response_cannot_start_a_command() {
        for body in [
            "::set-output name=verdict::pass",
            "a\n::set-output name=verdict::pass",
            "a\r::set-output name=verdict::pass",
            "a\r\n##[add-mask]a",
            "\u{2028}::stop-commands::x\u{85}::x\u{b}::x",
            "%0A::set-output name=verdict::pass",
        ] {
            let record = record([(NAME, fail(body)), (NAME, inconclusive(body))]);
            let lines = annotations(&record, None);
            assert_eq!(lines.len(), 2);
            for line in lines {
                // The message ends with the only escape that is not a part of the body.
                let (message, _) = line.rsplit_once("%0A").expect("two lines");
                let is_command = ["::error ", "::warning "]
                    .iter()
                    .any(|command| line.starts_with(command));
                assert!(is_command, "{line}");
                assert!(!line.contains(char::is_control), "{line:?}");
                assert!(
                    !message.contains("%0A") && !message.contains("%0D"),
                    "{line}"
                );
            }
        }
    }

    #[test]
    fn a_property_has_its_own_escapes() {
        assert_eq!(escape_property("a:b,c%\r\n"), "a%3Ab%2Cc%25%0D%0A");
        assert_eq!(escape_data("a:b,c%\r\n"), "a:b,c%25%0D%0A");
    }

    #[test]
    fn the_last_annotation_counts_those_that_are_not_shown() {
        let fails = |count| record(vec![(NAME, fail(&"x".repeat(1000))); count]);
        let lines = annotations(&fails(12), None);
        assert_eq!(lines.len(), MAX_ANNOTATIONS);
        assert!(lines[0].len() < 500, "{}", lines[0]);
        let last = &lines[MAX_ANNOTATIONS - 1];
        assert!(last.ends_with("::5 more tests: see the report."), "{last}");
        let lines = annotations(&fails(MAX_ANNOTATIONS), None);
        assert!(
            lines.iter().all(|line| !line.contains("more tests")),
            "{lines:?}"
        );
    }
}
