//! The explanation, in words, of a history that is not linearizable: every order that agrees with the times of the
//! operations, up to the response that is impossible in it.

use maud::{Markup, html};

use crate::report::failure::HistoryOperation;
use crate::report::html::chip::{FAIL, chip};
use crate::report::html::format::count;
use crate::toolkit::linearizability::history::Operation;
use crate::toolkit::linearizability::register::{RegisterEntry, RegisterValue};

/// The maximum number of operations of which all orders are tried.
const MAX_OPERATIONS: usize = 12;

/// The maximum number of steps of the search for orders.
const MAX_STEPS: usize = 20_000;

/// The maximum number of orders that are shown.
const MAX_SHOWN: usize = 8;

/// An order of operations that ends with one whose response is impossible.
#[derive(Debug, PartialEq, Eq)]
struct FailedOrder {
    /// The indices of the operations.
    operations: Vec<usize>,
    /// The value of the item before the last one.
    value: RegisterValue,
}

/// A numbered operation of a history.
pub(super) type Numbered<'a> = (usize, &'a HistoryOperation);

/// Explains why these operations contradict each other.
pub(super) fn explanation(operations: &[Numbered]) -> Markup {
    let entries: Vec<_> = operations
        .iter()
        .map(|(_, operation)| operation.entry())
        .collect();
    let orders = failed_orders(&entries);
    let has_ambiguous = entries.iter().any(|entry| entry.returned.is_none());
    let overlap = entries.iter().enumerate().any(|(index, entry)| {
        let later = entries[index + 1..].iter();
        let mut later = later.filter(|other| !entry.is_before(other) && !other.is_before(entry));
        later.next().is_some()
    });
    html! {
        p.reason {
            @if entries.len() == 1 {
                "This operation cannot have its response. "
            } @else {
                "No order of these " (count(entries.len(), "operation")) " explains their responses. "
            }
            @if overlap {
                "Operations that overlap in time may have taken effect in any order, but an operation that ended before "
                "another began took effect first. "
            } @else if entries.len() > 1 {
                "No two of them overlap, so there is only one order. "
            }
            @if has_ambiguous {
                "A write whose outcome is unknown may have taken effect at any time after it was sent, or not at all."
            }
        }
        @if let Some(orders) = orders.filter(|orders| !orders.is_empty()) {
            p {
                @if orders.len() == 1 {
                    "In the only order that agrees with the times, the last response below is impossible:"
                } @else {
                    "Each of the " (orders.len()) " ways to begin an order ends at a response that is impossible there:"
                }
            }
            ol.orders {
                @for order in orders.iter().take(MAX_SHOWN) { (shown(order, operations)) }
            }
            @if orders.len() > MAX_SHOWN {
                p.lead { "… and " (count(orders.len() - MAX_SHOWN, "more way")) ", which end in the same manner." }
            }
        }
    }
}

/// Returns an order as a list of operations, of which the last one is impossible.
fn shown(order: &FailedOrder, operations: &[Numbered]) -> Markup {
    let last = order.operations.len() - 1;
    let value = order.value;
    html! {
        li {
            @for (place, index) in order.operations.iter().enumerate() {
                @let (number, operation) = operations[*index];
                @if place > 0 { span.then { " → " span.visually-hidden { "then " } } }
                @if place == last { (chip(FAIL, "impossible")) " " }
                span.operation {
                    b { "#" (number) } " client " (operation.client) " " (operation.operation.to_string())
                }
            }
            span.but {
                ", but "
                @match value { Some(value) => { "the item is v" (value) " here" }, None => "there is no item here" }
            }
        }
    }
}

/// Returns every order up to its first impossible response, the longest ones first. Returns `None` if there are too
/// many, or if an order explains all responses.
fn failed_orders(entries: &[RegisterEntry]) -> Option<Vec<FailedOrder>> {
    let mut search = Search {
        entries,
        remaining_steps: MAX_STEPS,
        failed: Vec::new(),
    };
    let is_small = entries.len() <= MAX_OPERATIONS;
    (is_small && search.follow(&mut Vec::new(), None)).then(|| {
        search
            .failed
            .sort_by_key(|order| std::cmp::Reverse(order.operations.len()));
        search.failed
    })
}

struct Search<'a> {
    entries: &'a [RegisterEntry],
    remaining_steps: usize,
    failed: Vec<FailedOrder>,
}

impl Search<'_> {
    /// Continues an order that led to `value` in every way. Returns `false` if the search ends without a result.
    fn follow(&mut self, placed: &mut Vec<usize>, value: RegisterValue) -> bool {
        let Some(steps) = self.remaining_steps.checked_sub(1) else {
            return false;
        };
        self.remaining_steps = steps;
        let is_open = |index: &usize| !placed.contains(index);
        let open: Vec<_> = (0..self.entries.len()).filter(is_open).collect();
        if open
            .iter()
            .all(|index| self.entries[*index].returned.is_none())
        {
            return false;
        }
        for &index in &open {
            let entry = &self.entries[index];
            if open
                .iter()
                .any(|other| self.entries[*other].is_before(entry))
            {
                continue;
            }
            placed.push(index);
            let can_go_on = match (entry.operation.step(&value), entry.returned) {
                // An ambiguous write that changes nothing may as well not have taken effect.
                (Some(next), None) if next == value => true,
                (Some(next), _) => self.follow(placed, next),
                (None, None) => true,
                (None, Some(_)) => {
                    self.failed.push(FailedOrder {
                        operations: placed.clone(),
                        value,
                    });
                    true
                }
            };
            placed.pop();
            if !can_go_on {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolkit::linearizability::history::Entry;
    use crate::toolkit::linearizability::register::RegisterOperation::{self, Read, Write};

    fn entry(operation: RegisterOperation, invoked: u64, returned: Option<u64>) -> RegisterEntry {
        Entry {
            client: 0,
            operation,
            invoked,
            returned,
        }
    }

    #[test]
    fn every_order_ends_at_an_impossible_response() {
        let (put_1, put_2) = (Write(Some(1)), Write(Some(2)));
        let stale = [
            entry(put_1, 1, Some(2)),
            entry(put_2, 3, Some(4)),
            entry(Read(Some(1)), 5, Some(6)),
        ];
        let expected = FailedOrder {
            operations: vec![0, 1, 2],
            value: Some(2),
        };
        assert_eq!(failed_orders(&stale), Some(vec![expected]));
    }

    #[test]
    fn an_ambiguous_write_may_be_left_out() {
        let undone = [
            entry(Write(Some(1)), 1, Some(2)),
            entry(Write(Some(2)), 3, None),
            entry(Read(Some(2)), 5, Some(6)),
            entry(Read(Some(1)), 7, Some(8)),
        ];
        let orders = failed_orders(&undone).expect("it is not linearizable");
        let orders: Vec<_> = orders.into_iter().map(|order| order.operations).collect();
        assert_eq!(orders, [vec![0, 1, 2, 3], vec![0, 2]]);
    }

    #[test]
    fn a_history_with_a_correct_order_is_not_explained() {
        let correct = [
            entry(Write(Some(1)), 1, Some(2)),
            entry(Read(Some(1)), 3, Some(4)),
        ];
        assert_eq!(failed_orders(&correct), None);
    }
}
