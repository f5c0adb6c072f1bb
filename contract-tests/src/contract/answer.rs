//! The parts of an answer, as the contract names them.

use crate::contract::fields::FIELDS;
use crate::contract::id::ID;
use crate::contract::item::{Item, Items};
use crate::toolkit::http::answer::Answer;
use crate::toolkit::json::{self, Members};

/// A page of the list, as it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The items, by id.
    pub items: Items,
    /// Their ids in the order in which they were shown.
    pub order: Vec<String>,
    /// Where the next page begins, if there may be one.
    pub last: Option<String>,
}

impl Answer {
    /// The whole body as a JSON string.
    ///
    /// # Errors
    /// What it is instead.
    pub fn string(&self) -> Result<String, String> {
        json::string(self.text()?).map_err(|is| format!("the body {is}"))
    }

    /// The message of a failure, all that its body may hold.
    ///
    /// # Errors
    /// What it holds instead.
    pub fn message(&self) -> Result<String, String> {
        let mut members = Members::parse(self.text()?).map_err(|is| format!("the body {is}"))?;
        let message = members.take("message").ok_or("the body has no message")?;
        let message = json::string(&message).map_err(|is| format!("the message {is}"))?;
        members
            .nothing_left()
            .map_err(|has| format!("the body {has}"))?;
        Ok(message)
    }

    /// Returns `true` if the 503 of a write says that it may have been applied, `false` if it says that nothing was
    /// changed.
    ///
    /// # Errors
    /// If it says neither.
    pub fn may_have_been_applied(&self) -> Result<bool, String> {
        let message = self.message()?.to_lowercase();
        let unchanged = message.contains("nothing was changed");
        let unknown = message.contains("may or may not have been applied");
        match (unchanged, unknown) {
            (true, false) => Ok(false),
            (false, true) => Ok(true),
            _ => Err(format!(
                "the message {message:?} does not say whether anything was changed"
            )),
        }
    }

    /// The item in `{"Item":{…}}`.
    ///
    /// # Errors
    /// What the body holds instead.
    pub fn item(&self) -> Result<(String, Item), String> {
        let mut members = Members::parse(self.text()?).map_err(|is| format!("the body {is}"))?;
        let found = members.take("Item").ok_or("the body has no Item")?;
        members
            .nothing_left()
            .map_err(|has| format!("the body {has}"))?;
        item(&found, "")
    }

    /// The page in `{"Items":[…],"Count":n,"ScannedCount":n}`. Of items whose ids do not begin with
    /// `prefix` nothing is read but the id: those are other writers', and may hold anything.
    ///
    /// # Errors
    /// What is wrong with the body, or with its counts.
    pub fn page(&self, prefix: &str) -> Result<Shown, String> {
        let mut members = Members::parse(self.text()?).map_err(|is| format!("the body {is}"))?;
        let mut required = |name: &str| {
            members
                .take(name)
                .ok_or_else(|| format!("the body has no {name}"))
        };
        let shown = json::array(&required("Items")?).map_err(|is| format!("Items {is}"))?;
        let counts = [required("Count")?, required("ScannedCount")?];
        let last = members
            .take("LastEvaluatedKey")
            .map(|key| last(&key))
            .transpose()?;
        members
            .nothing_left()
            .map_err(|has| format!("the body {has}"))?;

        let (mut items, mut order) = (Items::new(), Vec::new());
        for element in shown {
            let (id, item) = item(element.get(), prefix)?;
            order.push(id.clone());
            if items.insert(id.clone(), item).is_some() {
                return Err(format!("the page shows the item {id:?} twice"));
            }
        }
        for (name, count) in ["Count", "ScannedCount"].into_iter().zip(counts) {
            if count != order.len().to_string() {
                return Err(format!(
                    "{name} is {count}, and {} items are shown",
                    order.len()
                ));
            }
        }
        Ok(Shown { items, order, last })
    }
}

fn last(text: &str) -> Result<String, String> {
    let mut members = Members::parse(text).map_err(|is| format!("LastEvaluatedKey {is}"))?;
    let id = members.take(ID).ok_or("LastEvaluatedKey has no id")?;
    members
        .nothing_left()
        .map_err(|has| format!("LastEvaluatedKey {has}"))?;
    json::string(&id).map_err(|is| format!("the id of LastEvaluatedKey {is}"))
}

fn item(text: &str, prefix: &str) -> Result<(String, Item), String> {
    let mut members = Members::parse(text).map_err(|is| format!("an item {is}"))?;
    let id = members.take(ID).ok_or("an item has no id")?;
    let id = json::string(&id).map_err(|is| format!("an id {is}"))?;
    if !id.starts_with(prefix) {
        return Ok((id, Item::default()));
    }
    let mut item = Item::default();
    for field in &FIELDS {
        if let Some(text) = members.take(field.name) {
            item.set(field, field.shown(&text)?);
        }
    }
    members
        .nothing_left()
        .map_err(|has| format!("an item {has}"))?;
    Ok((id, item))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::toolkit::decimal::Decimal;

    fn answer(body: &str) -> Answer {
        Answer {
            status: 200,
            headers: BTreeMap::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn every_digit_of_a_price_counts() {
        let price =
            |text: &str| answer(&format!(r#"{{"Item":{{"id":"a","price":{text}}}}}"#)).item();
        let all = "12345678901234567890123456789012345678";
        let (_, item) = price(all).expect("an item");
        assert!(item.numbers().eq([&Decimal::parse(all).expect("a number")]));
        assert!(price("\"1\"").is_err() && price("null").is_err());
    }

    #[test]
    fn what_nothing_declares_is_refused() {
        for body in [
            r#"{"Item":{"id":"a","colour":1}}"#,
            r#"{"Item":{"id":"a"},"more":1}"#,
            r#"{"Item":{"id":"a","id":"a"}}"#,
            r#"{"Item":{}}"#,
            "[]",
            "",
        ] {
            assert!(answer(body).item().is_err(), "{body}");
        }
        assert!(answer(r#"{"message":"m","cause":"c"}"#).message().is_err());
    }

    #[test]
    fn a_page_counts_what_it_shows() {
        let page = |body: &str| answer(body).page("");
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
    fn what_others_stored_is_not_read() {
        let body = r#"{"Items":[{"id":"a","price":["1"]}],"Count":1,"ScannedCount":1}"#;
        assert!(answer(body).page("").is_err());
        let shown = answer(body).page("contract-").expect("a page");
        assert_eq!(shown.order, ["a"]);
    }
}
