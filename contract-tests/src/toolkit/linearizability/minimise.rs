//! Minimises a history that is not linearizable by removing operations, without running anything again.

use crate::toolkit::linearizability::history::{Effect, Entry};
use crate::toolkit::linearizability::linearize::is_linearizable;

/// Removes operations as long as the rest is not linearizable. Removes only reads, and writes that explain none of the
/// remaining reads: the removal of any other write could itself make the rest not linearizable.
#[must_use]
pub fn minimise(mut entries: Vec<Entry>) -> Vec<Entry> {
    let mut index = 0;
    while index < entries.len() {
        let mut fewer = entries.clone();
        let removed = fewer.remove(index);
        let is_safe = fewer
            .iter()
            .all(|read| !may_explain(&removed, read, &fewer));
        if is_safe && !is_linearizable(&fewer) {
            // An operation that had to stay before may be removable now.
            entries = fewer;
            index = 0;
        } else {
            index += 1;
        }
    }
    entries
}

/// Returns `true` if `read` may show the effect of `write`. A read cannot show a DELETE that began after the read
/// ended. It cannot show a DELETE either if a PUT certainly took place between the two. A PUT always counts if its
/// value is read, because a person wants to see where the value comes from.
fn may_explain(write: &Entry, read: &Entry, entries: &[Entry]) -> bool {
    let (Effect::Write(written), Some(found)) = (write.effect, read.read()) else {
        return false;
    };
    let before =
        |earlier: &Entry, later: &Entry| earlier.returned.is_some_and(|end| end < later.invoked);
    let put_between = |entry: &Entry| {
        matches!(entry.effect, Effect::Write(Some(_)))
            && before(write, entry)
            && before(entry, read)
    };
    let by_delete = || !before(read, write) && !entries.iter().any(put_between);
    written == found && (written.is_some() || by_delete())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(effect: Effect, at: u64) -> Entry {
        Entry {
            client: 0,
            effect,
            invoked: at,
            returned: Some(at + 1),
        }
    }

    /// Returns the effects that remain of one client's operations, each sent after the one before.
    fn minimised<const N: usize>(effects: [Effect; N]) -> Vec<Effect> {
        let entries = effects
            .into_iter()
            .zip(0..)
            .map(|(effect, at)| entry(effect, 2 * at));
        let minimised = minimise(entries.collect());
        minimised.iter().map(|entry| entry.effect).collect()
    }

    #[test]
    fn a_lost_write_is_minimised_to_three_operations() {
        let effects = [
            Effect::Write(Some(1)),
            Effect::Read(Some(1)),
            Effect::Write(None),
            Effect::Read(None),
            Effect::Write(Some(2)),
            Effect::Write(Some(3)),
            Effect::Read(Some(2)),
            Effect::Read(Some(2)),
        ];
        assert_eq!(
            minimised(effects),
            [
                Effect::Write(Some(2)),
                Effect::Write(Some(3)),
                Effect::Read(Some(2))
            ]
        );
    }

    #[test]
    fn deletes_that_explain_nothing_are_left_out() {
        let effects = [
            Effect::Write(None),
            Effect::Read(None),
            Effect::Write(Some(1)),
            Effect::Read(None),
            Effect::Write(None),
        ];
        assert_eq!(
            minimised(effects),
            [Effect::Write(Some(1)), Effect::Read(None)]
        );
    }
}
