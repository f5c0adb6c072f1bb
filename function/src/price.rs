//! A price: an exact decimal as DynamoDB stores numbers, never a binary float.

use std::fmt::{self, Display};

use crate::limits::{EXPONENTS, MAX_DIGITS};

/// The largest power of ten that is written without an exponent, as in JavaScript. A larger integer has an exponent
/// unless all its digits are significant.
const MAX_PLAIN_EXPONENT: i64 = 20;

/// A decimal of at most [`MAX_DIGITS`] significant digits, which DynamoDB can store and return unchanged.
///
/// It has one canonical text: that of a number in JavaScript (`19.9`, `1e-7`, `1e+21`), but with all its digits, and
/// without an exponent if every digit of an integer is significant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    negative: bool,
    /// The significant ASCII digits, without leading and trailing `0`. Empty for zero.
    digits: String,
    /// The power of ten of the first digit.
    exponent: i64,
}

/// The reason for which a number cannot be stored exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParsePriceError {
    /// The text is not a JSON number.
    #[error("must be a number")]
    NotANumber,
    /// DynamoDB would round the number.
    #[error("has more than {MAX_DIGITS} significant digits")]
    TooPrecise,
    /// The magnitude is outside the range of DynamoDB.
    #[error(
        "must be zero, or from 1e{} to below 1e{} in magnitude",
        EXPONENTS.start(),
        EXPONENTS.end() + 1
    )]
    OutOfRange,
}

impl Price {
    /// Parses a JSON number in linear time; an exponent is never expanded.
    ///
    /// # Errors
    /// The first [`ParsePriceError`] that applies.
    pub fn parse(text: &str) -> Result<Self, ParsePriceError> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(unsigned) => (true, unsigned),
            None => (false, text),
        };
        let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, parse_power(power)?),
            None => (unsigned, 0),
        };
        let (integer, fraction) = match mantissa.split_once('.') {
            Some((integer, fraction)) if is_digits(fraction) => (integer, fraction),
            Some(_) => return Err(ParsePriceError::NotANumber),
            None => (mantissa, ""),
        };
        if !is_digits(integer) || (integer.len() > 1 && integer.starts_with('0')) {
            return Err(ParsePriceError::NotANumber);
        }

        let digits = || integer.bytes().chain(fraction.bytes());
        let Some(first) = digits().position(|digit| digit != b'0') else {
            return Ok(Self {
                negative: false,
                digits: String::new(),
                exponent: 0,
            });
        };
        let trailing = digits().rev().take_while(|&digit| digit == b'0').count();
        let significant = integer.len() + fraction.len() - first - trailing;
        if significant > MAX_DIGITS {
            return Err(ParsePriceError::TooPrecise);
        }
        let places = integer.len().cast_signed() - 1 - first.cast_signed();
        let exponent = i64::try_from(places)
            .unwrap_or(i64::MAX)
            .saturating_add(power);
        if !EXPONENTS.contains(&exponent) {
            return Err(ParsePriceError::OutOfRange);
        }
        Ok(Self {
            negative,
            digits: digits()
                .skip(first)
                .take(significant)
                .map(char::from)
                .collect(),
            exponent,
        })
    }

    /// Returns the size that DynamoDB counts for the number, in bytes: half the significant digits, rounded up, plus
    /// one, plus one for a minus sign.
    ///
    /// Source: DynamoDB's "Item sizes and formats".
    #[must_use]
    pub fn size(&self) -> usize {
        self.digits.len().div_ceil(2) + 1 + usize::from(self.negative)
    }
}

