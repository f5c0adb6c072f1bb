//! Random bodies of PUTs: items with values of every class, and bodies that are not items.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::contract::fields::{FIELDS, Field, Kind, names};
use crate::contract::id::ID;
use crate::contract::limits::{EXPONENTS, MAX_DIGITS, MAX_ITEM_BYTES};
use crate::generate::ids::id_to_put;
use crate::request::operation::{ContentType, JsonStyle, Object, Operation, Value};
use crate::toolkit::text::Text;

/// Draws an object that is an item, unless PUT refuses its id or its size.
pub fn item() -> impl Strategy<Value = Object> {
    object(None)
}

/// Draws an object with an invalid value, an additional field, or an invalid or missing id. The object may have further
/// faults, and is sometimes an item after all: an additional `price` is valid if the item has none.
pub fn invalid_item() -> impl Strategy<Value = Object> {
    prop_oneof![
        7 => (0..FIELDS.len()).prop_flat_map(|wrong| object(Some(wrong))),
        3 => (item(), extra_field(), any::<usize>()).prop_map(|(mut item, field, at)| {
            let at = at % (item.fields.len() + 1);
            item.fields.insert(at, field);
            item
        }),
        2 => (item(), invalid_id()).prop_map(|(mut item, wrong)| {
            item.fields.retain(|(name, _)| name != ID);
            item.fields.extend(wrong.map(|value| (ID.to_owned(), value)));
            item
        }),
    ]
}

