//! The equivalence classes of valid input: the differences between requests that may matter to the service.

use crate::contract::fields::{FIELDS, Field, Kind};
use crate::contract::id::{self, ID};
use crate::contract::limits::MAX_ID_BYTES;
use crate::request::concrete::{Request, RequestKind};
use crate::request::conditions::SentTags;
use crate::request::json::Json;
use crate::request::operation::ContentType;
use crate::toolkit::decimal::Decimal;

/// The maximum number of significant digits of a binary float of 64 bits. A number whose mantissa has more digits,
/// including zeros, counts as beyond a double.
const MAX_DOUBLE_DIGITS: usize = 17;

/// The power of ten beyond which a magnitude, large or small, counts as extreme.
const EXTREME_MAGNITUDE: i64 = 100;

/// The length from which a text counts as long.
const LONG_TEXT_BYTES: usize = 1000;

/// Returns the classes of the PUT of an item: of its body, its id, and each field.
#[must_use]
pub fn of_put(request: &Request) -> Vec<String> {
    let RequestKind::Put {
        fields: Some(fields),
        content_type,
        ..
    } = &request.kind
    else {
        return Vec::new();
    };
    let sent = |wanted: &str| {
        let mut fields = fields.iter();
        fields
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value)
    };
    let body = match content_type {
        ContentType::Json | ContentType::Text => "body as text",
        ContentType::Form | ContentType::Octets | ContentType::None => "body as base64",
    };
    let id = sent(ID).and_then(Json::as_text);
    let id = id.map(|id| of_id(id).to_owned());
    let fields = FIELDS.iter().map(|field| of_field(field, sent(field.name)));
    std::iter::once(body.to_owned())
        .chain(fields)
        .chain(id)
        .collect()
}

fn of_field(Field { name, kind }: &Field, value: Option<&Json>) -> String {
    let class = match (kind, value) {
        (_, Some(Json::Null)) => "null",
        (Kind::Number, Some(Json::Number(text))) => of_number(text),
        (Kind::Text, Some(Json::Text(text))) => of_text(text),
        _ => return format!("no {name}"),
    };
    format!("{name} {class}").trim_end().to_owned()
}

fn of_number(text: &str) -> &'static str {
    let digits = text.split(['e', 'E']).next().unwrap_or_default();
    let digits = digits.bytes().filter(u8::is_ascii_digit).count();
    match Decimal::parse(text).and_then(|number| number.magnitude()) {
        None => "zero",
        Some(magnitude) if magnitude.abs() > EXTREME_MAGNITUDE => "of extreme magnitude",
        Some(_) if digits > MAX_DOUBLE_DIGITS => "beyond a double",
        Some(_) if text.starts_with('-') => "negative",
        Some(_) => "",
    }
}

fn of_text(text: &str) -> &'static str {
    match text {
        "" => "empty",
        _ if text.len() >= LONG_TEXT_BYTES => "long",
        _ if text.contains(|c: char| c.is_control() || c == '"' || c == '\\') => {
            "that JSON escapes"
        }
        _ if !text.is_ascii() => "beyond ASCII",
        _ => "",
    }
}

/// Returns the class of an id.
#[must_use]
pub fn of_id(id: &str) -> &'static str {
    match id {
        _ if id.len() > MAX_ID_BYTES => "id too long",
        _ if id.len() >= MAX_ID_BYTES - 1 => "id as long as may be",
        _ if id::fault(id).is_some() => "id that PUT refuses",
        _ if !id.is_ascii() => "id beyond ASCII",
        _ if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) => "id with signs",
        _ => "id",
    }
}

/// Returns the id trimmed, in lower case and with `é` composed, as a service that normalises ids would store it.
#[must_use]
pub fn normalised(id: &str) -> String {
    id.trim().to_lowercase().replace("e\u{301}", "\u{e9}")
}

/// Returns the classes of a valid list request. `has` returns `true` if there is an item with this id.
pub fn of_list(request: &Request, has: impl Fn(&str) -> bool) -> Vec<String> {
    let RequestKind::List {
        limit,
        start,
        other,
    } = &request.kind
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
    classes.into_iter().map(str::to_owned).collect()
}

/// Returns the classes of the conditions of a request, for an item with this tag, or for no item.
#[must_use]
pub fn of_conditions(request: &Request, current: Option<&str>) -> Vec<String> {
    let headers: Vec<_> = request.conditions.headers().collect();
    let class = match (&request.kind, headers.as_slice()) {
        (_, []) => return Vec::new(),
        (RequestKind::List { .. }, _) => "conditions".to_owned(),
        (_, [(name, SentTags::Any)]) => format!("{name}: *"),
        (_, [(name, SentTags::List(tags))]) => {
            let matching: Vec<_> = tags
                .iter()
                .filter(|tag| current == Some(tag.tag.as_str()))
                .collect();
            match (matching.iter().any(|tag| !tag.is_weak), tags.len()) {
                _ if matching.is_empty() => format!("{name} without the tag"),
                (true, 1) => format!("{name} with the tag"),
                (true, _) => format!("{name} with the tag in a list"),
                (false, _) => format!("{name} with the weak tag"),
            }
        }
        (_, [(_, SentTags::Malformed(_))]) => return Vec::new(),
        (_, [_, _, ..]) => "both headers".to_owned(),
    };
    vec![class]
}
