//! The model: a map from id to item, and what each request must be answered with.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::request::call::Call;
use crate::request::json::Json;
use crate::toolkit::decimal::Decimal;

/// The longest id, in bytes of UTF-8.
pub const MAX_ID: usize = 2048;

/// The largest item, in bytes as `DynamoDB` counts them.
pub const MAX_ITEM: usize = 409_600;

/// How near to [`MAX_ITEM`] an item may be refused as well: two counts of bytes may differ.
const SIZE_IN_DOUBT: usize = 64;

/// What an item is besides its id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// The price, if it has one.
    pub price: Option<Decimal>,
    /// The name, if it has one.
    pub name: Option<String>,
}

impl Item {
    /// The item of this id as JSON, near enough for a person.
    #[must_use]
    pub fn shown(&self, id: &str) -> String {
        let mut shown = format!("{{\"id\":{id:?}");
        if let Some(price) = &self.price {
            let _ = write!(shown, ",\"price\":{price}");
        }
        if let Some(name) = &self.name {
            let _ = write!(shown, ",\"name\":{name:?}");
        }
        shown + "}"
    }
}

/// All the items there are, by id.
pub type Items = BTreeMap<String, Item>;

/// What a request must be answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// 200 and the JSON string `Put item <id>`, or one of these other statuses and nothing stored.
    Put(String, &'static [u16]),
    /// 200 and the JSON string `Deleted item <id>`.
    Deleted(String),
    /// 200 and this item.
    Item(String, Item),
    /// 200 and a page of these items.
    Page(Page),
    /// 404, since there is no such item.
    NotFound,
    /// 404, since there is no such route: the gateway's own answer.
    NoRoute,
    /// One of these statuses, and a message that says what to mend.
    Refused(&'static [u16]),
}

/// What a page of the list may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The items that there are, of those whose ids begin with `prefix`.
    pub items: Items,
    /// What the ids of the namespace begin with; the ids of others do not.
    pub prefix: String,
    /// The most that it may show.
    pub limit: Option<usize>,
    /// The item that it must not show, since it begins behind it.
    pub start: Option<String>,
}

/// What a table is known to do otherwise than `DynamoDB` itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exceptions {
    /// `DynamoDB` Local refuses numbers from 1e125 on, which the service lets through: 500.
    pub top_decade_refused: bool,
}

/// The state that the service must be in.
#[derive(Clone, Debug, Default)]
pub struct Model {
    prefix: String,
    items: Items,
    exceptions: Exceptions,
}

impl Model {
    /// No items yet whose ids begin with `prefix`, on a table with these exceptions.
    #[must_use]
    pub fn new(prefix: impl Into<String>, exceptions: Exceptions) -> Self {
        Self {
            prefix: prefix.into(),
            items: Items::new(),
            exceptions,
        }
    }

    /// The items that there must be.
    #[must_use]
    pub fn items(&self) -> &Items {
        &self.items
    }

    /// What this request must be answered with now.
    #[must_use]
    pub fn answer(&self, call: &Call) -> Expected {
        match call {
            Call::Put { fields: None, .. } => Expected::Refused(&[400]),
            Call::Put {
                fields: Some(fields),
                ..
            } => match self.read(fields) {
                Ok((id, _, otherwise)) => Expected::Put(id, otherwise),
                Err(statuses) => Expected::Refused(statuses),
            },
            Call::Get(id) | Call::Delete(id) if id.is_empty() => Expected::NoRoute,
            Call::Get(id) | Call::Delete(id) if id.len() > MAX_ID => Expected::Refused(&[400]),
            Call::Get(id) => match self.items.get(id) {
                Some(item) => Expected::Item(id.clone(), item.clone()),
                None => Expected::NotFound,
            },
            Call::Delete(id) => Expected::Deleted(id.clone()),
            Call::List { limit, start, .. } => {
                let readable = limit
                    .as_deref()
                    .is_none_or(|limit| read_limit(limit).is_some());
                let key = |id: &String| (1..=MAX_ID).contains(&id.len());
                if !readable || !start.as_ref().is_none_or(key) {
                    return Expected::Refused(&[400]);
                }
                Expected::Page(Page {
                    items: self.items.clone(),
                    prefix: self.prefix.clone(),
                    limit: limit.as_deref().and_then(read_limit),
                    start: start.clone(),
                })
            }
            Call::NoRoute(_) => Expected::NoRoute,
        }
    }

    /// What the request changes, if its status says that it succeeded.
    pub fn apply(&mut self, call: &Call, status: u16) {
        match call {
            Call::Put {
                fields: Some(fields),
                ..
            } if status == 200 => {
                if let Ok((id, item, _)) = self.read(fields) {
                    self.items.insert(id, item);
                }
            }
            Call::Delete(id) if status == 200 => {
                self.items.remove(id);
            }
            _ => {}
        }
    }

