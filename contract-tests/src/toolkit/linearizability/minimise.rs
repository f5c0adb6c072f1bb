//! The least of a rejected history that is still rejected, found without running anything again.

use crate::toolkit::linearizability::history::{Effect, Entry};
use crate::toolkit::linearizability::linearize::is_linearizable;

/// Leaves out all that the rejection does not need. Only what cannot make a history worse is ever left
/// out: a read, or a write that explains no read of what is left.
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
            // What stood in the way of an earlier removal may be gone now.
            entries = fewer;
            index = 0;
        } else {
            index += 1;
        }
    }
    entries
}

/// Whether what `read` found may be what `write` left: after a DELETE it is not if the read was over before,
/// or if a PUT certainly came between the two. A PUT stays as long as its value is read, for a person wants
/// to see where it comes from.
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

    /// What is left of effects of one client, each after the one before.
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
