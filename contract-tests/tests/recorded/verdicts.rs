//! The verdicts on the recorded responses: which of them differ from ours, why, and our responses.

use std::collections::BTreeMap;

use contract_tests::contract::fields::joined_names;
use contract_tests::toolkit::json::canonical;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::common::{Api, Response};
use crate::corpus::{Bulk, Case};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Verdicts {
    /// The reasons for differences, by number: the behaviour of the tutorial's function, and ours.
    pub rows: BTreeMap<u8, [String; 2]>,
    /// The recorded cases that no client can provoke, by the reason.
    pub left_out: BTreeMap<String, Vec<String>>,
    /// Every step that differs; the responses of the other steps are equal.
    pub differences: Vec<Difference>,
}

/// One step that differs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    pub case: String,
    /// Counted from one.
    pub step: usize,
    /// The rows that explain it.
    pub rows: Vec<u8>,
    pub here: OurResponse,
}

/// Our response.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OurResponse {
    status: u16,
    body: Option<Box<RawValue>>,
    /// Instead of a body: the minimum number of pages that show every item of the case's bulk once. The table
    /// decides where a page ends.
    pages: Option<usize>,
}

/// A page of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Page<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
    count: usize,
    scanned_count: usize,
    last_evaluated_key: Option<LastKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LastKey {
    id: String,
}

impl Verdicts {
    pub fn read() -> Self {
        let verdicts = include_str!("../data/verdicts.json").replace("<fields>", &joined_names());
        serde_json::from_str(&verdicts).expect("the verdicts")
    }

    /// Returns the difference at one step, counted from one; `None` if the responses are equal.
    pub fn difference_at(&self, case: &Case, step: usize) -> Option<&Difference> {
        let mut differences = self.differences.iter();
        differences.find(|difference| difference.case == case.name && difference.step == step)
    }
}

impl OurResponse {
    /// Returns `true` if the API's response is this one.
    pub async fn matches(&self, api: &Api, case: &Case, response: &Response) -> bool {
        if response.status != self.status {
            return false;
        }
        if let Some(body) = &self.body {
            let ours = canonical(response.text().expect("UTF-8"));
            return ours.expect("JSON") == canonical(body.get()).expect("JSON");
        }
        let bulk = case.bulk.as_ref().expect("a bulk to list");
        let min_pages = self.pages.expect("a body or pages");
        count_pages(api, bulk, response).await >= min_pages
    }
}

/// Follows the list to its end, asserts that it shows every item of the bulk once, and returns the number of pages.
async fn count_pages(api: &Api, bulk: &Bulk, first: &Response) -> usize {
    let mut response = first.clone();
    let mut shown = Vec::new();
    for pages in 1.. {
        let page: Page = serde_json::from_slice(&response.body).expect("a page");
        assert_eq!([page.count, page.scanned_count], [page.items.len(); 2]);
        shown.extend(
            page.items
                .iter()
                .map(|item| canonical(item.get()).expect("JSON")),
        );
        let Some(last) = page.last_evaluated_key else {
            let mut put: Vec<_> = bulk
                .bodies()
                .map(|body| canonical(&body).expect("JSON"))
                .collect();
            put.sort();
            shown.sort();
            assert!(
                shown == put,
                "{} items shown, {} put",
                shown.len(),
                put.len()
            );
            return pages;
        };
        response = api.list(&format!("?exclusiveStartKey={}", last.id)).await;
    }
    unreachable!("the loop returns at the end of the list")
}
