//! The response to a list, written while DynamoDB's JSON is read: one pass, without a map of each item.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::value::{ShownItem, Text};
use crate::attribute::PARTITION_KEY;
use crate::error::{BoxError, Error};
use crate::log;
use crate::response::{Response, ResponseWriter};

/// The largest list response, in bytes of the JSON that Lambda gets. There the body is one JSON string, so every quote
/// and backslash of the body takes two bytes. Lambda's limit is 6 MB.
const MAX_RESPONSE_BYTES: usize = 6_000_000;

/// The part of [`MAX_RESPONSE_BYTES`] that is reserved for everything but the items: the status, the headers, the
/// counts, and the longest last key, in which each control character takes the seven bytes of `\\u0001`.
const RESPONSE_OVERHEAD: usize = 20_000;

/// A page of the list: the response, or the fault of a table in which an item has no id.
#[derive(Debug)]
pub struct Page(Result<Response, NoId>);

/// The fault of a table in which an item has no id.
#[derive(Debug, thiserror::Error)]
#[error("the table's partition key is not id, of type S")]
struct NoId;

impl Page {
    /// Reads a page from DynamoDB's response to a scan.
    ///
    /// # Errors
    /// The reason why the body is not a page. It has no part of an item.
    pub fn read(body: &[u8]) -> Result<Self, BoxError> {
        let mut page = PageWriter::new(body.len());
        let failed =
            |fault: &str| format!("DynamoDB's response to a scan is not a page of items: {fault}");
        // One check of the whole body is faster than one of each string.
        let text = str::from_utf8(body).map_err(|error| failed(&error.to_string()))?;
        let mut json = serde_json::Deserializer::from_str(text);
        json.deserialize_map(&mut page)
            .and_then(|()| json.end())
            .map_err(|error| failed(&log::without_values(&error.to_string())))?;
        Ok(Self(page.finish()))
    }

    /// Returns the response `{"Items":[…],"Count":n,"ScannedCount":n}`, with `"LastEvaluatedKey"` if more items may
    /// follow: the table ended the page, or the next item would make the response exceed [`MAX_RESPONSE_BYTES`].
    ///
    /// # Errors
    /// [`Error::Misconfigured`] if an item has no id: the table then has a different key.
    pub fn response(self) -> Result<Response, Error> {
        self.0.map_err(|fault| Error::Misconfigured(fault.into()))
    }
}

/// The writer of a page, and the visitor of the response to a scan.
struct PageWriter<'de> {
    body: ResponseWriter,
    /// The length that the response must not exceed after an item.
    limit: usize,
    /// `true` if the response has a list of items, which may be empty.
    has_items: bool,
    /// The number of items that are shown.
    shown: usize,
    /// The id of the last item that is shown.
    last_shown: Option<Cow<'de, str>>,
    /// `true` if an item did not fit. The rest of the page is read, but not shown.
    is_full: bool,
    /// The id in DynamoDB's last key.
    last_key: Option<Cow<'de, str>>,
    /// `true` if an item that is shown, or the last key, has no id.
    lacks_id: bool,
}

impl<'de> PageWriter<'de> {
    fn new(capacity: usize) -> Self {
        let mut body = ResponseWriter::new(200);
        body.reserve(capacity.min(MAX_RESPONSE_BYTES));
        body.raw("{\"Items\":[");
        Self {
            limit: body.len() + MAX_RESPONSE_BYTES - RESPONSE_OVERHEAD,
            body,
            has_items: false,
            shown: 0,
            last_shown: None,
            is_full: false,
            last_key: None,
            lacks_id: false,
        }
    }

    fn add(&mut self, item: ShownItem<'de>) {
        if self.is_full {
            return;
        }
        let start = self.body.len();
        if self.shown > 0 {
            self.body.raw(",");
        }
        self.body.item(&item);
        // The first item always fits: its 400 KB become at most 14 times as much. A list without items would have no
        // key from which to continue.
        if self.shown > 0 && self.body.len() > self.limit {
            self.body.truncate(start);
            self.is_full = true;
            return;
        }
        self.shown += 1;
        self.last_shown = self.id(item);
    }

