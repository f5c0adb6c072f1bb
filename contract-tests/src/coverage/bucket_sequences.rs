//! The sequences that reach every declared bucket: of lengths, numbers, spellings of a path, limits and sizes of a
//! page.

use crate::contract::fields::{FIELDS, Field, Kind};
use crate::contract::item::batch;
use crate::contract::limits::{EXPONENTS, MAX_DIGITS, MAX_ID_BYTES, MAX_ITEM_BYTES, PAGE_LIMITS};
use crate::coverage::exhaustive::{id, number, object, repeated};
use crate::request::operation::{ContentType, Id, Operation, PathId, Query, UrlStyle, Value};
use crate::toolkit::text::Text;

/// An upper bound of the bytes of the largest item besides a text: its id, and the names of its fields.
const OTHER_BYTES: usize = 100;

/// The maximum number of operations of one kind in most sequences, because a failure of a long one takes long to
/// shrink.
const MAX_OPERATIONS: usize = 24;

/// Returns the sequences that reach every declared bucket of a single request: of a text, a number, a path.
#[must_use]
pub fn of_requests() -> Vec<Vec<Operation>> {
    let mut operations = UrlStyle::ALL.map(spellings).to_vec();
    operations.push(id_lengths());
    for Field { name, kind } in FIELDS {
        match kind {
            Kind::Number => operations.push(numbers(name)),
            Kind::Text => {
                let by_type = ContentType::ALL.map(|content_type| lengths(name, content_type));
                operations.extend(by_type);
            }
        }
    }
    let chunks = operations.iter().flat_map(|all| all.chunks(MAX_OPERATIONS));
    chunks.map(<[Operation]>::to_vec).collect()
}

/// Returns the sequences that reach every declared bucket of the number of items of a page, and of the table.
#[must_use]
pub fn of_small_pages() -> Vec<Vec<Operation>> {
    std::iter::once(pages()).chain(limits()).collect()
}

/// Returns the sequences that reach every declared bucket of the length of a page, and of its end.
#[must_use]
pub fn of_large_pages() -> Vec<Vec<Operation>> {
    heavy_pages().chain([responses()]).collect()
}

/// Returns every power of two up to `max`.
fn powers(max: usize) -> impl Iterator<Item = usize> {
    (0..=max.ilog2()).map(|power| 1_usize << power)
}

/// Returns every power of two up to `max`, each with its neighbours.
fn powers_and_neighbours(max: usize) -> impl Iterator<Item = usize> {
    let near = powers(max).flat_map(|power| [power - 1, power, power + 1]);
    near.filter(move |number| *number <= max)
}

fn list(limit: Option<usize>) -> Operation {
    Operation::List(Query {
        limit: limit.map(|limit| limit.to_string()),
        ..Query::default()
    })
}

/// Returns PUTs and GETs of items with a text of every power of two, and of its neighbours, in bytes.
fn lengths(name: &'static str, content_type: ContentType) -> Vec<Operation> {
    let put = |bytes| {
        let text = Value::Text(repeated('x', bytes));
        Operation::Put(object(id("a"), &[(name, text)]), content_type)
    };
    let lengths = powers_and_neighbours(MAX_ITEM_BYTES - OTHER_BYTES);
    lengths
        .flat_map(|bytes| [put(bytes), Operation::Get(id("a").into())])
        .collect()
}

/// Returns requests with ids of every length that is a power of two, or next to one, in bytes.
fn id_lengths() -> Vec<Operation> {
    let lengths = powers_and_neighbours(MAX_ID_BYTES).filter(|bytes| *bytes > 0);
    lengths
        .flat_map(|bytes| {
            let id = || Id::Text(repeated('x', bytes));
            [
                Operation::Put(object(id(), &[]), ContentType::Json),
                Operation::Get(id().into()),
                Operation::List(Query {
                    start: Some(id()),
                    ..Query::default()
                }),
                Operation::Delete(id().into()),
            ]
        })
        .collect()
}

