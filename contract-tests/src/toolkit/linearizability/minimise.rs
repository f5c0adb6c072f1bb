//! Minimises a history that is not linearizable by removing operations, without running anything again.

use crate::toolkit::linearizability::history::{Entry, Operation};
use crate::toolkit::linearizability::linearize::is_linearizable;
use crate::toolkit::linearizability::transitions::{Operations, Transitions, members, set};

/// Removes operations as long as the rest is not linearizable. With an operation it removes every answered one that the
/// operation may explain: else the removal could itself make the rest not linearizable. It also removes every answered
/// one that is then not possible in any reachable state, because a person wants to see where a value comes from.
///
/// # Panics
/// If there are more than 128 operations, or if they can reach more than 1024 states.
#[must_use]
pub fn minimise<O: Clone + Operation>(mut entries: Vec<Entry<O>>) -> Vec<Entry<O>> {
    loop {
        let size = entries.len();
        let mut index = 0;
        while index < entries.len() {
            let fewer = without(&entries, with_dependents(&entries, index));
            if is_linearizable(&fewer) {
                index += 1;
            } else {
                entries = fewer;
            }
        }
        // An operation that had to stay may be removable after a later one was removed.
        if entries.len() == size {
            return entries;
        }
    }
}

/// Returns the operations except those of a set.
pub(super) fn without<O: Clone>(entries: &[Entry<O>], removed: Operations) -> Vec<Entry<O>> {
    let kept = members(set(0..entries.len()) & !removed);
    kept.map(|index| entries[index].clone()).collect()
}

/// Returns the set of this operation and of those that must be removed with it. If the rest is not linearizable, then
/// all operations are not either: from an order of all of them, the last operation of the set can be left out, together
/// with the ambiguous ones that it explains, and then the last one that is left, until none is.
pub(super) fn with_dependents<O: Operation>(entries: &[Entry<O>], index: usize) -> Operations {
    let transitions = Transitions::new(entries);
    let all = set(0..entries.len());
    let answered = set((0..entries.len()).filter(|index| entries[*index].returned.is_some()));
    let possible = transitions.possible_later(0, all);
    let mut removed = 1 << index;
    loop {
        let kept = all & !removed;
        let explained = members(removed).fold(0, |explained, index| {
            explained | explained_by(entries, &transitions, kept, index)
        });
        let lost = possible & !transitions.possible_later(0, kept);
        let dependents = (explained | lost) & answered & kept;
        if dependents == 0 {
            return removed;
        }
        removed |= dependents;
    }
}

/// Returns the operations of `kept` that may come directly after this one, or after others that are left out with it,
/// and that lead to another state without them, or to none.
fn explained_by<O: Operation>(
    entries: &[Entry<O>],
    transitions: &Transitions,
    kept: Operations,
    index: usize,
) -> Operations {
    let entry = &entries[index];
    let may_follow = |other: &usize| {
        let is_between = |between: usize| {
            entry.is_before(&entries[between]) && entries[between].is_before(&entries[*other])
        };
        !entries[*other].is_before(entry) && !members(kept).any(is_between)
    };
    let following: Vec<_> = members(kept).filter(may_follow).collect();
    let may_precede = |other: &usize| *other != index && !entry.is_before(&entries[*other]);
    let preceding = set((0..entries.len()).filter(may_precede));
    let mut explained = 0;
    for without in transitions.reachable(0, preceding) {
        // The states after the operation, and after others that are left out with it.
        let mut states: Vec<_> = transitions.step(index, without).into_iter().collect();
        let mut explored = 0;
        while let Some(&state) = states.get(explored) {
            explored += 1;
            for &other in &following {
                let next = transitions.step(other, state);
                let Some(next) = next.filter(|_| next != transitions.step(other, without)) else {
                    continue;
                };
                explained |= 1 << other;
                if !states.contains(&next) {
                    states.push(next);
                }
            }
        }
    }
    explained
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolkit::linearizability::register::RegisterOperation;
    use crate::toolkit::linearizability::register::RegisterOperation::{
        Read, ReadOther, Replace, Update, Write,
    };

    /// Returns the operations that remain of one client's operations, each sent after the one before.
    fn minimised<const N: usize>(operations: [RegisterOperation; N]) -> Vec<RegisterOperation> {
        let entries = operations
            .into_iter()
            .zip((1..).step_by(2))
            .map(|(operation, invoked)| Entry {
                client: 0,
                operation,
                invoked,
                returned: Some(invoked + 1),
            });
        let minimised = minimise(entries.collect());
        minimised.iter().map(|entry| entry.operation).collect()
    }

    #[test]
    fn a_lost_write_is_minimised_to_three_operations() {
        let operations = [
            Write(Some(1)),
            Read(Some(1)),
            Write(None),
            Read(None),
            Write(Some(2)),
            Write(Some(3)),
            Read(Some(2)),
            Read(Some(2)),
        ];
        assert_eq!(
            minimised(operations),
            [Write(Some(2)), Write(Some(3)), Read(Some(2))]
        );
    }

    #[test]
    fn deletes_that_explain_nothing_are_left_out() {
        let operations = [
            Write(None),
            Read(None),
            Write(Some(1)),
            Read(None),
            Write(None),
        ];
        assert_eq!(minimised(operations), [Write(Some(1)), Read(None)]);
    }

    #[test]
    fn two_replacements_of_one_value_are_minimised_to_three_operations() {
        let replace = |from, to| Replace {
            from: Some(from),
            to: Some(to),
        };
        let operations = [
            Write(Some(1)),
            Write(None),
            Replace {
                from: None,
                to: Some(2),
            },
            ReadOther(Some(1)),
            replace(2, 3),
            Read(Some(3)),
            replace(2, 4),
            Read(Some(4)),
            Update(None),
        ];
        let created = operations[2];
        assert_eq!(
            minimised(operations),
            [created, replace(2, 3), replace(2, 4)]
        );
    }

    #[test]
    fn a_wrong_refusal_is_minimised_to_the_last_write_and_the_refusal() {
        let operations = [
            Write(Some(1)),
            ReadOther(None),
            Update(Some(2)),
            Read(Some(2)),
            Write(Some(3)),
            ReadOther(Some(3)),
            Write(None),
            Read(None),
        ];
        assert_eq!(minimised(operations), [Write(Some(3)), ReadOther(Some(3))]);
        let operations = [
            Write(Some(1)),
            Update(None),
            Write(Some(2)),
            Update(Some(3)),
            Read(None),
        ];
        assert_eq!(minimised(operations), [Write(Some(2)), Read(None)]);
    }

    #[test]
    fn an_operation_that_makes_another_possible_is_kept() {
        let operations = [Write(Some(1)), Write(None), Update(Some(2))];
        assert_eq!(minimised(operations), operations);
    }
}
