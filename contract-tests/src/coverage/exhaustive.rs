//! The sequences that reach every cell without a fault of the table, including those that random cases may miss.

use crate::contract::fields::{FIELDS, Field, Kind};
use crate::contract::id::{ID, refused_ids};
use crate::contract::leaks::{REFUSED_NUMBER, REFUSED_TEXT};
use crate::contract::limits::{EXPONENTS, MAX_DIGITS, MAX_ID_BYTES, MAX_ITEM_BYTES, PAGE_LIMITS};
use crate::request::operation::{
    ContentType, Id, JsonStyle, NoRoute, Object, Operation, Query, UrlStyle, Value,
};
use crate::toolkit::text::Text;

/// Ids of every class that PUT accepts, except the longest.
const IDS: [&str; 3] = ["b", "a #+&", "\u{e9}\u{1f600}"];

/// Numbers of every class.
const NUMBERS: [&str; 5] = ["0", "19.90", "-1", "9007199254740993.01", "-1e-130"];

/// Texts of every class except the long one.
const TEXTS: [&str; 4] = ["", "x", "\"\\\n", "\u{1f600}"];

/// Bytes that are not an item, of every class except bytes that are not UTF-8: each class with a value also with a
/// text that a message cannot repeat unnoticed.
const RAW: [&str; 8] = [
    "",
    "{",
    r#"{"id":"a","name":"secret of the caller"#,
    "[]",
    r#"["secret of the caller"]"#,
    "{}",
    r#"{"id":"\ud800"}"#,
    r#"{"id":"secret of the caller \ud800"}"#,
];

/// Returns the sequences that together reach every declared cell without a fault of the table.
#[must_use]
pub fn sequences() -> Vec<Vec<Operation>> {
    let mut sequences: Vec<_> = items().into_iter().map(lifecycle).collect();
    sequences.extend(invalid_items().into_iter().map(refusal));
    sequences.extend([
        raw(),
        absent_ids(),
        overwrites(),
        near_duplicates(),
        lists(),
        no_routes(),
    ]);
    sequences
}

fn text(text: &str) -> Value {
    Value::Text(Text::plain(text))
}

pub(super) fn number(text: &str) -> Value {
    Value::Number(text.to_owned())
}

pub(super) fn id(text: &str) -> Id {
    Id::Text(Text::plain(text))
}

pub(super) fn repeated(fill: char, bytes: usize) -> Text {
    Text::Repeated { fill, bytes }
}

pub(super) fn object(id: Id, more: &[(&str, Value)]) -> Object {
    let fields = [(ID, Value::Id(id))]
        .into_iter()
        .chain(more.iter().cloned());
    Object {
        fields: fields
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        style: JsonStyle::Plain,
    }
}

/// Returns an item for every class of ids, and one for every class of values of every field.
fn items() -> Vec<(Id, Object)> {
    let mut ids: Vec<_> = IDS.map(id).into();
    ids.push(Id::Text(repeated('x', MAX_ID_BYTES)));
    let nulls: Vec<_> = FIELDS.map(|field| (field.name, Value::Null)).into();
    let mut more: Vec<Vec<(&str, Value)>> = vec![vec![], nulls];
    for Field { name, kind } in FIELDS {
        let values: Vec<_> = match kind {
            Kind::Number => NUMBERS.map(number).into(),
            Kind::Text => {
                let long = Value::Text(repeated('x', 2000));
                TEXTS.map(text).into_iter().chain([long]).collect()
            }
        };
        more.extend(values.into_iter().map(|value| vec![(name, value)]));
    }
    let by_id = ids.into_iter().map(|id| (id.clone(), object(id, &[])));
    let by_fields = more.iter().map(|more| (id("a"), object(id("a"), more)));
    by_id.chain(by_fields).collect()
}

/// Returns a valid value of a field of this kind.
fn valid(kind: Kind) -> Value {
    match kind {
        Kind::Number => number("1"),
        Kind::Text => text("kept"),
    }
}