/// Draws a PUT of bytes that are not an item.
pub fn raw() -> impl Strategy<Value = Operation> {
    let whole = item_json(None);
    let broken: Vec<_> = (0..FIELDS.len()).flat_map(broken_items).collect();
    let text = prop_oneof![
        1 => select(vec![
            "", " ", "[]", "null", "42", "\"a\"", "true", "{", "}", "{}", "{\"id\":\"a\"} x",
            "{\"id\":\"a\"}{\"id\":\"b\"}", "[{\"id\":\"a\"}]", "{\"id\":\"a\",}", "{'id':'a'}",
            "{id:\"a\"}", "{\"id\":\"a\"/**/}", "\u{feff}{\"id\":\"a\"}", "{\"id\":\"a\nb\"}",
            "{\"id\":\"\\ud800\"}", "{\"id\":\"\\x\"}",
            "{\"id\":\"a\",\"\\ud800\":1}", "id=a&price=1", "<id>a</id>", "eyJpZCI6ImEifQ==",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => select(broken).prop_map(String::into_bytes),
        1 => (1..whole.len()).prop_map(move |end| whole.as_bytes()[..end].to_vec()),
        1 => vec(any::<u8>(), 0..40),
        1 => Just("[".repeat(10_000).into_bytes()),
    ];
    let any_type = (text, content_type()).prop_map(|(body, kind)| Operation::PutRaw(body, kind));
    // Not with a text type: a gateway would replace the invalid byte, and then the body would be an item.
    let not_utf8 = select(vec![
        ContentType::Form,
        ContentType::Octets,
        ContentType::None,
    ])
    .prop_map(|kind| Operation::PutRaw(b"{\"id\":\"a\xff\"}".to_vec(), kind));
    prop_oneof![9 => any_type, 1 => not_utf8]
}

/// Draws a content type. With the last three, the body reaches the service as base64.
pub fn content_type() -> impl Strategy<Value = ContentType> {
    prop_oneof![
        8 => Just(ContentType::Json),
        1 => Just(ContentType::Text),
        3 => Just(ContentType::Form),
        1 => Just(ContentType::Octets),
        1 => Just(ContentType::None),
    ]
}

/// Returns the JSON text of an item with every field. `wrong` is the index of a field, and the text of its value.
fn item_json(wrong: Option<(usize, &str)>) -> String {
    let fields = (0..).zip(FIELDS).map(|(at, Field { name, kind })| {
        let value = match (wrong, kind) {
            (Some((wrong, value)), _) if wrong == at => value,
            (_, Kind::Number) => "1",
            (_, Kind::Text) => "\"\"",
        };
        format!(",\"{name}\":{value}")
    });
    format!("{{\"{ID}\":\"a\"{}}}", fields.collect::<String>())
}

/// Returns the texts of items in which this field is not valid JSON, or has a lone surrogate.
fn broken_items(at: usize) -> Vec<String> {
    let wrong = match FIELDS[at].kind {
        Kind::Number => &["NaN", "01", ".5", "+1", "0x10"][..],
        Kind::Text => &["\"\\udc00\\ud800\"", "\"\\x\""],
    };
    let wrong = wrong.iter().map(|value| item_json(Some((at, *value))));
    wrong.collect()
}

/// Draws an object with an id and the other fields, each of which may be absent, in the usual order or backwards. The
/// field at the index `wrong` is present and invalid.
fn object(wrong: Option<usize>) -> BoxedStrategy<Object> {
    let id = id_to_put().prop_map(|id| (ID.to_owned(), Value::Id(id)));
    let fields: Vec<_> = (0..)
        .zip(FIELDS)
        .map(|(at, Field { name, kind })| {
            let is_wrong = wrong == Some(at);
            let value = match (is_wrong, kind) {
                (false, Kind::Number) => number().boxed(),
                (false, Kind::Text) => text().boxed(),
                (true, Kind::Number) => invalid_number().boxed(),
                (true, Kind::Text) => invalid_text().boxed(),
            };
            let field = value.prop_map(move |value| Some((name.to_owned(), value)));
            let absent = if is_wrong { 0 } else { 2 };
            prop_oneof![3 => field, absent => Just(None)]
        })
        .collect();
    (id, fields, style(), any::<bool>())
        .prop_map(|(id, fields, style, backwards)| {
            let fields = std::iter::once(Some(id)).chain(fields).flatten();
            let mut fields: Vec<_> = fields.collect();
            if backwards {
                fields.reverse();
            }
            Object { fields, style }
        })
        .boxed()
}

fn style() -> impl Strategy<Value = JsonStyle> {
    prop_oneof![
        8 => Just(JsonStyle::Plain),
        1 => Just(JsonStyle::Spaced),
        1 => Just(JsonStyle::Escaped),
    ]
}

/// Numbers that must be stored to the last digit, besides those at the limits.
const NUMBERS: [&str; 16] = [
    "1",
    "-1",
    "-0",
    "0.0",
    "19.90",
    "12345",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "0.1",
    "1e2",
    "1E+2",
    "100e-2",
    "1e-7",
    "0e999999999999",
];

/// Returns valid numbers at the limits, which must be stored to the last digit.
fn numbers_within_limits() -> Vec<String> {
    let (min, max) = (EXPONENTS.start(), EXPONENTS.end());
    let digits = "1234567890".repeat(4)[..MAX_DIGITS].to_owned();
    vec![
        format!("1e{min}"),
        format!("-1e{min}"),
        format!("9.9e{min}"),
        format!("1e{}", max - 1),
        format!("-9.99e{}", max - 1),
        format!("1e{max}"),
        format!("9.99e{max}"),
        format!("0.{digits}"),
        format!("{digits}0000.000"),
        format!("{}.{}e-92", &digits[..1], &digits[1..]),
        "9".repeat(MAX_DIGITS),
        digits,
    ]
}

/// Returns numbers beyond the limits.
fn numbers_beyond_limits() -> Vec<String> {
    let (below, above) = (EXPONENTS.start() - 1, EXPONENTS.end() + 1);
    let digits = "1".repeat(MAX_DIGITS + 1);
    vec![
        format!("0.{digits}"),
        digits,
        format!("1e{above}"),
        format!("-1e{above}"),
        format!("10e{}", above - 1),
        format!("9.9e{below}"),
        format!("-1e{below}"),
        "1e999999999999999999999".to_owned(),
        "1e-400".to_owned(),
    ]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => Just(Value::Number("0".to_owned())),
        3 => select(&NUMBERS[..]).prop_map(|number| Value::Number(number.to_owned())),
        3 => select(numbers_within_limits()).prop_map(Value::Number),
        3 => any::<i64>().prop_map(|number| Value::Number(number.to_string())),
        2 => (any::<u32>(), 0..1000).prop_map(|(whole, part)| Value::Number(format!("{whole}.{part:03}"))),
        1 => Just(Value::Null),
    ]
}

fn invalid_number() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => select(numbers_beyond_limits()).prop_map(Value::Number),
        1 => select(vec!["1", "", "0", "NaN", "1,5"]).prop_map(|text| Value::Text(Text::plain(text))),
        1 => other_json(),
    ]
}

