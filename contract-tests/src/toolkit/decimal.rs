//! Exact decimals, to compare the numbers in responses with those that were sent.

use std::fmt::{self, Display};

/// A number by its value, not by its notation: `19.90` equals `1.99e1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// The significant digits. The first and the last are not zero; the number zero has none.
    digits: String,
    /// The power of ten of the first digit.
    exponent: i64,
}

impl Decimal {
    /// Parses a JSON number. Returns `None` if the text is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = strip_sign(text, '-');
        let (mantissa, power) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], &unsigned[at + 1..]),
            None => (unsigned, "0"),
        };
        let (integer, fraction) = match mantissa.find('.') {
            Some(at) => (&mantissa[..at], Some(&mantissa[at + 1..])),
            None => (mantissa, None),
        };
        let leading_zero = integer.len() > 1 && integer.starts_with('0');
        if leading_zero || !is_digits(integer) || !fraction.is_none_or(is_digits) {
            return None;
        }

        let written = format!("{integer}{}", fraction.unwrap_or_default());
        let without_leading = written.trim_start_matches('0');
        let digits = without_leading.trim_end_matches('0');
        let power = parse_power(power)?;
        if digits.is_empty() {
            return Some(Self {
                negative: false,
                digits: String::new(),
                exponent: 0,
            });
        }
        let leading_zeros = written.len() - without_leading.len();
        let places = i64::try_from(integer.len()).ok()? - 1 - i64::try_from(leading_zeros).ok()?;
        Some(Self {
            negative,
            digits: digits.to_owned(),
            exponent: places.saturating_add(power),
        })
    }

    /// Returns the number of significant digits.
    #[must_use]
    pub fn digits(&self) -> usize {
        self.digits.len()
    }

    /// Returns the power of ten of the first digit; `None` for zero.
    #[must_use]
    pub fn magnitude(&self) -> Option<i64> {
        (!self.digits.is_empty()).then_some(self.exponent)
    }

    /// Returns the size that DynamoDB counts for the number, in bytes: half of its significant digits, rounded up, plus
    /// one, and one more if the number is negative.
    ///
    /// Source: DynamoDB's "Item sizes and formats", which calls this approximate.
    #[must_use]
    pub fn size(&self) -> usize {
        self.digits.len().div_ceil(2) + 1 + usize::from(self.negative)
    }
}

impl From<u64> for Decimal {
    fn from(number: u64) -> Self {
        Self::parse(&number.to_string()).expect("an integer is a number")
    }
}

impl Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        match self.digits.split_at_checked(1) {
            None => f.write_str("0"),
            Some((first, "")) => write!(f, "{sign}{first}e{}", self.exponent),
            Some((first, rest)) => write!(f, "{sign}{first}.{rest}e{}", self.exponent),
        }
    }
}

fn strip_sign(text: &str, sign: char) -> (bool, &str) {
    text.strip_prefix(sign)
        .map_or((false, text), |rest| (true, rest))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Parses the exponent. Saturates: an exponent that does not fit is out of range with any mantissa except zero.
fn parse_power(text: &str) -> Option<i64> {
    let (negative, unsigned) = strip_sign(text, '-');
    let digits = if negative {
        unsigned
    } else {
        strip_sign(unsigned, '+').1
    };
    let power = is_digits(digits).then(|| digits.parse().unwrap_or(i64::MAX / 2))?;
    Some(if negative { -power } else { power })
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
    }

    #[test]
    fn the_notation_does_not_matter() {
        for notations in [
            &["0", "-0", "0.000", "0e99999999999999999999", "-0.0E-5"][..],
            &["19.9", "19.90", "1.99e1", "0.00199E+4", "1990e-2"],
            &["-1", "-1.0", "-0.1e1"],
            &["1e126", "10e125", "0.1e127"],
        ] {
            for notation in notations {
                assert_eq!(decimal(notation), decimal(notations[0]), "{notation}");
            }
        }
    }

    #[test]
    fn neighbours_differ() {
        assert_ne!(decimal("9007199254740993"), decimal("9007199254740992"));
        assert_ne!(decimal("1"), decimal("-1"));
        assert_ne!(decimal("1e10"), decimal("1e11"));
        assert_ne!(decimal("0.1"), decimal("0.01"));
    }

    #[test]
    fn other_texts_are_not_numbers() {
        for text in [
            "", "-", "+1", "01", ".5", "1.", "1e", "1e1.5", "NaN", "\"1\"", "--1", "1 ",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text:?}");
        }
    }
}