/// Returns operations that make every transition of an item. Each transition of a PUT occurs with a body that the
/// gateway passes on as text, and with one that it passes on as base64.
fn lifecycle((id, object): (Id, Object)) -> Vec<Operation> {
    vec![
        Operation::Get(id.clone().into()),
        Operation::Delete(id.clone().into()),
        Operation::Put(object.clone(), ContentType::Json),
        Operation::Get(id.clone().into()),
        Operation::Put(object.clone(), ContentType::Form),
        Operation::Delete(id.clone().into()),
        Operation::Get(id.clone().into()),
        Operation::Put(object.clone(), ContentType::None),
        Operation::Put(object, ContentType::Text),
        Operation::Delete(id.into()),
    ]
}

/// Returns an object for every fault that an object can have. A value that a message could repeat is so long that it
/// cannot do so unnoticed.
fn invalid_items() -> Vec<Object> {
    let boolean = || Value::Other("true".to_owned());
    let list = || Value::Other(format!("[\"{REFUSED_TEXT}\"]"));
    let mut wrong = vec![vec![("colour", Value::Null)], vec![(ID, text("a"))]];
    wrong.extend(["colour", ID].map(|name| vec![(name, text(REFUSED_TEXT))]));
    wrong.push(vec![(ID, Value::Null)]);
    wrong.push(vec![
        ("colour", text(REFUSED_TEXT)),
        ("colour", Value::Null),
    ]);
    let [above, below] = [EXPONENTS.end() + 1, EXPONENTS.start() - 1];
    for Field { name, kind } in FIELDS {
        let values = [valid(kind), Value::Null];
        wrong.extend(values.clone().into_iter().flat_map(|first| {
            let pairs = values.clone().into_iter();
            pairs.map(move |second| vec![(name, first.clone()), (name, second)])
        }));
        let values = match kind {
            Kind::Number => vec![
                text("1"),
                text(REFUSED_TEXT),
                boolean(),
                list(),
                number(&"1".repeat(MAX_DIGITS + 1)),
                number(&format!("1e{above}")),
                number(&format!("{REFUSED_NUMBER}e{above}")),
                number(&format!("-1e{below}")),
                number(&format!("-0.{REFUSED_NUMBER}e{below}")),
            ],
            Kind::Text => vec![
                number(REFUSED_NUMBER),
                list(),
                Value::Text(repeated('x', MAX_ITEM_BYTES)),
            ],
        };
        wrong.extend(values.into_iter().map(|value| vec![(name, value)]));
    }
    let mut objects: Vec<_> = wrong.iter().map(|more| object(id("a"), more)).collect();
    let ids = refused_ids()
        .into_iter()
        .chain([String::new()])
        .map(Text::Plain);
    let ids = ids.chain([repeated('x', MAX_ID_BYTES + 1)]);
    objects.extend(ids.map(|text| object(Id::Text(text), &[])));
    let wrong = [
        Some(Value::Null),
        Some(number(REFUSED_NUMBER)),
        Some(list()),
        None,
    ];
    objects.extend(wrong.map(|wrong| {
        Object {
            fields: wrong
                .into_iter()
                .map(|value| (ID.to_owned(), value))
                .collect(),
            style: JsonStyle::Plain,
        }
    }));
    objects
}

/// Returns PUTs of an invalid object, first while there is no item, and then while there is one. That item must stay
/// unchanged.
fn refusal(object: Object) -> Vec<Operation> {
    let item = self::object(
        id("a"),
        &FIELDS.map(|field| (field.name, valid(field.kind))),
    );
    vec![
        Operation::Put(object.clone(), ContentType::Json),
        Operation::Get(id("a").into()),
        Operation::Put(item, ContentType::Json),
        Operation::Put(object, ContentType::Octets),
        Operation::Get(id("a").into()),
    ]
}