fn text() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Text(Text::plain(""))),
        4 => select(vec![
            "x", "y", "0", "null", "\0", "\"\\/\u{8}\u{c}\n\r\t", "\\u0041", "\u{7f}\u{80}",
            "\u{1f600}", "e\u{301}", "\u{202e}abc", "\u{2028}", "\u{feff}", "${jndi}", "%41", "<b>",
        ]).prop_map(|text| Value::Text(Text::plain(text))),
        2 => (0_u32..100).prop_map(|n| Value::Text(Text::plain(format!("text {n}")))),
        1 => vec(any::<char>(), 0..20)
            .prop_map(|characters| Value::Text(Text::plain(String::from_iter(characters)))),
        1 => Just(Value::Null),
        1 => long_text(),
    ]
}

/// Draws long texts, up to and beyond the size of the largest item.
fn long_text() -> impl Strategy<Value = Value> {
    let characters = select(vec!['x', '"', '\u{1}', '\u{1f600}']);
    let lengths =
        prop_oneof![4 => 1_000_usize..5_000, 1 => MAX_ITEM_BYTES - 100..MAX_ITEM_BYTES + 100];
    (characters, lengths).prop_map(|(fill, bytes)| Value::Text(Text::Repeated { fill, bytes }))
}

fn invalid_text() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Number("1".to_owned())),
        1 => other_json(),
    ]
}

fn invalid_id() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(Value::Null)),
        1 => Just(Some(Value::Number("1".to_owned()))),
        1 => other_json().prop_map(Some),
    ]
}

/// Draws an additional field: an unknown one, whose name may resemble a known one, or a known one, which is a duplicate
/// if the item already has it.
fn extra_field() -> impl Strategy<Value = (String, Value)> {
    let near = names().flat_map(|name| [name.to_uppercase(), format!("{name} ")]);
    let unknown = ["colour", "", "__proto__", "\"\n"].into_iter();
    let known_or_unknown = names().chain(unknown).map(str::to_owned);
    let names = select(near.chain(known_or_unknown).collect::<Vec<_>>());
    let names = prop_oneof![9 => names, 1 => Just("colour ".repeat(40))];
    let values = prop_oneof![
        Just(Value::Number("1".to_owned())),
        Just(Value::Null),
        Just(Value::Text(Text::plain("secret of the caller"))),
    ];
    (names, values)
}

/// Draws JSON other than strings, numbers and null. Some of it has a meaning for clients of `DynamoDB`.
fn other_json() -> impl Strategy<Value = Value> {
    select(vec![
        "true",
        "false",
        "[]",
        "{}",
        "[1]",
        "[\"a\"]",
        "{\"S\":\"a\"}",
        "{\"N\":\"1\"}",
        "{\"NULL\":true}",
        "{\"$serde_json::private::Number\":\"1\"}",
        "{\"wrapperName\":\"Set\",\"values\":[1],\"type\":\"Number\"}",
    ])
    .prop_map(|text| Value::Other(text.to_owned()))
}
