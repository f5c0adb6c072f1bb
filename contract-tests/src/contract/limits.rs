//! The limits of the contract, of an item and of a page: written down here again, so that the service cannot change
//! them unseen. `tests::definitions` compares them with the service's and with the documents'.

use std::ops::RangeInclusive;

/// The longest id, in bytes of UTF-8.
pub const MAX_ID_BYTES: usize = 2048;

/// The largest item, in bytes as `DynamoDB` counts them.
pub const MAX_ITEM_BYTES: usize = 409_600;

/// The most significant digits of a number.
pub const MAX_DIGITS: usize = 38;

/// The powers of ten of the first digit of a number that is not zero.
pub const EXPONENTS: RangeInclusive<i64> = -130..=125;

/// The most characters of a field's name that a message may repeat.
pub const MAX_NAME_SHOWN: usize = 64;

/// The limits that a page of the list may have.
pub const PAGE_LIMITS: RangeInclusive<u128> = 1..=1000;
