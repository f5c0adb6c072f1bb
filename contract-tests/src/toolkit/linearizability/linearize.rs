//! Linearizability of the operations on one item: whether they can be put in one order that explains
//! every read (the search of Wing and Gong, with the memory of Lowe).

use std::collections::HashSet;

use crate::toolkit::linearizability::history::{Effect, Event, Value};

/// The most operations of one item that can be checked, which is more than any test makes.
const MOST: usize = 128;

/// Whether there is an order, in keeping with who came after whom, in which each read shows what the
/// write before it left. What is of unknown fate may come at any later place, or nowhere.
///
/// # Panics
/// For more than 128 operations.
#[must_use]
pub fn is_linearizable(events: &[Event]) -> bool {
    // A write that may never have happened, and that nobody saw, explains nothing.
    let needless = |event: &&Event| match event.effect {
        Effect::Write(value) => event.returned.is_none() && !is_read(events, value),
        Effect::Read(_) => false,
    };
    let events: Vec<_> = events.iter().filter(|event| !needless(event)).collect();
    assert!(
        events.len() <= MOST,
        "{} operations on one item are too many",
        events.len()
    );
    Search {
        events,
        failed: HashSet::new(),
    }
    .completes(0, None)
}

/// Returns `true` if any of these operations read this value.
fn is_read<'a>(events: impl IntoIterator<Item = &'a Event>, value: Value) -> bool {
    events.into_iter().any(|event| event.read() == Some(value))
}

struct Search<'a> {
    events: Vec<&'a Event>,
    /// From which sets of operations and which value there is no way on.
    failed: HashSet<(u128, Value)>,
}

