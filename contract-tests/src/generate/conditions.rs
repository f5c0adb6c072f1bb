//! Random conditions: tags that an item has, had or never has, alone and in lists, and headers that are malformed.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::contract::leaks::REFUSED_TEXT;
use crate::request::conditions::{Conditions, Tag, Tags};

/// Draws conditions, most of them with one header.
pub fn conditions() -> impl Strategy<Value = Conditions> {
    let one = |tags, is_if_match: bool| {
        if is_if_match {
            Conditions {
                if_match: Some(tags),
                ..Conditions::default()
            }
        } else {
            Conditions {
                if_none_match: Some(tags),
                ..Conditions::default()
            }
        }
    };
    prop_oneof![
        9 => (tags(), weighted_if_match()).prop_map(move |(tags, is_if_match)| one(tags, is_if_match)),
        1 => (tags(), tags()).prop_map(|(if_match, if_none_match)| Conditions {
            if_match: Some(if_match),
            if_none_match: Some(if_none_match),
        }),
    ]
}

fn weighted_if_match() -> impl Strategy<Value = bool> {
    proptest::bool::weighted(0.6)
}

fn tags() -> impl Strategy<Value = Tags> {
    prop_oneof![
        5 => Just(Tags::Any),
        8 => tag().prop_map(|tag| Tags::List(vec![tag])),
        3 => vec(tag(), 2..=4).prop_map(Tags::List),
        2 => malformed().prop_map(Tags::Malformed),
    ]
}

fn tag() -> impl Strategy<Value = Tag> {
    prop_oneof![
        6 => Just(Tag::Latest),
        3 => Just(Tag::Previous),
        2 => Just(Tag::LatestWeak),
        1 => select(vec!["x", "*", "a,b", ""]).prop_map(|text| Tag::Other(text.to_owned())),
    ]
}

/// Draws a value that is neither `*` nor a list of tags, mostly one so long that a message cannot repeat it unnoticed.
fn malformed() -> impl Strategy<Value = String> {
    let short = vec![
        "x",
        "\"x",
        "x\"",
        "*, \"x\"",
        "\"x\" \"y\"",
        "w/\"x\"",
        "W/x",
        "\"x y\"",
    ];
    let long = vec![
        REFUSED_TEXT.to_owned(),
        format!("\"{REFUSED_TEXT}"),
        format!("\"{REFUSED_TEXT}\""),
        format!("\"x\", {REFUSED_TEXT}"),
    ];
    prop_oneof![1 => select(short).prop_map(str::to_owned), 2 => select(long)]
}
