//! Compares the search and the minimiser with a search without shortcuts, on small random histories.

use std::fmt::Debug;

use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

use crate::toolkit::linearizability::history::{Entry, Operation};
use crate::toolkit::linearizability::linearize::is_linearizable;
use crate::toolkit::linearizability::minimise::{with_dependents, without};
use crate::toolkit::linearizability::register::RegisterOperation::{
    Read, ReadOther, Replace, Update, Write,
};
use crate::toolkit::linearizability::register::{RegisterEntry, RegisterOperation};
use crate::toolkit::linearizability::tests::entry;

/// An operation of an object with four states: the step from each of them.
#[derive(Clone, Copy, Debug)]
struct AnyOperation([Option<usize>; 4]);

impl Operation for AnyOperation {
    type State = usize;

    fn step(&self, state: &usize) -> Option<usize> {
        self.0[*state]
    }
}

/// Tries every order, with nothing but the steps of the operations.
fn by_brute_force<O: Operation>(entries: &[Entry<O>]) -> bool {
    can_complete(entries, 0, &O::State::default())
}

fn can_complete<O: Operation>(entries: &[Entry<O>], done: u32, state: &O::State) -> bool {
    let remaining = || (0..entries.len()).filter(|index| done & (1 << index) == 0);
    let is_next = |&index: &usize| {
        let before = |end| end <= entries[index].invoked;
        !remaining().any(|earlier| entries[earlier].returned.is_some_and(before))
    };
    let leads_to_end = |index: usize| {
        let next = entries[index].operation.step(state);
        next.is_some_and(|next| can_complete(entries, done | (1 << index), &next))
    };
    remaining().all(|index| entries[index].returned.is_none())
        || remaining().filter(is_next).any(leads_to_end)
}

/// Returns `true` if the operations stay linearizable when any one is removed with its dependents.
fn removals_are_sound<O: Clone + Operation>(entries: &[Entry<O>]) -> bool {
    let fewer = |index| without(entries, with_dependents(entries, index));
    !by_brute_force(entries) || (0..entries.len()).all(|index| by_brute_force(&fewer(index)))
}

/// Draws up to seven operations with their times. Some are ambiguous.
fn history<O: Debug>(operation: impl Strategy<Value = O>) -> impl Strategy<Value = Vec<Entry<O>>> {
    let drawn = (
        operation,
        0..12_u64,
        1..8_u64,
        proptest::bool::weighted(0.3),
    );
    let entry = drawn.prop_map(|(operation, invoked, duration, is_ambiguous)| {
        entry(
            operation,
            invoked,
            (!is_ambiguous).then_some(invoked + duration),
        )
    });
    proptest::collection::vec(entry, 1..=7)
}

/// Draws register operations of all kinds. The value of a PUT is its index in the history.
fn register_history() -> impl Strategy<Value = Vec<RegisterEntry>> {
    history(register_operation()).prop_map(|mut entries| {
        for (entry, number) in entries.iter_mut().zip(0..) {
            if let Write(Some(to)) | Replace { to: Some(to), .. } | Update(Some(to)) =
                &mut entry.operation
            {
                *to = number;
            }
        }
        entries
    })
}

fn register_operation() -> impl Strategy<Value = RegisterOperation> {
    let value = || proptest::option::weighted(0.8, 0..5_u64);
    let to = || proptest::option::weighted(0.7, Just(0));
    prop_oneof![
        3 => to().prop_map(Write),
        3 => (value(), to()).prop_map(|(from, to)| Replace { from, to }),
        2 => to().prop_map(Update),
        3 => value().prop_map(Read),
        2 => value().prop_map(ReadOther),
    ]
}

fn any_operation() -> impl Strategy<Value = AnyOperation> {
    let state = || 0..4_usize;
    let step = proptest::option::weighted(0.6, state());
    prop_oneof![
        proptest::array::uniform4(step).prop_map(AnyOperation),
        state().prop_map(|to| AnyOperation([Some(to); 4])),
        proptest::array::uniform4(any::<bool>()).prop_map(|possible| {
            AnyOperation([0, 1, 2, 3].map(|state| possible[state].then_some(state)))
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_search_agrees_with_brute_force(entries in register_history()) {
        prop_assert_eq!(is_linearizable(&entries), by_brute_force(&entries));
    }

    #[test]
    fn the_search_agrees_with_brute_force_on_any_operations(entries in history(any_operation())) {
        prop_assert_eq!(is_linearizable(&entries), by_brute_force(&entries));
    }

    #[test]
    fn a_linearizable_history_stays_so_without_an_operation_and_its_dependents(entries in register_history()) {
        prop_assert!(removals_are_sound(&entries));
    }

    #[test]
    fn any_linearizable_history_stays_so_without_an_operation_and_its_dependents(
        entries in history(any_operation()),
    ) {
        prop_assert!(removals_are_sound(&entries));
    }
}
