//! Buckets: the ranges of the sizes, numbers and spellings in requests and responses, counted so that gaps in what the
//! generators draw are visible.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write as _};

use crate::contract::fields::{FIELDS, Kind};
use crate::contract::limits::MAX_ID_BYTES;
use crate::contract::model::{Expected, KnownDeviations, Model};
use crate::contract::response::ListedPage;
use crate::contract::run::{Run, Step};
use crate::request::concrete::RequestKind;
use crate::request::json::Json;
use crate::request::operation::{ContentType, UrlStyle};
use crate::request::url::GatewayProfile;
use crate::toolkit::decimal::Decimal;
use crate::toolkit::http::response::Response;

/// A range of a quantity, such as the pages of 64 to 127 items.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket {
    /// The quantity, as `CONTRACT.md` names it.
    pub quantity: String,
    /// The range. `2^6` is 64 to 127.
    pub range: String,
}

/// The quantity that counts the faults of random histories.
pub const FAULTS: &str = "fault of a history";

impl Bucket {
    /// Returns a bucket of these parts.
    pub fn new(quantity: impl Into<String>, range: impl Into<String>) -> Self {
        let (quantity, range) = (quantity.into(), range.into());
        Self { quantity, range }
    }
}

impl Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.quantity, self.range)
    }
}

/// The length in bytes from which a page ends because its response is full: less than the limit by more than the
/// longest item in JSON.
const MIN_FULL_RESPONSE: usize = 3_000_000;

/// The reserved characters that are counted if a path contains them as they are, with their names.
const COUNTED_RAW: [(char, &str); 5] = [
    ('+', "raw plus"),
    (':', "raw colon"),
    ('@', "raw at sign"),
    (',', "raw comma"),
    (';', "raw semicolon"),
];

/// Returns the buckets that the requests and the pages of a passed run reached.
#[must_use]
pub fn reached(run: &Run) -> Vec<Bucket> {
    let mut model = Model::new(run.prefix.as_str(), KnownDeviations::default());
    let mut buckets = Vec::new();
    for step in &run.steps {
        let Ok(response) = &step.response else {
            continue;
        };
        buckets.extend(of_step(step, response, model.items().len()));
        model.apply(&step.request, response.status);
    }
    buckets
}

fn of_step(step: &Step, response: &Response, items: usize) -> Vec<Bucket> {
    match &step.request.kind {
        RequestKind::Put {
            fields: Some(fields),
            content_type,
            ..
        } if matches!(step.expected, Expected::Put(..)) => of_fields(fields, *content_type),
        RequestKind::Get(id) | RequestKind::Delete(id) => of_path(step, id),
        RequestKind::List { .. } => match &step.expected {
            Expected::Page(page) => match response.page(&page.prefix) {
                Ok(shown) => of_page(page.limit, &shown, response.body.len(), items),
                Err(_) => Vec::new(),
            },
            Expected::Put(..)
            | Expected::Deleted(_)
            | Expected::Item(..)
            | Expected::NotModified(_)
            | Expected::PreconditionFailed(..)
            | Expected::NotFound
            | Expected::NoRoute
            | Expected::Refused(_) => Vec::new(),
        },
        RequestKind::Put { .. } | RequestKind::NoRoute(_) => Vec::new(),
    }
}

/// Returns the buckets of a page of this limit and this length in bytes, of a table with this number of items.
fn of_page(limit: Option<usize>, page: &ListedPage, bytes: usize, items: usize) -> Vec<Bucket> {
    let shown = page.order.len();
    let counts = [
        ("items of the table", Some(items)),
        ("limit of a page", limit),
        ("items of a page", Some(shown)),
        ("bytes of a page", Some(bytes)),
    ];
    let counts = counts.into_iter();
    let counts =
        counts.filter_map(|(quantity, count)| Some(Bucket::new(quantity, magnitude(count?))));
    let end = page.last.as_ref().map(|_| match limit {
        Some(limit) if limit == shown => "limit",
        _ if bytes > MIN_FULL_RESPONSE => "size of a response",
        _ => "size of a page of the table",
    });
    let end = end.map(|end| Bucket::new("end of a page", end));
    counts.chain(end).collect()
}

fn of_fields(fields: &[(String, Json)], content_type: ContentType) -> Vec<Bucket> {
    let mut buckets = Vec::new();
    for field in &FIELDS {
        let sent = fields.iter().find(|(name, _)| name == field.name);
        match (field.kind, sent) {
            (Kind::Text, Some((_, Json::Text(text)))) => {
                let content_type = content_type.value().unwrap_or("no content type");
                let quantity = format!("bytes of a text, {content_type}");
                buckets.push(Bucket::new(quantity, magnitude(text.len())));
            }
            (Kind::Number, Some((_, Json::Number(text)))) => {
                let number = Decimal::parse(text);
                if let Some((power, number)) = number.and_then(|it| Some((it.magnitude()?, it))) {
                    buckets.push(Bucket::new("power of ten of a number", power.to_string()));
                    let digits = number.digits().to_string();
                    buckets.push(Bucket::new("digits of a number", digits));
                }
            }
            _ => {}
        }
    }
    buckets
}

fn of_path(step: &Step, id: &str) -> Vec<Bucket> {
    let length = (!id.is_empty() && id.len() <= MAX_ID_BYTES)
        .then(|| Bucket::new("bytes of an id", magnitude(id.len())));
    let path = |style| step.request.target(GatewayProfile::HttpApi, style);
    let is_plain = path(step.style) == path(UrlStyle::Plain);
    let spellings = match step.style {
        _ if is_plain => vec!["plain"],
        UrlStyle::Plain => vec![],
        UrlStyle::LowerHex => vec!["lower-case hex digits"],
        UrlStyle::Full => vec!["needless escapes"],
        UrlStyle::Raw => {
            let raw = COUNTED_RAW
                .into_iter()
                .filter(|(character, _)| id.contains(*character));
            raw.map(|(_, name)| name).collect()
        }
    };
    let spellings = spellings.into_iter();
    spellings
        .map(|spelling| Bucket::new("spelling of a path", spelling))
        .chain(length)
        .collect()
}

/// Returns the power of two from which the range of this number begins.
fn magnitude(number: usize) -> String {
    match number.checked_ilog2() {
        None => "0".to_owned(),
        Some(power) => format!("2^{power}"),
    }
}

/// Returns a table of the declared buckets: for each quantity, the number of buckets that were reached, and those that
/// were not.
#[must_use]
pub fn table(declared: &[Bucket], reached: &BTreeMap<Bucket, u64>) -> String {
    let mut rows = BTreeMap::<&str, (usize, Vec<&str>)>::new();
    for bucket in declared {
        let (total, empty) = rows.entry(&bucket.quantity).or_default();
        *total += 1;
        if !reached.contains_key(bucket) {
            empty.push(&bucket.range);
        }
    }
    let mut table =
        "| quantity in the random cases | buckets reached | empty |\n|---|--:|---|\n".to_owned();
    for (quantity, (total, empty)) in rows {
        let count = total - empty.len();
        let empty = shortened(&empty);
        let _ = writeln!(table, "| {quantity} | {count} of {total} | {empty} |");
    }
    table
}

/// Returns the ranges as a list, which ends after a few of them.
fn shortened(ranges: &[&str]) -> String {
    const MAX_SHOWN: usize = 8;
    match ranges.split_at_checked(MAX_SHOWN) {
        Some((shown, more @ [_, ..])) => format!("{} and {} more", shown.join("; "), more.len()),
        _ => ranges.join("; "),
    }
}
