//! The model: a map from id to item, and the expected response of each request.

use std::collections::BTreeSet;

use crate::contract::fields;
use crate::contract::id::{self, ID, MISSING, TOO_LONG};
use crate::contract::item::{Item, Items};
use crate::contract::limits::{EXPONENTS, MAX_ID_BYTES, MAX_ITEM_BYTES};
use crate::contract::reason::{self, Reason, TOO_LARGE};
use crate::contract::tags::ShownTags;
use crate::request::concrete::{Request, RequestKind};
use crate::request::conditions::{IF_MATCH, IF_NONE_MATCH, SentConditions, SentTags};
use crate::request::json::Json;
use crate::toolkit::decimal::Decimal;
use crate::toolkit::http::response::Response;

/// The distance to [`MAX_ITEM_BYTES`], in bytes, within which an item may also be refused, because the service and
/// `DynamoDB` may count differently.
const SIZE_TOLERANCE: usize = 64;

/// The expected response of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// 200 and the JSON string `Put item <id>`; or one of these other statuses, and nothing is stored.
    Put(String, &'static [u16]),
    /// 200 and the JSON string `Deleted item <id>`.
    Deleted(String),
    /// 200 and this item.
    Item(String, Item),
    /// 200 and a page of these items.
    Page(ExpectedPage),
    /// 304 without a body, because the client has this item already.
    NotModified(String),
    /// 412, because the conditions of these headers do not hold, of which the message names one; or one of these other
    /// statuses.
    PreconditionFailed(Vec<&'static str>, &'static [u16]),
    /// 404, because there is no such item.
    NotFound,
    /// 404 from the gateway, because there is no such route.
    NoRoute,
    /// The status of one of these reasons, and a message that names the faulty part.
    Refused(Vec<Reason>),
}

/// The expected content of a page of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedPage {
    /// The items that exist in the namespace.
    pub items: Items,
    /// The prefix of the ids of the namespace, which no foreign id has.
    pub prefix: String,
    /// The maximum number of items that the page may show.
    pub limit: Option<usize>,
    /// The start key: the page begins after this id, and must not show an item with it.
    pub start: Option<String>,
}

/// The known deviations of a table from `DynamoDB` itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KnownDeviations {
    /// `true` if the table refuses numbers from 1e125 in magnitude, as `DynamoDB` Local does. The service accepts them,
    /// so its response is a 500.
    pub refuses_from_1e125: bool,
}

/// The expected state of the service.
#[derive(Clone, Debug, Default)]
pub struct Model {
    prefix: String,
    items: Items,
    tags: ShownTags,
    deviations: KnownDeviations,
}

impl Model {
    /// Returns a model without items, for ids that begin with `prefix`, on a table with these deviations.
    #[must_use]
    pub fn new(prefix: impl Into<String>, deviations: KnownDeviations) -> Self {
        Self {
            prefix: prefix.into(),
            items: Items::new(),
            tags: ShownTags::default(),
            deviations,
        }
    }

    /// Returns the items that must exist.
    #[must_use]
    pub fn items(&self) -> &Items {
        &self.items
    }

    /// Returns the tags of this id that the API has shown, the latest one last.
    #[must_use]
    pub fn tags(&self, id: &str) -> &[String] {
        self.tags.of(id)
    }

    /// Returns the tag of the item that has this id.
    #[must_use]
    pub fn current_tag(&self, id: &str) -> Option<&str> {
        let latest = self.tags(id).last();
        latest
            .filter(|_| self.items.contains_key(id))
            .map(String::as_str)
    }

    /// Returns the expected response of this request in the current state.
    #[must_use]
    pub fn expected(&self, request: &Request) -> Expected {
        let expected = self.expected_without_conditions(request);
        match &request.kind {
            // A list has no tag, so its conditions are ignored.
            RequestKind::List { .. } | RequestKind::NoRoute(_) => expected,
            RequestKind::Put { .. } | RequestKind::Get(_) | RequestKind::Delete(_) => {
                self.with_conditions(expected, &request.conditions)
            }
        }
    }

    /// Returns the expected response under these conditions, if it is this one without them.
    fn with_conditions(&self, expected: Expected, conditions: &SentConditions) -> Expected {
        let malformed = |(name, tags): (_, &SentTags)| {
            matches!(tags, SentTags::Malformed(_)).then_some(Reason::Part(name, reason::MALFORMED))
        };
        let malformed: Vec<_> = conditions.headers().filter_map(malformed).collect();
        let (id, tolerated) = match &expected {
            Expected::NoRoute => return expected,
            // A 400 comes before a 413.
            Expected::Refused(reasons) if !malformed.is_empty() => {
                let others = reasons.iter().filter(|reason| reason.status() == 400);
                let reasons = malformed.into_iter().chain(others.cloned());
                return Expected::Refused(reasons.collect());
            }
            _ if !malformed.is_empty() => return Expected::Refused(malformed),
            Expected::Put(id, tolerated) => (id, *tolerated),
            Expected::Item(id, _) | Expected::Deleted(id) => (id, &[][..]),
            Expected::Page(_)
            | Expected::NotModified(_)
            | Expected::PreconditionFailed(..)
            | Expected::NotFound
            | Expected::Refused(_) => return expected,
        };
        let current = self.current_tag(id);
        let SentConditions {
            if_match,
            if_none_match,
        } = conditions;
        let mut failed = Vec::new();
        if if_match
            .as_ref()
            .is_some_and(|tags| !tags.matches(current, false))
        {
            failed.push(IF_MATCH);
        }
        if if_none_match
            .as_ref()
            .is_some_and(|tags| tags.matches(current, true))
        {
            failed.push(IF_NONE_MATCH);
        }
        if failed.is_empty() {
            return expected;
        }
        if matches!(expected, Expected::Item(..)) {
            if failed == [IF_NONE_MATCH] {
                return Expected::NotModified(id.clone());
            }
            // For a read, `If-Match` comes first.
            failed.truncate(1);
        }
        Expected::PreconditionFailed(failed, tolerated)
    }

