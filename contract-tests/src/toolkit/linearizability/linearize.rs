//! The linearizability check of the operations on one object: a search for an order in which each operation is possible
//! (the algorithm of Wing and Gong, with Lowe's memoization).
//!
//! The search does not try every order. Its shortcuts follow from the steps of the operations, and can be used
//! together: of all orders that explain a history, take those with the fewest ambiguous operations, and of these the
//! first one, if they are sorted by their operations, with reads before other operations, and an operation before those
//! to which it is [preferred](Search::preferred). An order that a shortcut skips is not that one, because it could be
//! improved.

use std::collections::HashSet;

use crate::toolkit::linearizability::history::{Entry, Operation};
use crate::toolkit::linearizability::transitions::{Operations, Transitions, members, set};

/// Returns `true` if the operations have an order in which each is possible after those before it, and an operation
/// that ended before another began comes first. An ambiguous operation may come anywhere after the operations that
/// ended before it was sent, or not at all.
///
/// # Panics
/// If there are more than 128 operations, or if they can reach more than 1024 states.
#[must_use]
pub fn is_linearizable<O: Operation>(entries: &[Entry<O>]) -> bool {
    Search::new(entries).can_complete(0, 0)
}

/// A search for an order of the operations, which are known by their indices.
pub(super) struct Search {
    transitions: Transitions,
    /// The operations that were answered, and so are part of every order.
    answered: Operations,
    /// For each operation, the operations that ended before it began.
    before: Vec<Operations>,
    /// For each operation, the operations that are tried instead of it if they may come next too.
    preferred: Vec<Operations>,
    /// The sets of placed operations, each with the state after them, that no order completes.
    pub(super) dead_ends: HashSet<(Operations, usize)>,
}

impl Search {
    pub(super) fn new<O: Operation>(entries: &[Entry<O>]) -> Self {
        let transitions = Transitions::new(entries);
        let indices = || 0..entries.len();
        let of_each = |relation: &dyn Fn(usize, usize) -> bool| {
            let related = |index| set(indices().filter(|other| relation(*other, index)));
            indices().map(related).collect()
        };
        Self {
            answered: set(indices().filter(|index| entries[*index].returned.is_some())),
            before: of_each(&|other, index| entries[other].is_before(&entries[index])),
            // An operation is preferred if it was answered no later, and has no steps that the other one does not have.
            // A replacement of one value is so preferred to one of any value. In an order with the other one next, the
            // two can change places: the other one has the same step, and no operation between the two began after the
            // preferred one was answered, so none began after the other one was. If the preferred one is not in the
            // order, then both are ambiguous, and it can take the place of the other one.
            preferred: of_each(&|other, index| {
                let end = |index: usize| entries[index].returned.unwrap_or(u64::MAX);
                let has_only_steps_of = |other: usize, index: usize| {
                    transitions.states().all(|state| {
                        let step = transitions.step(other, state);
                        step.is_none() || step == transitions.step(index, state)
                    })
                };
                let is_equal = || end(other) == end(index) && has_only_steps_of(index, other);
                end(other) <= end(index)
                    && has_only_steps_of(other, index)
                    && (other < index || !is_equal())
            }),
            transitions,
            dead_ends: HashSet::new(),
        }
    }

    /// Returns `true` if the remaining operations have an order, after the operations that are `done` led to `state`.
    pub(super) fn can_complete(&mut self, done: Operations, state: usize) -> bool {
        let done = self.place_reads(done, state);
        if self.answered & !done == 0 {
            return true;
        }
        let possible = self.transitions.possible_later(state, !done);
        // An answered operation must take effect, but no remaining operation leads to a state in which it can.
        if self.answered & !done & !possible != 0 {
            return false;
        }
        // An ambiguous operation that cannot take effect any more makes no difference, so it counts as placed.
        let done = !possible;
        if self.dead_ends.contains(&(done, state)) {
            return false;
        }
        let can_continue = self.can_continue(done, state, &mut Vec::new());
        if !can_continue {
            self.dead_ends.insert((done, state));
        }
        can_continue
    }

