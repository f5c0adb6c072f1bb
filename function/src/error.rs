//! The errors of a request: the status, the public message, and the cause for the log.

use std::error::Error as StdError;

use crate::limits::MAX_ITEM_BYTES;
use crate::log;

/// An error for operators, which a client never sees.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// The reason for which a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400: the client must correct the request as the message says.
    #[error("{0}")]
    Invalid(String),

    /// 400: the function does not know the route of the HTTP API.
    #[error("Unsupported route: {0:?}")]
    UnsupportedRoute(String),

    /// 404: the item does not exist.
    #[error("Item not found")]
    NotFound,

    /// 412: a precondition of the request does not hold, as the message says. Nothing was changed.
    #[error("{0}")]
    PreconditionFailed(&'static str),

    /// 413: `DynamoDB` stores at most 400 KB per item.
    #[error(
        "the item is too large: an item may have {MAX_ITEM_BYTES} bytes, names of fields included"
    )]
    TooLarge,

    /// 503: a read failed, and retrying may help.
    #[error("The service is unavailable for a moment: try again.")]
    ReadUnavailable(#[source] BoxError),

    /// 503: a write failed and certainly was not applied.
    #[error("The service is unavailable for a moment. Nothing was changed: try again.")]
    WriteUnavailable(#[source] BoxError),

    /// 503: a write failed and may have been applied: it is ambiguous.
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

    /// Returns the HTTP status. The message is the error's `Display`.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid(_) | Self::UnsupportedRoute(_) => 400,
            Self::NotFound => 404,
            Self::PreconditionFailed(_) => 412,
            Self::TooLarge => 413,
            Self::Misconfigured(_) => 500,
            Self::ReadUnavailable(_) | Self::WriteUnavailable(_) | Self::WriteAmbiguous(_) => 503,
        }
    }

    /// Returns the outcome of a write that failed for a moment, for clients that are programs; `None` for any other
    /// error.
    #[must_use]
    pub fn outcome(&self) -> Option<&'static str> {
        match self {
            Self::WriteUnavailable(_) => Some("unchanged"),
            Self::WriteAmbiguous(_) => Some("unknown"),
            _ => None,
        }
    }

    /// Returns the causes, each error followed by its source, for the log only.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        self.source().map(log::chain).unwrap_or_default()
    }
}
