//! The limits of an item, set by DynamoDB, and the limits of the API.

use std::ops::RangeInclusive;

/// The length of the longest partition key that DynamoDB accepts, in bytes of UTF-8.
///
/// Source: DynamoDB's quotas, "Partition key length".
pub const MAX_ID_BYTES: usize = 2048;

/// The size of the largest item that DynamoDB accepts, in bytes of attribute names and values.
///
/// Source: DynamoDB's quotas, "Item size".
pub const MAX_ITEM_BYTES: usize = 409_600;

/// The maximum number of significant digits of a DynamoDB number.
///
/// Source: DynamoDB's "Naming rules and data types", Number.
pub const MAX_DIGITS: usize = 38;

/// The range of the exponent of the first significant digit that DynamoDB can store: 1e-130 to 9.99…e125.
///
/// Source: as for [`MAX_DIGITS`].
pub const EXPONENTS: RangeInclusive<i64> = -130..=125;

/// The maximum number of attributes of a stored item that the condition of a write compares. With two fields that the
/// item lacks, that is 150 comparisons and 149 times `AND`: 299 operators and functions, of at most 300.
///
/// Source: DynamoDB's quotas, "Expression parameters".
pub const MAX_COMPARED_ATTRIBUTES: usize = 148;

/// The maximum number of characters of a field name that an error message shows.
pub const MAX_NAME_SHOWN: usize = 64;

/// The range of the `limit` parameter of a list.
pub const PAGE_LIMITS: RangeInclusive<u16> = 1..=1000;
