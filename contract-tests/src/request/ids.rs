//! The ids that a sequence has used, from which later operations choose theirs.

use std::fmt::Write as _;

use crate::request::operation::{Id, NearDuplicateKind};
use crate::toolkit::text::Text;

/// The ids of a sequence in the order of their first use, each with the prefix of the namespace.
#[derive(Clone, Debug)]
pub struct Ids {
    prefix: String,
    used: Vec<String>,
}

impl Ids {
    /// Returns an empty list, for ids that begin with `prefix`.
    #[must_use]
    pub fn new(prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            used: Vec::new(),
        }
    }

    /// Returns the prefix of every id.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the concrete id, which counts as used from now on.
    pub fn resolve(&mut self, id: &Id) -> String {
        let resolved = match id {
            Id::Text(text) => text.with_prefix(&self.prefix),
            Id::Used(index) => self.pick(*index),
            Id::NearDuplicate(index, kind) => self.vary(&self.pick(*index), *kind),
        };
        if !self.used.contains(&resolved) {
            self.used.push(resolved.clone());
        }
        resolved
    }

    /// Returns every id that was used.
    #[must_use]
    pub fn used(&self) -> &[String] {
        &self.used
    }

    /// Returns the form in which a resolved id is saved: the text after the prefix, which is valid in any namespace.
    #[must_use]
    pub fn literal(&self, resolved: &str) -> Id {
        let suffix = resolved.strip_prefix(&self.prefix).unwrap_or(resolved);
        let mut characters = suffix.chars();
        let first = characters.next();
        Id::Text(match first {
            Some(fill) if suffix.len() > 64 && characters.all(|c| c == fill || c == 'x') => {
                let repeated = Text::Repeated {
                    fill,
                    bytes: resolved.len(),
                };
                if repeated.with_prefix(&self.prefix) == resolved {
                    repeated
                } else {
                    Text::plain(suffix)
                }
            }
            _ => Text::plain(suffix),
        })
    }

    fn pick(&self, index: usize) -> String {
        match self.used.len() {
            0 => format!("{}a", self.prefix),
            length => self.used[index % length].clone(),
        }
    }

    /// Returns a near-duplicate of an id. Only the text after the prefix changes, so the id stays in the namespace.
    fn vary(&self, id: &str, kind: NearDuplicateKind) -> String {
        let suffix = id.strip_prefix(&self.prefix).unwrap_or(id);
        format!("{}{}", self.prefix, near_duplicate(suffix, kind))
    }
}

fn near_duplicate(id: &str, kind: NearDuplicateKind) -> String {
    const COMPOSED: &str = "\u{e9}";
    const DECOMPOSED: &str = "e\u{301}";
    match kind {
        NearDuplicateKind::OtherCase => id.chars().map(other_case).collect(),
        NearDuplicateKind::OtherForm if id.contains(COMPOSED) => id.replace(COMPOSED, DECOMPOSED),
        NearDuplicateKind::OtherForm if id.contains(DECOMPOSED) => id.replace(DECOMPOSED, COMPOSED),
        NearDuplicateKind::OtherForm => format!("{id}{COMPOSED}"),
        NearDuplicateKind::Prefix => match id.char_indices().next_back() {
            Some((last @ 1.., _)) => id[..last].to_owned(),
            _ => format!("{id}a"),
        },
        NearDuplicateKind::Longer => format!("{id}a"),
        NearDuplicateKind::SpaceBefore => format!(" {id}"),
        NearDuplicateKind::SpaceAfter => format!("{id} "),
        NearDuplicateKind::PercentEncoded => {
            let last = id.char_indices().next_back().map_or(0, |(at, _)| at);
            let mut escaped = id[..last].to_owned();
            for byte in id.bytes().skip(last) {
                let _ = write!(escaped, "%{byte:02X}");
            }
            escaped
        }
    }
}

fn other_case(c: char) -> char {
    if c.is_ascii_lowercase() {
        c.to_ascii_uppercase()
    } else {
        c.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_valid_in_every_sequence() {
        let mut ids = Ids::new("p-");
        assert_eq!(ids.resolve(&Id::Used(7)), "p-a");
        assert_eq!(ids.resolve(&Id::Text(Text::plain("b"))), "p-b");
        assert_eq!(ids.resolve(&Id::Used(3)), "p-b");
        assert_eq!(ids.used(), ["p-a", "p-b"]);
    }

    #[test]
    fn a_near_duplicate_stays_in_the_namespace_and_differs_unless_it_has_no_ascii_letter() {
        for id in ["a", "A", "\u{e9}", "e\u{301}x", "\u{1f600}", "a b"] {
            for kind in NearDuplicateKind::ALL {
                let mut ids = Ids::new("p-");
                let original = ids.resolve(&Id::Text(Text::plain(id)));
                let near = ids.resolve(&Id::NearDuplicate(0, kind));
                assert!(near.starts_with("p-"));
                let caseless = kind == NearDuplicateKind::OtherCase && !id.is_ascii();
                assert!(near != original || caseless, "{id} {kind:?}");
            }
        }
        let mut ids = Ids::new("");
        ids.resolve(&Id::Text(Text::plain("a\u{e9}")));
        assert_eq!(
            ids.resolve(&Id::NearDuplicate(0, NearDuplicateKind::PercentEncoded)),
            "a%C3%A9"
        );
    }

    #[test]
    fn a_literal_resolves_to_the_same_id() {
        for text in [
            Text::plain("a"),
            Text::plain(""),
            Text::Repeated {
                fill: '😀',
                bytes: 2049,
            },
        ] {
            let mut ids = Ids::new("p-");
            let resolved = ids.resolve(&Id::Text(text.clone()));
            assert_eq!(ids.literal(&resolved), Id::Text(text));
        }
    }
}
