//! What every id of one run begins with, in a table where others have items too.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What an id begins with that is a test's, whoever's test it is.
const MARK: &str = "contract-";

/// How many hexadecimal digits have the seconds since 1970 at which a run began, and its random part.
const DIGITS: [usize; 2] = [8, 12];

/// The namespace of a run that begins now: 31 characters that nobody has used before.
#[must_use]
pub fn of_run() -> String {
    let [seconds, chance] = DIGITS;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    // The standard library seeds its hashers with what randomness the system has.
    let random = RandomState::new().build_hasher().finish() >> (64 - 4 * chance);
    format!("{MARK}{now:0seconds$x}-{random:0chance$x}-")
}

/// The namespace of one test of a run, or of one attempt to shrink it.
#[must_use]
pub fn of_visit(run: &str, number: u32) -> String {
    format!("{run}{number:04x}-")
}

/// The shell's way to a namespace that is fresh each time, and as long as this one.
#[must_use]
pub fn in_shell(namespace: &str) -> Option<&'static str> {
    let fresh = "$(printf 'contract-%08x-%012x-0000-' \"$(date +%s)\" \"$$\")";
    age(namespace).map(|_| fresh)
}

/// How long ago the run began in whose namespace this id is; `None` if it is in none.
#[must_use]
pub fn age(id: &str) -> Option<Duration> {
    let mut parts = id.strip_prefix(MARK)?.splitn(3, '-');
    let mut number = |digits| {
        let part = parts.next().filter(|part| part.len() == digits)?;
        u64::from_str_radix(part, 16).ok()
    };
    let begun = number(DIGITS[0])?;
    number(DIGITS[1])?;
    parts.next()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(now.saturating_sub(Duration::from_secs(begun)))
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
        assert_eq!(age_of(&format!("{}a", of_visit(&one, 7))), Some(0));
        let long_ago = age_of("contract-00000000-0123456789ab-0000-a");
        assert!(long_ago.is_some_and(|minutes| minutes > 60 * 24 * 365));
        assert!(in_shell(&of_visit(&one, 7)).is_some() && in_shell("01234567-").is_none());
        for id in [
            "",
            "a",
            "contract-",
            "contract-1-2-3",
            "contract-00000000-0123456789ab",
            "Contract-00000000-0123456789ab-a",
            "contract-0000000g-0123456789ab-a",
        ] {
            assert_eq!(age(id), None, "{id}");
        }
    }
}
