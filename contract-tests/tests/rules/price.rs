//! Prices: each is an exact decimal, both in the JSON that is sent and in the JSON that is returned.

use crate::common::Api;
use crate::{assert_refused, ok, put_response};

const TOO_PRECISE: &str = "price has more than 38 significant digits";
const OUT_OF_RANGE: &str = "price must be zero, or from 1e-130 to below 1e126 in magnitude";
const NOT_A_NUMBER: &str = "price must be a number";

fn item(price: &str) -> String {
    format!(r#"{{"id":"p","price":{price}}}"#)
}

/// Puts an item with the price `sent`, and asserts that GET shows the price as `shown`.
async fn assert_shown_as(api: &Api, sent: &str, shown: &str) {
    assert_eq!(api.put(item(sent)).await, put_response("p"), "{sent}");
    let item = ok(format!(r#"{{"Item":{}}}"#, item(shown)));
    assert_eq!(api.get("p").await, item, "{sent}");
}

#[tokio::test]
async fn a_price_of_38_digits_is_exact_and_one_of_39_is_refused() {
    let api = Api::start().await;
    let digits = "12345678901234567890123456789012345678";
    let negative = format!("-{digits}");
    for (sent, shown) in [
        (digits, digits),
        (&negative, &negative),
        (
            "1.2345678901234567890123456789012345678",
            "1.2345678901234567890123456789012345678",
        ),
        (
            "0.00012345678901234567890123456789012345678",
            "0.00012345678901234567890123456789012345678",
        ),
        // Zeros at either end are not significant.
        (
            "12345678901234567890123456789012345678.000",
            "12345678901234567890123456789012345678",
        ),
        (
            "123456789012345678901234567890123456780",
            "1.2345678901234567890123456789012345678e+38",
        ),
    ] {
        assert_shown_as(&api, sent, shown).await;
    }
    api.delete("p").await;
    for price in [
        "123456789012345678901234567890123456789",
        "-123456789012345678901234567890123456789",
        "0.123456789012345678901234567890123456789",
        "1.00000000000000000000000000000000000001",
        "123456789012345678901234567890123456789e-30",
    ] {
        assert_refused(&api, item(price), TOO_PRECISE).await;
    }
}

#[tokio::test]
async fn a_price_is_not_rounded_to_a_float() {
    let api = Api::start().await;
    for price in [
        "9007199254740993",
        "9223372036854775807",
        "18446744073709551617",
        "0.12345678901234567",
        "0.1000000000000000055511151231257827",
        "99999999999999999.99",
        "9.999999999999999e+125",
    ] {
        assert_shown_as(&api, price, price).await;
    }
}

#[tokio::test]
async fn a_price_comes_back_in_its_canonical_form() {
    let api = Api::start().await;
    for (sent, shown) in [
        ("12345", "12345"),
        ("-1", "-1"),
        ("19.90", "19.9"),
        ("5.0", "5"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("1e+3", "1000"),
        ("1e-3", "0.001"),
        ("0.000001", "0.000001"),
        ("0.0000001", "1e-7"),
        ("123e-9", "1.23e-7"),
        ("100000000000000000000", "100000000000000000000"),
        ("1000000000000000000000", "1e+21"),
    ] {
        assert_shown_as(&api, sent, shown).await;
    }
    for zero in [
        "0",
        "-0",
        "0.0",
        "-0.000",
        "0e9",
        "0e-999",
        "-0e+99999999999999999999",
    ] {
        assert_shown_as(&api, zero, "0").await;
    }
}

#[tokio::test]
async fn a_price_is_zero_or_from_1e_130_to_below_1e126() {
    let api = Api::start().await;
    let nines = "9.9999999999999999999999999999999999999";
    for (sent, shown) in [
        ("1e-130", "1e-130"),
        ("-1e-130", "-1e-130"),
        ("0.1e-129", "1e-130"),
        ("1.5e-130", "1.5e-130"),
        ("9.99e125", "9.99e+125"),
        ("-999e123", "-9.99e+125"),
    ] {
        assert_shown_as(&api, sent, shown).await;
    }
    assert_shown_as(&api, &format!("{nines}e125"), &format!("{nines}e+125")).await;
    api.delete("p").await;
    for price in [
        "1e126",
        "-1e126",
        "10e125",
        "0.1e127",
        "1e308",
        "1e400",
        "-1e400",
        "9.99e-131",
        "1e-131",
        "-1e-131",
        "0.1e-130",
        "5e-324",
        "1e-400",
    ] {
        assert_refused(&api, item(price), OUT_OF_RANGE).await;
    }
}

#[tokio::test]
async fn only_a_json_number_is_a_price() {
    let api = Api::start().await;
    for price in [
        "\"1\"",
        "\"\"",
        "\"NaN\"",
        "true",
        "false",
        "[]",
        "[1]",
        "{}",
        r#"{"N":"1"}"#,
        r#"{"wrapperName":"Set","type":"String","values":["a"]}"#,
        // The private representations of two types of `serde_json`.
        r#"{"$serde_json::private::Number":"1"}"#,
        r#"{"$serde_json::private::RawValue":"1"}"#,
    ] {
        assert_refused(&api, item(price), NOT_A_NUMBER).await;
    }
}

#[tokio::test]
async fn a_price_of_a_million_digits_is_read_quickly() {
    let api = Api::start().await;
    let (zeros, nines) = ("0".repeat(1_000_000), "9".repeat(1_000_000));
    assert_shown_as(&api, &format!("1{zeros}e-1000000"), "1").await;
    assert_shown_as(&api, &format!("0.{zeros}1e1000001"), "1").await;
    assert_shown_as(&api, &format!("-0.{zeros}"), "0").await;
    api.delete("p").await;
    assert_refused(&api, item(&nines), TOO_PRECISE).await;
    assert_refused(&api, item(&format!("1{zeros}")), OUT_OF_RANGE).await;
    assert_refused(&api, item(&format!("1e{nines}")), OUT_OF_RANGE).await;
    assert_refused(&api, item(&format!("1e-{nines}")), OUT_OF_RANGE).await;
}
