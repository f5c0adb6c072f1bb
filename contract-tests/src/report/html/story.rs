//! The story of a sequence: each request as a numbered step, and the expected and the actual response of the wrong one.

use maud::{Markup, html};

use crate::report::failure::Failure;
use crate::report::html::chip::{FAIL, chip};
use crate::report::html::difference::{Difference, Part, compare};
use crate::report::html::format::{count, left_out, milliseconds, number, shortened};
use crate::request::exchange::{Exchange, Received};

/// The maximum number of exchanges that are shown.
const MAX_STEPS: usize = 60;

/// The maximum number of bytes of a body that are shown.
const MAX_BODY: usize = 700;

/// The maximum number of bytes of a path, a header or a fault that are shown.
const MAX_LINE: usize = 300;

/// The maximum number of bytes of a text in a sentence.
const MAX_QUOTED: usize = 80;

/// Returns the story of a failed sequence.
pub(super) fn of_sequence(id: &str, failure: &Failure) -> Markup {
    let exchanges = &failure.exchanges;
    if exchanges.is_empty() {
        return html! {};
    }
    let wrong = failure.failed_exchange();
    html! {
        h4 { "The requests, step by step" }
        p.lead {
            (count(exchanges.len(), "request")) "."
            @if let Some(wrong) = wrong { " Step " (number(wrong + 1)) " got the wrong response." }
            @if exchanges.iter().any(|exchange| exchange.request_id().is_some()) {
                " The request id (" code { "Apigw-Requestid" } ") is also in the log of the function."
            }
        }
        (steps(id, exchanges, wrong))
    }
}

/// Returns the last exchanges as steps, and also the wrong one.
pub(super) fn steps(id: &str, exchanges: &[Exchange], wrong: Option<usize>) -> Markup {
    let first = exchanges.len().saturating_sub(MAX_STEPS);
    let wrong_before = wrong.filter(|wrong| *wrong < first);
    let has_clients = exchanges.iter().any(|exchange| exchange.client != 0);
    let step = |index: usize| {
        let exchange = exchanges.get(index)?;
        Some(step(
            &format!("{id}-step-{}", index + 1),
            index,
            exchange,
            wrong == Some(index),
            has_clients,
        ))
    };
    html! {
        ol.steps {
            @if let Some(wrong) = wrong_before {
                @if wrong > 0 { (gap(wrong)) }
                @if let Some(step) = step(wrong) { (step) }
                @if wrong + 1 < first { (gap(first - wrong - 1)) }
            } @else if first > 0 {
                (gap(first))
            }
            @for index in first..exchanges.len() {
                @if let Some(step) = step(index) { (step) }
            }
        }
    }
}

fn gap(exchanges: usize) -> Markup {
    html! { li.gap { "… " (count(exchanges, "request")) " left out …" } }
}

fn step(id: &str, index: usize, exchange: &Exchange, is_wrong: bool, has_clients: bool) -> Markup {
    let class = if is_wrong { "step wrong" } else { "step" };
    html! {
        li id=(id) class=(class) {
            div.number aria-hidden="true" { (number(index + 1)) }
            div.content {
                p.request {
                    span.visually-hidden { "Step " (index + 1) ": " }
                    @if has_clients { span.client { "client " (exchange.client) } " " }
                    code { b { (exchange.method) } " " (shortened(&exchange.target, MAX_LINE)) }
                    @if is_wrong { " " (chip(FAIL, "wrong response")) }
                }
                @if !exchange.headers.is_empty() || exchange.body.is_some() { (sent(exchange)) }
                @if is_wrong { (wrong_response(exchange)) } @else { (response(exchange)) }
                (facts(exchange))
            }
        }
    }
}

/// Returns the headers and the body of a request.
fn sent(exchange: &Exchange) -> Markup {
    html! {
        pre.sent {
            @for (name, value) in &exchange.headers {
                span.header { (name) ": " (shortened(value, MAX_LINE)) } "\n"
            }
            @if let Some(body) = &exchange.body {
                @if body.is_empty() { i { "an empty body" } } @else { (shortened(body, MAX_BODY)) }
            }
        }
    }
}

