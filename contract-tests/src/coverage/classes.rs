//! The classes of input: what of a request may make a difference.

use serde_json::value::RawValue;

use crate::contract::model::{MAX_ID, MAX_ITEM};
use crate::request::call::Call;
use crate::request::json::Json;
use crate::request::operation::ContentType;
use crate::toolkit::decimal::Decimal;

type Class = &'static str;

/// More digits than a binary float of 64 bits keeps.
const DIGITS_OF_A_DOUBLE: usize = 17;

/// The powers of ten from which on a magnitude counts as extreme.
const EXTREME: i64 = 100;

/// How a name long enough to matter counts, in bytes.
const LONG_NAME: usize = 1000;

/// The classes of an item that is put: of its id, its price, its name and its body.
#[must_use]
pub fn of_put(call: &Call) -> Vec<Class> {
    let Call::Put {
        fields: Some(fields),
        content_type,
        ..
    } = call
    else {
        return Vec::new();
    };
    let field = |wanted: &str| {
        let mut all = fields.iter();
        all.find(|(name, _)| name == wanted).map(|(_, value)| value)
    };
    let mut classes = vec![
        match content_type {
            ContentType::Json | ContentType::Text => "body as text",
            ContentType::Form | ContentType::Octets | ContentType::None => "body as base64",
        },
        match field("price") {
            Some(Json::Null) => "price null",
            Some(Json::Number(text)) => of_price(text),
            _ => "no price",
        },
        match field("name") {
            Some(Json::Null) => "name null",
            Some(Json::Text(text)) => of_name(text),
            _ => "no name",
        },
    ];
    if let Some(Json::Text(id)) = field("id") {
        classes.push(of_id(id));
    }
    classes
}

fn of_price(text: &str) -> Class {
    let digits = text.split(['e', 'E']).next().unwrap_or_default();
    let digits = digits.bytes().filter(u8::is_ascii_digit).count();
    match Decimal::parse(text).and_then(|price| price.magnitude()) {
        None => "price zero",
        Some(magnitude) if magnitude.abs() > EXTREME => "price of extreme magnitude",
        Some(_) if digits > DIGITS_OF_A_DOUBLE => "price beyond a double",
        Some(_) if text.starts_with('-') => "price negative",
        Some(_) => "price",
    }
}

fn of_name(text: &str) -> Class {
    match text {
        "" => "name empty",
        _ if text.len() >= LONG_NAME => "name long",
        _ if text.contains(|c: char| c.is_control() || c == '"' || c == '\\') => {
            "name that JSON escapes"
        }
        _ if !text.is_ascii() => "name beyond ASCII",
        _ => "name",
    }
}

/// The class of an id that may be asked for.
#[must_use]
pub fn of_id(id: &str) -> Class {
    match id {
        _ if id.len() > MAX_ID => "id too long",
        _ if id.len() >= MAX_ID - 1 => "id as long as may be",
        _ if is_refused(id) => "id that PUT refuses",
        _ if !id.is_ascii() => "id beyond ASCII",
        _ if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) => "id with signs",
        _ => "id",
    }
}

fn is_refused(id: &str) -> bool {
    id == "." || id == ".." || id.contains(['/', '?', '%']) || id.contains(char::is_control)
}

/// An id as those would have it who fold case, space and composition.
#[must_use]
pub fn folded(id: &str) -> String {
    id.trim().to_lowercase().replace("e\u{301}", "\u{e9}")
}

/// What is wrong with a request that must be refused.
#[must_use]
pub fn faults(call: &Call) -> Vec<Class> {
    match call {
        Call::Put {
            fields: None, body, ..
        } => vec![of_raw(body)],
        Call::Put {
            fields: Some(fields),
            ..
        } => of_fields(fields),
        Call::Get(_) | Call::Delete(_) => vec!["id too long"],
        Call::List { limit, start, .. } => {
            let limit = limit.as_deref().and_then(limit_fault);
            let start = match start {
                Some(id) if id.is_empty() => Some("start key empty"),
                Some(id) if id.len() > MAX_ID => Some("start key too long"),
                _ => None,
            };
            limit.into_iter().chain(start).collect()
        }
        Call::NoRoute(_) => Vec::new(),
    }
}

