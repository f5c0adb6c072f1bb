//! The difference of an expected and an actual text, shortened to the parts around it.

use std::ops::Range;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices_deadline};

use crate::toolkit::printable::ends;

/// The time after which the rest of two long texts is not compared, and counts as different.
const DIFF_TIMEOUT: Duration = Duration::from_millis(100);

/// The maximum number of bytes of a word or a number that is marked as a whole.
const MAX_TOKEN: usize = 64;

/// The maximum number of bytes shown before and after a difference.
const MAX_CONTEXT: usize = 120;

/// The maximum number of bytes of a difference that are shown.
const MAX_DIFFERENCE: usize = 600;

/// A part of a text that is compared with another text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// A part that both texts have.
    Equal(&'a str),
    /// A part that only this text has.
    Different(&'a str),
    /// A number of bytes that are not shown.
    LeftOut(usize),
}

/// Two texts in parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference<'a> {
    /// The parts of the first text.
    pub(super) expected: Vec<Part<'a>>,
    /// The parts of the second text.
    pub(super) actual: Vec<Part<'a>>,
    /// `true` if the differing parts are marked; `false` if the texts have so little in common that marks would not
    /// help.
    pub(super) is_marked: bool,
}

/// Compares two texts.
pub(super) fn compare<'a>(expected: &'a str, actual: &'a str) -> Difference<'a> {
    let (left, right) = (tokens(expected), tokens(actual));
    let deadline = Some(Instant::now() + DIFF_TIMEOUT);
    let diff = capture_diff_slices_deadline(Algorithm::Myers, &left, &right, deadline);
    let equal = diff.iter().filter(|op| op.tag() == DiffTag::Equal);
    let equal_bytes: usize = equal.map(|op| bytes(&left[op.old_range()])).sum();
    Difference {
        expected: parts(expected, &left, &diff, DiffOp::old_range),
        actual: parts(actual, &right, &diff, DiffOp::new_range),
        // Much of a description in words is not in any response.
        is_marked: equal_bytes * 2 >= expected.len().min(actual.len()),
    }
}

/// Splits a text into words, numbers and single other characters. A word that is too long is split into its characters.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for text in text.split_inclusive(|c| !is_word(c)) {
        let (word, other) = text.split_at(text.trim_end_matches(|c| !is_word(c)).len());
        if word.len() > MAX_TOKEN {
            tokens.extend(word.split_inclusive(|_| true));
        } else {
            tokens.push(word);
        }
        tokens.push(other);
    }
    tokens.retain(|token| !token.is_empty());
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || "-_.+".contains(c)
}

fn bytes(tokens: &[&str]) -> usize {
    tokens.iter().map(|token| token.len()).sum()
}

/// Returns the parts of a text, without most of each long part. `range` selects the tokens of this text.
fn parts<'a>(
    text: &'a str,
    tokens: &[&str],
    diff: &[DiffOp],
    range: fn(&DiffOp) -> Range<usize>,
) -> Vec<Part<'a>> {
    let operations = diff.iter().filter(|op| !range(op).is_empty());
    let operations: Vec<_> = operations
        .map(|op| (op.tag() == DiffTag::Equal, bytes(&tokens[range(op)])))
        .collect();
    let mut parts = Vec::new();
    let mut rest = text;
    for group in operations.chunk_by(|(is_equal, _), (next, _)| is_equal == next) {
        let (part, after) = rest.split_at(group.iter().map(|(_, bytes)| bytes).sum());
        rest = after;
        let (max, make): (_, fn(&'a str) -> Part<'a>) = if group[0].0 {
            (MAX_CONTEXT, Part::Equal)
        } else {
            (MAX_DIFFERENCE / 2, Part::Different)
        };
        match ends(part, max, max) {
            None => parts.push(make(part)),
            Some((start, bytes, end)) => {
                parts.extend([make(start), Part::LeftOut(bytes), make(end)]);
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::Part::{Different, Equal, LeftOut};
    use super::*;

    #[test]
    fn only_the_words_that_differ_are_marked() {
        let found = compare(r#"200 {"id":"a"}"#, r#"200 {"id":"a","price":1}"#);
        assert!(found.is_marked);
        assert_eq!(found.expected, [Equal(r#"200 {"id":"a"}"#)]);
        let more = r#","price":1"#;
        let expected = [Equal(r#"200 {"id":"a""#), Different(more), Equal("}")];
        assert_eq!(found.actual, expected);
    }

    #[test]
    fn a_number_is_marked_as_a_whole() {
        let found = compare("price 1234 of a", "price 1235 of a");
        let parts = |number| vec![Equal("price "), Different(number), Equal(" of a")];
        assert_eq!(
            (found.expected, found.actual),
            (parts("1234"), parts("1235"))
        );
    }

    #[test]
    fn texts_with_little_in_common_are_not_marked() {
        let found = compare(
            "400, because of: id empty",
            r#"400 {"message":"Not Found"}"#,
        );
        assert!(!found.is_marked);
    }

    #[test]
    fn a_long_text_is_shortened_around_the_difference() {
        let long = "é".repeat(200_000);
        let (expected, actual) = (format!("{long}1{long}"), format!("{long}2{long}"));
        let found = compare(&expected, &actual);
        let kinds: Vec<_> = found.actual.iter().map(std::mem::discriminant).collect();
        assert!(
            kinds.len() <= 7
                && found
                    .actual
                    .iter()
                    .any(|part| matches!(part, LeftOut(bytes) if *bytes > 1000))
        );
        let shown = found.actual.iter().map(|part| match part {
            Equal(text) | Different(text) => text.len(),
            LeftOut(_) => 0,
        });
        assert!(shown.sum::<usize>() < 3000);
    }

    #[test]
    fn equal_and_empty_texts_have_no_difference() {
        for text in ["", "200 {}"] {
            let found = compare(text, text);
            assert!(found.is_marked);
            assert!(!found.actual.iter().any(|part| matches!(part, Different(_))));
        }
    }
}