/// Returns a response that is not wrong, with the expected one if that has other words.
fn response(exchange: &Exchange) -> Markup {
    let actual = actual_text(exchange);
    html! {
        p.response {
            span.arrow aria-hidden="true" { "→ " }
            span.visually-hidden { "Response: " }
            code { (shortened(&actual, MAX_BODY / 2)) }
            @match &exchange.expected {
                Some(expected) if *expected == actual => span.muted { " ✓ as expected" },
                Some(expected) => span.expectation { "expected: " code { (shortened(expected, MAX_BODY / 2)) } },
                None => {}
            }
        }
    }
}

/// Returns the expected and the actual response, with the difference marked and put into words.
fn wrong_response(exchange: &Exchange) -> Markup {
    let actual = actual_text(exchange);
    let Some(expected) = &exchange.expected else {
        return html! {
            dl.compared { div { dt { "Actual" } dd { pre { (shortened(&actual, MAX_BODY)) } } } }
        };
    };
    let difference = compare(expected, &actual);
    html! {
        dl.compared {
            div { dt { "Expected" } dd { pre { (marked(&difference, true)) } } }
            div { dt { "Actual" } dd { pre { (marked(&difference, false)) } } }
            @if let Ok(Received { headers, .. }) = &exchange.response && !headers.is_empty() {
                div {
                    dt { "With" }
                    dd { pre { @for (name, value) in headers { (name) ": " (shortened(value, MAX_LINE)) "\n" } } }
                }
            }
        }
        @if let Some(sentence) = in_words(&difference) { p.difference { (sentence) } }
    }
}

fn marked(difference: &Difference, is_expected: bool) -> Markup {
    let parts = if is_expected {
        &difference.expected
    } else {
        &difference.actual
    };
    html! {
        @for part in parts {
            @match part {
                Part::Equal(text) => (text),
                Part::LeftOut(bytes) => (left_out(*bytes)),
                Part::Different(text) => @if !difference.is_marked {
                    (text)
                } @else if is_expected {
                    del { (text) }
                } @else {
                    ins { (text) }
                }
            }
        }
    }
}

/// Returns a sentence about the first difference; `None` if the texts have no marks.
fn in_words(difference: &Difference) -> Option<Markup> {
    let quote = |text: &str| html! { code { (shortened(text, MAX_QUOTED)) } };
    let different = |parts: &[Part]| {
        let mut places = parts.iter().enumerate();
        places.find_map(|(index, part)| match part {
            Part::Different(text) => Some((index, (*text).to_owned())),
            Part::Equal(_) | Part::LeftOut(_) => None,
        })
    };
    if !difference.is_marked {
        return None;
    }
    let expected = different(&difference.expected);
    let actual = different(&difference.actual);
    Some(match (expected, actual) {
        (None, None) => {
            html! { "The texts of both responses are equal: the reason above names the difference." }
        }
        (Some((_, expected)), None) => html! { "Missing in the response: " (quote(&expected)) },
        (None, Some((_, actual))) => html! { "Only in the response: " (quote(&actual)) },
        (Some((place, expected)), Some((other, actual))) if place == other => {
            html! { "The response has " (quote(&actual)) " in place of " (quote(&expected)) }
        }
        (Some((_, expected)), Some((_, actual))) => {
            html! { "Missing in the response: " (quote(&expected)) "; only in the response: " (quote(&actual)) }
        }
    })
}

/// Returns the request id, the faults and the latency of an exchange.
fn facts(exchange: &Exchange) -> Markup {
    html! {
        p.step-facts {
            @if let Some(id) = exchange.request_id() { span { "request id " code { (shortened(id, MAX_LINE)) } } " " }
            @for fault in &exchange.faults {
                span.fault { "table fault: " (shortened(fault, MAX_LINE)) } " "
            }
            @if exchange.milliseconds > 0.0 { span { (milliseconds(exchange.milliseconds)) " ms" } }
        }
    }
}

/// Returns the status and the body of a response, or the reason why there is none, as the expected text has them.
fn actual_text(exchange: &Exchange) -> String {
    match &exchange.response {
        Ok(Received { status, body, .. }) if body.is_empty() => format!("{status} without a body"),
        Ok(Received { status, body, .. }) => format!("{status} {body}"),
        Err(reason) => format!("no response: {reason}"),
    }
}
