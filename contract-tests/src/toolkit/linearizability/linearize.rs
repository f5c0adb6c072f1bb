//! The linearizability check of the operations on one item: a search for an order that explains every read (the
//! algorithm of Wing and Gong, with Lowe's memoization).

use std::collections::HashSet;

use crate::toolkit::linearizability::history::{Effect, Entry, RegisterValue};

/// The maximum number of operations on one item that can be checked. No test sends as many.
const MAX_ENTRIES: usize = 128;

/// Returns `true` if the operations have an order in which each read shows the value of the last write before it, and
/// an operation that ended before another began comes first. An ambiguous write may come anywhere after the operations
/// that ended before it was sent, or not at all.
///
/// # Panics
/// If there are more than 128 operations, not counting ambiguous writes whose value is never read.
#[must_use]
pub fn is_linearizable(entries: &[Entry]) -> bool {
    // An ambiguous write whose value is never read explains nothing.
    let is_irrelevant = |entry: &&Entry| match entry.effect {
        Effect::Write(value) => entry.returned.is_none() && !is_read(entries, value),
        Effect::Read(_) => false,
    };
    let entries: Vec<_> = entries
        .iter()
        .filter(|entry| !is_irrelevant(entry))
        .collect();
    assert!(
        entries.len() <= MAX_ENTRIES,
        "{} operations on one item are too many",
        entries.len()
    );
    Search {
        entries,
        dead_ends: HashSet::new(),
    }
    .can_complete(0, None)
}

/// Returns `true` if any of these operations reads this value.
fn is_read<'a>(entries: impl IntoIterator<Item = &'a Entry>, value: RegisterValue) -> bool {
    entries.into_iter().any(|entry| entry.read() == Some(value))
}

struct Search<'a> {
    entries: Vec<&'a Entry>,
    /// The sets of placed operations, each with the value after them, that no order completes.
    dead_ends: HashSet<(u128, RegisterValue)>,
}

