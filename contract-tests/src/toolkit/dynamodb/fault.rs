//! The faults between a service and its table.

/// The fault of one request to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No fault.
    Pass,
    /// The request is delayed, and then applied.
    Slow,
    /// The request is throttled.
    Throttle,
    /// The request is not applied; the response is an internal server error.
    InternalError,
    /// The request is not applied; the response is a 200 without a body.
    Empty,
    /// The request is not applied; the response is a 200 whose body is cut off.
    Malformed,
    /// The connection is closed, and the request is never applied.
    DropBeforeApply,
    /// The connection is closed after the request is applied.
    DropAfterApply,
    /// The connection is closed. A write is applied later: after a newer write of the same item, or by
    /// [`Proxy::apply_delayed`](super::proxy::Proxy::apply_delayed).
    ApplyLater,
    /// The request hangs and is not applied.
    Hang,
    /// The request is applied and then hangs.
    HangAfterApply,
    /// The service does not have the permission.
    Denied,
    /// The table does not exist.
    TableGone,
}

impl Fault {
    /// Every fault: all variants except [`Fault::Pass`].
    pub const ALL: [Self; 12] = [
        Self::Slow,
        Self::Throttle,
        Self::InternalError,
        Self::Empty,
        Self::Malformed,
        Self::DropBeforeApply,
        Self::DropAfterApply,
        Self::ApplyLater,
        Self::Hang,
        Self::HangAfterApply,
        Self::Denied,
        Self::TableGone,
    ];

    /// Returns the status and the body of the table's response.
    ///
    /// # Panics
    /// If the fault does not consist of a response.
    #[must_use]
    pub(crate) fn response(self) -> (u16, &'static [u8]) {
        match self {
            Self::Throttle => (
                400,
                br#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The level of configured provisioned throughput for the table arn:aws:dynamodb:us-east-1:123456789012:table/items was exceeded"}"#,
            ),
            Self::InternalError => (
                500,
                br#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"host ip-10-0-0-1 failed"}"#,
            ),
            Self::Empty => (200, b""),
            Self::Malformed => (200, br#"{"Item":{"id":{"S":"a"#),
            Self::Denied => (
                400,
                br#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User: arn:aws:sts::123456789012:assumed-role/items is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:us-east-1:123456789012:table/items"}"#,
            ),
            Self::TableGone => (
                400,
                br#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found: Table: items not found"}"#,
            ),
            fault => unreachable!("{fault:?} has no response of the table"),
        }
    }
}
