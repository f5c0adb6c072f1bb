//! Whatever can go wrong with a request: its status, its public message, and its cause for the log.

use std::error::Error as StdError;

use crate::limits::MAX_ITEM_BYTES;
use crate::log;

/// What an error has to say to operators: never shown to a client.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a request did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400: the client has to mend the request, and the message says how.
    #[error("{0}")]
    Invalid(String),

    /// 400: the HTTP API has a route that this function does not know.
    #[error("Unsupported route: {0:?}")]
    UnsupportedRoute(String),

    /// 404: there is no such item.
    #[error("Item not found")]
    NotFound,

    /// 413: `DynamoDB` holds 400 KB an item.
    #[error(
        "the item is too large: an item may have {MAX_ITEM_BYTES} bytes, names of fields included"
    )]
    TooLarge,

    /// 503: a read failed, and sending it again may help.
    #[error("The service is unavailable for a moment: try again.")]
    ReadUnavailable(#[source] BoxError),

    /// 503: a write failed that certainly was not applied.
    #[error("The service is unavailable for a moment. Nothing was changed: try again.")]
    WriteUnavailable(#[source] BoxError),

    /// 503: a write failed, and whether it was applied cannot be known.
    #[error(
        "The service is unavailable for a moment. The change may or may not have been applied: read the item, or try again."
    )]
    WriteAmbiguous(#[source] BoxError),

    /// 500: an operator must act.
    #[error("Internal server error")]
    Misconfigured(#[source] BoxError),
}

impl Error {
    pub(crate) fn invalid(message: &str) -> Self {
        Self::Invalid(message.to_owned())
    }

    /// The HTTP status. The message that goes with it is what the error displays.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid(_) | Self::UnsupportedRoute(_) => 400,
            Self::NotFound => 404,
            Self::TooLarge => 413,
            Self::Misconfigured(_) => 500,
            Self::ReadUnavailable(_) | Self::WriteUnavailable(_) | Self::WriteAmbiguous(_) => 503,
        }
    }

    /// What went wrong underneath, each error followed by its source, for the log alone.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        self.source().map(log::chain).unwrap_or_default()
    }
}
