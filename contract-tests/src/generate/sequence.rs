//! Random sequences of operations: valid operations, and invalid ones of every kind.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::contract::item::batch;
use crate::contract::leaks::{REFUSED_NUMBER, REFUSED_TEXT};
use crate::contract::limits::PAGE_LIMITS;
use crate::generate::bodies::{self, content_type};
use crate::generate::conditions::conditions;
use crate::generate::features::{Features, features};
use crate::generate::ids::id;
use crate::generate::numbers::magnitude;
use crate::request::operation::{Batch, Id, NoRoute, Object, Operation, PathId, Query, UrlStyle};
use crate::toolkit::text::Text;

/// Draws a sequence of operations, whose kinds are a random subset of all.
pub fn sequence() -> impl Strategy<Value = Vec<Operation>> {
    features().prop_flat_map(|features| vec(operation(features), 1..=30))
}

fn operation(features: Features) -> impl Strategy<Value = Operation> {
    let Features {
        refusals,
        deletes,
        lists,
        conditions: conditional,
        many,
        heavy,
    } = features;
    prop_oneof![
        25 => put(bodies::item()),
        25 => path_id().prop_map(Operation::Get),
        refusals / 2 => put(bodies::invalid_item()),
        refusals / 3 => bodies::raw().boxed(),
        refusals / 7 => no_route().prop_map(Operation::NoRoute),
        deletes => path_id().prop_map(Operation::Delete),
        lists => list(),
        conditional => conditional_request(),
        many => many_items().prop_map(Operation::PutMany),
        heavy => heavy_items().prop_map(Operation::PutMany),
    ]
}

/// Draws one page of a list, or a list that is followed to its end.
fn list() -> impl Strategy<Value = Operation> {
    let paginate = (page_limit(), any::<bool>()).prop_map(|(limit, delete_last_of_page)| {
        Operation::Paginate {
            limit,
            delete_last_of_page,
        }
    });
    prop_oneof![query().prop_map(Operation::List), paginate]
}

/// Draws a request for one item, or for a page, with conditions. Most of the ids were used before, because few tags are
/// of an item otherwise.
fn conditional_request() -> impl Strategy<Value = Operation> {
    let operation = prop_oneof![
        9 => put(bodies::item()),
        1 => put(bodies::invalid_item()),
        6 => path_id().prop_map(Operation::Get),
        5 => path_id().prop_map(Operation::Delete),
        1 => query().prop_map(Operation::List),
    ];
    // One of the first ids: a batch of as few items can be shrunk to single PUTs.
    let used = proptest::option::weighted(0.7, 0_usize..8);
    (conditions(), operation, used).prop_map(|(conditions, mut operation, used)| {
        if let Some(used) = used {
            for id in operation.ids_mut() {
                *id = Id::Used(used);
            }
        }
        Operation::Conditional(conditions, Box::new(operation))
    })
}

/// Draws a PUT of an object. Boxed, because without optimisation the nested strategies need more stack than a test
/// has.
fn put(object: impl Strategy<Value = Object> + 'static) -> BoxedStrategy<Operation> {
    (object, content_type())
        .prop_map(|(object, kind)| Operation::Put(object, kind))
        .boxed()
}

/// Draws a limit of a page, small ones more often.
fn page_limit() -> impl Strategy<Value = u16> {
    let max = *PAGE_LIMITS.end();
    magnitude(max.into()).prop_map(move |limit| u16::try_from(limit).unwrap_or(max))
}

fn path_id() -> impl Strategy<Value = PathId> {
    (id(), url_style()).prop_map(|(id, style)| PathId { id, style })
}

fn url_style() -> impl Strategy<Value = UrlStyle> {
    prop_oneof![
        4 => Just(UrlStyle::Plain),
        3 => Just(UrlStyle::LowerHex),
        6 => Just(UrlStyle::Raw),
        3 => Just(UrlStyle::Full),
    ]
}

/// Draws a batch of 16 to 137 small items, so that most pages with a limit show only some of them.
fn many_items() -> impl Strategy<Value = Batch> {
    (4_u16..=7, 0_u16..10)
        .prop_map(|(power, more)| batch((1_u16 << power) + more, &Text::plain("x")))
}

/// Draws a batch of heavy items, which together exceed a page of 1 MB, or in JSON a response of 6 MB: there, control
/// characters are six times as long.
fn heavy_items() -> impl Strategy<Value = Batch> {
    let fill = select(vec!['x', '\u{1}']);
    let bytes = prop_oneof![335_000_usize..349_000, 350_000_usize..400_000];
    (3_u16..=4, fill, bytes)
        .prop_map(|(count, fill, bytes)| batch(count, &Text::Repeated { fill, bytes }))
}

fn query() -> impl Strategy<Value = Query> {
    let out_of_range = vec![
        "0".to_owned(),
        (PAGE_LIMITS.end() + 1).to_string(),
        "18446744073709551617".to_owned(),
        REFUSED_NUMBER.to_owned(),
        format!("{REFUSED_NUMBER}{REFUSED_NUMBER}"),
    ];
    let long = vec![
        REFUSED_TEXT.to_owned(),
        format!("-{REFUSED_NUMBER}"),
        format!("{REFUSED_NUMBER}.0"),
        format!("+{REFUSED_NUMBER}"),
    ];
    let limit = prop_oneof![
        4 => Just(None),
        6 => page_limit().prop_map(|limit| Some(limit.to_string())),
        2 => select(out_of_range).prop_map(Some),
        1 => select(vec!["-1", "+1", "1.0", "", "ten", "1e2"]).prop_map(|limit| Some(limit.to_owned())),
        // So long that a message cannot repeat it unnoticed.
        1 => select(long).prop_map(Some),
    ];
    let other = prop_oneof![9 => Just(None), 1 => Just(Some("x y".to_owned()))];
    let start = proptest::option::of(id());
    (limit, start, other, url_style()).prop_map(|(limit, start, other, style)| Query {
        limit,
        start,
        other,
        style,
    })
}

fn no_route() -> impl Strategy<Value = NoRoute> {
    select(NoRoute::ALL.to_vec())
}