impl Search<'_> {
    fn completes(&mut self, mut done: u128, value: Value) -> bool {
        // A read that fits can come at once: whatever order it would fit into later, it fits here.
        loop {
            let fits = |at: &usize| self.events[*at].effect == Effect::Read(value);
            match self.candidates(done).into_iter().find(fits) {
                Some(read) => done |= 1 << read,
                None => break,
            }
        }
        let required =
            |(at, event): (usize, &&Event)| done & (1 << at) == 0 && event.returned.is_some();
        if !self.events.iter().enumerate().any(required) {
            return true;
        }
        if self.failed.contains(&(done, value)) {
            return false;
        }
        // A value is put only once, so whoever is still to read it must come before it is replaced.
        let reads_left = |(at, event): (usize, &&Event)| {
            done & (1 << at) == 0 && value.is_some() && event.read() == Some(value)
        };
        let replaceable = !self.events.iter().enumerate().any(reads_left);
        if replaceable
            && self
                .next_writes(done)
                .into_iter()
                .any(|(at, written)| self.completes(done | (1 << at), written))
        {
            return true;
        }
        self.failed.insert((done, value));
        false
    }

    /// Returns the writes that are worth trying next.
    fn next_writes(&self, done: u128) -> Vec<(usize, Value)> {
        let mut writes: Vec<_> = self
            .candidates(done)
            .into_iter()
            .filter_map(|at| match self.events[at].effect {
                Effect::Write(written) => Some((at, written)),
                Effect::Read(_) => None,
            })
            .collect();
        // Every read that fits has come, so a write is next. A write that is never read may be that one: it was
        // answered, so that every order has it somewhere, and from there it can be moved here, because no read sees
        // it in either place.
        let never_read =
            |(_, written): &(usize, Value)| !is_read(self.events.iter().copied(), *written);
        if let Some(at) = writes.iter().position(never_read) {
            writes = vec![writes[at]];
        }
        writes
    }

    /// What may come next: what was sent before any of the rest was answered.
    fn candidates(&self, done: u128) -> Vec<usize> {
        let rest = || (0..self.events.len()).filter(|at| done & (1 << at) == 0);
        let first_return = rest().filter_map(|at| self.events[at].returned).min();
        rest()
            .filter(|&at| first_return.is_none_or(|end| self.events[at].invoked < end))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, ProptestConfig, Strategy, prop_assert_eq, prop_oneof, proptest};

    use super::*;

    fn write(value: Value, invoked: u64, returned: impl Into<Option<u64>>) -> Event {
        Event {
            client: 0,
            effect: Effect::Write(value),
            invoked,
            returned: returned.into(),
        }
    }

    fn read(value: Value, invoked: u64, returned: u64) -> Event {
        Event {
            client: 1,
            effect: Effect::Read(value),
            invoked,
            returned: Some(returned),
        }
    }

    #[test]
    fn one_after_the_other() {
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
            "a value from nowhere"
        );
    }

    #[test]
    fn at_once_either_may_be_first() {
        let writes = [write(Some(1), 1, 10), write(Some(2), 2, 9)];
        for last in [1, 2] {
            let mut events = writes.to_vec();
            events.push(read(Some(last), 11, 12));
            assert!(is_linearizable(&events));
        }
        let mut events = writes.to_vec();
        events.extend([read(Some(1), 11, 12), read(Some(2), 13, 14)]);
        assert!(!is_linearizable(&events), "both cannot be the last");
    }

    #[test]
    fn an_unknown_fate_may_be_late_or_never() {
        let unknown = write(Some(2), 3, None);
        let known = [write(Some(1), 1, 2), unknown];
        for value in [1, 2] {
            let mut events = known.to_vec();
            events.push(read(Some(value), 100, 101));
            assert!(is_linearizable(&events), "{value}");
        }
        let mut events = known.to_vec();
        events.extend([read(Some(2), 100, 101), read(Some(1), 102, 103)]);
        assert!(!is_linearizable(&events), "it cannot be undone");
        events[1].invoked = 110;
        assert!(
            !is_linearizable(&events[..3]),
            "it cannot come before it was sent"
        );
    }

    #[test]
    fn a_hundred_operations_at_once_take_no_time() {
        let mut events: Vec<_> = (0..50).map(|n| write(Some(n), n, 1000 + n)).collect();
        events.extend((0..50).map(|n| read(Some(n), 100 + n, 900 + n)));
        assert!(is_linearizable(&events));
        events.push(read(None, 2000, 2001));
        events.truncate(110);
        let concurrent = 8;
        let waves = (0..96).map(|n| write(Some(n), n / concurrent * 10, n / concurrent * 10 + 9));
        let mut events: Vec<_> = waves.collect();
        events.push(read(Some(0), 1000, 1001));
        assert!(!is_linearizable(&events));
    }

    #[test]
    fn many_unknown_fates_take_no_time() {
        // Eight clients put one after the other; every fourth answer is lost, and half of those writes
        // are seen late.
        let puts = (0..88).map(|n| {
            let begin = n / 8 * 10;
            write(Some(n), begin, (n % 4 > 0).then_some(begin + 9))
        });
        let mut events: Vec<_> = puts.collect();
        events.extend((0..11).map(|n| read(Some(8 * n), 200 + 2 * n, 201 + 2 * n)));
        assert!(is_linearizable(&events));
        // The last answered ones cannot come after a late one that was seen before.
        events.push(read(Some(8), 300, 301));
        assert!(!is_linearizable(&events));
    }

    #[test]
    fn puts_that_are_never_read_take_no_time() {
        let waves = (0..120).map(|n| write(Some(n), n / 12 * 10, n / 12 * 10 + 9));
        let mut events: Vec<_> = waves.collect();
        events.push(read(Some(0), 1000, 1001));
        let mut search = Search {
            events: events.iter().collect(),
            failed: HashSet::new(),
        };
        assert!(!search.completes(0, None));
        let tried = search.failed.len();
        assert!(tried <= 2 * events.len(), "{tried} states were tried");
    }

    /// Tries every order, without any of the shortcuts.
    fn has_an_order(events: &[Event], done: u32, value: Value) -> bool {
        let rest = || (0..events.len()).filter(|at| done & (1 << at) == 0);
        let is_next = |&at: &usize| {
            let before = |end| end <= events[at].invoked;
            !rest().any(|other| events[other].returned.is_some_and(before))
        };
        rest().all(|at| events[at].returned.is_none())
            || rest().filter(is_next).any(|at| match events[at].effect {
                Effect::Write(written) => has_an_order(events, done | (1 << at), written),
                Effect::Read(read) => {
                    read == value && has_an_order(events, done | (1 << at), value)
                }
            })
    }

    fn history() -> impl Strategy<Value = Vec<Event>> {
        let effect = prop_oneof![
            3 => Just(Effect::Write(Some(0))),
            1 => Just(Effect::Write(None)),
            3 => proptest::option::of(0..5_u64).prop_map(Effect::Read),
        ];
        let event = (effect, 0..12_u64, 1..8_u64, proptest::bool::weighted(0.2));
        proptest::collection::vec(event, 1..=7).prop_map(|events| {
            let numbered = (0..).zip(events);
            let events = numbered.map(|(number, (effect, invoked, lasts, unknown))| {
                let returned = (!unknown).then_some(invoked + lasts);
                match effect {
                    Effect::Write(Some(_)) => write(Some(number), invoked, returned),
                    Effect::Write(None) => write(None, invoked, returned),
                    Effect::Read(value) => read(value, invoked, invoked + lasts),
                }
            });
            events.collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_search_finds_an_order_wherever_there_is_one(events in history()) {
            prop_assert_eq!(is_linearizable(&events), has_an_order(&events, 0, None));
        }
    }
}