    /// Places the reads that fit. In an order that has such a read later, it can be moved here: it does not change the
    /// state.
    fn place_reads(&self, mut done: Operations, state: usize) -> Operations {
        let fitting = self.answered & self.transitions.reads() & self.transitions.possible(state);
        loop {
            let next = self.candidates(done) & fitting;
            if next == 0 {
                return done;
            }
            done |= next;
        }
    }

    /// Tries each operation that may come next. `passed` has the states before each of the ambiguous operations since
    /// the last answered one.
    fn can_continue(&mut self, done: Operations, state: usize, passed: &mut Vec<usize>) -> bool {
        let candidates = self.candidates(done) & self.transitions.possible(state);
        for index in members(candidates) {
            let next = self.transitions.step(index, state);
            // An ambiguous operation can be left out if the operation after it leads to the same state without it. So
            // an ambiguous operation is placed only to make another one possible directly after it.
            let without_last = passed
                .last()
                .map(|before| self.transitions.step(index, *before));
            if self.preferred[index] & candidates != 0 || without_last == Some(next) {
                continue;
            }
            let next = next.expect("it is possible");
            let done = done | 1 << index;
            let can_continue = if self.answered & 1 << index != 0 {
                self.can_complete(done, next)
            } else if passed.contains(&next) {
                // Ambiguous operations that lead back to a state can be left out.
                false
            } else {
                passed.push(state);
                let can_continue = self.can_continue(done, next, passed);
                passed.pop();
                can_continue
            };
            if can_continue {
                return true;
            }
        }
        false
    }