fn limit_fault(limit: &str) -> Option<Class> {
    match limit.parse::<u128>() {
        Ok(1..=1000) if !limit.starts_with('+') => None,
        Ok(_) if !limit.starts_with('+') => Some("limit out of range"),
        _ => Some("limit no whole number"),
    }
}

fn of_raw(body: &[u8]) -> Class {
    let Ok(text) = std::str::from_utf8(body) else {
        return "body not UTF-8";
    };
    let lower = text.to_lowercase();
    match serde_json::from_str::<&RawValue>(text) {
        _ if text.is_empty() => "body empty",
        Ok(value) if value.get().starts_with('{') && value.get().len() > 2 => {
            if lower.contains("\\ud") {
                "body with a lone surrogate"
            } else {
                "body not JSON"
            }
        }
        Ok(value) if value.get().starts_with('{') => "no id",
        Ok(_) => "body no object",
        Err(_) => "body not JSON",
    }
}

fn of_fields(fields: &[(String, Json)]) -> Vec<Class> {
    let mut faults = Vec::new();
    let known = |name: &str| ["id", "price", "name"].contains(&name);
    if fields.iter().any(|(name, _)| !known(name)) {
        faults.push("unknown field");
    }
    let twice = |(at, (name, _)): (usize, &(String, Json))| {
        fields[..at].iter().any(|(other, _)| other == name)
    };
    if fields.iter().enumerate().any(twice) {
        faults.push("field twice");
    }
    if !fields.iter().any(|(name, _)| name == "id") {
        faults.push("no id");
    }
    let fault = |(name, value): &(String, Json)| match (name.as_str(), value) {
        ("id", Json::Null) => Some("no id"),
        ("id", Json::Text(id)) => id_fault(id),
        ("id", _) => Some("id no string"),
        ("price", Json::Number(text)) => price_fault(text),
        ("price", Json::Text(_) | Json::Other(_)) => Some("price no number"),
        ("name", Json::Number(_) | Json::Other(_)) => Some("name no string"),
        _ => None,
    };
    faults.extend(fields.iter().filter_map(fault));
    let length: usize = fields.iter().map(length).sum();
    if length > MAX_ITEM {
        faults.push("item too large");
    }
    faults
}

/// The strings and names of a field, in bytes: without its number, which is little.
fn length((name, value): &(String, Json)) -> usize {
    match value {
        Json::Text(text) => name.len() + text.len(),
        _ => 0,
    }
}

fn id_fault(id: &str) -> Option<Class> {
    match id {
        "" => Some("id empty"),
        "." | ".." => Some("id that a path cannot carry"),
        _ if id.len() > MAX_ID => Some("id too long"),
        _ if id.contains(['/', '?', '%']) => Some("id that a path cannot carry"),
        _ if id.contains(char::is_control) => Some("id with a control character"),
        _ => None,
    }
}

fn price_fault(text: &str) -> Option<Class> {
    let price = Decimal::parse(text)?;
    let in_range = price
        .magnitude()
        .is_none_or(|it| (-130..=125).contains(&it));
    match price.is_storable() {
        true => None,
        false if in_range => Some("price of 39 digits"),
        false => Some("price out of range"),
    }
}

/// The classes of a list that must be answered, with whether there is an item of this id.
pub fn of_list(call: &Call, has: impl Fn(&str) -> bool) -> Vec<Class> {
    let Call::List {
        limit,
        start,
        other,
    } = call
    else {
        return Vec::new();
    };
    let mut classes = vec![
        if limit.is_some() { "limit" } else { "no limit" },
        match start {
            None => "no start key",
            Some(id) if has(id) => "start key of an item",
            Some(_) => "start key of no item",
        },
    ];
    if other.is_some() {
        classes.push("another parameter");
    }
    classes
}

/// The method and the path of what no route takes.
#[must_use]
pub fn of_no_route(call: &Call) -> (Class, Class) {
    match call {
        Call::NoRoute(no_route) => no_route.parts(),
        other => (other.method(), "/items/"),
    }
}
