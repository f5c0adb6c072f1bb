//! The sequences that reach every cell of a request with conditions.

use crate::contract::fields::{FIELDS, Field, Kind};
use crate::contract::leaks::REFUSED_TEXT;
use crate::coverage::exhaustive::{id, number, object};
use crate::request::conditions::{Conditions, Tag, Tags};
use crate::request::operation::{ContentType, Operation, Query, Value};
use crate::toolkit::text::Text;

/// Values that are neither `*` nor a list of tags. Those with a text are so long that a message cannot repeat it
/// unnoticed.
const MALFORMED: [&str; 5] = [REFUSED_TEXT, "\"x", "*, \"x\"", "\"x\" \"y\"", "W/x"];

/// Returns the sequences.
pub fn sequences() -> Vec<Vec<Operation>> {
    let mut sequences: Vec<_> = conditions().iter().map(every_request).collect();
    sequences.extend([equal_items(), changed_back()]);
    sequences
}

/// Returns conditions of every class.
fn conditions() -> Vec<Conditions> {
    let if_match = |tags: &Tags| Conditions {
        if_match: Some(tags.clone()),
        if_none_match: None,
    };
    let if_none_match = |tags: &Tags| Conditions {
        if_match: None,
        if_none_match: Some(tags.clone()),
    };
    let other = || Tag::Other("x".to_owned());
    let list = |tags: &[Tag]| Tags::List(tags.to_vec());
    let mut values = vec![
        Tags::Any,
        list(&[Tag::Latest]),
        list(&[Tag::Previous]),
        list(&[Tag::LatestWeak]),
        list(&[other()]),
        list(&[other(), Tag::Latest]),
        list(&[Tag::Previous, Tag::LatestWeak]),
    ];
    values.extend(MALFORMED.map(|text| Tags::Malformed(text.to_owned())));
    let mut conditions: Vec<_> = values.iter().map(if_match).collect();
    conditions.extend(values.iter().map(if_none_match));
    let both = [
        (Tags::Any, Tags::Any),
        (Tags::Any, list(&[Tag::Previous])),
        (list(&[Tag::Latest]), list(&[Tag::Latest])),
        (list(&[Tag::Latest]), list(&[other()])),
        (list(&[Tag::Previous]), list(&[Tag::Latest])),
    ];
    conditions.extend(both.map(|(if_match, if_none_match)| Conditions {
        if_match: Some(if_match),
        if_none_match: Some(if_none_match),
    }));
    conditions
}

/// Returns a value of this field, different for each number.
fn value(field: &Field, of: usize) -> Value {
    match field.kind {
        Kind::Number => number(&of.to_string()),
        Kind::Text => Value::Text(Text::plain(format!("x{of}"))),
    }
}

/// Returns the PUT of the item `a` with the values of this number.
fn put(of: usize) -> Operation {
    let fields = FIELDS.map(|field| (field.name, value(&field, of)));
    Operation::Put(object(id("a"), &fields), ContentType::Json)
}

fn get() -> Operation {
    Operation::Get(id("a").into())
}

fn delete() -> Operation {
    Operation::Delete(id("a").into())
}

/// Returns every request with these conditions: for an item that never existed, one that was changed, and one that was
/// deleted.
fn every_request(conditions: &Conditions) -> Vec<Operation> {
    let when = |operation| Operation::Conditional(conditions.clone(), Box::new(operation));
    vec![
        when(get()),
        when(delete()),
        when(Operation::List(Query::default())),
        when(put(1)),
        get(),
        put(2),
        put(3),
        when(get()),
        when(Operation::List(Query::default())),
        when(put(4)),
        get(),
        put(5),
        when(delete()),
        get(),
        put(6),
        put(7),
        delete(),
        when(get()),
        when(delete()),
        when(put(8)),
        get(),
    ]
}

/// Returns PUTs of equal items in other forms, whose tags must be equal.
fn equal_items() -> Vec<Operation> {
    let fields = FIELDS.iter().filter(|field| field.kind == Kind::Number);
    let put = |name: &str, text: &str, kind| {
        Operation::Put(object(id("a"), &[(name, number(text))]), kind)
    };
    fields
        .flat_map(|field| {
            let forms = ["100", "1e2", "100.0", "1E+2", "0", "-0.0", "0e9"];
            forms.map(|text| [put(field.name, text, ContentType::Json), get()])
        })
        .flatten()
        .collect()
}

/// Returns changes of an item back to an older one, whose tag then matches again.
fn changed_back() -> Vec<Operation> {
    let when = |tag, operation| {
        let conditions = Conditions {
            if_match: Some(Tags::List(vec![tag])),
            if_none_match: None,
        };
        Operation::Conditional(conditions, Box::new(operation))
    };
    vec![
        put(1),
        put(2),
        put(1),
        get(),
        when(Tag::Previous, put(3)),
        when(Tag::Latest, put(4)),
        get(),
        when(Tag::Previous, delete()),
        when(Tag::Latest, delete()),
        get(),
    ]
}