impl Search<'_> {
    fn can_complete(&mut self, mut done: u128, value: RegisterValue) -> bool {
        // A read that fits is placed now: if there is an order with the read later, there is also one with it here.
        loop {
            let fits = |index: &usize| self.entries[*index].effect == Effect::Read(value);
            match self.candidates(done).into_iter().find(fits) {
                Some(read) => done |= 1 << read,
                None => break,
            }
        }
        let required =
            |(index, entry): (usize, &&Entry)| done & (1 << index) == 0 && entry.returned.is_some();
        if !self.entries.iter().enumerate().any(required) {
            return true;
        }
        if self.dead_ends.contains(&(done, value)) {
            return false;
        }
        // A value is put only once, so every remaining read of it must come before it is replaced.
        let reads_left = |(index, entry): (usize, &&Entry)| {
            done & (1 << index) == 0 && value.is_some() && entry.read() == Some(value)
        };
        let replaceable = !self.entries.iter().enumerate().any(reads_left);
        if replaceable
            && self
                .next_writes(done)
                .into_iter()
                .any(|(index, written)| self.can_complete(done | (1 << index), written))
        {
            return true;
        }
        self.dead_ends.insert((done, value));
        false
    }

    /// Returns the writes that are worth trying next.
    fn next_writes(&self, done: u128) -> Vec<(usize, RegisterValue)> {
        let mut writes: Vec<_> = self
            .candidates(done)
            .into_iter()
            .filter_map(|index| match self.entries[index].effect {
                Effect::Write(written) => Some((index, written)),
                Effect::Read(_) => None,
            })
            .collect();
        // Every read that fits is placed, so a write is next. If one of the writes is never read, only that one is
        // worth trying: it was answered, so every order has it somewhere, and it can be moved here because no read sees
        // it in either place.
        let never_read = |(_, written): &(usize, RegisterValue)| {
            !is_read(self.entries.iter().copied(), *written)
        };
        if let Some(index) = writes.iter().position(never_read) {
            writes = vec![writes[index]];
        }
        writes
    }

    /// Returns the operations that may come next: those sent before any of the remaining ones was answered.
    fn candidates(&self, done: u128) -> Vec<usize> {
        let remaining = || (0..self.entries.len()).filter(|index| done & (1 << index) == 0);
        let first_return = remaining()
            .filter_map(|index| self.entries[index].returned)
            .min();
        remaining()
            .filter(|&index| first_return.is_none_or(|end| self.entries[index].invoked < end))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, ProptestConfig, Strategy, prop_assert_eq, prop_oneof, proptest};

    use super::*;

    fn write(value: RegisterValue, invoked: u64, returned: impl Into<Option<u64>>) -> Entry {
        Entry {
            client: 0,
            effect: Effect::Write(value),
            invoked,
            returned: returned.into(),
        }
    }

    fn read(value: RegisterValue, invoked: u64, returned: u64) -> Entry {
        Entry {
            client: 1,
            effect: Effect::Read(value),
            invoked,
            returned: Some(returned),
        }
    }

    #[test]
    fn sequential_operations_take_effect_in_order() {
        let put = write(Some(1), 1, 2);
        assert!(is_linearizable(&[put.clone(), read(Some(1), 3, 4)]));
        assert!(
            !is_linearizable(&[put.clone(), read(None, 3, 4)]),
            "a lost write"
        );
        let replaced = [put, write(Some(2), 3, 4), read(Some(1), 5, 6)];
        assert!(!is_linearizable(&replaced), "a stale read");
        assert!(
            !is_linearizable(&[read(Some(9), 1, 2)]),
            "a value that was never put"
        );
    }

    #[test]
    fn either_of_two_concurrent_writes_may_be_first() {
        let writes = [write(Some(1), 1, 10), write(Some(2), 2, 9)];
        for last in [1, 2] {
            let mut entries = writes.to_vec();
            entries.push(read(Some(last), 11, 12));
            assert!(is_linearizable(&entries));
        }
        let mut entries = writes.to_vec();
        entries.extend([read(Some(1), 11, 12), read(Some(2), 13, 14)]);
        assert!(
            !is_linearizable(&entries),
            "only one of them can be the last"
        );
    }

    #[test]
    fn an_ambiguous_write_may_take_effect_late_or_never() {
        let ambiguous = write(Some(2), 3, None);
        let known = [write(Some(1), 1, 2), ambiguous];
        for value in [1, 2] {
            let mut entries = known.to_vec();
            entries.push(read(Some(value), 100, 101));
            assert!(is_linearizable(&entries), "{value}");
        }
        let mut entries = known.to_vec();
        entries.extend([read(Some(2), 100, 101), read(Some(1), 102, 103)]);
        assert!(!is_linearizable(&entries), "it cannot be undone");
        entries[1].invoked = 110;
        assert!(
            !is_linearizable(&entries[..3]),
            "it cannot come before it was sent"
        );
    }

    #[test]
    fn a_hundred_concurrent_operations_are_checked_fast() {
        let mut entries: Vec<_> = (0..50).map(|n| write(Some(n), n, 1000 + n)).collect();
        entries.extend((0..50).map(|n| read(Some(n), 100 + n, 900 + n)));
        assert!(is_linearizable(&entries));
        entries.push(read(None, 2000, 2001));
        entries.truncate(110);
        let concurrent = 8;
        let waves = (0..96).map(|n| write(Some(n), n / concurrent * 10, n / concurrent * 10 + 9));
        let mut entries: Vec<_> = waves.collect();
        entries.push(read(Some(0), 1000, 1001));
        assert!(!is_linearizable(&entries));
    }

    #[test]
    fn many_ambiguous_writes_are_checked_fast() {
        // Eight clients send one PUT after another. Every fourth response is lost, and half of those writes are read
        // late.
        let puts = (0..88).map(|n| {
            let begin = n / 8 * 10;
            write(Some(n), begin, (n % 4 > 0).then_some(begin + 9))
        });
        let mut entries: Vec<_> = puts.collect();
        entries.extend((0..11).map(|n| read(Some(8 * n), 200 + 2 * n, 201 + 2 * n)));
        assert!(is_linearizable(&entries));
        // A value that was read, and replaced since, cannot be read again.
        entries.push(read(Some(8), 300, 301));
        assert!(!is_linearizable(&entries));
    }

    #[test]
    fn puts_that_are_never_read_are_checked_fast() {
        let waves = (0..120).map(|n| write(Some(n), n / 12 * 10, n / 12 * 10 + 9));
        let mut entries: Vec<_> = waves.collect();
        entries.push(read(Some(0), 1000, 1001));
        let mut search = Search {
            entries: entries.iter().collect(),
            dead_ends: HashSet::new(),
        };
        assert!(!search.can_complete(0, None));
        let states = search.dead_ends.len();
        assert!(states <= 2 * entries.len(), "{states} states were tried");
    }

    /// Tries every order, without the shortcuts of [`Search`].
    fn is_linearizable_by_brute_force(entries: &[Entry], done: u32, value: RegisterValue) -> bool {
        let remaining = || (0..entries.len()).filter(|index| done & (1 << index) == 0);
        let is_next = |&index: &usize| {
            let before = |end| end <= entries[index].invoked;
            !remaining().any(|earlier| entries[earlier].returned.is_some_and(before))
        };
        remaining().all(|index| entries[index].returned.is_none())
            || remaining()
                .filter(is_next)
                .any(|index| match entries[index].effect {
                    Effect::Write(written) => {
                        is_linearizable_by_brute_force(entries, done | (1 << index), written)
                    }
                    Effect::Read(read) => {
                        read == value
                            && is_linearizable_by_brute_force(entries, done | (1 << index), value)
                    }
                })
    }

    fn history() -> impl Strategy<Value = Vec<Entry>> {
        let effect = prop_oneof![
            3 => Just(Effect::Write(Some(0))),
            1 => Just(Effect::Write(None)),
            3 => proptest::option::of(0..5_u64).prop_map(Effect::Read),
        ];
        let entry = (effect, 0..12_u64, 1..8_u64, proptest::bool::weighted(0.2));
        proptest::collection::vec(entry, 1..=7).prop_map(|entries| {
            let numbered = (0..).zip(entries);
            let entries = numbered.map(|(number, (effect, invoked, duration, is_ambiguous))| {
                let returned = (!is_ambiguous).then_some(invoked + duration);
                match effect {
                    Effect::Write(Some(_)) => write(Some(number), invoked, returned),
                    Effect::Write(None) => write(None, invoked, returned),
                    Effect::Read(value) => read(value, invoked, invoked + duration),
                }
            });
            entries.collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_search_agrees_with_brute_force(entries in history()) {
            prop_assert_eq!(is_linearizable(&entries), is_linearizable_by_brute_force(&entries, 0, None));
        }
    }
}