    fn id(&mut self, item: ShownItem<'de>) -> Option<Cow<'de, str>> {
        let id = item.into_id();
        self.lacks_id |= id.is_none();
        id
    }

    fn finish(self) -> Result<Response, NoId> {
        if self.lacks_id {
            return Err(NoId);
        }
        let Self {
            mut body, shown, ..
        } = self;
        body.raw(&format!("],\"Count\":{shown},\"ScannedCount\":{shown}"));
        let last = if self.is_full {
            self.last_shown
        } else {
            self.last_key
        };
        if let Some(last) = last {
            body.raw(",\"LastEvaluatedKey\":{")
                .string(PARTITION_KEY)
                .raw(":")
                .string(&last)
                .raw("}");
        }
        body.raw("}");
        Ok(body.finish())
    }
}

impl<'de> Visitor<'de> for &mut PageWriter<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "Items" => map.next_value_seed(Items(self))?,
                "LastEvaluatedKey" => {
                    let key = map.next_value::<Option<ShownItem<'_>>>()?;
                    self.last_key = key.and_then(|key| self.id(key));
                }
                // Only errors have it.
                "__type" => {
                    return Err(A::Error::custom(
                        "it is an error, despite its success status",
                    ));
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if self.has_items {
            Ok(())
        } else {
            Err(A::Error::custom("it has no list of items"))
        }
    }
}

/// The visitor of the items.
struct Items<'a, 'de>(&'a mut PageWriter<'de>);