    /// The item that the fields are and the statuses with which it may be refused all the same, or
    /// the statuses with which it must be.
    fn read(
        &self,
        fields: &[(String, Json)],
    ) -> Result<(String, Item, &'static [u16]), &'static [u16]> {
        let size: usize = fields.iter().map(|(name, value)| size(name, value)).sum();
        let refused: &[u16] = if size + SIZE_IN_DOUBT > MAX_ITEM {
            &[400, 413]
        } else {
            &[400]
        };
        let (id, item) = item(fields).ok_or(refused)?;
        let magnitude = item.price.as_ref().and_then(Decimal::magnitude);
        match size {
            _ if size > MAX_ITEM => Err(&[413]),
            _ if size + SIZE_IN_DOUBT > MAX_ITEM => Ok((id, item, &[413])),
            _ if self.exceptions.top_decade_refused && magnitude == Some(125) => {
                Ok((id, item, &[500]))
            }
            _ => Ok((id, item, &[])),
        }
    }
}

/// The item that an object of these fields is; `None` if it is not one.
fn item(fields: &[(String, Json)]) -> Option<(String, Item)> {
    let (mut id, mut price, mut name) = (None, None, None);
    for (field, value) in fields {
        let place = match field.as_str() {
            "id" => &mut id,
            "price" => &mut price,
            "name" => &mut name,
            _ => return None,
        };
        if place.replace(value).is_some() {
            return None;
        }
    }
    let id = match id? {
        Json::Text(id) if may_be_stored(id) => id.clone(),
        _ => return None,
    };
    let price = match price {
        Some(Json::Number(text)) => Some(Decimal::parse(text).filter(Decimal::is_storable)?),
        Some(Json::Null) | None => None,
        Some(_) => return None,
    };
    let name = match name {
        Some(Json::Text(text)) => Some(text.clone()),
        Some(Json::Null) | None => None,
        Some(_) => return None,
    };
    Some((id, Item { price, name }))
}

fn may_be_stored(id: &str) -> bool {
    let forbidden = |c: char| matches!(c, '/' | '?' | '%' | '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}');
    (1..=MAX_ID).contains(&id.len()) && id != "." && id != ".." && !id.contains(forbidden)
}

/// What a field counts, in UTF-8: nothing, if it is as good as absent.
fn size(name: &str, value: &Json) -> usize {
    match value {
        Json::Text(text) => name.len() + text.len(),
        Json::Number(text) => name.len() + Decimal::parse(text).map_or(0, |number| number.size()),
        Json::Null | Json::Other(_) => 0,
    }
}

fn read_limit(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let limit = text.parse().ok().filter(|_| digits)?;
    (1..=1000).contains(&limit).then_some(limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::operation::ContentType;

    fn put(fields: &[(&str, Json)]) -> Call {
        let owned = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        Call::Put {
            fields: Some(owned.collect()),
            body: Vec::new(),
            content_type: ContentType::Json,
        }
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
        let item = Item {
            price: Decimal::parse("1"),
            name: None,
        };
        let get = Call::Get("a".to_owned());
        assert_eq!(model.answer(&get), Expected::Item("a".to_owned(), item));
        model.apply(&Call::Delete("a".to_owned()), 200);
        assert_eq!(model.answer(&get), Expected::NotFound);
    }

    #[test]
    fn what_failed_changes_nothing() {
        let mut model = Model::default();
        model.apply(&put(&[("id", text("a"))]), 503);
        assert!(model.items().is_empty());
    }

    #[test]
    fn what_is_no_item() {
        let a = || ("id", text("a"));
        let long = "x".repeat(MAX_ID + 1);
        for fields in [
            vec![],
            vec![("id", Json::Null)],
            vec![("id", Json::Number("1".into()))],
            vec![a(), a()],
            vec![a(), ("Name", text("x"))],
            vec![a(), ("price", text("1"))],
            vec![a(), ("price", Json::Number("1e126".into()))],
            vec![a(), ("name", Json::Other("{}".into()))],
            vec![("id", text(""))],
            vec![("id", text("."))],
            vec![("id", text("a/b"))],
            vec![("id", text("\u{85}"))],
            vec![("id", text(&long))],
        ] {
            let answer = Model::default().answer(&put(&fields));
            assert_eq!(answer, Expected::Refused(&[400]), "{fields:?}");
        }
    }

    #[test]
    fn size_has_a_limit_and_a_doubt() {
        let named = |length| put(&[("id", text("a")), ("name", text(&"x".repeat(length)))]);
        let answer = |length| Model::default().answer(&named(length));
        assert_eq!(answer(MAX_ITEM - 100), Expected::Put("a".to_owned(), &[]));
        assert_eq!(answer(MAX_ITEM - 7), Expected::Put("a".to_owned(), &[413]));
        assert_eq!(answer(MAX_ITEM - 6), Expected::Refused(&[413]));
    }

    #[test]
    fn limits_and_start_keys() {
        let list = |limit: &str, start: Option<&str>| {
            let call = Call::List {
                limit: Some(limit.to_owned()),
                start: start.map(str::to_owned),
                other: None,
            };
            matches!(Model::default().answer(&call), Expected::Page(_))
        };
        assert!(list("1", None) && list("1000", Some("a/b")));
        assert!(!list("0", None) && !list("1001", None) && !list("+1", None) && !list("", None));
        assert!(!list("1", Some("")));
    }
}
