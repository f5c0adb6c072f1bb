//! The states that the operations of a history can reach, as a table of steps. The search and the minimiser read in it
//! everything that they must know of the operations.

use std::collections::HashMap;
use std::hash::Hash;

use crate::toolkit::linearizability::history::{Entry, Operation};

/// The maximum number of operations of a history. No test sends as many.
pub const MAX_OPERATIONS: usize = 128;

/// The maximum number of states that the operations of a history can reach.
pub const MAX_STATES: usize = 1024;

/// A set of operations: bit `n` stands for the operation with the index `n`.
pub type Operations = u128;

/// The steps of the operations between the states that they can reach. States that no sequence of these operations can
/// tell apart are one state here, because an order is possible from all of them or from none.
pub struct Transitions {
    /// The step of each operation from each state. The first state is the initial one.
    steps: Vec<Vec<Option<usize>>>,
    /// The operations that are possible in each state.
    possible: Vec<Operations>,
    /// The operations that never change the state.
    reads: Operations,
    /// The operations that leave the same state in whichever state they are possible.
    constant: Operations,
}

impl Transitions {
    /// Returns the transitions of these operations.
    ///
    /// # Panics
    /// If there are more than 128 operations, or more than 1024 states.
    #[must_use]
    pub fn new<O: Operation>(entries: &[Entry<O>]) -> Self {
        assert!(
            entries.len() <= MAX_OPERATIONS,
            "{} operations are too many",
            entries.len()
        );
        let steps = merge(&explore(entries));
        let set = |holds: &dyn Fn(&[Option<usize>]) -> bool| {
            set((0..steps.len()).filter(|index| holds(&steps[*index])))
        };
        let states = steps.first().map_or(1, Vec::len);
        Self {
            possible: (0..states)
                .map(|state| set(&|row| row[state].is_some()))
                .collect(),
            reads: set(&|row| {
                let mut steps = row.iter().enumerate();
                steps.all(|(state, next)| next.is_none_or(|next| next == state))
            }),
            constant: set(&|row| {
                let mut next = row.iter().flatten();
                let first = next.next();
                next.all(|next| Some(next) == first)
            }),
            steps,
        }
    }

    /// Returns the state that an operation leaves; `None` if it is not possible in `state`.
    #[must_use]
    pub fn step(&self, operation: usize, state: usize) -> Option<usize> {
        self.steps[operation][state]
    }

    /// Returns the states, of which the first one is the initial one.
    pub fn states(&self) -> impl Iterator<Item = usize> {
        0..self.possible.len()
    }

    /// Returns the operations that are possible in this state.
    #[must_use]
    pub fn possible(&self, state: usize) -> Operations {
        self.possible[state]
    }

    /// Returns the operations that never change the state.
    #[must_use]
    pub fn reads(&self) -> Operations {
        self.reads
    }

    /// Returns those of the `remaining` operations that are possible in any state to which the remaining operations can
    /// lead from `state`. The others are not possible in any order.
    #[must_use]
    pub fn possible_later(&self, state: usize, remaining: Operations) -> Operations {
        let states = self.reachable(state, remaining).into_iter();
        states.fold(0, |found, state| found | self.possible[state]) & remaining
    }

    /// Returns the states to which these operations can lead from `state`, if each may take effect any number of times
    /// and at any time.
    #[must_use]
    pub fn reachable(&self, state: usize, operations: Operations) -> Vec<usize> {
        let mut is_reached = vec![false; self.possible.len()];
        is_reached[state] = true;
        let mut reached = vec![state];
        // The operations whose steps have not all been followed.
        let mut open = operations & !self.reads;
        let mut explored = 0;
        while let Some(&state) = reached.get(explored) {
            let possible = self.possible[state] & open;
            for next in members(possible).filter_map(|index| self.steps[index][state]) {
                if !is_reached[next] {
                    is_reached[next] = true;
                    reached.push(next);
                }
            }
            open &= !(possible & self.constant);
            explored += 1;
        }
        reached
    }
}

/// Returns the set of the operations with these indices.
pub fn set(indices: impl Iterator<Item = usize>) -> Operations {
    indices.fold(0, |set, index| set | 1 << index)
}

/// Returns the indices of the operations in a set, in increasing order.
pub fn members(mut set: Operations) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let first = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(first)
    })
}

/// Returns the step of each operation from each state that the operations can reach.
fn explore<O: Operation>(entries: &[Entry<O>]) -> Vec<Vec<Option<usize>>> {
    let mut numbers = Numbers::default();
    numbers.of(O::State::default());
    let mut steps = vec![Vec::new(); entries.len()];
    let mut explored = 0;
    while let Some(state) = numbers.values.get(explored).cloned() {
        for (entry, steps) in entries.iter().zip(&mut steps) {
            steps.push(entry.operation.step(&state).map(|next| numbers.of(next)));
        }
        explored += 1;
        assert!(
            numbers.values.len() <= MAX_STATES,
            "more than {MAX_STATES} states can be reached"
        );
    }
    steps
}

/// Merges the states that the operations cannot tell apart (Moore's algorithm for the smallest automaton): those from
/// which the same operations are possible, and lead to states that again cannot be told apart.
fn merge(steps: &[Vec<Option<usize>>]) -> Vec<Vec<Option<usize>>> {
    let states = steps.first().map_or(0, Vec::len);
    // At first all states are in one class. Each round divides the classes by the classes that the steps lead to.
    let mut classes = vec![0; states];
    let mut count = 1;
    loop {
        let mut numbers = Numbers::default();
        let divided: Vec<_> = (0..states)
            .map(|state| {
                let next = steps.iter().map(|row| row[state].map(|next| classes[next]));
                numbers.of((classes[state], next.collect::<Vec<_>>()))
            })
            .collect();
        classes = divided;
        if numbers.values.len() <= count {
            break;
        }
        count = numbers.values.len();
    }
    let members = (0..count).map(|class| classes.iter().position(|of| *of == class));
    let members: Vec<_> = members.flatten().collect();
    let of_class = |row: &Vec<Option<usize>>| {
        let steps = members
            .iter()
            .map(|state| row[*state].map(|next| classes[next]));
        steps.collect()
    };
    steps.iter().map(of_class).collect()
}

/// Numbers for values, in the order of their first use.
struct Numbers<T> {
    by_value: HashMap<T, usize>,
    values: Vec<T>,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self {
            by_value: HashMap::new(),
            values: Vec::new(),
        }
    }
}

impl<T: Clone + Eq + Hash> Numbers<T> {
    fn of(&mut self, value: T) -> usize {
        if let Some(number) = self.by_value.get(&value) {
            return *number;
        }
        let number = self.values.len();
        self.values.push(value.clone());
        self.by_value.insert(value, number);
        number
    }
}
