//! Strings, with a short notation for one repeated character.

use serde::{Deserialize, Serialize};

/// A text in a request, without the prefix of the namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// The text itself.
    Plain(String),
    /// One character, repeated up to a length that includes the prefix. If the character has several bytes, `x` fills
    /// the bytes that are left over.
    Repeated {
        /// The character.
        fill: char,
        /// The length in bytes of UTF-8, with the prefix.
        bytes: usize,
    },
}

impl Text {
    /// Returns a [`Text::Plain`].
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self::Plain(text.into())
    }

    /// Returns the prefix and then the text. A [`Text::Repeated`] that is not longer than the prefix adds nothing.
    #[must_use]
    pub fn with_prefix(&self, prefix: &str) -> String {
        match self {
            Self::Plain(text) => format!("{prefix}{text}"),
            Self::Repeated { fill, bytes } => {
                let available = bytes.saturating_sub(prefix.len());
                let repeats = available / fill.len_utf8();
                let padding = available % fill.len_utf8();
                let filled = fill.to_string().repeat(repeats);
                format!("{prefix}{filled}{}", "x".repeat(padding))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn a_repeated_text_has_its_length_with_any_prefix() {
        for (fill, bytes) in [('x', 2048), ('😀', 2049), ('é', 3)] {
            for prefix in ["", "p-", "é"] {
                assert_eq!(
                    Text::Repeated { fill, bytes }.with_prefix(prefix).len(),
                    bytes
                );
            }
        }
        let text = Text::Repeated {
            fill: '😀',
            bytes: 6,
        };
        assert_eq!(text.with_prefix("p"), "p😀x");
    }
}