impl<'de> DeserializeSeed<'de> for Items<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.0.has_items = true;
        while let Some(item) = items.next_element()? {
            self.0.add(item);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::string::string_regex;
    use serde_json::{Value, json};

    use super::*;
    use crate::response::tests::read;

    fn response(scan: &str) -> Response {
        Page::read(scan.as_bytes()).unwrap().response().unwrap()
    }

    fn body(response: &Response) -> Value {
        serde_json::from_slice(&read(response).body.unwrap()).unwrap()
    }

    /// Returns an item of a scan whose name has this length.
    fn item(id: &str, length: usize) -> Value {
        json!({"name": {"S": "x".repeat(length)}, "id": {"S": id}})
    }

    fn listed(items: &[Value]) -> Response {
        response(&json!({"Items": items}).to_string())
    }

    /// Returns text that often is the JSON of a page, or nearly so.
    fn nearly_a_page() -> impl Strategy<Value = String> {
        let value = r#"("[a1\\]{0,2}"|true|\[("a",?){0,2}\]|\[\{"N":"1"\}\]|\{"a":\{"X":1\}\})"#;
        let item =
            format!(r#"\{{("(id|name|x)":\{{"(S|N|B|BOOL|SS|NS|L|M|X)":{value}\}},?){{0,2}}\}}"#);
        let page = format!(r#"\{{"Items":\[({item},?){{0,2}}\](,"LastEvaluatedKey":{item})?\}}"#);
        string_regex(&page).expect("a regular expression")
    }

    proptest! {
        #[test]
        fn a_page_that_can_be_read_counts_its_items(scan in nearly_a_page()) {
            if let Ok(page) = Page::read(scan.as_bytes()) {
                let scan: Value = serde_json::from_str(&scan).unwrap();
                let items = scan["Items"].as_array().unwrap();
                if let Ok(response) = page.response() {
                    let body = body(&response);
                    prop_assert_eq!(&body["Count"], items.len());
                    prop_assert_eq!(body["Items"].as_array().unwrap().len(), items.len());
                }
            }
        }
    }

    #[test]
    fn a_page_continues_after_the_last_key_in_any_order_of_the_members() {
        let items = format!("[{}, {}]", item("a", 1), item("b", 0));
        let shown = json!([{"id": "a", "name": "x"}, {"id": "b", "name": ""}]);
        let key = r#"{"id": {"S": "b\n"}}"#;
        for scan in [
            format!(r#"{{"Items": {items}, "LastEvaluatedKey": {key}, "Count": 9}}"#),
            format!(
                r#" {{"ScannedCount": 9, "LastEvaluatedKey": {key}, "New": [{{}}], "Items": {items}}} "#
            ),
        ] {
            assert_eq!(
                body(&response(&scan)),
                json!({"Items": shown, "Count": 2, "ScannedCount": 2, "LastEvaluatedKey": {"id": "b\n"}})
            );
        }
    }

    #[test]
    fn a_page_without_a_last_key_is_the_end() {
        for last in ["", r#","LastEvaluatedKey":null"#] {
            assert_eq!(
                body(&response(&format!(r#"{{"Items":[]{last}}}"#))),
                json!({"Items": [], "Count": 0, "ScannedCount": 0})
            );
        }
    }

    #[test]
    fn a_page_ends_before_the_item_that_would_exceed_the_response_limit() {
        let size = |items: &[Value]| listed(items).json().len();
        let both = size(&[item("a", 0), item("b", 0)]) - size(&[]);
        let room = MAX_RESPONSE_BYTES - RESPONSE_OVERHEAD - both;
        let scan = |more| {
            let items = [item("a", 0), item("b", more), item("c", 0)];
            let scan = json!({"Items": items, "LastEvaluatedKey": {"id": {"S": "c"}}});
            body(&response(&scan.to_string()))
        };

        let full = scan(room);
        assert_eq!(
            (&full["Count"], &full["LastEvaluatedKey"]),
            (&json!(2), &json!({"id": "b"}))
        );
        let over = scan(room + 1);
        assert_eq!(over["Items"], json!([{"id": "a", "name": ""}]));
        assert_eq!(
            (&over["Count"], &over["LastEvaluatedKey"]),
            (&json!(1), &json!({"id": "a"}))
        );
    }

    #[test]
    fn a_page_shows_its_first_item_whatever_its_size() {
        let first = body(&listed(&[item("a", MAX_RESPONSE_BYTES), item("b", 0)]));
        assert_eq!(
            (&first["Count"], &first["LastEvaluatedKey"]),
            (&json!(1), &json!({"id": "a"}))
        );
    }

    #[test]
    fn an_item_or_a_key_without_an_id_is_a_configuration_error() {
        for scan in [
            r#"{"Items":[{"id":{"S":"a"}},{"pk":{"S":"b"}}]}"#,
            r#"{"Items":[{"id":{"N":"1"}}]}"#,
            r#"{"Items":[],"LastEvaluatedKey":{}}"#,
            r#"{"Items":[],"LastEvaluatedKey":{"pk":{"S":"b"}}}"#,
        ] {
            let page = Page::read(scan.as_bytes()).unwrap();
            assert!(
                matches!(page.response(), Err(Error::Misconfigured(_))),
                "{scan}"
            );
        }
    }

    #[test]
    fn the_error_of_an_unreadable_page_does_not_show_its_values() {
        for (scan, fault) in [
            ("", "EOF while parsing a value at line 1 column 0"),
            (r#"["secret"]"#, "expected an object at line 1 column 0"),
            (
                r#"{"Count":0}"#,
                "it has no list of items at line 1 column 11",
            ),
            (
                r#"{"Items":null}"#,
                "expected a list of items at line 1 column 13",
            ),
            (
                r#"{"Items":[null]}"#,
                "expected an item at line 1 column 14",
            ),
            (
                r#"{"Items":[{"id":"secret"}]}"#,
                "expected an attribute value at line 1 column 24",
            ),
            (
                r#"{"Items":[{"id":{"BOOL":"secret"}}]}"#,
                "expected a boolean at line 1 column 32",
            ),
            (
                r#"{"Items":[{"id":{"S":"secret"#,
                "EOF while parsing a string at line 1 column 28",
            ),
            (
                r#"{"Items":[]}secret"#,
                "trailing characters at line 1 column 13",
            ),
            (
                r#"{"__type":"secret","Items":[]}"#,
                "it is an error, despite its success status at line 1 column 9",
            ),
        ] {
            let message = Page::read(scan.as_bytes()).unwrap_err().to_string();
            let expected = format!("DynamoDB's response to a scan is not a page of items: {fault}");
            assert_eq!(message, expected);
        }
        for scan in [
            r#"{"Items":[{"id":{}}]}"#,
            r#"{"Items":[{"id":{"S":"secret","N":"1"}}]}"#,
            r#"{"Items":[{"id":{"S":"secret\ud83c"}}]}"#,
            r#"{"Items":[{"id":{"S":["secret, expected secret"]}}]}"#,
            r#"{"Items":[{"id":{"BOOL":"secret, expected secret"}}]}"#,
        ] {
            let message = Page::read(scan.as_bytes()).unwrap_err().to_string();
            assert!(!message.contains("secret"), "{message}");
        }
        let message = Page::read(b"{\"Items\":[{\"id\":{\"S\":\"\xff\"}}]}")
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("is not a page of items: invalid utf-8"),
            "{message}"
        );
    }
}
