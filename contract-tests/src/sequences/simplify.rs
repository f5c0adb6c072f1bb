//! Proposes simpler operations that may still break the contract. Proposals move towards preferred values and never
//! back, so simplifying terminates.

mod candidates;
mod conditions;

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use self::candidates::{PREFERRED_TEXTS, shorter};
use self::conditions::simpler_conditions;
use crate::request::operation::{
    Batch, ContentType, Id, JsonStyle, Object, Operation, PathId, Query, UrlStyle, Value,
};
use crate::toolkit::decimal::Decimal;
use crate::toolkit::text::Text;

/// The preferred ids, the most preferred first.
const PREFERRED_IDS: [&str; 4] = ["a", "b", "c", "d"];

/// The preferred numbers, the most preferred first.
const PREFERRED_NUMBERS: [&str; 2] = ["1", "0"];

/// Returns operations that are simpler than this one, the simplest first.
#[must_use]
pub fn simpler_operations(operation: &Operation) -> Vec<Operation> {
    match operation {
        Operation::Put(object, content_type) => {
            let objects = simpler_objects(object).into_iter();
            let mut simpler: Vec<_> = objects
                .map(|object| Operation::Put(object, *content_type))
                .collect();
            if *content_type != ContentType::Json {
                simpler.push(Operation::Put(object.clone(), ContentType::Json));
            }
            simpler
        }
        Operation::PutRaw(body, content_type) => {
            let mut simpler: Vec<_> = shorter(body)
                .filter(|body| !may_be_item(body))
                .map(|body| Operation::PutRaw(body, *content_type))
                .collect();
            if *content_type != ContentType::Json {
                simpler.push(Operation::PutRaw(body.clone(), ContentType::Json));
            }
            simpler
        }
        Operation::List(query) => simpler_queries(query)
            .into_iter()
            .map(Operation::List)
            .collect(),
        Operation::Paginate {
            limit,
            delete_last_of_page,
        } => {
            let page = Operation::List(Query {
                limit: Some(limit.to_string()),
                ..Query::default()
            });
            let mut simpler = vec![page];
            if *delete_last_of_page {
                simpler.push(Operation::Paginate {
                    limit: *limit,
                    delete_last_of_page: false,
                });
            }
            if *limit > 1 {
                simpler.push(Operation::Paginate {
                    limit: 1,
                    delete_last_of_page: *delete_last_of_page,
                });
            }
            simpler
        }
        Operation::PutMany(batch) => simpler_batches(batch)
            .into_iter()
            .map(Operation::PutMany)
            .collect(),
        Operation::Get(path) => plain(path).map(Operation::Get).into_iter().collect(),
        Operation::Delete(path) => plain(path).map(Operation::Delete).into_iter().collect(),
        Operation::NoRoute(_) => Vec::new(),
        Operation::Conditional(conditions, operation) => {
            let fewer = simpler_conditions(conditions)
                .into_iter()
                .map(|conditions| Operation::Conditional(conditions, operation.clone()));
            let simpler = simpler_operations(operation)
                .into_iter()
                .map(|operation| Operation::Conditional(conditions.clone(), Box::new(operation)));
            std::iter::once((**operation).clone())
                .chain(fewer)
                .chain(simpler)
                .collect()
        }
    }
}

/// Returns the same path in the plain style, unless it has that style.
fn plain(path: &PathId) -> Option<PathId> {
    let plain = PathId::from(path.id.clone());
    (plain != *path).then_some(plain)
}

/// Returns smaller batches, and batches of simpler items.
fn simpler_batches(batch: &Batch) -> Vec<Batch> {
    let simpler = simpler_objects(&batch.object).into_iter();
    let simpler = simpler.map(|object| Batch {
        object,
        ..batch.clone()
    });
    smaller_batches(batch).chain(simpler).collect()
}

/// Returns smaller batches: first without half of the items, and last without one item.
fn smaller_batches(batch: &Batch) -> impl Iterator<Item = Batch> {
    let counts = halves(batch.count.into()).filter_map(|count| u16::try_from(count).ok());
    counts.map(|count| Batch {
        count,
        ..batch.clone()
    })
}

/// Returns smaller batches, each followed by a PUT of the last item of this batch, with fewer requests together. A later
/// operation may name that item, so that no smaller batch fails, although the other items are not needed.
#[must_use]
pub fn with_last_apart(batch: &Batch) -> Vec<[Operation; 2]> {
    let Some(last) = batch.objects().last() else {
        return Vec::new();
    };
    let last = Operation::Put(last, ContentType::Json);
    smaller_batches(batch)
        .filter(|smaller| smaller.count + 1 < batch.count)
        .map(|smaller| [Operation::PutMany(smaller), last.clone()])
        .collect()
}

