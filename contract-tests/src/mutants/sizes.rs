//! Mutants whose bugs show only with some values: sizes of texts, bodies and pages, some numbers, and duplicate fields.

use std::collections::BTreeMap;

use local::gateway::{Handler, LambdaResponse};
use serde_json::value::RawValue;

use super::event::{
    Event, LIST, edit_page, json_string, map_event, map_fields, map_reply, message, put_body,
    route, set_fields, wrap,
};
use super::writes::kind;
use crate::contract::fields::Kind;
use crate::toolkit::decimal::Decimal;

/// The length to which [`long_text_is_cut`] cuts a text: the largest integer of 16 bits with a sign.
const MAX_TEXT_BYTES: usize = 32_767;

/// Cuts texts after 32,767 bytes.
pub(super) fn long_text_is_cut(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_texts(event, |text| {
            let end = text.floor_char_boundary(MAX_TEXT_BYTES);
            text[..end].to_owned()
        });
    })
}

/// Drops the last character of a text of exactly 4,096 bytes.
pub(super) fn text_of_4096_bytes_is_cut(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_texts(event, |mut text| {
            if text.len() == 4096 {
                text.pop();
            }
            text
        });
    })
}

/// Refuses a body in base64 of more than 100,000 characters.
pub(super) fn large_base64_is_refused(inner: Handler) -> Handler {
    async fn mutant(inner: Handler, event: Event) -> LambdaResponse {
        let is_large = event.payload["body"]
            .as_str()
            .is_some_and(|body| body.len() > 100_000);
        if is_large && event.payload["isBase64Encoded"] == true {
            return message(413, "the item is too large");
        }
        inner(event).await
    }
    wrap(inner, mutant)
}

/// Drops the zero of cents below ten: 0.05 is stored as 0.5.
pub(super) fn cents_lose_a_zero(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_numbers(event, |text| {
            let (whole, cents) = text.split_once(".0")?;
            let is_one_digit = cents.len() == 1 && cents != "0";
            is_one_digit.then(|| format!("{whole}.{cents}"))
        });
    })
}

/// Stores a whole number from 2^63 to 2^64 as the largest integer of 64 bits with a sign.
pub(super) fn unsigned_is_clamped(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_numbers(event, |text| {
            let number: u64 = text.parse().ok()?;
            i64::try_from(number).is_err().then(|| i64::MAX.to_string())
        });
    })
}

/// Stores numbers of the magnitude 1e77, and no others, ten times too large.
pub(super) fn one_exponent_is_wrong(inner: Handler) -> Handler {
    map_event(inner, |event| {
        map_numbers(event, |text| {
            let number = Decimal::parse(text)?;
            let shown = number.to_string();
            let (digits, _) = shown.split_once('e')?;
            (number.magnitude() == Some(77)).then(|| format!("{digits}e78"))
        });
    })
}

/// Accepts a number field that occurs twice: the last value wins.
pub(super) fn last_number_wins(inner: Handler) -> Handler {
    map_event(inner, |event| {
        accept_duplicates(event, |name, _| kind(name) == Some(Kind::Number));
    })
}

/// Accepts a field that occurs twice, if its last value is null.
pub(super) fn null_may_occur_twice(inner: Handler) -> Handler {
    map_event(inner, |event| {
        accept_duplicates(event, |_, value| value == "null");
    })
}

/// Ends the list after 25 items.
pub(super) fn list_ends_after_25_items(inner: Handler) -> Handler {
    map_reply(inner, |event, reply| {
        if route(event) == LIST {
            edit_page(reply, |items, last| {
                if items.len() > 25 {
                    items.truncate(25);
                    *last = None;
                }
            });
        }
    })
}

/// Reads a limit as a number of 8 bits.
pub(super) fn limit_has_8_bits(inner: Handler) -> Handler {
    map_event(inner, |event| {
        let limit = &mut event.payload["queryStringParameters"]["limit"];
        let number: Option<u16> = limit.as_str().and_then(|limit| limit.parse().ok());
        if let Some(number @ 256..=1000) = number {
            *limit = (number % 256).to_string().into();
        }
    })
}

/// Drops the last item of a page of more than 1 MB.
pub(super) fn long_page_loses_an_item(inner: Handler) -> Handler {
    map_reply(inner, |event, reply| {
        if route(event) == LIST {
            edit_page(reply, |items, _| {
                if items.iter().map(String::len).sum::<usize>() > 1_000_000 {
                    items.pop();
                }
            });
        }
    })
}

/// Changes the value of each field that holds a text.
fn map_texts(event: &mut Event, change: impl Fn(String) -> String) {
    map_fields(event, |name, value| {
        let text = serde_json::from_str(value).ok();
        let text: Option<String> = text.filter(|_| kind(name) == Some(Kind::Text));
        Some(text.map_or_else(|| value.to_owned(), |text| json_string(&change(text))))
    });
}

/// Changes the value of each field that holds a number, unless `change` returns `None`.
fn map_numbers(event: &mut Event, change: impl Fn(&str) -> Option<String>) {
    map_fields(event, |name, value| {
        let changed = change(value).filter(|_| kind(name) == Some(Kind::Number));
        Some(changed.unwrap_or_else(|| value.to_owned()))
    });
}

/// Leaves only the last value of each field that occurs twice, if every such value is accepted.
fn accept_duplicates(event: &mut Event, accepts: impl Fn(&str, &str) -> bool) {
    let body = put_body(event).unwrap_or_default();
    // The map keeps the last value of each name.
    let last: BTreeMap<String, &RawValue> = serde_json::from_str(&body).unwrap_or_default();
    let occurs_twice = |name: &str| body.matches(&json_string(name)).count() > 1;
    let mut twice = last
        .iter()
        .filter(|(name, _)| occurs_twice(name))
        .peekable();
    if twice.peek().is_some() && twice.all(|(name, value)| accepts(name, value.get())) {
        let fields = last.into_iter();
        let fields: Vec<_> = fields
            .map(|(name, value)| (name, value.get().to_owned()))
            .collect();
        set_fields(event, &fields);
    }
}
