//! The limits of an item, of a page and of a response, repeated here so that the service cannot change them unnoticed.
//! `tests::definitions` compares them with the service's limits and with the documents.

use std::ops::RangeInclusive;
use std::time::Duration;

/// The longest id, in bytes of UTF-8.
pub const MAX_ID_BYTES: usize = 2048;

/// The largest item, in bytes as `DynamoDB` counts them.
pub const MAX_ITEM_BYTES: usize = 409_600;

/// The maximum number of significant digits of a number.
pub const MAX_DIGITS: usize = 38;

/// The range of the power of ten of the first digit of a number other than zero.
pub const EXPONENTS: RangeInclusive<i64> = -130..=125;

/// The maximum number of attributes of a stored item that a condition can compare.
pub const MAX_COMPARED_ATTRIBUTES: usize = 148;

/// The maximum number of characters of a field's name that a message may repeat.
pub const MAX_NAME_SHOWN: usize = 64;

/// The range of the parameter `limit` of a page.
pub const PAGE_LIMITS: RangeInclusive<u16> = 1..=1000;

/// The length of a body in bytes up to which its event always fits into Lambda's 6 MiB, even if base64 or escapes make
/// it twice as long. The gateway may answer a longer one with its own 413, whatever else is wrong with the body.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
pub const MAX_CERTAIN_BODY_BYTES: usize = 3_000_000;

/// The minimum time between a response of the service and the deadline of its invocation.
pub const RESPONSE_RESERVE: Duration = Duration::from_millis(500);
