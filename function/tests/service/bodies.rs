//! Generated bodies: JSON objects with the fields of an item, such objects with one byte replaced, inserted or removed,
//! and random bytes and text. No body makes the service panic or respond with 500, and no price loses a digit.

use std::cell::Cell;
use std::io::{Write as _, stderr};
use std::str::FromStr as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bigdecimal::BigDecimal;
use function::price::{ParsePriceError, Price};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::backend::{Backend, DONE};
use crate::requests::{TIME_LIMIT, event, invoke};

const CASES: u32 = 2000;

/// Generates numbers around every limit of a price, and other texts made of the characters of a number.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (any::<bool>(), "[0-9]{1,40}", proptest::option::of("[0-9]{1,40}"), proptest::option::of(-140i32..140))
            .prop_map(|(negative, integer, fraction, power)| {
                let sign = if negative { "-" } else { "" };
                let integer = match integer.trim_start_matches('0') { "" => "0", digits => digits };
                let fraction = fraction.map(|digits| format!(".{digits}")).unwrap_or_default();
                let power = power.map(|power| format!("e{power}")).unwrap_or_default();
                format!("{sign}{integer}{fraction}{power}")
            }),
        1 => "[-+0-9.eE]{1,50}",
        1 => Just("null".to_owned()),
    ]
}

fn string() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        any::<String>(),
        "[a-z]{1,8}",
        "[/?%.]{1,3}",
        "[😀é]{500,520}"
    ];
    text.prop_map(|text| serde_json::to_string(&text).expect("a string is JSON"))
}

/// Generates a JSON object with the fields of an item. Its id, price or name may still be refused.
fn well_formed() -> impl Strategy<Value = Vec<u8>> {
    (
        string(),
        proptest::option::of(number()),
        proptest::option::of(string()),
    )
        .prop_map(|(id, price, name)| {
            let price = price
                .map(|price| format!(",\"price\":{price}"))
                .unwrap_or_default();
            let name = name
                .map(|name| format!(",\"name\":{name}"))
                .unwrap_or_default();
            format!("{{\"id\":{id}{price}{name}}}").into_bytes()
        })
}

fn one_mutation_away() -> impl Strategy<Value = Vec<u8>> {
    (
        well_formed(),
        any::<prop::sample::Index>(),
        0..3,
        any::<u8>(),
    )
        .prop_map(|(mut body, at, mutation, byte)| {
            let at = at.index(body.len());
            match mutation {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                _ => drop(body.remove(at)),
            }
            body
        })
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => one_mutation_away(),
        2 => well_formed(),
        1 => vec(any::<u8>(), 0..200),
        1 => "[\\[\\]{}\":,0-9a-z\\\\ ]{0,60}".prop_map(String::into_bytes),
    ]
}

#[test]
fn every_body_is_stored_or_refused() {
    let backend = Backend::start(&[DONE]);
    let service = backend.service();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let stored = Cell::new(0u32);
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    });
    let result = runner.run(&any_body(), |bytes| {
        let mut request = event("PUT /items", None, Some(&BASE64.encode(&bytes)));
        request.is_base64_encoded = Some(true);
        let handled = runtime.block_on(invoke(&service, request, TIME_LIMIT));
        prop_assert_eq!(
            handled.record.attempts,
            u32::from(handled.record.status == 200)
        );
        match handled.record.status {
            200 => stored.set(stored.get() + 1),
            status => prop_assert!(status == 400, "status {status}"),
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}\n{runner}"));
    // Not `println!`, whose output the test runner hides if the test passes.
    let _ = writeln!(
        stderr(),
        "{} of {CASES} bodies reached the table",
        stored.get()
    );
    assert!(
        stored.get() > CASES / 10,
        "too few bodies were valid for a meaningful test"
    );
}

proptest! {
    #![proptest_config(Config { cases: CASES, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_price_is_exactly_the_number_that_was_sent(text in number()) {
        match Price::parse(&text) {
            Ok(price) => {
                let canonical = price.to_string();
                prop_assert_eq!(BigDecimal::from_str(&canonical), BigDecimal::from_str(&text));
                prop_assert!(canonical.len() <= "-0.000000".len() + 38, "{}", canonical);
                prop_assert_eq!(Price::parse(&canonical), Ok(price));
            }
            Err(ParsePriceError::NotANumber) => {
                prop_assert!(serde_json::from_str::<serde_json::Number>(&text).is_err(), "{}", text);
            }
            Err(ParsePriceError::TooPrecise | ParsePriceError::OutOfRange) => {}
        }
    }
}