fn raw() -> Vec<Operation> {
    let bodies = RAW.map(|body| Operation::PutRaw(body.as_bytes().to_vec(), ContentType::Json));
    let not_utf8 = b"{\"id\":\"secret of the caller \xff\"}".to_vec();
    let not_utf8 = Operation::PutRaw(not_utf8, ContentType::Octets);
    bodies.into_iter().chain([not_utf8]).collect()
}

/// Returns PUTs each of which leaves out a field that the PUT before has stored.
fn overwrites() -> Vec<Operation> {
    let whole = FIELDS.map(|field| (field.name, valid(field.kind)));
    let put = |fields: &[(&str, Value)]| Operation::Put(object(id("a"), fields), ContentType::Json);
    let get = || Operation::Get(id("a").into());
    let by_field = whole.iter().flat_map(|field| {
        let only = std::slice::from_ref(field);
        [put(&whole), put(only), get()]
    });
    by_field.chain([put(&whole), put(&[]), get()]).collect()
}

/// Returns GETs and DELETEs of ids that are never stored: some that only PUT refuses, one too long, and the empty one.
fn absent_ids() -> Vec<Operation> {
    // The id `a%62` would be `ab` if it were decoded once more.
    let ids = ["a%b", "a%62", "a?b", "..", "\u{1}"].map(id);
    let too_long = ['x', '\u{1f600}'].map(|fill| Id::Text(repeated(fill, MAX_ID_BYTES + 1)));
    let ids = ids.into_iter().chain(too_long).chain([id("")]);
    ids.flat_map(|id| {
        [
            Operation::Get(id.clone().into()),
            Operation::Delete(id.into()),
        ]
    })
    .collect()
}

/// Returns GETs of near-duplicates of an item's id. One of them is then put and deleted.
fn near_duplicates() -> Vec<Operation> {
    let put = |text| Operation::Put(object(id(text), &[]), ContentType::Json);
    let near = ["E\u{301}X", "\u{e9}x", " e\u{301}x", "e\u{301}x "];
    let mut operations = vec![put("e\u{301}x")];
    operations.extend(near.map(|text| Operation::Get(id(text).into())));
    operations.extend([
        put(near[0]),
        Operation::Delete(id(near[0]).into()),
        Operation::Get(id(near[0]).into()),
    ]);
    operations
}

/// Returns requests of every kind of page, without items and with some.
fn lists() -> Vec<Operation> {
    let list = |limit: Option<&str>, start: Option<Id>, other: Option<&str>| {
        Operation::List(Query {
            limit: limit.map(str::to_owned),
            start,
            other: other.map(str::to_owned),
            style: UrlStyle::Plain,
        })
    };
    let too_long = Id::Text(repeated('x', MAX_ID_BYTES + 1));
    let max = *PAGE_LIMITS.end();
    let pages = [
        list(None, None, None),
        list(Some("1"), None, Some("x")),
        list(Some(&max.to_string()), None, None),
        list(Some("2"), Some(id("a")), None),
        list(None, Some(id("z")), None),
        list(Some("0"), None, None),
        list(Some(&(max + 1).to_string()), None, None),
        list(Some(REFUSED_NUMBER), None, None),
        list(Some("ten"), None, None),
        list(Some(REFUSED_TEXT), None, None),
        list(None, Some(id("")), None),
        list(None, Some(too_long), None),
    ];
    let put = |text| Operation::Put(object(id(text), &[]), ContentType::Json);
    let paginate = Operation::Paginate {
        limit: 1,
        delete_last_of_page: true,
    };
    let puts = ["a", "b", "c"].map(put);
    pages
        .clone()
        .into_iter()
        .chain(puts)
        .chain(pages)
        .chain([paginate])
        .collect()
}

fn no_routes() -> Vec<Operation> {
    NoRoute::ALL.map(Operation::NoRoute).into()
}
