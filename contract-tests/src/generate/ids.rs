//! Random ids: a few common ones, so that operations collide, and unusual ones that clients, gateways or tables may
//! handle wrongly.

use proptest::prelude::*;
use proptest::sample::select;

use crate::contract::id::refused_ids;
use crate::contract::limits::MAX_ID_BYTES;
use crate::generate::numbers::magnitude;
use crate::request::operation::{Id, NearDuplicateKind};
use crate::toolkit::text::Text;

/// Draws any id: mostly one that was used before, or a near-duplicate.
pub fn id() -> impl Strategy<Value = Id> {
    weighted([70, 14, 8, 9])
}

/// Draws an id for a PUT, more often one that was not used before.
pub fn id_to_put() -> impl Strategy<Value = Id> {
    weighted([45, 10, 36, 10])
}

fn weighted([used, near, new, long]: [u32; 4]) -> impl Strategy<Value = Id> {
    prop_oneof![
        used => (0_usize..12).prop_map(Id::Used),
        near => (0_usize..12, near_duplicate_kind()).prop_map(|(index, kind)| Id::NearDuplicate(index, kind)),
        new => valid_id().prop_map(Id::Text),
        long => long_id().prop_map(Id::Text),
        3 => refused_in_put().prop_map(Id::Text),
    ]
}

fn near_duplicate_kind() -> impl Strategy<Value = NearDuplicateKind> {
    select(NearDuplicateKind::ALL.to_vec())
}

/// Draws a valid id: one of a few common ids, of which some differ only in Unicode form or case, an unusual one, or one
/// with characters that a path may contain without escapes.
fn valid_id() -> impl Strategy<Value = Text> {
    let few = select(vec!["a", "b", "c", "A", "e\u{301}", "\u{e9}"]);
    let many = select(vec![
        "d",
        "ab",
        "a b",
        " ",
        "#",
        "a#b",
        "+",
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
    ]);
    let raw = select(vec!["+", "a+b", "a:b", "a@b", "a,b", "a;b", "+:@,;"]);
    prop_oneof![2 => few, 2 => many, 2 => raw].prop_map(Text::plain)
}

/// Draws an id of any length, by magnitude, or one at the maximum length or one byte from it, with characters of one
/// byte or of four.
fn long_id() -> impl Strategy<Value = Text> {
    let at_limit = prop_oneof![
        1 => Just(MAX_ID_BYTES - 1),
        1 => Just(MAX_ID_BYTES),
        4 => Just(MAX_ID_BYTES + 1),
    ];
    let lengths = prop_oneof![1 => magnitude(MAX_ID_BYTES), 1 => at_limit];
    (select(vec!['x', '\u{1f600}']), lengths)
        .prop_map(|(fill, bytes)| Text::Repeated { fill, bytes })
}

/// Draws an id that PUT must refuse although GET and DELETE accept it (with an empty id they have no route).
fn refused_in_put() -> impl Strategy<Value = Text> {
    let mut refused = refused_ids();
    refused.push(String::new());
    select(refused).prop_map(Text::Plain)
}
