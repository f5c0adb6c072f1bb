//! The list: each page is small enough for Lambda, and all pages together are complete.

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use serde::Deserialize;
use serde_json::json;

use crate::common::{Api, percent_encode};
use crate::{empty_list, failure, ok, put_response};

/// The contract's maximum for the size of a response to Lambda, in bytes (clause 6.8).
const MAX_RESPONSE_BYTES: usize = 6_000_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Page {
    items: Vec<Item>,
    count: usize,
    scanned_count: usize,
    last_evaluated_key: Option<LastKey>,
}

#[derive(Debug, Deserialize)]
struct Item {
    id: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LastKey {
    id: String,
}

/// Reads one page, and asserts the rules that every page follows.
async fn read_page(api: &Api, limit: Option<usize>, start: Option<&str>) -> Page {
    let limited = limit.map(|limit| format!("limit={limit}&"));
    let started = start.map(|id| format!("exclusiveStartKey={}", percent_encode(id)));
    let query: String = ["?".to_owned()]
        .into_iter()
        .chain(limited)
        .chain(started)
        .collect();
    let response = api.list(&query).await;
    assert_eq!(response.status, 200, "{response:?}");
    let lambda_response = json!({
        "statusCode": 200,
        "headers": { "content-type": "application/json" },
        "body": response.text().expect("UTF-8"),
    });
    let size = lambda_response.to_string().len();
    assert!(size <= MAX_RESPONSE_BYTES, "a response of {size} bytes");
    let page: Page = serde_json::from_slice(&response.body).expect("a page");
    assert_eq!([page.count, page.scanned_count], [page.items.len(); 2]);
    assert!(limit.is_none_or(|limit| page.count <= limit));
    page
}

/// Follows the list to its end. Returns the ids in the order in which they were shown, and the number of pages.
async fn read_all_pages(api: &Api, limit: Option<usize>) -> (Vec<String>, usize) {
    let mut ids = Vec::new();
    let mut start = None;
    for pages in 1..10_000 {
        let page = read_page(api, limit, start.as_deref()).await;
        ids.extend(page.items.into_iter().map(|item| item.id));
        match page.last_evaluated_key {
            Some(last) => start = Some(last.id),
            None => return (ids, pages),
        }
    }
    panic!("the list does not end");
}

/// Asserts that each stored id was shown exactly once.
fn assert_lists_all(mut shown: Vec<String>, stored: &[impl AsRef<str>]) {
    let mut stored: Vec<_> = stored.iter().map(AsRef::as_ref).collect();
    stored.sort_unstable();
    shown.sort_unstable();
    assert!(
        shown == stored,
        "{} shown, {} stored",
        shown.len(),
        stored.len()
    );
}

/// Stores items that have only an id, in the largest batches that DynamoDB takes.
async fn store_ids(api: &Api, ids: &[String]) {
    for ids in ids.chunks(25) {
        let put = |id: &String| {
            let put = PutRequest::builder().item("id", AttributeValue::S(id.clone()));
            let put = put.build().expect("a put");
            WriteRequest::builder().put_request(put).build()
        };
        let write = api.table().client().batch_write_item();
        let write = write.request_items(api.table().name(), ids.iter().map(put).collect());
        write.send().await.expect("the items are stored");
    }
}

fn numbered_ids(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

#[tokio::test]
async fn a_list_shows_every_item_and_counts_them() {
    let api = Api::start().await;
    assert_eq!(api.list("").await, empty_list());
    api.put(r#"{"name":"n","price":1.50,"id":"a"}"#).await;
    let list = r#"{"Items":[{"id":"a","price":1.5,"name":"n"}],"Count":1,"ScannedCount":1}"#;
    assert_eq!(api.list("").await, ok(list));
    api.put(r#"{"id":"b"}"#).await;
    let (ids, pages) = read_all_pages(&api, None).await;
    assert_eq!(pages, 1);
    assert_lists_all(ids, &["a", "b"]);
}

#[tokio::test]
async fn five_thousand_items_are_listed_page_by_page() {
    let api = Api::start().await;
    let stored = numbered_ids(5000);
    store_ids(&api, &stored).await;
    for (limit, max_pages) in [(Some(137), 37), (Some(1000), 6), (None, 1)] {
        let (ids, pages) = read_all_pages(&api, limit).await;
        assert_lists_all(ids, &stored);
        assert!(pages <= max_pages, "{limit:?} took {pages} pages");
    }
}

#[tokio::test]
async fn a_limit_is_a_whole_number_from_1_to_1000() {
    let api = Api::start().await;
    for limit in [
        "0",
        "1001",
        "-1",
        "%2B1",
        "1.0",
        "1e2",
        "",
        "ten",
        "%20",
        "0x1",
        "1000000000000000000000",
        // The gateway joins repeated parameters with a comma.
        "1&limit=1",
    ] {
        let response = api.list(&format!("?limit={limit}")).await;
        let message = "limit must be a whole number from 1 to 1000";
        assert_eq!(response, failure(400, message), "{limit}");
    }
    for limit in ["1", "1000"] {
        assert_eq!(api.list(&format!("?limit={limit}")).await, empty_list());
    }
}

#[tokio::test]
async fn a_page_holds_as_many_items_as_its_limit() {
    let api = Api::start().await;
    store_ids(&api, &numbered_ids(1001)).await;
    for limit in [1, 2, 999, 1000] {
        let page = read_page(&api, Some(limit), None).await;
        assert_eq!(page.count, limit);
        let last = page.items.last().map(|item| &item.id);
        assert_eq!(page.last_evaluated_key.as_ref().map(|key| &key.id), last);
    }
}

#[tokio::test]
async fn the_list_ends_only_without_a_last_evaluated_key() {
    let api = Api::start().await;
    for id in ["a", "b"] {
        api.put(json!({ "id": id }).to_string()).await;
    }
    // With as many items as the limit, DynamoDB does not know yet that nothing follows.
    let (ids, pages) = read_all_pages(&api, Some(2)).await;
    assert_lists_all(ids, &["a", "b"]);
    assert!(pages <= 2);
}

#[tokio::test]
async fn a_start_key_is_an_id_of_1_to_2048_bytes() {
    let api = Api::start().await;
    for (key, message) in [
        (String::new(), "exclusiveStartKey must not be empty"),
        (
            "a".repeat(2049),
            "exclusiveStartKey is 2049 bytes of UTF-8: the most is 2048",
        ),
    ] {
        let response = api.list(&format!("?exclusiveStartKey={key}")).await;
        assert_eq!(response, failure(400, message));
    }
    for key in ["a", "a,b", "a/b", "50%", ".", "\n", "😀", &"a".repeat(2048)] {
        let response = api
            .list(&format!("?exclusiveStartKey={}", percent_encode(key)))
            .await;
        assert_eq!(response, empty_list(), "{key:?}");
    }
}

#[tokio::test]
async fn the_list_continues_after_any_id() {
    let api = Api::start().await;
    let ids = [
        "a", "a,b", "a b", "a+b", "a/b", "a?b", "a&b=c", "50%", "%41", ".", "..", "\n", "#", "é",
        "😀", "\"",
    ];
    store_ids(&api, &ids.map(str::to_owned)).await;
    let (shown, pages) = read_all_pages(&api, Some(1)).await;
    assert_lists_all(shown, &ids);
    assert!(pages <= ids.len() + 1);
}

#[tokio::test]
async fn a_start_key_may_be_that_of_a_deleted_item() {
    let api = Api::start().await;
    store_ids(&api, &numbered_ids(20)).await;
    let first = read_page(&api, Some(10), None).await;
    let last = first.last_evaluated_key.expect("more items follow").id;
    api.delete(&last).await;
    let second = read_page(&api, None, Some(&last)).await;
    assert!(second.last_evaluated_key.is_none());
    let shown = first.items.into_iter().chain(second.items);
    assert_lists_all(shown.map(|item| item.id).collect(), &numbered_ids(20));
}

#[tokio::test]
async fn other_query_parameters_and_a_body_are_ignored() {
    let api = Api::start().await;
    api.put(r#"{"id":"a"}"#).await;
    let list = ok(r#"{"Items":[{"id":"a"}],"Count":1,"ScannedCount":1}"#);
    for query in ["?", "?Limit=0", "?id=b", "?limits=0&x=%C3%A9&&y"] {
        let response = api
            .send("GET", &format!("/items{query}"), &[], r#"{"id":"b"}"#)
            .await;
        assert_eq!(response, list, "{query}");
    }
}

#[tokio::test]
async fn a_page_of_control_characters_and_quotes_stays_under_the_response_limit() {
    let api = Api::start().await;
    // Each of these characters takes 1 byte in the table, and 7, 4 or 4 bytes in the response.
    let names = ["\u{1}", "\"", "\\"].map(|character| character.repeat(300_000));
    for (number, name) in names.iter().cycle().take(9).enumerate() {
        let item = json!({ "id": number.to_string(), "name": name });
        assert_eq!(api.put(item.to_string()).await.status, 200);
    }
    let (ids, pages) = read_all_pages(&api, None).await;
    assert_lists_all(ids, &numbered_ids(9));
    assert!(pages <= 5, "{pages} pages of less than 6 MB");
}

#[tokio::test]
async fn a_page_of_ids_of_control_characters_stays_under_the_response_limit() {
    let api = Api::start().await;
    // Other writers may store such ids; the last key of a page is one of them too.
    let id = |number| format!("{number:03}{}", "\u{1}".repeat(2045));
    let ids: Vec<_> = (0..500).map(id).collect();
    store_ids(&api, &ids).await;
    let (shown, pages) = read_all_pages(&api, None).await;
    assert_lists_all(shown, &ids);
    assert!(pages > 1, "one response cannot hold them");
}

#[tokio::test]
async fn one_item_of_the_largest_size_always_fits() {
    let api = Api::start().await;
    for (id, character) in [("a", "\u{1}"), ("b", "\""), ("c", "😀")] {
        let name = character.repeat((409_600 - "idaname".len()) / character.len());
        let item = json!({ "id": id, "name": name }).to_string();
        assert_eq!(api.put(item).await, put_response(id));
    }
    let (ids, _) = read_all_pages(&api, None).await;
    assert_lists_all(ids, &["a", "b", "c"]);
}