/// Parses the power of ten after the `e`. Saturates: an exponent too large for `i64` becomes `i64::MAX` or `-i64::MAX`,
/// which is out of range with any mantissa but zero.
fn parse_power(text: &str) -> Result<i64, ParsePriceError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if !is_digits(digits) {
        return Err(ParsePriceError::NotANumber);
    }
    let power = digits.parse().unwrap_or(i64::MAX);
    Ok(if negative { -power } else { power })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits.as_str();
        if digits.is_empty() {
            return f.write_str("0");
        }
        if self.negative {
            f.write_str("-")?;
        }
        let last = digits.len().cast_signed() as i64 - 1;
        match self.exponent {
            -6..=-1 => {
                let zeros = usize::try_from(-1 - self.exponent).unwrap_or_default();
                write!(f, "0.{:0<zeros$}{digits}", "")
            }
            exponent if (0..=last.max(MAX_PLAIN_EXPONENT)).contains(&exponent) => {
                let integer = usize::try_from(exponent).unwrap_or_default() + 1;
                match digits.split_at_checked(integer) {
                    Some((integer, fraction)) if !fraction.is_empty() => {
                        write!(f, "{integer}.{fraction}")
                    }
                    _ => write!(f, "{digits:0<integer$}"),
                }
            }
            exponent => {
                let (first, fraction) = digits.split_at(1);
                let point = if fraction.is_empty() { "" } else { "." };
                write!(f, "{first}{point}{fraction}e{exponent:+}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_one_canonical_form() {
        let all_digits = "12345678901234567890123456789012345678";
        let all_places = "1.2345678901234567890123456789012345678";
        for (text, canonical) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.000e99999999999999999999", "0"),
            ("12345", "12345"),
            ("-1", "-1"),
            ("19.90", "19.9"),
            ("5.0", "5"),
            ("1E3", "1000"),
            ("1e+3", "1000"),
            ("0.001e-3", "0.000001"),
            ("1e-7", "1e-7"),
            ("123e-9", "1.23e-7"),
            ("100000000000000000000", "100000000000000000000"),
            ("1000000000000000000000", "1e+21"),
            ("9007199254740993", "9007199254740993"),
            ("1234567890123456789012", "1234567890123456789012"),
            ("12345678901234567890120", "1.234567890123456789012e+22"),
            (all_digits, all_digits),
            (all_places, all_places),
            ("0.12345678901234567", "0.12345678901234567"),
            ("-1e-130", "-1e-130"),
            ("9.99e125", "9.99e+125"),
        ] {
            let price = Price::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(price.to_string(), canonical);
            assert_eq!(
                Price::parse(canonical),
                Ok(price),
                "{canonical} reads as itself"
            );
        }
    }

    #[test]
    fn a_number_that_dynamodb_cannot_hold_is_refused() {
        let nines = "9".repeat(38);
        assert!(Price::parse(&nines).is_ok());
        assert!(Price::parse(&format!("{nines}000.000")).is_ok());
        assert_eq!(
            Price::parse(&format!("{nines}9")),
            Err(ParsePriceError::TooPrecise)
        );
        assert_eq!(
            Price::parse(&format!("0.{nines}9")),
            Err(ParsePriceError::TooPrecise)
        );
        assert!(Price::parse("0.1e-129").is_ok());
        for text in ["1e126", "-1e126", "10e125", "1e-131", "0.1e-130", "5e-324"] {
            assert_eq!(
                Price::parse(text),
                Err(ParsePriceError::OutOfRange),
                "{text}"
            );
        }
    }

    #[test]
    fn text_that_is_not_a_json_number_is_refused() {
        for text in [
            "", "-", "+1", "01", "-01", ".5", "1.", "1.e2", "1e", "1e+", "1e1.5", "1.2.3", "--1",
            "NaN", "Infinity", "0x10", "1_000", "١", " 1", "1 ", "1e5e5",
        ] {
            assert_eq!(
                Price::parse(text),
                Err(ParsePriceError::NotANumber),
                "{text:?}"
            );
        }
    }

    #[test]
    fn the_size_is_the_one_that_dynamodb_counts() {
        for (text, size) in [
            ("0", 1),
            ("7", 2),
            ("-7", 3),
            ("19.90", 3),
            ("1e100", 2),
            ("-1234", 4),
        ] {
            assert_eq!(Price::parse(text).unwrap().size(), size, "{text}");
        }
    }

    #[test]
    fn a_megabyte_of_digits_is_parsed() {
        let zeros = "0".repeat(1_000_000);
        assert_eq!(
            Price::parse(&format!("1{zeros}")),
            Err(ParsePriceError::OutOfRange)
        );
        assert_eq!(
            Price::parse(&format!("1{zeros}e-1000000")),
            Price::parse("1")
        );
        assert_eq!(
            Price::parse(&format!("0.{zeros}1e1000001")),
            Price::parse("1")
        );
        assert_eq!(
            Price::parse(&format!("1e{}", "9".repeat(1_000_000))),
            Err(ParsePriceError::OutOfRange)
        );
    }
}
