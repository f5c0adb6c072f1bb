//! The entity tag of an item: a hash over everything that the table stores of it.

use std::fmt::{self, Display};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use sha2::{Digest, Sha256};

use crate::attribute::Attributes;
use crate::price::Price;

/// The number of bytes of the hash in a tag: 24 characters of base64. Among 2^72 different items, the expected number
/// of pairs with the same tag is one half.
const HASH_BYTES: usize = 18;

/// The strong entity tag of an item. Two items have the same tag if they have equal attributes, including those that a
/// response does not show, in whichever order the table returns them and in whichever form a number was written.
///
/// Source: RFC 9110, section 8.8.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag(String);

impl ETag {
    /// Returns the tag of an item with these attributes.
    #[must_use]
    pub fn of(attributes: &Attributes) -> Self {
        let mut hasher = CanonicalHasher(Sha256::new());
        hasher.members(attributes);
        let hash = hasher.0.finalize();
        Self(BASE64URL.encode(&hash[..HASH_BYTES]))
    }

    /// Returns the text between the quotes.
    #[must_use]
    pub fn opaque(&self) -> &str {
        &self.0
    }
}

impl Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// A hasher of values in a canonical form. Each value is its type and its length, followed by its content, so different
/// values never have the same form.
struct CanonicalHasher(Sha256);

impl CanonicalHasher {
    /// Adds a type and a length. A length below 255 takes one byte, because SHA-256 works on blocks of 64 bytes, and
    /// one more block costs thousands of instructions on a processor without SHA instructions. A larger length is eight
    /// bytes after a 255.
    fn begin(&mut self, kind: u8, length: usize) {
        match u8::try_from(length) {
            Ok(length) if length < u8::MAX => self.0.update([kind, length]),
            _ => {
                self.0.update([kind, u8::MAX]);
                self.0.update((length as u64).to_be_bytes());
            }
        }
    }

    fn bytes(&mut self, kind: u8, bytes: &[u8]) {
        self.begin(kind, bytes.len());
        self.0.update(bytes);
    }

    fn set<T: AsRef<[u8]> + Ord>(&mut self, kind: u8, elements: impl Iterator<Item = T>) {
        let mut sorted: Vec<_> = elements.collect();
        sorted.sort_unstable();
        self.begin(kind, sorted.len());
        for element in sorted {
            self.bytes(b'E', element.as_ref());
        }
    }

    fn members(&mut self, members: &Attributes) {
        let mut sorted: Vec<_> = members.iter().collect();
        sorted.sort_unstable_by_key(|(name, _)| *name);
        self.begin(b'M', sorted.len());
        for (name, value) in sorted {
            self.bytes(b'K', name.as_bytes());
            self.value(value);
        }
    }

    fn value(&mut self, value: &AttributeValue) {
        match value {
            AttributeValue::S(text) => self.bytes(b'S', text.as_bytes()),
            AttributeValue::N(number) => self.bytes(b'N', canonical(number).as_bytes()),
            AttributeValue::B(bytes) => self.bytes(b'B', bytes.as_ref()),
            AttributeValue::Bool(value) => self.bytes(b'Z', &[u8::from(*value)]),
            AttributeValue::Ss(texts) => self.set(b's', texts.iter()),
            AttributeValue::Ns(numbers) => self.set(b'n', numbers.iter().map(|it| canonical(it))),
            AttributeValue::Bs(blobs) => self.set(b'b', blobs.iter().map(AsRef::<[u8]>::as_ref)),
            AttributeValue::L(values) => {
                self.begin(b'L', values.len());
                for value in values {
                    self.value(value);
                }
            }
            AttributeValue::M(members) => self.members(members),
            // NULL, or a type that DynamoDB may add in future.
            _ => self.begin(b'0', 0),
        }
    }
}

