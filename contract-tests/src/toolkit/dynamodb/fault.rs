//! The faults between a service and its table.

/// The fault that one request to the table meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing unusual.
    Pass,
    /// It is answered, but only after a while.
    Slow,
    /// It is refused for its rate.
    Throttle,
    /// The table has an error of its own.
    InternalError,
    /// The response is a 200 with no body.
    Empty,
    /// The response is a 200 that is cut in the middle.
    Malformed,
    /// The connection ends before the request is looked at.
    DropBeforeApply,
    /// The connection ends after the request was carried out.
    DropAfterApply,
    /// The connection ends, and a write is applied all the same, after a newer one.
    ApplyLater,
    /// There is no response, and nothing happens.
    Hang,
    /// There is no response, though the request was carried out.
    HangAfterApply,
    /// The service may not do this.
    Denied,
    /// The table is not there.
    TableGone,
}

impl Fault {
    /// All of them that are one.
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

    /// The status and the body that the table answers with.
    ///
    /// # Panics
    /// For a fault that is no response.
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
            fault => unreachable!("{fault:?} is no response of the table"),
        }
    }
}