/// Returns smaller numbers: first without half of the number, then without a quarter of it, and so on.
fn halves(number: usize) -> impl Iterator<Item = usize> {
    let removed = std::iter::successors(Some(number / 2), |removed| Some(removed / 2));
    let removed = removed.take_while(|removed| *removed > 0);
    removed.map(move |removed| number - removed)
}

/// Returns `true` if these bytes may be an item, or an object with several faults. The model expects that raw bytes are
/// not an item, and knows only one fault of an object with a lone surrogate.
fn may_be_item(body: &[u8]) -> bool {
    let members: Result<BTreeMap<String, &RawValue>, _> = serde_json::from_slice(body);
    members.is_ok_and(|members| !members.is_empty())
}

/// Returns the operations in three forms: with short texts in each batch, and with few items in it and pages of one
/// item; with the first only; and with the second only.
#[must_use]
pub fn with_small_pages(operations: &[Operation]) -> [Vec<Operation>; 3] {
    let simplified = |is_short: bool, has_few: bool| {
        let mut operations = operations.to_vec();
        for operation in &mut operations {
            match operation {
                Operation::PutMany(batch) => {
                    if has_few {
                        batch.count = batch.count.min(2);
                    }
                    for (_, value) in &mut batch.object.fields {
                        if let Value::Text(text) = value
                            && is_short
                        {
                            *text = Text::plain(PREFERRED_TEXTS[0]);
                        }
                    }
                }
                Operation::List(query) if has_few && has_valid_limit(query) => {
                    query.limit = Some("1".to_owned());
                }
                Operation::Paginate { limit, .. } if has_few => *limit = 1,
                Operation::Put(..)
                | Operation::PutRaw(..)
                | Operation::Get(_)
                | Operation::Delete(_)
                | Operation::List(_)
                | Operation::Paginate { .. }
                | Operation::NoRoute(_)
                | Operation::Conditional(..) => {}
            }
        }
        operations
    };
    [
        simplified(true, true),
        simplified(true, false),
        simplified(false, true),
    ]
}

fn has_valid_limit(query: &Query) -> bool {
    let limit = query.limit.as_deref();
    limit.is_none_or(|limit| limit.parse::<u16>().is_ok())
}

/// Returns copies of the operations, in each of which one id is replaced by a simpler one everywhere.
#[must_use]
pub fn with_simpler_ids(operations: &[Operation]) -> Vec<Vec<Operation>> {
    let mut texts: Vec<Text> = Vec::new();
    let mut copy = operations.to_vec();
    for id in copy.iter_mut().flat_map(Operation::ids_mut) {
        if let Id::Text(text) = id
            && !texts.contains(text)
        {
            texts.push(text.clone());
        }
    }
    let mut renamed = Vec::new();
    for old in &texts {
        for new in simpler_texts(old, &PREFERRED_IDS) {
            let mut operations = operations.to_vec();
            for id in operations.iter_mut().flat_map(Operation::ids_mut) {
                if *id == Id::Text(old.clone()) {
                    *id = Id::Text(new.clone());
                }
            }
            renamed.push(operations);
        }
    }
    renamed
}

fn simpler_objects(object: &Object) -> Vec<Object> {
    let mut simpler: Vec<_> = shorter(&object.fields)
        .map(|fields| Object {
            fields,
            ..object.clone()
        })
        .collect();
    if object.style != JsonStyle::Plain {
        simpler.push(Object {
            style: JsonStyle::Plain,
            ..object.clone()
        });
    }
    for (index, (_, value)) in object.fields.iter().enumerate() {
        for value in simpler_values(value) {
            let mut object = object.clone();
            object.fields[index].1 = value;
            simpler.push(object);
        }
    }
    simpler
}

fn simpler_values(value: &Value) -> Vec<Value> {
    match value {
        Value::Text(text) => {
            let texts = simpler_texts(text, &PREFERRED_TEXTS).into_iter();
            texts.map(Value::Text).collect()
        }
        Value::Number(number) => simpler_strings(number, &PREFERRED_NUMBERS)
            .into_iter()
            .filter(|number| Decimal::parse(number).is_some())
            .map(Value::Number)
            .collect(),
        // An id must change in all operations at once, which `with_simpler_ids` does.
        Value::Id(_) | Value::Null | Value::Other(_) => Vec::new(),
    }
}

fn simpler_queries(query: &Query) -> Vec<Query> {
    let mut simpler = Vec::new();
    if query.style != UrlStyle::Plain {
        simpler.push(Query {
            style: UrlStyle::Plain,
            ..query.clone()
        });
    }
    if query.other.is_some() {
        simpler.push(Query {
            other: None,
            ..query.clone()
        });
    }
    if query.start.is_some() {
        simpler.push(Query {
            start: None,
            ..query.clone()
        });
    }
    if let Some(limit) = &query.limit {
        simpler.push(Query {
            limit: None,
            ..query.clone()
        });
        if limit != "1" {
            simpler.push(Query {
                limit: Some("1".to_owned()),
                ..query.clone()
            });
        }
    }
    simpler
}

