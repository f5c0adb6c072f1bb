//! Text that may come from an API, made printable and short for a report.

use std::fmt::Write as _;

/// Returns the text with escapes such as `\u{1b}` for control characters, except line feeds and tabs. The result has
/// only characters that XML allows.
#[must_use]
pub fn printable(text: &str) -> String {
    escape(text, |c| !matches!(c, '\n' | '\t'))
}

/// Returns the text in one line, with escapes for all control characters.
#[must_use]
pub fn one_line(text: &str) -> String {
    escape(text, |_| true)
}

/// Returns the first line that is not empty, with at most this many characters and an ellipsis.
#[must_use]
pub fn first_line(text: &str, max_chars: usize) -> String {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    shorten(&one_line(lines.next().unwrap_or_default()), max_chars)
}

/// Returns the text, cut after this many characters. An ellipsis marks the cut.
#[must_use]
pub fn shorten(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The maximum number of characters of a text that is shown to a person.
const MAX_SHOWN_CHARS: usize = 300;

/// The number of characters that are shown before the first difference of two texts.
const CHARS_BEFORE_DIFFERENCE: usize = 60;

/// Returns the text on one line. A text of more than [`MAX_SHOWN_CHARS`] characters is cut, with its length.
#[must_use]
pub fn shortened(text: &str) -> String {
    shown(text, 0)
}

/// Returns two texts as [`shortened`] does. If one of them is too long, both are shown from shortly before their first
/// difference.
#[must_use]
pub fn shortened_pair(a: &str, b: &str) -> (String, String) {
    let is_short = |text: &str| text.chars().nth(MAX_SHOWN_CHARS).is_none();
    let equal = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let start = if is_short(a) && is_short(b) {
        0
    } else {
        equal.saturating_sub(CHARS_BEFORE_DIFFERENCE)
    };
    (shown(a, start), shown(b, start))
}

/// Returns the text from this character on one line, cut after [`MAX_SHOWN_CHARS`].
fn shown(text: &str, start: usize) -> String {
    let mut shown = String::new();
    if start > 0 {
        shown.push('…');
    }
    let from = text.char_indices().nth(start);
    let rest = from.map_or("", |(at, _)| &text[at..]);
    let part = shorten(rest, MAX_SHOWN_CHARS);
    let is_cut = part != rest;
    shown.push_str(&one_line(&part));
    if is_cut || start > 0 {
        let _ = write!(shown, " ({} bytes)", text.len());
    }
    shown
}

/// Returns the start and the end of a text, and the number of bytes between them, if the text is longer than the two
/// by at least a few bytes.
#[must_use]
pub fn ends(text: &str, first: usize, last: usize) -> Option<(&str, usize, &str)> {
    // A note is about as long, so it would save nothing if fewer bytes were left out.
    const MIN_LEFT_OUT: usize = 60;
    if text.len() < first + last + MIN_LEFT_OUT {
        return None;
    }
    let start = text.floor_char_boundary(first);
    let end = text.ceil_char_boundary(text.len() - last);
    Some((&text[..start], end - start, &text[end..]))
}

fn escape(text: &str, is_escaped: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // XML allows these two nowhere, although they are not control characters.
            '\u{fffe}' | '\u{ffff}' => escaped.extend(c.escape_unicode()),
            c if c.is_control() && is_escaped(c) => escaped.extend(c.escape_default()),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        let text = "a\u{1b}[31m\r\n\tb\0\u{85}\u{ffff}é😀";
        assert_eq!(
            printable(text),
            "a\\u{1b}[31m\\r\n\tb\\u{0}\\u{85}\\u{ffff}é😀"
        );
        assert_eq!(
            one_line(text),
            "a\\u{1b}[31m\\r\\n\\tb\\u{0}\\u{85}\\u{ffff}é😀"
        );
    }

    #[test]
    fn the_first_line_is_cut_between_characters() {
        assert_eq!(first_line("\n \r\n  é😀a\nb", 10), "  é😀a");
        assert_eq!(first_line("é😀a", 2), "é😀…");
        assert_eq!(first_line("", 2), "");
        assert_eq!(shorten("é😀", 2), "é😀");
    }

    #[test]
    fn long_texts_are_shown_from_shortly_before_their_difference() {
        assert_eq!(shortened("a\nb"), "a\\nb");
        let (a, b) = ("x".repeat(400_000) + "1", "x".repeat(400_000) + "2!");
        assert_eq!(shortened(&a), "x".repeat(300) + "… (400001 bytes)");
        let end = "x".repeat(60);
        let expected = (
            format!("…{end}1 (400001 bytes)"),
            format!("…{end}2! (400002 bytes)"),
        );
        assert_eq!(shortened_pair(&a, &b), expected);
        let short = ("a".to_owned(), "b".to_owned());
        assert_eq!(shortened_pair("a", "b"), short);
    }

    #[test]
    fn the_ends_of_a_text_are_at_character_boundaries() {
        let text = "é".repeat(100);
        let (start, bytes, end) = ends(&text, 11, 11).expect("it is long");
        assert_eq!((start.len(), bytes, end.len()), (10, 180, 10));
        assert_eq!(ends("short", 1, 1), None);
    }
}
