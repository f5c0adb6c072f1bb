//! Tests of the summary in Markdown.

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::report::failure::HistoryOperation;
use crate::report::fixtures::{self, fail, ignored, inconclusive, pass, record};
use crate::toolkit::linearizability::register::RegisterOperation;

/// A text that becomes markup, a link, HTML or a new block if it is not in a code span or a code block.
const HOSTILE: &str =
    "<img src=x> | [a](http://b) `c` ```d``` **e** @f #1\n\n# g\n```\n~~~\n</code></pre><h1>h";

fn exchange(target: &str, request_id: &str) -> Exchange {
    let mut exchange = fixtures::exchange("GET", target, "200 {}");
    let received = exchange.response.as_mut().expect("a response");
    received.request_id = Some(request_id.to_owned());
    exchange
}

fn failure(exchanges: Vec<Exchange>) -> Failure {
    Failure {
        case: 3,
        clauses: vec!["2.1".to_owned(), "3.4".to_owned()],
        exchanges,
        script: Some("url=${1:-http://a}\ncurl \"$url\"'/items'".to_owned()),
        note: Some("the API was busy".to_owned()),
        ..fixtures::failure("deployed::one", "the item shown is wrong")
    }
}

#[test]
fn a_summary_has_the_tests_the_failures_and_the_latencies() {
    let unchecked = TestResult::Pass {
        cases: "5 cases".to_owned(),
        unchecked: Some("the list".to_owned()),
    };
    let mut record = record([
        ("deployed::two", pass("40 cases")),
        ("embedded::one", unchecked),
        ("dynamodb-local::one", ignored("no Docker")),
        ("dynamodb-local::two", ignored("no Docker")),
        ("deployed::three", inconclusive("429 three times")),
        ("deployed::one", fail("the item shown is wrong\n\nScript …")),
    ]);
    let mut with_fault = exchange("/items/b", "id-2");
    with_fault.faults = vec!["throttled".to_owned(), "time-out".to_owned()];
    let exchanges = vec![exchange("/items/a", "id-1"), with_fault];
    record.tests[5].failure = Some(failure(exchanges));
    record.tests[5].file = Some(PathBuf::from("failures/one.json"));
    for (target, latencies) in [("deployed", 1..=100), ("embedded", 1..=1)] {
        let latencies = latencies.map(Duration::from_millis).collect();
        record.latencies.insert((target, route::GET), latencies);
    }
    let expected = "\
## Contract tests: fail

1 fail, 1 inconclusive, 2 pass, 2 ignored, 2.0 s, `CONTRACT_CASES=100`.

| result | test | cases | seconds |
| --- | --- | --- | --: |
| fail | `deployed::one` |  | 1.5 |
| inconclusive | `deployed::three` |  | 1.5 |
| pass | `deployed::two` | `40 cases` | 1.5 |
| pass | `embedded::one` | `5 cases` | 1.5 |
| ignored | `dynamodb-local::one` |  | 1.5 |
| ignored | `dynamodb-local::two` |  | 1.5 |

### `deployed::three`: inconclusive

```text
429 three times
```

### `deployed::one`: fail

```text
the item shown is wrong
```

- Case: 3
- Seed: `CONTRACT_SEED=7`
- Clauses of `CONTRACT.md`: `2.1`, `3.4`
- Note: `the API was busy`
- Saved as `failures/one.json`

Request ids, to look for in the log of the function.

- `id-1`: `GET /items/a`, 200
- `id-2`: `GET /items/b`, 200, the failed request

Faults of the table:

- `GET /items/b`: `throttled`, `time-out`

To reproduce it, run this script; its argument is the URL of an API.

```sh
url=${1:-http://a}
curl \"$url\"'/items'
```

- Unchecked in `embedded::one`: `the list`
- Ignored (2): `no Docker`

### Latency, in milliseconds

| route | requests | p50 | p95 | p99 |
| --- | --: | --: | --: | --: |
| GET /items/{id} | 100 | 50.0 | 95.0 | 99.0 |

";
    assert_eq!(markdown(&record), expected);
}

#[test]
fn the_heading_has_the_worst_result() {
    for (results, is_complete, heading) in [
        (
            vec![pass(""), inconclusive("busy"), fail("")],
            false,
            "fail",
        ),
        (vec![pass(""), inconclusive("busy")], false, "inconclusive"),
        (vec![pass("")], false, "not complete"),
        (vec![ignored(""), pass("")], true, "pass"),
        (vec![ignored("")], true, "nothing was tested"),
        (Vec::new(), true, "nothing was tested"),
    ] {
        let mut record = record(results.into_iter().map(|result| ("embedded::one", result)));
        record.is_complete = is_complete;
        let summary = markdown(&record);
        let first = summary.lines().next();
        assert_eq!(first, Some(&*format!("## Contract tests: {heading}")));
    }
}

