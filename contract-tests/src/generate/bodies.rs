//! Random bodies of PUTs: items with values of every class, and bodies that are not items.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::contract::fields::{FIELDS, Field, Kind, names};
use crate::contract::id::{ID, refused_ids};
use crate::contract::leaks::{REFUSED_NUMBER, REFUSED_TEXT};
use crate::contract::limits::{EXPONENTS, MAX_DIGITS, MAX_ITEM_BYTES};
use crate::generate::ids::id_to_put;
use crate::generate::numbers::{magnitude, number};
use crate::request::operation::{ContentType, Id, JsonStyle, Object, Operation, Value};
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
        6 => item_with_duplicate(),
        2 => (item(), invalid_id()).prop_map(|(mut item, wrong)| {
            item.fields.retain(|(name, _)| name != ID);
            item.fields.extend(wrong.map(|value| (ID.to_owned(), value)));
            item
        }),
    ]
}

/// Draws an item in which one field, sometimes an unknown one, occurs twice: with the same value, with `null`, or with
/// a long value. The two may be next to each other or apart, in either order.
fn item_with_duplicate() -> impl Strategy<Value = Object> {
    let second = prop_oneof![
        1 => Just(Second::SameValue),
        4 => Just(Second::Null),
        4 => Just(Second::LongValue),
    ];
    let with_unknown = (item(), extra_field()).prop_map(|(mut item, field)| {
        item.fields.push(field);
        item
    });
    let item = prop_oneof![4 => item().boxed(), 1 => with_unknown.boxed()];
    let positions = (any::<Index>(), any::<Index>());
    (item, second, positions).prop_map(|(mut item, second, (which, at))| {
        let (name, value) = item.fields[which.index(item.fields.len())].clone();
        let value = match (second, &value) {
            (Second::Null, _) => Value::Null,
            (Second::SameValue, _) => value,
            (Second::LongValue, Value::Id(_)) => Value::Id(Id::Text(Text::plain(REFUSED_TEXT))),
            (Second::LongValue, Value::Number(_)) => Value::Number(REFUSED_NUMBER.to_owned()),
            (Second::LongValue, _) => Value::Text(Text::plain(REFUSED_TEXT)),
        };
        let at = at.index(item.fields.len() + 1);
        item.fields.insert(at, (name, value));
        item
    })
}

/// The second value of a field that occurs twice.
#[derive(Clone, Copy, Debug)]
enum Second {
    SameValue,
    Null,
    LongValue,
}

/// Draws a PUT of bytes that are not an item. At least half of the bodies of each kind have a text or a number that a
/// message cannot repeat unnoticed.
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
        1 => select(long_raw_texts()).prop_map(String::into_bytes),
        1 => select(broken).prop_map(String::into_bytes),
        1 => (1..whole.len()).prop_map(move |end| whole.as_bytes()[..end].to_vec()),
        1 => (select(vec!["", REFUSED_TEXT]), vec(any::<u8>(), 0..40))
            .prop_map(|(text, bytes)| [text.as_bytes(), &bytes].concat()),
        1 => Just("[".repeat(10_000).into_bytes()),
    ];
    let any_type = (text, content_type()).prop_map(|(body, kind)| Operation::PutRaw(body, kind));
    // Not with a text type: a gateway would replace the invalid byte, and then the body would be an item.
    let not_utf8 = select(vec![
        ContentType::Form,
        ContentType::Octets,
        ContentType::None,
    ])
    .prop_map(|kind| Operation::PutRaw(NOT_UTF8.to_vec(), kind));
    prop_oneof![9 => any_type, 1 => not_utf8]
}

/// A body that is not UTF-8.
const NOT_UTF8: &[u8] = b"{\"id\":\"a\xff\",\"name\":\"secret of the caller\"}";

/// Returns texts of every kind that is not an item, each with a long part.
fn long_raw_texts() -> Vec<String> {
    let (text, number) = (REFUSED_TEXT, REFUSED_NUMBER);
    vec![
        format!("\"{text}\""),
        number.to_owned(),
        format!("[\"{text}\"]"),
        format!("[{{\"{ID}\":\"a\",\"note\":\"{text}\"}}]"),
        text.to_owned(),
        format!("{{\"{ID}\":\"a\",\"note\":\"{text}"),
        format!("{{\"{ID}\":\"a\",\"note\":'{text}'}}"),
        format!("{{\"{ID}\":\"a\"}}{text}"),
        format!("{{\"{ID}\":\"a\",\"{text} \\ud800\":1}}"),
        format!("{{\"{ID}\":\"{text} \\ud800\"}}"),
    ]
}

