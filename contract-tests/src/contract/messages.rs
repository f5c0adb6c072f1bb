//! The messages of a 500 and of each 503, repeated here so that a change cannot go unnoticed. `tests::definitions`
//! compares them with those of the service, and with `CONTRACT.md`.

/// The message of a 500: an operator must act.
pub const OPERATOR_ERROR: &str = "Internal server error";

/// The message of the 503 of a read, which does not mention a change.
pub const READ_UNAVAILABLE: &str = "The service is unavailable for a moment: try again.";

/// The message of the 503 of a write that was not applied.
pub const WRITE_UNAVAILABLE: &str =
    "The service is unavailable for a moment. Nothing was changed: try again.";

/// The message of the 503 of an ambiguous write.
pub const WRITE_AMBIGUOUS: &str = "\
    The service is unavailable for a moment. The change may or may not have been applied: \
    read the item, or try again.";

/// The outcome of the 503 of a write that was not applied.
pub const UNCHANGED: &str = "unchanged";

/// The outcome of the 503 of an ambiguous write.
pub const UNKNOWN: &str = "unknown";

/// The message of the local gateway's own 500: the function was stopped at its time limit, panicked, or returned a
/// response that is malformed or too large.
pub const GATEWAY_ERROR: &str = "Internal Server Error";