    /// Returns the operations that may come next: those that began before any of the remaining ones ended.
    fn candidates(&self, done: Operations) -> Operations {
        let remaining = (0..self.before.len()).filter(|index| done & 1 << index == 0);
        set(remaining.filter(|index| self.before[*index] & !done == 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolkit::linearizability::register::RegisterEntry;
    use crate::toolkit::linearizability::register::RegisterOperation::{
        Read, ReadOther, Replace, Update, Write,
    };
    use crate::toolkit::linearizability::tests::entry;

    /// Returns a PUT of `to` on condition that the item has the value `from`.
    fn replace(
        from: u64,
        to: u64,
        invoked: u64,
        returned: impl Into<Option<u64>>,
    ) -> RegisterEntry {
        let (from, to) = (Some(from), Some(to));
        entry(Replace { from, to }, invoked, returned)
    }

    fn put(value: u64, invoked: u64, returned: impl Into<Option<u64>>) -> RegisterEntry {
        entry(Write(Some(value)), invoked, returned)
    }

    fn read(value: u64, invoked: u64, returned: u64) -> RegisterEntry {
        entry(Read(Some(value)), invoked, returned)
    }

    #[test]
    fn sequential_operations_take_effect_in_order() {
        assert!(is_linearizable(&[put(1, 1, 2), read(1, 3, 4)]));
        let lost = [put(1, 1, 2), entry(Read(None), 3, 4)];
        assert!(!is_linearizable(&lost), "a lost write");
        let stale = [put(1, 1, 2), put(2, 3, 4), read(1, 5, 6)];
        assert!(!is_linearizable(&stale), "a stale read");
        let unknown = [read(9, 1, 2)];
        assert!(!is_linearizable(&unknown), "a value that was never put");
    }

    #[test]
    fn either_of_two_concurrent_writes_may_be_first() {
        let writes = [put(1, 1, 10), put(2, 2, 9)];
        for last in [1, 2] {
            let mut entries = writes.to_vec();
            entries.push(read(last, 11, 12));
            assert!(is_linearizable(&entries));
        }
        let mut entries = writes.to_vec();
        entries.extend([read(1, 11, 12), read(2, 13, 14)]);
        assert!(
            !is_linearizable(&entries),
            "only one of them can be the last"
        );
    }

    #[test]
    fn an_ambiguous_write_may_take_effect_late_or_never() {
        let known = [put(1, 1, 2), put(2, 3, None)];
        for value in [1, 2] {
            let mut entries = known.to_vec();
            entries.push(read(value, 100, 101));
            assert!(is_linearizable(&entries), "{value}");
        }
        let mut entries = known.to_vec();
        entries.extend([read(2, 100, 101), read(1, 102, 103)]);
        assert!(!is_linearizable(&entries), "it cannot be undone");
        entries[1].invoked = 110;
        assert!(
            !is_linearizable(&entries[..3]),
            "it cannot come before it was sent"
        );
    }

    #[test]
    fn of_two_replacements_of_one_value_only_one_succeeds() {
        let both = [put(1, 1, 2), replace(1, 2, 3, 10), replace(1, 3, 4, 9)];
        assert!(!is_linearizable(&both));
        let one = [
            put(1, 1, 2),
            replace(1, 2, 3, 10),
            entry(ReadOther(Some(1)), 4, 9),
        ];
        assert!(is_linearizable(&one));
        let creations = [Some(1), Some(2)].map(|to| entry(Replace { from: None, to }, 1, 2));
        assert!(!is_linearizable(&creations), "it exists after the first");
        let [first, second] = creations;
        let deleted = [first, entry(Update(None), 1, 2), second];
        assert!(is_linearizable(&deleted), "it was deleted in between");
    }

    #[test]
    fn a_lost_update_is_not_linearizable() {
        let lost = [
            put(1, 1, 2),
            read(1, 3, 4),
            put(2, 5, 6),
            replace(1, 3, 7, 8),
        ];
        assert!(!is_linearizable(&lost));
        let deleted = [
            put(1, 1, 2),
            entry(Write(None), 3, 4),
            entry(Update(Some(2)), 5, 6),
        ];
        assert!(!is_linearizable(&deleted), "nothing is left to replace");
    }

    #[test]
    fn a_condition_fails_only_if_another_write_can_explain_it() {
        let failed = entry(ReadOther(Some(1)), 3, 6);
        assert!(!is_linearizable(&[put(1, 1, 2), failed.clone()]));
        for explanation in [
            put(2, 4, 5),
            put(2, 4, None),
            replace(1, 2, 4, None),
            entry(Write(None), 4, 5),
            entry(Update(None), 4, None),
        ] {
            let entries = [put(1, 1, 2), failed.clone(), explanation];
            assert!(is_linearizable(&entries), "{entries:?}");
        }
        for too_late in [put(2, 6, 7), put(2, 6, None)] {
            let entries = [put(1, 1, 2), failed.clone(), too_late];
            assert!(!is_linearizable(&entries), "{entries:?}");
        }
        let impossible = [put(1, 1, 2), failed, replace(3, 2, 4, None)];
        assert!(!is_linearizable(&impossible), "v3 was never put");
    }

    #[test]
    fn an_ambiguous_replacement_takes_effect_only_if_its_condition_holds() {
        let known = [put(1, 1, 2), replace(1, 2, 3, None)];
        for value in [1, 2] {
            let mut entries = known.to_vec();
            entries.push(read(value, 100, 101));
            assert!(is_linearizable(&entries), "{value}");
        }
        let mut entries = known.to_vec();
        entries.extend([put(3, 4, 5), read(3, 100, 101)]);
        assert!(is_linearizable(&entries), "it may have come before the PUT");
        entries.push(read(2, 102, 103));
        assert!(!is_linearizable(&entries), "v1 was replaced before");
    }

    #[test]
    fn one_ambiguous_write_explains_any_number_of_operations() {
        let created = [
            entry(Write(Some(1)), 1, None),
            entry(ReadOther(None), 2, 3),
            entry(ReadOther(None), 4, 5),
            entry(Update(Some(2)), 6, 7),
        ];
        assert!(is_linearizable(&created));
        // It takes an ambiguous DELETE and an ambiguous creation in this order.
        let recreated = [
            put(1, 1, 2),
            entry(
                Replace {
                    from: None,
                    to: Some(2),
                },
                3,
                None,
            ),
            entry(Write(None), 4, None),
            read(2, 5, 6),
        ];
        assert!(is_linearizable(&recreated));
        let [put, creation, _, read] = recreated;
        assert!(!is_linearizable(&[put, creation, read]));
    }
}
