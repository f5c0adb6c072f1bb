//! The value of a field, as it is sent.

/// A field's value, as the model sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// A string.
    Text(String),
    /// A number, digit by digit.
    Number(String),
    /// `null`.
    Null,
    /// Any other JSON text, which no field can have.
    Other(String),
}

impl Json {
    /// Returns the string, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Null | Self::Other(_) => None,
        }
    }
}