/// Returns the number in its canonical form, or unchanged if it is not a number that an item may have.
fn canonical(number: &str) -> String {
    Price::parse(number).map_or_else(|_| number.to_owned(), |number| number.to_string())
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::primitives::Blob;

    use super::*;

    fn text(text: &str) -> AttributeValue {
        AttributeValue::S(text.to_owned())
    }

    fn number(number: &str) -> AttributeValue {
        AttributeValue::N(number.to_owned())
    }

    fn texts(texts: &[&str]) -> AttributeValue {
        AttributeValue::Ss(texts.iter().copied().map(str::to_owned).collect())
    }

    fn numbers(numbers: &[&str]) -> AttributeValue {
        AttributeValue::Ns(numbers.iter().copied().map(str::to_owned).collect())
    }

    fn blobs(blobs: &[&[u8]]) -> AttributeValue {
        AttributeValue::Bs(blobs.iter().copied().map(Blob::new).collect())
    }

    fn map(members: &[(&str, AttributeValue)]) -> AttributeValue {
        let members = members
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        AttributeValue::M(members.collect())
    }

    fn list(values: &[AttributeValue]) -> AttributeValue {
        AttributeValue::L(values.to_vec())
    }

    fn tag(value: AttributeValue) -> String {
        ETag::of(&Attributes::from([("a".to_owned(), value)])).to_string()
    }

    #[test]
    fn equal_values_have_one_tag_in_whichever_form_they_are_stored() {
        let members = [("b", text("1")), ("c", number("2"))];
        let reversed = [("c", number("2.0")), ("b", text("1"))];
        for (one, other) in [
            (number("100"), number("1e2")),
            (number("-0.0"), number("0")),
            (number("1E+2"), number("1e2")),
            (texts(&["a", "b"]), texts(&["b", "a"])),
            (numbers(&["10", "9"]), numbers(&["9.0", "1e1"])),
            (blobs(&[b"a", b"b"]), blobs(&[b"b", b"a"])),
            (map(&members), map(&reversed)),
            (list(&[map(&members)]), list(&[map(&reversed)])),
        ] {
            assert_eq!(tag(one), tag(other));
        }
    }

    #[test]
    fn different_values_have_different_tags() {
        let values = [
            text(""),
            text("1"),
            text("ab"),
            number("1"),
            number("1.0000000000000000000000000000000000001"),
            AttributeValue::B(Blob::new(b"1")),
            AttributeValue::B(Blob::new(b"")),
            AttributeValue::Bool(true),
            AttributeValue::Bool(false),
            AttributeValue::Null(true),
            texts(&["1"]),
            texts(&["ab"]),
            texts(&["a", "b"]),
            numbers(&["1"]),
            blobs(&[b"1"]),
            list(&[]),
            list(&[text("1")]),
            list(&[text("a"), text("b")]),
            list(&[text("b"), text("a")]),
            list(&[list(&[text("a")]), text("b")]),
            list(&[list(&[text("a"), text("b")])]),
            map(&[]),
            map(&[("a", text("b"))]),
            map(&[("b", text("a"))]),
            map(&[("ab", text(""))]),
        ];
        let tags: std::collections::BTreeSet<_> = values.iter().cloned().map(tag).collect();
        assert_eq!(tags.len(), values.len());
    }

    #[test]
    fn values_that_differ_only_in_a_long_length_have_different_tags() {
        let long = |length: usize| text(&"a".repeat(length));
        let split = |first, second| list(&[long(first), long(second)]);
        let values = [
            long(254),
            long(255),
            long(256),
            long(65_791),
            split(254, 255),
            split(255, 254),
            split(253, 256),
            split(256, 253),
        ];
        let tags: std::collections::BTreeSet<_> = values.iter().cloned().map(tag).collect();
        assert_eq!(tags.len(), values.len());
    }

    #[test]
    fn a_tag_covers_attributes_that_are_not_shown_and_names() {
        let one = Attributes::from([("id".to_owned(), text("a"))]);
        let mut two = one.clone();
        two.insert("other".to_owned(), text("b"));
        let renamed = Attributes::from([("ib".to_owned(), text("a"))]);
        assert_ne!(ETag::of(&one), ETag::of(&two));
        assert_ne!(ETag::of(&one), ETag::of(&renamed));
    }

    #[test]
    fn a_tag_keeps_its_form_between_releases() {
        let item = Attributes::from([
            ("id".to_owned(), text("abcdef234")),
            ("price".to_owned(), number("12345")),
            ("name".to_owned(), text("myitem")),
        ]);
        assert_eq!(ETag::of(&item).opaque(), "cFDufPGpqxsvx3lGkSotVwAt");
    }
}