#[test]
fn a_failure_of_a_history_shows_its_report_and_the_ids_of_the_contradiction() {
    let report = "x is not linearizable\nclient 1 …";
    let mut record = record([("deployed::one", fail(report))]);
    let mut failure = failure(vec![
        exchange("/items/a", "id-1"),
        exchange("/items/b", "id-2"),
    ]);
    failure.script = None;
    failure.operations = Vec::new();
    failure.history = [false, true]
        .into_iter()
        .enumerate()
        .map(|(at, contradicts)| HistoryOperation {
            item: "a".to_owned(),
            client: at,
            operation: RegisterOperation::Read(None),
            invoked: 0,
            returned: Some(1),
            exchanges: vec![at],
            contradicts,
        })
        .collect();
    record.tests[0].failure = Some(failure);
    let summary = markdown(&record);
    assert!(
        summary.contains(&format!("```text\n{report}\n```")),
        "{summary}"
    );
    assert!(
        summary.contains("\n- `id-2`: `GET /items/b`, 200\n"),
        "{summary}"
    );
    assert!(!summary.contains("id-1"), "{summary}");
}

#[test]
fn text_of_the_api_stays_in_code() {
    let unchecked = TestResult::Pass {
        cases: HOSTILE.to_owned(),
        unchecked: Some(HOSTILE.to_owned()),
    };
    let mut record = record([
        (HOSTILE, fail(HOSTILE)),
        (HOSTILE, fail(HOSTILE)),
        ("deployed::one", inconclusive(HOSTILE)),
        ("deployed::two", unchecked),
        ("deployed::three", ignored(HOSTILE)),
    ]);
    let mut exchange = exchange(HOSTILE, HOSTILE);
    exchange.faults = vec![HOSTILE.to_owned()];
    let mut failure = failure(vec![exchange]);
    failure.broken = HOSTILE.to_owned();
    failure.script = Some(HOSTILE.to_owned());
    failure.note = Some(HOSTILE.to_owned());
    record.tests[0].failure = Some(failure);
    record.settings = vec![("CONTRACT_URL", HOSTILE.to_owned())];
    let mut fence = None;
    let summary = markdown(&record);
    for line in summary.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(length) => {
                if ticks >= length && line.len() == ticks {
                    fence = None;
                }
            }
            None if ticks >= 3 => {
                let language = &line[ticks..];
                assert!(["text", "sh"].contains(&language), "{line}");
                fence = Some(ticks);
            }
            None => {
                let outside = without_code_spans(line);
                assert!(!outside.contains(['<', '[', '@', '`', '*']), "{line}");
                let is_row = line.starts_with('|');
                let columns = outside.matches('|').count();
                assert!(!is_row || columns == 5, "{line}");
                assert!(is_row || columns == 0, "{line}");
            }
        }
    }
    assert_eq!(fence, None, "{summary}");
}

/// Returns the line without its code spans, as Markdown finds them: each ends at the next run of backticks of the
/// same length. In a row of a table, a cell ends at every `|`, also in a code span.
fn without_code_spans(line: &str) -> String {
    if line.starts_with('|') {
        let cells = line.split('|');
        return cells.map(strip).collect::<Vec<_>>().join("|");
    }
    strip(line)
}

fn strip(mut text: &str) -> String {
    let mut outside = String::new();
    while let Some(start) = text.find('`') {
        let ticks = text[start..].len() - text[start..].trim_start_matches('`').len();
        let (before, rest) = (&text[..start], &text[start + ticks..]);
        let mut at = 0;
        let end = loop {
            let Some(found) = rest[at..].find('`') else {
                panic!("not closed: {text}");
            };
            at += found;
            let length = rest[at..].len() - rest[at..].trim_start_matches('`').len();
            if length == ticks {
                break at + length;
            }
            at += length;
        };
        outside.push_str(before);
        text = &rest[end..];
    }
    outside + text
}

#[test]
fn a_code_span_keeps_its_text() {
    for (text, span) in [
        ("a", "`a`"),
        ("`", "`` ` ``"),
        ("a``b`", "``` a``b` ```"),
        (" a ", "`  a  `"),
        ("", "`  `"),
        ("a\nb", "`a\\nb`"),
    ] {
        assert_eq!(code_span(text), span);
    }
}

#[test]
fn a_long_summary_is_shortened_and_says_so() {
    let long = "😀".repeat(6_000);
    let unchecked = TestResult::Pass {
        cases: long.clone(),
        unchecked: Some(long.clone()),
    };
    let results = [unchecked, fail(&long), inconclusive(&long), ignored(&long)];
    let tests = (0..1000).map(|at: usize| ("deployed::one", results[at % 4].clone()));
    let mut record = record(tests);
    let mut failure = failure(vec![exchange(&long, &long); 100]);
    failure.script = Some(long.clone());
    for test in record.tests.iter_mut().take(100) {
        test.failure = Some(failure.clone());
    }
    let summary = markdown(&record);
    assert!(summary.len() <= MAX_BYTES, "{}", summary.len());
    for sentence in [
        "Tests that are left out of this table: ",
        "Tests left out here that did not pass: ",
        "The script that reproduces it has 24000 bytes: the report of the run has it.",
        "Ids before these that are left out: 80.",
    ] {
        assert!(summary.contains(sentence), "{sentence}");
    }
}
