//! Parses the parts of a response that the contract defines.

use crate::contract::fields::FIELDS;
use crate::contract::id::{self, ID};
use crate::contract::item::{Item, Items};
use crate::contract::messages::{UNCHANGED, UNKNOWN, WRITE_AMBIGUOUS, WRITE_UNAVAILABLE};
use crate::toolkit::http::response::Response;
use crate::toolkit::json::{self, Members};

/// A page of the list in a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPage {
    /// The items, by id.
    pub items: Items,
    /// The ids of the items, in the order of the response.
    pub order: Vec<String>,
    /// The start key of the next page, if there may be one.
    pub last: Option<String>,
}

impl Response {
    /// Parses the whole body as a JSON string.
    ///
    /// # Errors
    /// If the body is not a JSON string.
    pub fn string(&self) -> Result<String, String> {
        json::string(self.text()?).map_err(|error| format!("the body {error}"))
    }

    /// Returns the message of an error response. Besides it, the body may have only an outcome.
    ///
    /// # Errors
    /// If the body is anything else.
    pub fn message(&self) -> Result<String, String> {
        Ok(self.message_and_outcome()?.0)
    }

    fn message_and_outcome(&self) -> Result<(String, Option<String>), String> {
        let mut body = self.members()?;
        let string = |name, member: String| {
            json::string(&member).map_err(|error| format!("the {name} {error}"))
        };
        let message = string("message", body.take_required("message")?)?;
        let outcome = body.take("outcome").map(|member| string("outcome", member));
        body.ensure_empty()?;
        Ok((message, outcome.transpose()?))
    }

    /// Returns `true` if the 503 has the message and the outcome of an ambiguous write, `false` if it has those of a
    /// write that was not applied.
    ///
    /// # Errors
    /// If it has another message or outcome.
    pub fn may_have_been_applied(&self) -> Result<bool, String> {
        let (message, outcome) = self.message_and_outcome()?;
        match (message.as_str(), outcome.as_deref()) {
            (WRITE_AMBIGUOUS, Some(UNKNOWN)) => Ok(true),
            (WRITE_UNAVAILABLE, Some(UNCHANGED)) => Ok(false),
            (message, outcome) => Err(format!(
                "{message:?} with the outcome {outcome:?} is not the 503 of a write"
            )),
        }
    }

    /// Returns the strong entity tag of the item, with its quotes.
    ///
    /// # Errors
    /// If there is none, or it is weak.
    pub fn etag(&self) -> Result<String, String> {
        match self.headers.get("etag") {
            None => Err("there is no header etag".to_owned()),
            Some(tag) if tag.starts_with("W/") => Err(format!(
                "the ETag {tag} is weak: a proxy in front of the API may have made it so, and then no If-Match matches"
            )),
            Some(tag) => Ok(tag.clone()),
        }
    }

    /// Returns the id and the item in `{"Item":{…}}`.
    ///
    /// # Errors
    /// If the body is anything else.
    pub fn item(&self) -> Result<(String, Item), String> {
        item(&self.only_member("Item")?, "")
    }

    fn members(&self) -> Result<Members, String> {
        Members::parse("the body", self.text()?)
    }

    fn only_member(&self, name: &str) -> Result<String, String> {
        let mut body = self.members()?;
        let member = body.take_required(name)?;
        body.ensure_empty()?;
        Ok(member)
    }