    fn expected_without_conditions(&self, request: &Request) -> Expected {
        match &request.kind {
            RequestKind::Put {
                fields: None, body, ..
            } => Expected::Refused(vec![reason::for_raw_body(body)]),
            RequestKind::Put {
                fields: Some(fields),
                ..
            } => match read_fields(fields) {
                Ok((id, item)) => Expected::Put(id, self.tolerated_statuses(fields, &item)),
                Err(reasons) => Expected::Refused(reasons),
            },
            RequestKind::Get(id) | RequestKind::Delete(id) if id.is_empty() => Expected::NoRoute,
            RequestKind::Get(id) | RequestKind::Delete(id) if id.len() > MAX_ID_BYTES => {
                Expected::Refused(vec![Reason::Part(ID, TOO_LONG)])
            }
            RequestKind::Get(id) => match self.items.get(id) {
                Some(item) => Expected::Item(id.clone(), item.clone()),
                None => Expected::NotFound,
            },
            RequestKind::Delete(id) => Expected::Deleted(id.clone()),
            RequestKind::List { limit, start, .. } => {
                let limit = limit.as_deref().map(reason::parse_limit).transpose();
                let start_fault = start.as_deref().and_then(reason::for_start_key);
                match (limit, start_fault) {
                    (Ok(limit), None) => Expected::Page(ExpectedPage {
                        items: self.items.clone(),
                        prefix: self.prefix.clone(),
                        limit,
                        start: start.clone(),
                    }),
                    (limit, start) => {
                        Expected::Refused(limit.err().into_iter().chain(start).collect())
                    }
                }
            }
            RequestKind::NoRoute(_) => Expected::NoRoute,
        }
    }

