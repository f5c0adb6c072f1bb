//! Random numbers: prices of every size and precision, and the lengths and limits that are drawn by magnitude.

use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::contract::limits::{EXPONENTS, MAX_DIGITS};

/// Draws a number from 1 to `max` by its magnitude: each range from one power of two to the next is about equally
/// likely. At least half of the numbers are a power of two, or a neighbour of one.
pub fn magnitude(max: usize) -> impl Strategy<Value = usize> {
    let powers = (0..=max.ilog2()).prop_map(|power| 1_usize << power);
    let near = (powers.clone(), -1_isize..=1)
        .prop_map(|(power, distance)| power.saturating_add_signed(distance));
    let between = powers.prop_flat_map(|power| power..power * 2);
    prop_oneof![near, between].prop_map(move |number| number.clamp(1, max))
}

/// Numbers in unusual notations, and numbers near the limits of other number types.
const NUMBERS: [&str; 15] = [
    "-0",
    "0.0",
    "19.90",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "9223372036854775808",
    "18446744073709551615",
    "0.1",
    "1e2",
    "1E+2",
    "100e-2",
    "1e-7",
    "0e999999999999",
];

/// Draws the text of a valid number, which must be stored to the last digit.
pub fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just("0".to_owned()),
        2 => select(&NUMBERS[..]).prop_map(str::to_owned),
        2 => select(at_limits()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        2 => (1_u64 << 63..).prop_map(|number| number.to_string()),
        2 => cents(0..100),
        2 => cents(0..10),
        12 => decimal(),
    ]
}

/// Draws an amount with these cents.
fn cents(cents: Range<u8>) -> impl Strategy<Value = String> {
    (magnitude(10_000), cents).prop_map(|(whole, cents)| format!("{}.{cents:02}", whole - 1))
}

/// Draws a number of 1 to [`MAX_DIGITS`] random digits, with any exponent that is valid.
fn decimal() -> impl Strategy<Value = String> {
    let digits = vec(0_u8..=9, 1..=MAX_DIGITS);
    let notation = select(vec![
        Notation::Scientific,
        Notation::Whole,
        Notation::Fraction,
        Notation::Plain,
    ]);
    (any::<bool>(), digits, EXPONENTS, notation).prop_map(
        |(negative, digits, exponent, notation)| {
            let mut digits: String = digits
                .into_iter()
                .map(|digit| char::from(b'0' + digit))
                .collect();
            // The first digit decides on the exponent, so it is not zero.
            if digits.starts_with('0') {
                digits.replace_range(..1, "7");
            }
            let sign = if negative { "-" } else { "" };
            format!("{sign}{}", notation.write(&digits, exponent))
        },
    )
}

/// A notation of a number, which does not change its value.
#[derive(Clone, Copy, Debug)]
enum Notation {
    /// `1.23e45`
    Scientific,
    /// `123e43`
    Whole,
    /// `0.123E+46`
    Fraction,
    /// `0.00123`, `12.3` or `1230`; scientific if that would be too long.
    Plain,
}

impl Notation {
    /// Returns the number whose first digit has this power of ten.
    fn write(self, digits: &str, exponent: i64) -> String {
        match self {
            Self::Scientific if digits.len() > 1 => {
                format!("{}.{}e{exponent}", &digits[..1], &digits[1..])
            }
            Self::Scientific | Self::Whole => {
                let places = i64::try_from(digits.len()).unwrap_or_default() - 1;
                format!("{digits}e{}", exponent - places)
            }
            Self::Fraction => format!("0.{digits}E{:+}", exponent + 1),
            Self::Plain => match usize::try_from(exponent) {
                Ok(exponent @ 0..40) => match digits.split_at_checked(exponent + 1) {
                    Some((whole, "")) => whole.to_owned(),
                    Some((whole, fraction)) => format!("{whole}.{fraction}"),
                    None => format!("{digits:0<width$}", width = exponent + 1),
                },
                Err(_) if exponent > -40 => {
                    let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or_default());
                    format!("0.{zeros}{digits}")
                }
                _ => Self::Scientific.write(digits, exponent),
            },
        }
    }
}

/// Returns numbers at the limits.
fn at_limits() -> Vec<String> {
    let (min, max) = (EXPONENTS.start(), EXPONENTS.end());
    let digits = "1234567890".repeat(4)[..MAX_DIGITS].to_owned();
    vec![
        format!("1e{min}"),
        format!("-1e{min}"),
        format!("9.9e{min}"),
        format!("1e{max}"),
        format!("-9.99e{max}"),
        format!("0.{digits}"),
        format!("{digits}0000.000"),
        "9".repeat(MAX_DIGITS),
        digits,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolkit::decimal::Decimal;
    use crate::toolkit::random::Sampling;

    #[test]
    fn every_notation_has_the_same_value() {
        for (digits, exponent) in [
            ("7", -130),
            ("123", -3),
            ("123", 0),
            ("123", 2),
            ("123", 20),
            ("9876543210", 125),
        ] {
            let parsed = [
                Notation::Scientific,
                Notation::Whole,
                Notation::Fraction,
                Notation::Plain,
            ]
            .map(|notation| Decimal::parse(&notation.write(digits, exponent)).expect("a number"));
            assert_eq!(parsed[0].magnitude(), Some(exponent));
            assert!(parsed.iter().all(|number| *number == parsed[0]));
        }
    }

    #[test]
    fn every_number_is_within_the_limits() {
        let sampling = Sampling { cases: 0, seed: 1 };
        for case in 0..500 {
            let text = sampling.draw(&number(), case);
            let number = Decimal::parse(&text).unwrap_or_else(|| panic!("{text} is a number"));
            assert!(number.digits() <= MAX_DIGITS, "{text}");
            assert!(
                number.magnitude().is_none_or(|it| EXPONENTS.contains(&it)),
                "{text}"
            );
            let drawn = sampling.draw(&magnitude(1000), case);
            assert!((1..=1000).contains(&drawn), "{drawn}");
        }
    }
}
