//! An exchange: a request with its response, as a report shows it and as a failure is saved.

use std::fmt::Write as _;

use function::attribute::PARTITION_KEY;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::request::concrete::Request;
use crate::toolkit::http::response::Response;

/// The response header with the gateway's id of a request, which the log lines of the function also have.
pub const REQUEST_ID_HEADER: &str = "apigw-requestid";

/// A request, with its response if there was one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// The number of the client; 0 if there is only one.
    #[serde(default)]
    pub client: usize,
    /// The method.
    pub method: String,
    /// The path and the query.
    pub target: String,
    /// The headers that the client set, with the content type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body of the request, if it has one. Bytes that are not UTF-8 are written as `\xff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The expected response, in words; `None` if more than one response is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The response, or the reason why there is none.
    pub response: Result<Received, String>,
    /// The faults of the table that were injected for this request, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// The time of the request, on a clock that counts the events of all clients.
    #[serde(default)]
    pub invoked: u64,
    /// The time of the response on that clock.
    #[serde(default)]
    pub returned: u64,
    /// The latency in milliseconds.
    #[serde(default)]
    pub milliseconds: f64,
}

/// A response as it is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// The status.
    pub status: u16,
    /// The headers that a report shows, with names in lower case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body. Bytes that are not UTF-8 are written as `\xff`.
    pub body: String,
    /// The gateway's id of the request ([`REQUEST_ID_HEADER`]); the function logs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Exchange {
    /// Returns the exchange of this request, which was sent to this path and query. The items of other users, whose ids
    /// do not have the prefix, are left out.
    #[must_use]
    pub fn new(
        request: &Request,
        target: &str,
        response: Result<&Response, &String>,
        prefix: &str,
    ) -> Self {
        let headers = request.headers().into_iter();
        let mut headers: Vec<_> = headers
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let body = request.body().map(|(body, content_type)| {
            let content_type = content_type.map(str::to_owned);
            headers.extend(content_type.map(|value| ("Content-Type".to_owned(), value)));
            to_text(body)
        });
        Self {
            client: 0,
            method: request.method().to_owned(),
            target: without_foreign_start(target, prefix),
            headers,
            body,
            expected: None,
            response: response
                .map(|response| Received::new(response, prefix))
                .map_err(Clone::clone),
            faults: Vec::new(),
            invoked: 0,
            returned: 0,
            milliseconds: 0.0,
        }
    }

    /// Returns the gateway's id of the request, if there was a response with one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.response.as_ref().ok()?.request_id.as_deref()
    }
}

impl Received {
    fn new(response: &Response, prefix: &str) -> Self {
        let shown = ["content-type", "etag", "retry-after"];
        let headers = shown.into_iter().filter_map(|name| {
            let value = response.headers.get(name)?;
            Some((name.to_owned(), value.clone()))
        });
        Self {
            status: response.status,
            headers: headers.collect(),
            body: own_text(&response.body, prefix),
            request_id: response.headers.get(REQUEST_ID_HEADER).cloned(),
        }
    }
}

/// The text in place of another user's item or id.
pub const FOREIGN: &str = "[another user's]";

/// Returns the body of a response as text, without the items of other users, whose ids do not have the prefix.
#[must_use]
pub fn own_text(body: &[u8], prefix: &str) -> String {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow, rename = "Items")]
        items: Vec<&'a RawValue>,
        #[serde(borrow, rename = "LastEvaluatedKey")]
        last: Option<&'a RawValue>,
    }
    let Ok(page) = serde_json::from_slice::<Page>(body) else {
        let text = to_text(body);
        // A page that cannot be read may have the items of other users.
        return if !prefix.is_empty() && text.contains("\"Items\"") {
            format!("{FOREIGN} ({} bytes)", body.len())
        } else {
            text
        };
    };
    let is_foreign = |item: &&RawValue| {
        let item: Result<Value, _> = serde_json::from_str(item.get());
        let id = item
            .ok()
            .and_then(|item| item[PARTITION_KEY].as_str().map(str::to_owned));
        !id.unwrap_or_default().starts_with(prefix)
    };
    let start = |item: &&RawValue| item.get().as_ptr() as usize - body.as_ptr() as usize;
    let shown = page.items.into_iter().chain(page.last);
    let mut foreign: Vec<_> = shown.filter(is_foreign).collect();
    foreign.sort_by_key(start);
    let (mut text, mut end) = (String::new(), 0);
    for item in foreign {
        text += &to_text(&body[end..start(&item)]);
        let _ = write!(text, "{FOREIGN:?}");
        end = start(&item) + item.get().len();
    }
    text + &to_text(&body[end..])
}

/// The id in place of another user's start key. It needs no quotes in a shell.
const FOREIGN_START: &str = "another-users-id";

/// Returns the path and query without a start key that does not have the prefix.
#[must_use]
pub fn without_foreign_start(target: &str, prefix: &str) -> String {
    const START: &str = "exclusiveStartKey=";
    match target.split_once(START) {
        Some((path, start)) if !start.starts_with(prefix) => {
            format!("{path}{START}{FOREIGN_START}")
        }
        _ => target.to_owned(),
    }
}

/// Returns bytes as text. Bytes that are not UTF-8 are written as `\xff`.
fn to_text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let _ = write!(text, "{}", chunk.invalid().escape_ascii());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_other_users_are_left_out() {
        let page = br#"{"Items":[{"id":"p-a","price":1},{"name":"secret","id":"b"}],"LastEvaluatedKey":{"id":"b"}}"#;
        let own = own_text(page, "p-");
        assert!(own.contains(r#"{"id":"p-a","price":1}"#), "{own}");
        assert!(!own.contains("secret") && !own.contains("\"b\""), "{own}");
        assert_eq!(own_text(page, ""), to_text(page));
        let start = "/items?limit=1&exclusiveStartKey=b";
        assert_eq!(without_foreign_start(start, ""), start);
        assert!(without_foreign_start(start, "p-").ends_with(FOREIGN_START));
        let cut = br#"{"Items":[{"id":"b"#;
        assert!(!own_text(cut, "p-").contains("\"b"));
    }
}
