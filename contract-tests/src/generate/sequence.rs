//! What sequences are made of: few ids, so that they collide, and every kind of right and wrong.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::generate::bodies;
use crate::request::operation::{ContentType, Id, NoRoute, Object, Operation, Query, Variation};
use crate::request::text::Text;

/// Sequences of operations.
pub fn sequence() -> impl Strategy<Value = Vec<Operation>> {
    vec(operation(), 1..=30)
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        30 => put(bodies::item()),
        8 => put(bodies::no_item()),
        5 => bodies::raw().boxed(),
        25 => id().prop_map(Operation::Get),
        15 => id().prop_map(Operation::Delete),
        8 => query().prop_map(Operation::List),
        7 => (1_u16..=4, any::<bool>())
            .prop_map(|(limit, delete_boundary)| Operation::Walk { limit, delete_boundary }),
        2 => no_route().prop_map(Operation::NoRoute),
    ]
}

/// Returns the PUTs of these objects. Boxed, because unoptimised the nested strategies take more stack than a test has.
fn put(object: impl Strategy<Value = Object> + 'static) -> BoxedStrategy<Operation> {
    (object, content_type())
        .prop_map(|(object, kind)| Operation::Put(object, kind))
        .boxed()
}

/// Any id: mostly one that was used before, or nearly.
pub fn id() -> impl Strategy<Value = Id> {
    prop_oneof![
        70 => (0_usize..12).prop_map(Id::Used),
        14 => (0_usize..12, variation()).prop_map(|(index, variation)| Id::Near(index, variation)),
        8 => plain().prop_map(Id::Text),
        5 => boundary().prop_map(Id::Text),
        3 => refused_in_put().prop_map(Id::Text),
    ]
}

/// An id for a PUT, which needs more of those that have not been used before.
pub fn id_to_put() -> impl Strategy<Value = Id> {
    prop_oneof![
        45 => (0_usize..12).prop_map(Id::Used),
        10 => (0_usize..12, variation()).prop_map(|(index, variation)| Id::Near(index, variation)),
        36 => plain().prop_map(Id::Text),
        6 => boundary().prop_map(Id::Text),
        3 => refused_in_put().prop_map(Id::Text),
    ]
}

fn variation() -> impl Strategy<Value = Variation> {
    select(Variation::ALL.to_vec())
}

/// Ids that must be taken: few that come again and again, some of them the same but for their form or
/// their case, and all that clients, gateways and tables might stumble over.
fn plain() -> impl Strategy<Value = Text> {
    let few = select(vec!["a", "b", "c", "A", "e\u{301}", "\u{e9}"]);
    let many = select(vec![
        "d",
        "ab",
        "a b",
        " ",
        "#",
        "a#b",
        "+",
        "a+b",
        "a,b",
        "a&b=c",
        "...",
        "\u{1f600}",
        "\u{2028}",
        "\u{a0}",
        "\\",
        "\"",
        "{id}",
        "items",
        "null",
        "0",
        "-1",
        "\u{feff}",
        "\u{fffd}",
        "K",
        "\u{212a}",
        "ß",
        "\u{10ffff}",
        "~",
        "a;b",
    ]);
    prop_oneof![few, many].prop_map(Text::plain)
}

/// Ids about as long as an id may be, with characters of one byte and of four.
fn boundary() -> impl Strategy<Value = Text> {
    let characters = select(vec!['x', '\u{1f600}']);
    let lengths = prop_oneof![1 => Just(2047_usize), 1 => Just(2048), 4 => Just(2049)];
    (characters, lengths).prop_map(|(fill, bytes)| Text::Filled { fill, bytes })
}

/// Ids that PUT must refuse, though GET and DELETE take them (and the empty one is another route).
fn refused_in_put() -> impl Strategy<Value = Text> {
    select(vec![
        ".", "..", "a/b", "/", "a?b", "?", "%", "50%", "%41", "a%2Fb", "", "\0", "a\tb", "a\nb",
        "\u{1f}", "\u{7f}", "\u{80}", "\u{9f}",
    ])
    .prop_map(Text::plain)
}

/// Any content type: what is not text reaches the service as base64.
pub fn content_type() -> impl Strategy<Value = ContentType> {
    prop_oneof![
        8 => Just(ContentType::Json),
        1 => Just(ContentType::Text),
        3 => Just(ContentType::Form),
        1 => Just(ContentType::Octets),
        1 => Just(ContentType::None),
    ]
}

fn query() -> impl Strategy<Value = Query> {
    let limit = prop_oneof![
        4 => Just(None),
        6 => (1_u16..=5).prop_map(|limit| Some(limit.to_string())),
        1 => Just(Some("1000".to_owned())),
        3 => select(vec!["0", "1001", "-1", "+1", "1.0", "", "ten", "1e2", "18446744073709551617"])
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