/// Returns PUTs and GETs of items with every power of ten, with every number of digits, and with some prices and
/// integers.
fn numbers(name: &'static str) -> Vec<Operation> {
    let digits = "1234567891".repeat(4);
    let exponents = EXPONENTS.map(|exponent| format!("1.5e{exponent}"));
    let digits = (1..=MAX_DIGITS).map(|length| digits[..length].to_owned());
    let fractions = (0..20).map(|zeros| format!("0.{}15", "0".repeat(zeros)));
    // Prices of cents, and whole numbers on both sides of 2^63.
    let more = ["0.01", "0.09", "9223372036854775807", "9223372036854775808"].map(str::to_owned);
    let texts = exponents.chain(digits).chain(fractions).chain(more);
    texts
        .flat_map(|text| {
            let object = object(id("a"), &[(name, number(&text))]);
            [
                Operation::Put(object, ContentType::Json),
                Operation::Get(id("a").into()),
            ]
        })
        .collect()
}

/// Returns requests with ids of every kind of character, with their URLs in this style.
fn spellings(style: UrlStyle) -> Vec<Operation> {
    let ids = ["a", "a+b", "a:b@c,d;e", "\u{e9} b", "a=b&c", "~._-!$*()"].map(id);
    ids.into_iter()
        .flat_map(|id| {
            let path = || PathId {
                id: id.clone(),
                style,
            };
            [
                Operation::Put(object(id.clone(), &[]), ContentType::Json),
                Operation::Get(path()),
                Operation::List(Query {
                    start: Some(id.clone()),
                    style,
                    ..Query::default()
                }),
                Operation::Delete(path()),
                Operation::Get(path()),
            ]
        })
        .collect()
}

/// Returns lists of tables with 1 to 130 items.
fn pages() -> Vec<Operation> {
    let sizes = [1, 2, 4, 8, 16, 32, 64, 130];
    sizes
        .into_iter()
        .flat_map(|count| {
            [
                Operation::PutMany(batch(count, &Text::plain("x"))),
                list(None),
            ]
        })
        .collect()
}

/// Returns sequences that list a table with every power of two as the limit, and its neighbours.
fn limits() -> Vec<Vec<Operation>> {
    let limits = powers_and_neighbours((*PAGE_LIMITS.end()).into()).filter(|limit| *limit > 0);
    let lists: Vec<_> = limits.map(|limit| list(Some(limit))).collect();
    let put = Operation::PutMany(batch(40, &Text::plain("x")));
    let paginate = [paginate(7, false), paginate(16, true)];
    let sequences = lists.chunks(MAX_OPERATIONS).map(move |lists| {
        let put = std::slice::from_ref(&put);
        [put, lists, &paginate].concat()
    });
    sequences.collect()
}

fn paginate(limit: u16, delete_last_of_page: bool) -> Operation {
    Operation::Paginate {
        limit,
        delete_last_of_page,
    }
}

/// Returns lists with a response of each power of two up to 2 MB, in bytes. In JSON, control characters are six times
/// as long.
fn responses() -> Vec<Operation> {
    let one = powers(MAX_ITEM_BYTES - OTHER_BYTES);
    let one = one.map(|bytes| batch(1, &repeated('x', bytes)));
    let two = [60_000, 100_000, 200_000].map(|bytes| batch(2, &repeated('\u{1}', bytes)));
    one.chain(two)
        .flat_map(|batch| [Operation::PutMany(batch), list(None)])
        .collect()
}

/// Returns a sequence with a page that `DynamoDB` ends after 1 MB, and one with a page that the service ends after 6 MB
/// of JSON.
fn heavy_pages() -> impl Iterator<Item = Vec<Operation>> {
    // The first items exceed a page of 1 MB. The second ones do not, but their JSON exceeds a response of 6 MB.
    let heavy = [(4, 'x', 350_000), (5, '\u{1}', 200_000)];
    let heavy = heavy.map(|(count, fill, bytes)| batch(count, &repeated(fill, bytes)));
    // The check at the end of the sequence reads every item once more, so light items replace the heavy ones.
    let light = batch(5, &Text::plain("x"));
    heavy.into_iter().map(move |heavy| {
        vec![
            Operation::PutMany(heavy),
            paginate(*PAGE_LIMITS.end(), false),
            Operation::PutMany(light.clone()),
        ]
    })
}