/// Draws a content type, more often JSON. With `Form`, `Octets` and `None`, the body reaches the service as base64.
pub fn content_type() -> impl Strategy<Value = ContentType> {
    prop_oneof![
        1 => Just(ContentType::Json),
        1 => select(ContentType::ALL.to_vec()),
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
    let (text, number) = (REFUSED_TEXT, REFUSED_NUMBER);
    let (short, long) = match FIELDS[at].kind {
        Kind::Number => (
            &["NaN", "01", ".5", "+1", "0x10"][..],
            vec![
                format!("+{number}"),
                format!("0{number}"),
                format!("{number}x"),
                format!("0x{number}"),
                format!("'{text}'"),
            ],
        ),
        Kind::Text => (
            &["\"\\udc00\\ud800\"", "\"\\x\""][..],
            vec![format!("\"{text} \\ud800\""), format!("\"{text} \\x\"")],
        ),
    };
    let wrong = short.iter().copied().chain(long.iter().map(String::as_str));
    wrong.map(|value| item_json(Some((at, value)))).collect()
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
                (false, Kind::Number) => number_or_null().boxed(),
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

/// Returns numbers beyond the limits. At least half of those of each kind are so long that a message cannot repeat them
/// unnoticed.
fn numbers_beyond_limits() -> Vec<String> {
    let (below, above) = (EXPONENTS.start() - 1, EXPONENTS.end() + 1);
    let digits = "1".repeat(MAX_DIGITS + 1);
    vec![
        format!("0.{digits}"),
        format!("-{digits}e20"),
        format!("{REFUSED_NUMBER}.{digits}"),
        digits,
        format!("1e{above}"),
        format!("-1e{above}"),
        format!("10e{}", above - 1),
        format!("9.9e{below}"),
        format!("-1e{below}"),
        "1e999999999999999999999".to_owned(),
        format!("-{REFUSED_NUMBER}e{above}"),
        format!("{REFUSED_NUMBER}.5e{above}"),
        "1e-400".to_owned(),
        format!("3.1415926535897932e{above}"),
        format!("-3.1415926535897932e{above}"),
        format!("{REFUSED_NUMBER}e{above}"),
        format!("3.1415926535897932e{below}"),
        format!("-3.1415926535897932e{below}"),
        format!("0.{REFUSED_NUMBER}e{below}"),
        format!("{REFUSED_NUMBER}e-400"),
    ]
}

fn number_or_null() -> impl Strategy<Value = Value> {
    prop_oneof![12 => number().prop_map(Value::Number), 1 => Just(Value::Null)]
}

fn invalid_number() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => select(numbers_beyond_limits()).prop_map(Value::Number),
        1 => select(vec!["1", "", "0", "NaN", "1,5"]).prop_map(|text| Value::Text(Text::plain(text))),
        1 => select(vec![REFUSED_TEXT, REFUSED_NUMBER]).prop_map(|text| Value::Text(Text::plain(text))),
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
        3 => text_of_any_length(),
    ]
}

/// Draws texts of every length, up to and beyond the size of the largest item. Each range from one power of two to the
/// next is equally likely, so most texts are short.
fn text_of_any_length() -> impl Strategy<Value = Value> {
    let characters = select(vec!['x', '"', '\u{1}', '\u{1f600}']);
    let at_limit = MAX_ITEM_BYTES - 100..MAX_ITEM_BYTES + 100;
    let lengths = prop_oneof![8 => magnitude(MAX_ITEM_BYTES), 1 => at_limit];
    (characters, lengths).prop_map(|(fill, bytes)| Value::Text(Text::Repeated { fill, bytes }))
}

fn invalid_text() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => select(vec!["1", REFUSED_NUMBER]).prop_map(|number| Value::Number(number.to_owned())),
        1 => other_json(),
    ]
}

fn invalid_id() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(Value::Null)),
        1 => select(vec!["1", REFUSED_NUMBER])
            .prop_map(|number| Some(Value::Number(number.to_owned()))),
        1 => select(refused_ids()).prop_map(|id| Some(Value::Id(Id::Text(Text::plain(id))))),
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
        1 => Just(Value::Number("1".to_owned())),
        2 => Just(Value::Number(REFUSED_NUMBER.to_owned())),
        1 => Just(Value::Null),
        2 => Just(Value::Text(Text::plain(REFUSED_TEXT))),
    ];
    (names, values)
}

/// Draws JSON other than strings, numbers and null. Some of it has a meaning for clients of `DynamoDB`.
fn other_json() -> impl Strategy<Value = Value> {
    let text = REFUSED_TEXT;
    let long = vec![
        format!("[\"{text}\"]"),
        format!("{{\"S\":\"{text}\"}}"),
        format!("{{\"N\":\"{REFUSED_NUMBER}\"}}"),
        format!("[{REFUSED_NUMBER}]"),
    ];
    let common = select(vec![
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
    ]);
    prop_oneof![common.prop_map(str::to_owned), select(long)].prop_map(Value::Other)
}
