//! The namespaces of runs and sessions: prefixes of all their ids, in a table that also has other users' items.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::toolkit::random::random;

/// The prefix of the namespaces of all runs.
const PREFIX: &str = "contract-";

/// The number of hexadecimal digits of a run's start, in seconds since 1970, and of its random part.
const RUN_DIGITS: [usize; 2] = [8, 12];

/// The number of hexadecimal digits of a session's number: four, and more from the 65,537th session on.
const SESSION_DIGITS: RangeInclusive<usize> = 4..=8;

/// Returns the namespace of a run that starts now: 31 characters that no other run has.
#[must_use]
pub fn for_run() -> String {
    let [seconds, random_digits] = RUN_DIGITS;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    let random = random() >> (64 - 4 * random_digits);
    format!("{PREFIX}{now:0seconds$x}-{random:0random_digits$x}-")
}

/// Returns the namespace of a session of this run: one case, or one attempt to shrink its failure.
#[must_use]
pub fn for_session(run: &str, number: u32) -> String {
    format!("{run}{number:04x}-")
}

/// Returns a shell expression for a namespace that is new each time and as long as this one; `None` if this one is not
/// of a session.
#[must_use]
pub fn shell_expression(namespace: &str) -> Option<&'static str> {
    let expression = "$(printf 'contract-%08x-%012x-0000-' \"$(date +%s)\" \"$$\")";
    age(namespace).map(|_| expression)
}

/// Returns `true` if this is the namespace of a run.
#[must_use]
pub fn is_of_run(namespace: &str) -> bool {
    split_run(namespace).is_some_and(|(_, rest)| rest.is_empty())
}

/// Returns `true` if this is the namespace of a session of this run.
#[must_use]
pub fn is_of_session(namespace: &str, run: &str) -> bool {
    let number = namespace.strip_prefix(run).and_then(split_session);
    number.is_some_and(|(_, rest)| rest.is_empty())
}

/// Returns the age of the run that this id belongs to; `None` if the id is not in the namespace of a session.
#[must_use]
pub fn age(id: &str) -> Option<Duration> {
    let (started, rest) = split_run(id)?;
    split_session(rest)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(now.saturating_sub(Duration::from_secs(started)))
}

/// Returns `true` if a test with this namespace as its prefix may have put an item with this id.
#[must_use]
pub fn contains(id: &str, prefix: &str) -> bool {
    id.starts_with(prefix) || id == numeric_id(prefix)
}

/// Returns the number that a PUT in this namespace sends in place of an id: the FNV-1a hash of the prefix, which no
/// other session has. Not the standard library's hash, which may change with its version before a journal is swept.
#[must_use]
pub fn numeric_id(prefix: &str) -> String {
    let hash = prefix
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    hash.to_string()
}

/// Splits an id into the start of its run, in seconds since 1970, and the text after the run's namespace.
fn split_run(id: &str) -> Option<(u64, &str)> {
    let [seconds, random_digits] = RUN_DIGITS;
    let (started, rest) = split_number(id.strip_prefix(PREFIX)?, seconds..=seconds)?;
    let (_, rest) = split_number(rest, random_digits..=random_digits)?;
    Some((started, rest))
}

/// Splits a text into the number of a session and the text after the session's namespace.
fn split_session(id: &str) -> Option<(u64, &str)> {
    split_number(id, SESSION_DIGITS)
}

/// Splits a text into a number of this many digits, as this module writes it, and the text after its hyphen.
fn split_number(text: &str, digits: RangeInclusive<usize>) -> Option<(u64, &str)> {
    let (number, rest) = text.split_once('-')?;
    // `from_str_radix` also accepts a sign and capitals.
    let is_lower_hex = number.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
    let number = Some(number).filter(|number| is_lower_hex && digits.contains(&number.len()))?;
    Some((u64::from_str_radix(number, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_of_a_run_is_read_from_an_id() {
        let (first, second) = (for_run(), for_run());
        assert_ne!(first, second);
        assert_eq!(first.len(), 31);
        let age_of = |id: &str| age(id).map(|age| age.as_secs() / 60);
        assert_eq!(age_of(&format!("{}a", for_session(&first, 7))), Some(0));
        let long_ago = age_of("contract-00000000-0123456789ab-0000-a");
        assert!(long_ago.is_some_and(|minutes| minutes > 60 * 24 * 365));
        assert!(
            shell_expression(&for_session(&first, 7)).is_some()
                && shell_expression("01234567-").is_none()
        );
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
    fn only_a_namespace_of_this_module_is_recognised() {
        let run = for_run();
        assert!(is_of_run(&run) && is_of_session(&for_session(&run, 0x1_0000), &run));
        for invalid in [
            "",
            "contract-",
            "a",
            &for_session(&run, 7),
            &run[..run.len() - 1],
        ] {
            assert!(!is_of_run(invalid), "{invalid}");
            assert!(!is_of_session(invalid, &for_run()), "{invalid}");
        }
        assert!(!is_of_session(&run, &run) && !is_of_session(&format!("{run}a-b-"), &run));
    }
}
