//! Numbers, times and long texts, as a person reads them.

use std::time::{Duration, SystemTime};

use maud::{Markup, html};

use crate::toolkit::printable::ends;

/// Returns a time as `Fri, 27 Nov 2026 07:16:25 UTC`.
pub(super) fn time(time: SystemTime) -> String {
    httpdate::fmt_http_date(time).replace("GMT", "UTC")
}

/// Returns a duration as `340 ms`, `12.3 s` or `4 min 5 s`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else if seconds < 3600 {
        format!("{} min {} s", seconds / 60, seconds % 60)
    } else {
        format!("{} h {} min", seconds / 3600, seconds / 60 % 60)
    }
}

/// Returns milliseconds with about three digits.
pub(super) fn milliseconds(milliseconds: f64) -> String {
    let decimals = match milliseconds {
        at_least if at_least >= 99.95 => 0,
        at_least if at_least >= 9.995 => 1,
        _ => 2,
    };
    format!("{milliseconds:.decimals$}")
}

/// Returns a number with commas between its thousands.
pub(super) fn number(number: impl Copy + ToString) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a count with its noun, such as `1 test` or `2 tests`.
pub(super) fn count(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(count))
}

/// Returns a text of which at most about this many bytes are shown, with a note of the number of bytes left out.
pub(super) fn shortened(text: &str, max_bytes: usize) -> Markup {
    match ends(text, max_bytes * 3 / 4, max_bytes / 4) {
        None => html! { (text) },
        Some((start, bytes, end)) => html! { (start) (left_out(bytes)) (end) },
    }
}

/// Returns the note in place of bytes that are not shown.
pub(super) fn left_out(bytes: usize) -> Markup {
    html! { " " span.left-out { "… " (number(bytes)) " bytes left out …" } " " }
}

/// Returns a length in pixels with one decimal.
pub(super) fn round(length: f64) -> f64 {
    (length * 10.0).round() / 10.0
}

/// Returns content that scrolls sideways if it is wider than the page. The keyboard can also scroll it.
pub(super) fn scrolling(label: &str, content: &Markup) -> Markup {
    html! { div.scroll role="region" aria-label=(label) tabindex="0" { (content) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_readable() {
        assert_eq!(
            [number(7), number(1_234), number(123_456)],
            ["7", "1,234", "123,456"]
        );
        let shown = [340, 12_300, 245_000, 7_260_000]
            .map(Duration::from_millis)
            .map(duration);
        assert_eq!(shown, ["340 ms", "12.3 s", "4 min 5 s", "2 h 1 min"]);
        assert_eq!(
            [0.04, 12.34, 1234.5].map(milliseconds),
            ["0.04", "12.3", "1234"]
        );
        assert_eq!(
            time(SystemTime::UNIX_EPOCH),
            "Thu, 01 Jan 1970 00:00:00 UTC"
        );
    }
}
