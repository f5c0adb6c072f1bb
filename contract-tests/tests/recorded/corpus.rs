//! The recorded requests to the tutorial's function, its responses, and their comparison with ours.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use contract_tests::toolkit::json::canonical;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::common::{self, Api, Response};

/// Steps that were run in order, on a new table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    pub bulk: Option<Bulk>,
    pub steps: Vec<Step>,
}

/// Items that were put first, numbered from zero. The number ends the id and is the price.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bulk {
    count: usize,
    id_prefix: String,
    id_width: usize,
    name_repeat: (String, usize),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub request: RecordedRequest,
    pub response: RecordedResponse,
    compare: Compare,
}

/// A request as the function received it, decoded by API Gateway.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RecordedRequest {
    pub route_key: String,
    #[serde(default)]
    path_parameters: BTreeMap<String, Text>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Text>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RecordedResponse {
    pub status_code: u16,
    body: Option<Text>,
    list: Option<Counts>,
}

/// The counts and the last key of a list that was too long to keep.
#[derive(PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Counts {
    count: usize,
    scanned_count: usize,
    last_evaluated_key: Option<BTreeMap<String, String>>,
}

/// The part of a response that a client may rely on.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Compare {
    /// Every byte of the body.
    Bytes,
    /// The body as a JSON value.
    Json,
    /// The body as a JSON value, with the items in any order.
    List,
    /// Only the status.
    Status,
}

/// A string: written out, or as parts of which some are repeated.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Parts {
        #[serde(rename = "$concat")]
        parts: Vec<Part>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Plain(String),
    Repeat {
        #[serde(rename = "$repeat")]
        repeat: (String, usize),
    },
}

/// Returns every case that is replayed.
pub fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../data/recorded.json")).expect("the recorded cases")
}

impl Bulk {
    /// Returns the body of the PUT of each item.
    pub fn bodies(&self) -> impl Iterator<Item = String> {
        let (text, times) = &self.name_repeat;
        let name = text.repeat(*times);
        (0..self.count).map(move |index| {
            let id = format!("{}{index:0width$}", self.id_prefix, width = self.id_width);
            json!({"id": id, "price": index, "name": name}).to_string()
        })
    }
}

impl RecordedRequest {
    /// Sends the HTTP request that API Gateway would pass to the function in this form.
    pub async fn replay(&self, api: &Api) -> Response {
        let (method, path) = self.route_key.split_once(' ').expect("a route key");
        let path = match self.path_parameters.get("id") {
            Some(id) => path.replace("{id}", &common::encode_id(&id.expanded())),
            None => path.to_owned(),
        };
        let body = self.body.as_ref().map(Text::expanded).unwrap_or_default();
        let body = if self.is_base64_encoded {
            BASE64.decode(body).expect("base64")
        } else {
            body.into_bytes()
        };
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        api.respond(method, &path, &headers, body).await
    }
}

impl Step {
    /// Returns `true` if the response equals the recorded one, as far as a client may rely on it.
    pub fn matches_recording(&self, response: &Response) -> bool {
        let RecordedResponse {
            status_code,
            body,
            list,
        } = &self.response;
        if *status_code != response.status {
            return false;
        }
        let ours = response.text().expect("UTF-8");
        if let Some(counts) = list {
            return serde_json::from_str::<Counts>(ours).is_ok_and(|ours| ours == *counts);
        }
        let recorded = body.as_ref().map(Text::expanded).unwrap_or_default();
        // The recorded text may not be valid Unicode: the tutorial's function accepts lone surrogates.
        let same = |canonical: fn(&str) -> serde_json::Result<String>| {
            let ours = canonical(ours).expect("our body is JSON");
            canonical(&recorded).is_ok_and(|recorded| recorded == ours)
        };
        match self.compare {
            Compare::Bytes => recorded == ours,
            Compare::Json => same(canonical),
            Compare::List => same(canonical_list),
            Compare::Status => true,
        }
    }
}

/// Returns a list in canonical form, with its items sorted.
fn canonical_list(text: &str) -> serde_json::Result<String> {
    let mut list: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text)?;
    if let Some(items) = list.get_mut("Items") {
        let shown: Vec<&RawValue> = serde_json::from_str(items.get())?;
        let shown = shown.iter().map(|item| canonical(item.get()));
        let mut shown = shown.collect::<Result<Vec<_>, _>>()?;
        shown.sort();
        *items = RawValue::from_string(format!("[{}]", shown.join(",")))?;
    }
    canonical(&serde_json::to_string(&list)?)
}

impl Text {
    fn expanded(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Parts { parts } => parts.iter().map(Part::expanded).collect(),
        }
    }
}

impl Part {
    fn expanded(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Repeat {
                repeat: (text, times),
            } => text.repeat(*times),
        }
    }
}
