//! The JSON value of a field in a request.

/// The JSON value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// A string.
    Text(String),
    /// A number, with its digits as sent.
    Number(String),
    /// `null`.
    Null,
    /// Any other JSON text, which is not valid for any field.
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
