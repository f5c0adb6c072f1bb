//! Random sequences of operations: valid operations, and invalid ones of every kind.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::contract::limits::PAGE_LIMITS;
use crate::generate::bodies::{self, content_type};
use crate::generate::ids::id;
use crate::request::operation::{NoRoute, Object, Operation, Query};

/// Draws a sequence of operations.
pub fn sequence() -> impl Strategy<Value = Vec<Operation>> {
    vec(operation(), 1..=30)
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        30 => put(bodies::item()),
        8 => put(bodies::invalid_item()),
        5 => bodies::raw().boxed(),
        25 => id().prop_map(Operation::Get),
        15 => id().prop_map(Operation::Delete),
        8 => query().prop_map(Operation::List),
        7 => (1_u16..=4, any::<bool>())
            .prop_map(|(limit, delete_last_of_page)| Operation::Paginate { limit, delete_last_of_page }),
        2 => no_route().prop_map(Operation::NoRoute),
    ]
}

/// Draws a PUT of an object. Boxed, because without optimisation the nested strategies need more stack than a test
/// has.
fn put(object: impl Strategy<Value = Object> + 'static) -> BoxedStrategy<Operation> {
    (object, content_type())
        .prop_map(|(object, kind)| Operation::Put(object, kind))
        .boxed()
}

fn query() -> impl Strategy<Value = Query> {
    let max = *PAGE_LIMITS.end();
    let limit = prop_oneof![
        4 => Just(None),
        6 => (1_u16..=5).prop_map(|limit| Some(limit.to_string())),
        1 => Just(Some(max.to_string())),
        1 => Just(Some((max + 1).to_string())),
        2 => select(vec!["0", "-1", "+1", "1.0", "", "ten", "1e2", "18446744073709551617"])
            .prop_map(|limit| Some(limit.to_owned())),
    ];
    let other = prop_oneof![9 => Just(None), 1 => Just(Some("x y".to_owned()))];
    (limit, proptest::option::of(id()), other).prop_map(|(limit, start, other)| Query {
        limit,
        start,
        other,
    })
}

fn no_route() -> impl Strategy<Value = NoRoute> {
    select(NoRoute::ALL.to_vec())
}