fn simpler_texts(text: &Text, preferred: &[&str]) -> Vec<Text> {
    match text {
        Text::Plain(text) => {
            let strings = simpler_strings(text, preferred).into_iter();
            strings.map(Text::Plain).collect()
        }
        Text::Repeated { fill, bytes } => {
            let mut simpler: Vec<_> = preferred.iter().copied().map(Text::plain).collect();
            simpler.extend(halves(*bytes).map(|bytes| Text::Repeated { fill: *fill, bytes }));
            if *fill != 'x' {
                let (fill, bytes) = ('x', *bytes);
                simpler.push(Text::Repeated { fill, bytes });
            }
            simpler
        }
    }
}

fn simpler_strings(text: &str, preferred: &[&str]) -> Vec<String> {
    let rank = preferred.iter().position(|preferred| *preferred == text);
    let better = &preferred[..rank.unwrap_or(preferred.len())];
    let mut simpler: Vec<_> = better.iter().map(|&text| text.to_owned()).collect();
    if rank.is_none() {
        let characters: Vec<_> = text.chars().collect();
        // The empty text is a class of input of its own, so it is proposed only where it is preferred.
        let shorter = shorter(&characters).filter(|shorter| !shorter.is_empty());
        simpler.extend(shorter.map(String::from_iter));
    }
    simpler
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simplifying_terminates() {
        for (text, preferred) in [
            ("b", &PREFERRED_IDS[..]),
            ("%41é", &PREFERRED_IDS),
            ("12.50", &PREFERRED_NUMBERS),
        ] {
            let mut texts = vec![text.to_owned()];
            let mut steps = 0;
            while let Some(last) = texts.pop() {
                // The last proposal is always accepted, which is the longest way.
                texts = simpler_strings(&last, preferred);
                steps += 1;
                assert!(steps < 10, "{text}");
            }
        }
        let repeated = Text::Repeated {
            fill: '😀',
            bytes: 2049,
        };
        assert!(!simpler_texts(&repeated, &PREFERRED_IDS).contains(&repeated));
    }

    #[test]
    fn a_raw_body_is_not_shortened_to_an_object_that_may_be_an_item() {
        let body = br#"{"id":"a"}{"id":"b"}"#;
        let simpler = simpler_operations(&Operation::PutRaw(body.to_vec(), ContentType::Json));
        assert!(!simpler.is_empty());
        let item = Operation::PutRaw(br#"{"id":"b"}"#.to_vec(), ContentType::Json);
        assert!(!simpler.contains(&item));
        assert!(may_be_item(br#"{"":""}"#) && !may_be_item(b"{}"));
        assert!(!may_be_item(body));
    }

    #[test]
    fn a_raw_body_with_a_lone_surrogate_is_not_shortened_to_an_object_with_another_fault() {
        let body = br#"{"id":"a","x\ud800":1}"#;
        let simpler = simpler_operations(&Operation::PutRaw(body.to_vec(), ContentType::Json));
        assert!(!simpler.is_empty() && !may_be_item(body));
        let unknown_field = br#"{"":"\ud800"}"#;
        assert!(may_be_item(unknown_field));
        let shortened = Operation::PutRaw(unknown_field.to_vec(), ContentType::Json);
        assert!(!simpler.contains(&shortened));
    }

    #[test]
    fn the_last_item_of_a_batch_is_taken_apart() {
        let object = |id: &str| Object {
            fields: vec![("id".to_owned(), Value::Id(Id::Text(Text::plain(id))))],
            style: JsonStyle::Plain,
        };
        let batch = |count| Batch {
            count,
            object: object("many "),
        };
        let with_last = |count| {
            let last = Operation::Put(object("many 8"), ContentType::Json);
            [Operation::PutMany(batch(count)), last]
        };
        let expected = [5, 7].map(with_last);
        assert_eq!(with_last_apart(&batch(9)), expected);
        // Two items need two requests, one way or the other.
        assert!((0..=2).all(|count| with_last_apart(&batch(count)).is_empty()));
    }

    #[test]
    fn an_id_is_renamed_everywhere() {
        let id = || Id::Text(Text::plain("b"));
        let operations = [Operation::Get(id().into()), Operation::Delete(id().into())];
        let a = || Id::Text(Text::plain("a"));
        assert_eq!(
            with_simpler_ids(&operations),
            [vec![
                Operation::Get(a().into()),
                Operation::Delete(a().into())
            ]]
        );
    }
}