    /// Returns the page in `{"Items":[…],"Count":n,"ScannedCount":n}`, which may have a `LastEvaluatedKey`. Items whose
    /// ids do not begin with `prefix` are foreign and may have any attributes, so only their ids are read.
    ///
    /// # Errors
    /// If the body is anything else, an id occurs twice, or a count is wrong.
    pub fn page(&self, prefix: &str) -> Result<ListedPage, String> {
        let mut body = self.members()?;
        let shown =
            json::array(&body.take_required("Items")?).map_err(|error| format!("Items {error}"))?;
        let counts = [
            body.take_required("Count")?,
            body.take_required("ScannedCount")?,
        ];
        let last = body.take("LastEvaluatedKey");
        let last = last.map(|key| last_id(&key)).transpose()?;
        body.ensure_empty()?;

        let (mut items, mut order) = (Items::new(), Vec::new());
        for element in shown {
            let (id, item) = item(element.get(), prefix)?;
            order.push(id.clone());
            if items.insert(id.clone(), item).is_some() {
                let id = id::shown(&id, prefix);
                return Err(format!("the page shows the item {id} twice"));
            }
        }
        for (name, count) in ["Count", "ScannedCount"].into_iter().zip(counts) {
            if count != order.len().to_string() {
                return Err(format!(
                    "{name} is {count}, but the page shows {} items",
                    order.len()
                ));
            }
        }
        Ok(ListedPage { items, order, last })
    }
}

fn last_id(text: &str) -> Result<String, String> {
    let mut key = Members::parse("LastEvaluatedKey", text)?;
    let id = key.take_required(ID)?;
    key.ensure_empty()?;
    json::string(&id).map_err(|error| format!("the id of LastEvaluatedKey {error}"))
}

fn item(text: &str, prefix: &str) -> Result<(String, Item), String> {
    let mut members = Members::parse("an item", text)?;
    let id = json::string(&members.take_required(ID)?).map_err(|error| format!("an id {error}"))?;
    if !id.starts_with(prefix) {
        return Ok((id, Item::default()));
    }
    let mut item = Item::default();
    for field in &FIELDS {
        if let Some(text) = members.take(field.name) {
            item.set(field, field.parse_shown(&text)?);
        }
    }
    members.ensure_empty()?;
    Ok((id, item))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::toolkit::decimal::Decimal;

    fn response(body: &str) -> Response {
        Response {
            status: 200,
            headers: BTreeMap::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn every_digit_of_a_price_counts() {
        let price =
            |text: &str| response(&format!(r#"{{"Item":{{"id":"a","price":{text}}}}}"#)).item();
        let digits = "12345678901234567890123456789012345678";
        let (_, item) = price(digits).expect("an item");
        assert!(
            item.numbers()
                .eq([&Decimal::parse(digits).expect("a number")])
        );
        assert!(price("\"1\"").is_err() && price("null").is_err());
    }

    #[test]
    fn an_undeclared_member_is_refused() {
        for body in [
            r#"{"Item":{"id":"a","colour":1}}"#,
            r#"{"Item":{"id":"a"},"more":1}"#,
            r#"{"Item":{"id":"a","id":"a"}}"#,
            r#"{"Item":{}}"#,
            "[]",
            "",
        ] {
            assert!(response(body).item().is_err(), "{body}");
        }
        assert!(
            response(r#"{"message":"m","cause":"c"}"#)
                .message()
                .is_err()
        );
    }

    #[test]
    fn a_page_must_count_the_items_that_it_shows() {
        let page = |body: &str| response(body).page("");
        let whole = page(r#"{"Items":[{"id":"a"}],"Count":1,"ScannedCount":1}"#).expect("a page");
        assert_eq!((whole.order, whole.last), (vec!["a".to_owned()], None));
        for body in [
            r#"{"Items":[{"id":"a"}],"Count":1,"ScannedCount":2}"#,
            r#"{"Items":[{"id":"a"},{"id":"a"}],"Count":2,"ScannedCount":2}"#,
            r#"{"Items":[],"Count":0}"#,
            r#"{"Items":[],"Count":0,"ScannedCount":0,"LastEvaluatedKey":"a"}"#,
        ] {
            assert!(page(body).is_err(), "{body}");
        }
    }

    #[test]
    fn only_the_ids_of_foreign_items_are_read() {
        let body = r#"{"Items":[{"id":"a","price":["1"]}],"Count":1,"ScannedCount":1}"#;
        assert!(response(body).page("").is_err());
        let shown = response(body).page("contract-").expect("a page");
        assert_eq!(shown.order, ["a"]);
    }
}
