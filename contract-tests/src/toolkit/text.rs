//! Strings that are short to write down, however long they are.

use serde::{Deserialize, Serialize};

/// The text of an id or of a name, before a namespace puts its prefix in front of an id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// The text itself.
    Plain(String),
    /// So many bytes of UTF-8, the prefix included: one character again and again, and `x` for the
    /// rest where its length does not divide them.
    Repeated {
        /// The character.
        fill: char,
        /// How many bytes there are in all.
        bytes: usize,
    },
}

impl Text {
    /// Some text, as it is.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self::Plain(text.into())
    }

    /// The text behind this prefix. A prefix longer than a filled text is all that is left of it.
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
