//! The responses of a table that fails: its errors, and successes that do not answer the request.

use hyper::body::Bytes;

/// The meaning of a failure for the request that met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The table throttled the request, and applied nothing: the request may be sent again.
    Throttled,
    /// Another write was in progress, and the table applied nothing.
    Conflict,
    /// The condition of a write does not hold, and the table applied nothing.
    ConditionFailed,
    /// The table rejected the request, and applied nothing: an operator must act.
    Rejected,
    /// A read failed, and a write may or may not have been applied.
    Ambiguous,
}

use FailureKind::{Ambiguous, Conflict, Rejected, Throttled};

/// A response that the table sends without applying the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultyResponse {
    /// The name: the error code, or a description.
    pub name: &'static str,
    /// The meaning for the request.
    pub kind: FailureKind,
    /// The error code of the body, if it has one.
    pub code: Option<&'static str>,
    /// The status.
    pub status: u16,
    /// The body; the body of an error code is made from the code.
    body: &'static str,
}

/// An error code that the service does not know.
pub const NEW_CODE: &str = "NewException";

/// A success without a list of items. This is a failure only as the response to a scan: `DynamoDB` sends the same in
/// response to a write, or if an item is missing.
pub const NO_LIST: FaultyResponse = other("200 without a list", Ambiguous, 200, "{}");

/// The responses that are a failure for every request.
pub static FAULTY_RESPONSES: [FaultyResponse; 24] = [
    error(Throttled, 400, "ProvisionedThroughputExceededException"),
    error(Throttled, 400, "RequestLimitExceeded"),
    error(Throttled, 400, "Throttling"),
    error(Throttled, 400, "ThrottlingException"),
    FaultyResponse {
        name: "ThrottlingException with 503",
        ..error(Throttled, 503, "ThrottlingException")
    },
    error(Conflict, 400, "ReplicatedWriteConflictException"),
    error(Conflict, 400, "TransactionConflictException"),
    error(Conflict, 400, "TransactionInProgressException"),
    error(Rejected, 400, "AccessDeniedException"),
    error(Rejected, 400, "ExpiredTokenException"),
    error(Rejected, 400, "ResourceNotFoundException"),
    error(Rejected, 400, "UnrecognizedClientException"),
    error(Rejected, 400, "ValidationException"),
    error(Rejected, 400, NEW_CODE),
    error(Ambiguous, 500, "InternalServerError"),
    error(Ambiguous, 503, "ServiceUnavailable"),
    FaultyResponse {
        name: "NewException with 500",
        ..error(Ambiguous, 500, NEW_CODE)
    },
    error(Ambiguous, 400, "RequestTimeout"),
    error(Ambiguous, 408, "RequestTimeoutException"),
    other(
        "400 without a code",
        Ambiguous,
        400,
        r#"{"message":"the host ip-10-0-0-1 of the account 123456789012 is busy"}"#,
    ),
    other(
        "502 without JSON",
        Ambiguous,
        502,
        "<html>proxy ip-10-0-0-1: arn:aws:dynamodb:us-east-1:123456789012:table/items is down</html>",
    ),
    other("200 without a body", Ambiguous, 200, ""),
    other("200 cut off", Ambiguous, 200, r#"{"Item":{"id":{"S":"a"#),
    FaultyResponse {
        name: "200 with an error",
        ..error(Ambiguous, 200, "InternalServerError")
    },
];

/// Returns an error of `DynamoDB`, named after its code.
const fn error(kind: FailureKind, status: u16, code: &'static str) -> FaultyResponse {
    FaultyResponse {
        name: code,
        kind,
        code: Some(code),
        status,
        body: "",
    }
}

/// Returns a response without an error code.
const fn other(
    name: &'static str,
    kind: FailureKind,
    status: u16,
    body: &'static str,
) -> FaultyResponse {
    FaultyResponse {
        name,
        kind,
        code: None,
        status,
        body,
    }
}

impl FaultyResponse {
    /// Returns the body. The text of each error contains names that no client may see.
    #[must_use]
    pub fn body(&self) -> Bytes {
        let Some(code) = self.code else {
            return Bytes::from_static(self.body.as_bytes());
        };
        let text = "arn:aws:sts::123456789012:assumed-role/items at the host ip-10-0-0-1 called PutItem on \
                    arn:aws:dynamodb:us-east-1:123456789012:table/items";
        let error =
            format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"{text}"}}"#);
        Bytes::from(error)
    }
}
