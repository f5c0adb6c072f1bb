//! What every id of one run begins with, in a table where others have items too.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::toolkit::random::random;

/// What an id begins with that is a test's, whoever's test it is.
const MARK: &str = "contract-";

/// How many hexadecimal digits have the seconds since 1970 at which a run began, and its random part.
const DIGITS: [usize; 2] = [8, 12];

/// The number of hexadecimal digits that the number of a visit has: four, and more once they are used up.
const SESSION_DIGITS: RangeInclusive<usize> = 4..=8;

/// The namespace of a run that begins now: 31 characters that nobody has used before.
#[must_use]
pub fn of_run() -> String {
    let [seconds, chance] = DIGITS;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    let random = random() >> (64 - 4 * chance);
    format!("{MARK}{now:0seconds$x}-{random:0chance$x}-")
}

/// The namespace of one test of a run, or of one attempt to shrink it.
#[must_use]
pub fn of_session(run: &str, number: u32) -> String {
    format!("{run}{number:04x}-")
}

/// The shell's way to a namespace that is fresh each time, and as long as this one.
#[must_use]
pub fn in_shell(namespace: &str) -> Option<&'static str> {
    let fresh = "$(printf 'contract-%08x-%012x-0000-' \"$(date +%s)\" \"$$\")";
    age(namespace).map(|_| fresh)
}

/// Returns `true` if this is the namespace of a run.
#[must_use]
pub fn is_of_run(namespace: &str) -> bool {
    run_and_rest(namespace).is_some_and(|(_, rest)| rest.is_empty())
}

/// Returns `true` if this is the namespace of a visit of this run.
#[must_use]
pub fn is_of_visit(namespace: &str, run: &str) -> bool {
    let number = namespace.strip_prefix(run).and_then(session_and_rest);
    number.is_some_and(|(_, rest)| rest.is_empty())
}

/// Returns the age of the run that this id belongs to; `None` if it is in no visit's namespace.
#[must_use]
pub fn age(id: &str) -> Option<Duration> {
    let (begun, rest) = run_and_rest(id)?;
    session_and_rest(rest)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(now.saturating_sub(Duration::from_secs(begun)))
}

/// Returns `true` if a test in the namespace of this prefix may have put an item with this id.
#[must_use]
pub fn contains(id: &str, prefix: &str) -> bool {
    id.starts_with(prefix) || id == number(prefix)
}

/// Returns a number that names no item of another client: the FNV-1a hash of the prefix. The hash of the standard
/// library may have changed when a journal is swept.
#[must_use]
pub fn number(prefix: &str) -> String {
    let hash = prefix
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    hash.to_string()
}

/// Takes apart the seconds at which a run began and what comes behind its namespace.
fn run_and_rest(id: &str) -> Option<(u64, &str)> {
    let [seconds, chance] = DIGITS;
    let (begun, rest) = number_and_rest(id.strip_prefix(MARK)?, seconds..=seconds)?;
    let (_, rest) = number_and_rest(rest, chance..=chance)?;
    Some((begun, rest))
}

/// Takes apart the number of a visit and what comes behind its namespace.
fn session_and_rest(id: &str) -> Option<(u64, &str)> {
    number_and_rest(id, SESSION_DIGITS)
}

/// Takes apart a number of so many digits, as this module writes it, and what comes behind its hyphen.
fn number_and_rest(text: &str, digits: RangeInclusive<usize>) -> Option<(u64, &str)> {
    let (number, rest) = text.split_once('-')?;
    // A sign and capitals would be parsed too.
    let written = number.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
    let number = Some(number).filter(|number| written && digits.contains(&number.len()))?;
    Some((u64::from_str_radix(number, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_knows_its_age() {
        let (one, other) = (of_run(), of_run());
        assert_ne!(one, other);
        assert_eq!(one.len(), 31);
        let age_of = |id: &str| age(id).map(|age| age.as_secs() / 60);
        assert_eq!(age_of(&format!("{}a", of_session(&one, 7))), Some(0));
        let long_ago = age_of("contract-00000000-0123456789ab-0000-a");
        assert!(long_ago.is_some_and(|minutes| minutes > 60 * 24 * 365));
        assert!(in_shell(&of_session(&one, 7)).is_some() && in_shell("01234567-").is_none());
        for id in [
            "",
            "a",
            "contract-",
            "contract-1-2-3",
            "contract-00000000-0123456789ab",
            "Contract-00000000-0123456789ab-a",
            "contract-0000000g-0123456789ab-0000-a",
            "contract-+0000000-0123456789ab-0000-a",
            "contract-0000000A-0123456789ab-0000-a",
            "contract-00000000-0123456789ab-a",
        ] {
            assert_eq!(age(id), None, "{id}");
        }
    }

    #[test]
    fn only_a_namespace_that_is_made_here_is_one() {
        let run = of_run();
        assert!(is_of_run(&run) && is_of_visit(&of_session(&run, 0x1_0000), &run));
        for other in [
            "",
            "contract-",
            "a",
            &of_session(&run, 7),
            &run[..run.len() - 1],
        ] {
            assert!(!is_of_run(other), "{other}");
            assert!(!is_of_visit(other, &of_run()), "{other}");
        }
        assert!(!is_of_visit(&run, &run) && !is_of_visit(&format!("{run}a-b-"), &run));
    }
}
