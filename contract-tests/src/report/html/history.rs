//! A history that is not linearizable: an explanation in words, a figure of its smallest part and one of the whole, and
//! tables of the requests.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::report::failure::{Failure, HistoryOperation};
use crate::report::html::format::{count, milliseconds, scrolling, shortened};
use crate::report::html::lanes::{self, LARGE, SMALL};
use crate::report::html::orders::{self, Numbered};
use crate::report::html::story;
use crate::request::exchange::Exchange;
use crate::toolkit::printable::shorten;

/// The maximum number of bytes of a path, a body or a fault that are shown.
const MAX_LINE: usize = 200;

/// Returns the history of each item whose operations contradict each other, and the other requests.
pub(super) fn of_failure(id: &str, failure: &Failure) -> Markup {
    let history = &failure.history;
    let contradicting = failure.contradicting().into_iter();
    let mut items: BTreeSet<_> = contradicting.map(|of| of.item.as_str()).collect();
    if items.is_empty() {
        items = history.iter().map(|of| of.item.as_str()).collect();
    }
    let shown = history.iter().filter(|of| items.contains(of.item.as_str()));
    let shown: BTreeSet<_> = shown.flat_map(|of| &of.exchanges).collect();
    let exchanges = failure.exchanges.iter().enumerate();
    let others = exchanges.filter(|(index, _)| !shown.contains(index));
    let others: Vec<_> = others.map(|(_, exchange)| exchange.clone()).collect();
    html! {
        @for (index, item) in items.iter().enumerate() {
            (of_item(&format!("{id}-item-{}", index + 1), item, failure))
        }
        @if !others.is_empty() {
            details {
                summary { "The other requests of the clients (" (count(others.len(), "request")) ")" }
                (story::steps(&format!("{id}-other"), &others, None))
            }
        }
    }
}

fn of_item(id: &str, item: &str, failure: &Failure) -> Markup {
    let of_item = failure
        .history
        .iter()
        .filter(|operation| operation.item == item);
    let mut operations: Vec<_> = of_item.collect();
    operations.sort_by_key(|operation| operation.invoked);
    let operations: Vec<Numbered> = (1..).zip(operations).collect();
    let smallest = operations
        .iter()
        .filter(|(_, operation)| operation.contradicts);
    let smallest: Vec<_> = smallest.copied().collect();
    let tooltip = |numbered: &Numbered| tooltip(*numbered, failure);
    let whole = format!("{id}-whole");
    html! {
        @if !smallest.is_empty() {
            h4 { "Why the history of the item " code { (shortened(item, MAX_LINE)) } " is impossible" }
            (orders::explanation(&smallest))
            figure {
                @let label = format!("The smallest part that is impossible: {}", count(smallest.len(), "operation"));
                (scrolling(&label, &lanes::figure(&format!("{id}-smallest"), &label, &smallest, LARGE, tooltip)))
                figcaption {
                    "The smallest part of the history that is impossible. A bar begins when the request was sent, and "
                    "ends when the response came. Only the order of the times is to scale. Writes are filled, and "
                    "reads are not. The table has the request ids."
                    (ambiguous(&smallest))
                }
            }
            (table("The operations that contradict each other", &smallest, failure))
        }
        h4 { "The whole history of the item" @if smallest.is_empty() { " " code { (shortened(item, MAX_LINE)) } } }
        @if !smallest.is_empty() {
            p {
                span.contradiction-key { "✗ and a thick outline" }
                " mark the operations that contradict each other. Go to "
                @for (index, (number, _)) in smallest.iter().enumerate() {
                    @if index > 0 { ", " }
                    a href={ "#" (lanes::bar_id(&whole, *number)) } { "#" (number) }
                }
                "."
            }
        }
        figure {
            @let label = format!("The whole history of the item: {}", count(operations.len(), "operation"));
            (scrolling(&label, &lanes::figure(&whole, &label, &operations, SMALL, tooltip)))
            figcaption {
                (count(operations.len(), "operation")) ", in the lanes of their clients." (ambiguous(&operations))
                " The table has the same operations, with their requests."
            }
        }
        details {
            summary { "All operations of the item, as a table (" (count(operations.len(), "operation")) ")" }
            (table("All operations of the item", &operations, failure))
        }
    }
}

