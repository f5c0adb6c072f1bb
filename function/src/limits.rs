//! The limits of an item, which are DynamoDB's, and those of the API itself.

use std::ops::RangeInclusive;

/// The longest partition key that DynamoDB takes, in bytes of UTF-8.
///
/// Source: DynamoDB's quotas, "Partition key length".
pub const MAX_ID_BYTES: usize = 2048;

/// The largest item that DynamoDB takes, in bytes of attribute names and values.
///
/// Source: DynamoDB's quotas, "Item size".
pub const MAX_ITEM_BYTES: usize = 409_600;

/// The most significant digits that a DynamoDB number has.
///
/// Source: DynamoDB's "Naming rules and data types", Number.
pub const MAX_DIGITS: usize = 38;

/// The exponents of the first significant digit that DynamoDB can store: 1e-130 to 9.99…e125.
///
/// Source: as for [`MAX_DIGITS`].
pub const EXPONENTS: RangeInclusive<i64> = -130..=125;

/// The most characters of a field's name that an error message repeats.
pub const MAX_NAME_SHOWN: usize = 64;

/// The numbers of items that one page of the list may be asked to hold.
pub const PAGE_LIMITS: RangeInclusive<u16> = 1..=1000;