    /// Adds the tag in the response to this request, if it has to have one.
    ///
    /// # Errors
    /// If the tag is missing or weak, the same item had another tag before, or a different item had this tag.
    pub fn learn_tag(&mut self, request: &Request, response: &Response) -> Result<(), String> {
        match (&request.kind, response.status) {
            (
                RequestKind::Put {
                    fields: Some(fields),
                    ..
                },
                200,
            ) => match read_fields(fields) {
                Ok((id, item)) => self.tags.learn(&id, &item, response.etag()?),
                Err(_) => Ok(()),
            },
            (RequestKind::Get(id), 200 | 304) => match self.items.get(id) {
                Some(item) => self.tags.learn(id, item, response.etag()?),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Applies the change of this request, if the status says that it succeeded.
    pub fn apply(&mut self, request: &Request, status: u16) {
        match &request.kind {
            RequestKind::Put {
                fields: Some(fields),
                ..
            } if status == 200 => {
                if let Ok((id, item)) = read_fields(fields) {
                    self.items.insert(id, item);
                }
            }
            RequestKind::Delete(id) if status == 200 => {
                self.items.remove(id);
            }
            RequestKind::Put { .. }
            | RequestKind::Get(_)
            | RequestKind::Delete(_)
            | RequestKind::List { .. }
            | RequestKind::NoRoute(_) => {}
        }
    }

    /// Returns the statuses with which this valid item may still be refused.
    fn tolerated_statuses(&self, fields: &[(String, Json)], item: &Item) -> &'static [u16] {
        let top_decade = |number: &Decimal| number.magnitude() == Some(*EXPONENTS.end());
        if size(fields) + SIZE_TOLERANCE > MAX_ITEM_BYTES {
            &[413]
        } else if self.deviations.refuses_from_1e125 && item.numbers().any(top_decade) {
            &[500]
        } else {
            &[]
        }
    }
}

/// Parses the fields of a PUT into an id and an item.
///
/// # Errors
/// Every reason to refuse the fields.
fn read_fields(fields: &[(String, Json)]) -> Result<(String, Item), Vec<Reason>> {
    let (mut id, mut item) = (None, Item::default());
    let (mut seen, mut reasons) = (BTreeSet::new(), Vec::new());
    for (name, value) in fields {
        if !seen.insert(name) {
            reasons.push(Reason::DuplicateField(name.clone()));
        }
        match fields::find(name) {
            _ if name == ID => match id::read(value) {
                Ok(read) => id = Some(read),
                Err(fault) => reasons.push(Reason::Part(ID, fault)),
            },
            Some(field) => match field.parse_sent(value) {
                Ok(Some(value)) => item.set(field, value),
                Ok(None) => {}
                Err(fault) => reasons.push(Reason::Part(field.name, fault)),
            },
            None => reasons.push(Reason::UnknownField(name.clone())),
        }
    }
    if !fields.iter().any(|(name, _)| name == ID) {
        reasons.push(Reason::Part(ID, MISSING));
    }
    let tolerance = if reasons.is_empty() {
        0
    } else {
        SIZE_TOLERANCE
    };
    if size(fields) + tolerance > MAX_ITEM_BYTES {
        reasons.push(TOO_LARGE);
    }
    match id {
        Some(id) if reasons.is_empty() => Ok((id, item)),
        _ => Err(reasons),
    }
}

/// Returns the number of bytes that `DynamoDB` counts for an item of these fields. A field that counts as absent has
/// none.
fn size(fields: &[(String, Json)]) -> usize {
    let sizes = fields.iter().map(|(name, value)| match value {
        Json::Text(text) => name.len() + text.len(),
        Json::Number(text) => name.len() + Decimal::parse(text).map_or(0, |number| number.size()),
        Json::Null | Json::Other(_) => 0,
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::fields::{FIELDS, FieldValue};
    use crate::request::operation::ContentType;

    fn put(fields: &[(&str, Json)]) -> Request {
        let owned = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        RequestKind::Put {
            fields: Some(owned.collect()),
            body: Vec::new(),
            content_type: ContentType::Json,
        }
        .into()
    }

    fn text(text: &str) -> Json {
        Json::Text(text.to_owned())
    }

    #[test]
    fn a_put_replaces_the_whole_item() {
        let mut model = Model::default();
        model.apply(&put(&[("id", text("a")), ("name", text("x"))]), 200);
        model.apply(
            &put(&[("id", text("a")), ("price", Json::Number("1".into()))]),
            200,
        );
        let mut item = Item::default();
        item.set(&FIELDS[0], FieldValue::Number(Decimal::from(1)));
        let get = Request::get("a".to_owned());
        assert_eq!(model.expected(&get), Expected::Item("a".to_owned(), item));
        model.apply(&Request::delete("a".to_owned()), 200);
        assert_eq!(model.expected(&get), Expected::NotFound);
    }

    #[test]
    fn a_failed_request_changes_nothing() {
        let mut model = Model::default();
        model.apply(&put(&[("id", text("a"))]), 503);
        assert!(model.items().is_empty());
    }

    #[test]
    fn every_reason_to_refuse_an_item_is_found() {
        let a = || (ID, text("a"));
        let long = "x".repeat(MAX_ID_BYTES + 1);
        let number = |text: &str| Json::Number(text.to_owned());
        let id = |fault| vec![Reason::Part(ID, fault)];
        for (fields, reasons) in [
            (vec![], id("missing")),
            (vec![(ID, Json::Null)], id("missing")),
            (vec![(ID, number("1"))], id("not a string")),
            (vec![(ID, text(""))], id("empty")),
            (vec![(ID, text("."))], id("that a path cannot carry")),
            (vec![(ID, text("a/b"))], id("that a path cannot carry")),
            (vec![(ID, text("\u{85}"))], id("with a control character")),
            (vec![(ID, text(&long))], id("too long")),
            (vec![a(), a()], vec![Reason::DuplicateField(ID.to_owned())]),
            (
                vec![a(), ("Name", text("x"))],
                vec![Reason::UnknownField("Name".to_owned())],
            ),
            (
                vec![a(), ("price", text("1")), ("name", number("1"))],
                vec![
                    Reason::Part("price", "not a number"),
                    Reason::Part("name", "not a string"),
                ],
            ),
        ] {
            let response = Model::default().expected(&put(&fields));
            assert_eq!(response, Expected::Refused(reasons), "{fields:?}");
        }
    }

    #[test]
    fn an_item_near_the_size_limit_may_also_be_refused() {
        let named = |length| put(&[("id", text("a")), ("name", text(&"x".repeat(length)))]);
        let response = |length| Model::default().expected(&named(length));
        assert_eq!(
            response(MAX_ITEM_BYTES - 100),
            Expected::Put("a".to_owned(), &[])
        );
        assert_eq!(
            response(MAX_ITEM_BYTES - 7),
            Expected::Put("a".to_owned(), &[413])
        );
        assert_eq!(
            response(MAX_ITEM_BYTES - 6),
            Expected::Refused(vec![TOO_LARGE])
        );
    }

    #[test]
    fn a_limit_or_a_start_key_out_of_range_is_refused() {
        let list = |limit: &str, start: Option<&str>| {
            let request = RequestKind::List {
                limit: Some(limit.to_owned()),
                start: start.map(str::to_owned),
                other: None,
            };
            matches!(
                Model::default().expected(&request.into()),
                Expected::Page(_)
            )
        };
        assert!(list("1", None) && list("1000", Some("a/b")));
        assert!(!list("0", None) && !list("1001", None) && !list("+1", None) && !list("", None));
        assert!(!list("1", Some("")));
    }
}