/// Returns the meaning of a bar without an end, if there is one.
fn ambiguous(operations: &[Numbered]) -> Markup {
    let has_ambiguous = operations
        .iter()
        .any(|(_, operation)| operation.returned.is_none());
    html! {
        @if has_ambiguous {
            " A bar that fades out has no end: the outcome is unknown, so the write may take effect at any later time, "
            "or never."
        }
    }
}

/// Describes an operation in one line.
fn tooltip((number, operation): Numbered, failure: &Failure) -> String {
    let requests = failure.exchanges_of(operation).map(|exchange| {
        let id = exchange.request_id().unwrap_or_default();
        let (status, id) = (status(exchange), shorten(id, MAX_LINE));
        format!("{} {status} {id}", exchange.method)
    });
    let requests: Vec<_> = requests.collect();
    let unknown = if operation.returned.is_none() {
        ", outcome unknown"
    } else {
        ""
    };
    format!(
        "#{number}: client {} {}{unknown}: {}",
        operation.client,
        operation.operation,
        requests.join(", ")
    )
}

fn status(exchange: &Exchange) -> String {
    match &exchange.response {
        Ok(response) => response.status.to_string(),
        Err(reason) => format!("no response: {reason}"),
    }
}

/// Returns a table of operations with their requests.
fn table(caption: &str, operations: &[Numbered], failure: &Failure) -> Markup {
    let table = html! {
        table.requests {
            caption { (caption) }
            thead {
                tr {
                    th scope="col" { "#" }
                    th scope="col" { "Client" }
                    th scope="col" { "Operation" }
                    th scope="col" { "Request" }
                    th scope="col" { "Status" }
                    th scope="col" { "Request id" }
                    th scope="col" { "Table faults" }
                    th scope="col" { "ms" }
                }
            }
            @for (number, operation) in operations {
                tbody class=[operation.contradicts.then_some("contradicts")] { (rows(*number, operation, failure)) }
            }
        }
    };
    scrolling(caption, &table)
}

/// Returns the rows of an operation: one for each of its requests.
fn rows(number: usize, operation: &HistoryOperation, failure: &Failure) -> Markup {
    let sent: Vec<_> = failure.exchanges_of(operation).collect();
    let rows = sent.len().max(1);
    html! {
        @for row in 0..rows {
            tr {
                @if row == 0 {
                    th scope="rowgroup" rowspan=(rows) { @if operation.contradicts { span.sign { "✗ " } } (number) }
                    td rowspan=(rows) { (operation.client) }
                    td rowspan=(rows) {
                        (operation.operation.to_string())
                        @if operation.returned.is_none() { br; b { "outcome unknown" } }
                    }
                }
                @match sent.get(row) {
                    Some(exchange) => (cells(exchange)),
                    None => td colspan="5" { "not recorded" }
                }
            }
        }
    }
}

fn cells(exchange: &Exchange) -> Markup {
    html! {
        td.request {
            code { b { (exchange.method) } " " (shortened(&exchange.target, MAX_LINE)) }
            @for (name, value) in exchange.headers.iter().filter(|(name, _)| is_condition(name)) {
                br; code { (name) ": " (shortened(value, MAX_LINE)) }
            }
            @if let Some(body) = &exchange.body { br; code { (shortened(body, MAX_LINE)) } }
        }
        td { (shortened(&status(exchange), MAX_LINE)) }
        td { @if let Some(id) = exchange.request_id() { code { (shortened(id, MAX_LINE)) } } }
        td { (shortened(&exchange.faults.join(", "), MAX_LINE)) }
        td.figure { (milliseconds(exchange.milliseconds)) }
    }
}

fn is_condition(name: &str) -> bool {
    ["if-match", "if-none-match"]
        .iter()
        .any(|condition| name.eq_ignore_ascii_case(condition))
}
