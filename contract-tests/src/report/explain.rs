//! The text of a failure, as a test prints it.

use std::fmt::Write as _;
use std::path::Path;

use crate::report::failure::{Failure, HistoryOperation};
use crate::request::exchange::Exchange;
use crate::toolkit::printable::shortened;
use crate::toolkit::shell::quoted;

/// The maximum number of exchanges that are listed. The file of the failure has all of them.
const MAX_LISTED: usize = 20;

/// Returns the text of a failure: the reason, and what reproduces or explains it. `file` is the file of the failure, or
/// the reason why it is not saved.
#[must_use]
pub fn explain(failure: &Failure, file: Result<&Path, &str>) -> String {
    let mut text = format!("{}\n\n", shortened(&failure.broken));
    let found = match failure.case {
        0 => String::new(),
        case => format!("Found in case {case}. "),
    };
    if let Some(script) = &failure.script {
        let found = match failure.case {
            // A regression is not shrunk.
            0 => "The failure has".to_owned(),
            case => format!("Found in case {case}, and shrunk to"),
        };
        let _ = writeln!(
            text,
            "{found} {} requests. To reproduce it, run this script (cargo serve starts an API):\n\n{script}",
            failure.exchanges.len()
        );
    } else if !failure.contradicting().is_empty() {
        let _ = writeln!(
            text,
            "{found}The smallest part of the history that is not linearizable:\n\n{}",
            contradiction(failure)
        );
    } else if !failure.exchanges.is_empty() {
        let _ = writeln!(text, "{found}{}", last_exchanges(failure));
    }
    if let Some(note) = &failure.note {
        let _ = writeln!(text, "Note: {note}.");
    }
    match file {
        Err(reason) => {
            let _ = writeln!(text, "The failure was not saved: {reason}");
        }
        Ok(file) => {
            let file = quoted(&file.display().to_string());
            let _ = writeln!(text, "{}", how_to_replay(failure, &file));
        }
    }
    text.push_str(&how_to_repeat(failure));
    text
}

/// Returns the commands that use the saved file.
fn how_to_replay(failure: &Failure, file: &str) -> String {
    let replay = format!("  cargo run -p contract-tests -- replay {file}");
    if failure.operations.is_empty() {
        let again = if failure.history.is_empty() {
            ""
        } else {
            ", and to check the history again"
        };
        return format!("To see every request{again}:\n{replay}");
    }
    format!(
        "To replay it in another environment:\n{replay} --url URL\nOnce the bug is fixed, move the file to \
         contract-tests/tests/regressions, and name the file after the failure"
    )
}

/// Returns the way to run the test again.
fn how_to_repeat(failure: &Failure) -> String {
    match failure.seed {
        Some(seed) => format!("To draw the same cases again: CONTRACT_SEED={seed}"),
        // The failure of a mutant or a variant.
        None if failure.test.is_empty() => String::new(),
        None => format!(
            "To run it again: cargo test -p contract-tests {}",
            failure.test
        ),
    }
}

/// Returns the operations that contradict each other, each with its last exchange.
#[must_use]
pub fn contradiction(failure: &Failure) -> String {
    let mut text = String::new();
    for operation in failure.contradicting() {
        let _ = writeln!(text, "{}", operation_line(failure, operation));
    }
    text
}

/// Returns an operation of a history on one line, and its last exchange on a second one.
fn operation_line(failure: &Failure, operation: &HistoryOperation) -> String {
    let exchange = failure.exchanges_of(operation).last();
    let exchange = exchange.map_or(String::new(), |exchange| {
        format!("\n                  {}", exchange_line(exchange))
    });
    format!("{}{exchange}", operation.entry())
}

/// Returns the wrong exchange, or the last ones.
fn last_exchanges(failure: &Failure) -> String {
    if let Some(wrong) = failure.wrong.and_then(|index| failure.exchanges.get(index)) {
        let overlaps = |other: &&Exchange| {
            other.client != wrong.client
                && other.invoked < wrong.returned
                && wrong.invoked < other.returned
        };
        let at_the_same_time: Vec<_> = failure.exchanges.iter().filter(overlaps).collect();
        let mut text = format!("The wrong response:\n\n  {}\n", exchange_line(wrong));
        if !at_the_same_time.is_empty() {
            let _ = write!(text, "\nAt the same time:\n\n{}", lines(&at_the_same_time));
        }
        return text;
    }
    let left_out = failure.exchanges.len().saturating_sub(MAX_LISTED);
    let last: Vec<_> = failure.exchanges[left_out..].iter().collect();
    let which = match left_out {
        0 => "The requests".to_owned(),
        _ => format!(
            "The last {} of {} requests",
            last.len(),
            failure.exchanges.len()
        ),
    };
    format!("{which}:\n\n{}", lines(&last))
}

fn lines(exchanges: &[&Exchange]) -> String {
    let mut text = String::new();
    for exchange in exchanges.iter().take(MAX_LISTED) {
        let _ = writeln!(text, "  {}", exchange_line(exchange));
    }
    text
}

/// Returns an exchange on one line: the request, the response, its id and the faults that it met.
#[must_use]
pub fn exchange_line(exchange: &Exchange) -> String {
    let Exchange {
        client,
        method,
        target,
        ..
    } = exchange;
    let mut line = format!("client {client}: {method} {}", shortened(target));
    for (name, value) in &exchange.headers {
        if name != "Content-Type" {
            let _ = write!(line, " {name}: {}", shortened(value));
        }
    }
    if let Some(body) = &exchange.body {
        let _ = write!(line, " {}", shortened(body));
    }
    let _ = match &exchange.response {
        Ok(received) => write!(
            line,
            " -> {} {}",
            received.status,
            shortened(&received.body)
        ),
        Err(reason) => write!(line, " -> no response: {}", shortened(reason)),
    };
    if let Some(id) = exchange.request_id() {
        let _ = write!(line, " [request {id}]");
    }
    if !exchange.faults.is_empty() {
        let _ = write!(line, " [the table: {}]", exchange.faults.join(", "));
    }
    line
}
