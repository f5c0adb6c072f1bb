//! Conditional requests: the tag of an item, and the headers that compare it.

use aws_sdk_dynamodb::types::AttributeValue::{self, M, N, Ns, S, Ss};

use crate::common::{Api, JSON, Response};
use crate::{delete_response, failure, not_found, ok, put_response, store_directly};

/// The message of a 412 for `If-Match`, when the item has another tag.
const CHANGED: &str =
    "the stored item has no ETag of If-Match: read the item again, and send its new ETag";

/// The message of a 412 for `If-Match`, when there is no item.
const MISSING: &str = "If-Match needs an item, and there is no item with this id";

/// The message of a 412 for `If-None-Match: *`.
const EXISTS: &str = "If-None-Match: * creates an item, and there already is an item with this id";

/// The message of a 412 for `If-None-Match` with a tag of the item.
const HAS_TAG: &str = "the stored item has an ETag of If-None-Match";

const IF_MATCH: &str = "if-match";
const IF_NONE_MATCH: &str = "if-none-match";

impl Api {
    /// Sends a request for the item `a`, with a PUT of this price, under this condition.
    async fn when(&self, header: (&str, &str), method: &str, price: u32) -> Response {
        let headers = [JSON, header];
        match method {
            "PUT" => {
                let body = format!(r#"{{"id":"a","price":{price}}}"#);
                self.send("PUT", "/items", &headers, body).await
            }
            method => self.send(method, "/items/a", &headers, "").await,
        }
    }

    /// Returns the tag of the item `a`.
    async fn tag(&self) -> String {
        let response = self.respond("GET", "/items/a", &[], "").await;
        response.etag().expect("a tag")
    }

    /// Puts the item `a` with this price, and returns its tag.
    async fn put_price(&self, price: &str) -> String {
        let body = format!(r#"{{"id":"a","price":{price}}}"#);
        let response = self.respond("PUT", "/items", &[JSON], body).await;
        response.etag().expect("a tag")
    }
}

fn shown(price: u32) -> Response {
    ok(format!(r#"{{"Item":{{"id":"a","price":{price}}}}}"#))
}

fn text(text: &str) -> AttributeValue {
    S(text.to_owned())
}

#[tokio::test]
async fn a_put_and_a_get_show_the_same_tag() {
    let api = Api::start().await;
    let mut tags = Vec::new();
    for price in ["1", "1.5", "100", "null", "-1e-130"] {
        let tag = api.put_price(price).await;
        assert_eq!(api.tag().await, tag, "{price}");
        assert!(!tags.contains(&tag), "{price}");
        tags.push(tag);
    }
}

#[tokio::test]
async fn equal_numbers_have_equal_tags() {
    let api = Api::start().await;
    let tag = api.put_price("100").await;
    for price in ["1e2", "100.0", "1E+2"] {
        assert_eq!(api.put_price(price).await, tag, "{price}");
    }
}

#[tokio::test]
async fn a_tag_covers_attributes_that_are_not_shown() {
    let api = Api::start().await;
    let mut tags = Vec::new();
    for other in [
        text("1"),
        N("1".to_owned()),
        Ss(vec!["1".to_owned()]),
        M([("1".to_owned(), text("1"))].into()),
    ] {
        store_directly(&api, "a", &[("other", other)]).await;
        assert_eq!(api.get("a").await, ok(r#"{"Item":{"id":"a"}}"#));
        let tag = api.tag().await;
        assert!(!tags.contains(&tag), "{tag}");
        tags.push(tag);
    }
}

#[tokio::test]
async fn a_tag_does_not_depend_on_the_order_of_a_set() {
    let api = Api::start().await;
    let set = |elements: [&str; 3]| Ns(elements.map(str::to_owned).to_vec());
    store_directly(&api, "a", &[("name", set(["1", "20", "3"]))]).await;
    let tag = api.tag().await;
    store_directly(&api, "a", &[("name", set(["3.0", "1", "2e1"]))]).await;
    assert_eq!(api.tag().await, tag);
}

#[tokio::test]
async fn an_item_that_is_changed_back_has_its_old_tag() {
    let api = Api::start().await;
    let tag = api.put_price("1").await;
    assert_ne!(api.put_price("2").await, tag);
    assert_eq!(
        api.when((IF_MATCH, &tag), "PUT", 3).await,
        failure(412, CHANGED)
    );
    assert_eq!(api.put_price("1").await, tag);
    assert_eq!(
        api.when((IF_MATCH, &tag), "PUT", 3).await,
        put_response("a")
    );
}

#[tokio::test]
async fn a_get_of_an_item_that_the_client_has_is_304() {
    let api = Api::start().await;
    let old = api.put_price("1").await;
    let tag = api.put_price("2").await;
    let (weak, list) = (format!("W/{tag}"), format!("\"x\", {tag}"));
    for tags in [&*tag, &*weak, &*list, "*"] {
        let response = api
            .respond("GET", "/items/a", &[(IF_NONE_MATCH, tags)], "")
            .await;
        assert_eq!((response.status, response.body.len()), (304, 0), "{tags}");
        assert_eq!(response.etag(), Ok(tag.clone()), "{tags}");
    }
    for tags in [&*old, "\"x\""] {
        assert_eq!(
            api.when((IF_NONE_MATCH, tags), "GET", 0).await,
            shown(2),
            "{tags}"
        );
    }
}

#[tokio::test]
async fn if_match_needs_a_tag_of_the_item() {
    let api = Api::start().await;
    for method in ["PUT", "DELETE", "GET"] {
        let old = api.put_price("1").await;
        let tag = api.put_price("2").await;
        let (old_weak, old_list) = (format!("W/{old}"), format!("\"x\", {old}"));
        for tags in [&*old, &*old_weak, &*old_list, "\"x\"", "\"*\""] {
            let refused = api.when((IF_MATCH, tags), method, 3).await;
            assert_eq!(refused, failure(412, CHANGED), "{method} {tags}");
            assert_eq!(api.get("a").await, shown(2), "{method} {tags}");
        }
        let list = format!(",\"x\" , {tag}");
        for tags in [&*tag, &*list, "*"] {
            let expected = match method {
                "PUT" => put_response("a"),
                "DELETE" => delete_response("a"),
                _ => shown(2),
            };
            assert_eq!(
                api.when((IF_MATCH, tags), method, 3).await,
                expected,
                "{method} {tags}"
            );
            api.put_price("2").await;
        }
    }
}

#[tokio::test]
async fn if_match_needs_an_item() {
    let api = Api::start().await;
    let tag = api.put_price("1").await;
    api.delete("a").await;
    for tags in [&*tag, "*", "\"x\""] {
        for method in ["PUT", "DELETE"] {
            let refused = api.when((IF_MATCH, tags), method, 3).await;
            assert_eq!(refused, failure(412, MISSING), "{method} {tags}");
        }
        assert_eq!(
            api.when((IF_MATCH, tags), "GET", 0).await,
            not_found(),
            "{tags}"
        );
    }
}

#[tokio::test]
async fn if_none_match_refuses_a_write_of_an_item_with_a_tag() {
    let api = Api::start().await;
    for method in ["PUT", "DELETE"] {
        let old = api.put_price("1").await;
        let tag = api.put_price("2").await;
        let weak = format!("W/{tag}");
        for (tags, message) in [(&*tag, HAS_TAG), (&*weak, HAS_TAG), ("*", EXISTS)] {
            let refused = api.when((IF_NONE_MATCH, tags), method, 3).await;
            assert_eq!(refused, failure(412, message), "{method} {tags}");
            assert_eq!(api.get("a").await, shown(2), "{method} {tags}");
        }
        assert_eq!(api.when((IF_NONE_MATCH, &old), method, 3).await.status, 200);
        api.delete("a").await;
        for tags in [&*old, "*"] {
            let response = api.when((IF_NONE_MATCH, tags), method, 3).await;
            assert_eq!(response.status, 200, "{method} {tags}");
            api.delete("a").await;
        }
    }
}

#[tokio::test]
async fn a_weakened_tag_is_explained() {
    let api = Api::start().await;
    let weak = format!("W/{}", api.put_price("1").await);
    let message = "If-Match has the ETag of the stored item as a weak one (W/), which never matches: send it without W/; \
                   perhaps a proxy in front of the API added that";
    for method in ["PUT", "DELETE", "GET"] {
        let refused = api.when((IF_MATCH, &weak), method, 2).await;
        assert_eq!(refused, failure(412, message), "{method}");
    }
}

#[tokio::test]
async fn both_conditions_have_to_hold() {
    let api = Api::start().await;
    let tag = api.put_price("1").await;
    for (if_match, if_none_match, status) in [
        (&*tag, "\"x\"", 200),
        (&*tag, &*tag, 412),
        ("\"x\"", "\"y\"", 412),
        ("*", "*", 412),
    ] {
        let headers = [JSON, (IF_MATCH, if_match), (IF_NONE_MATCH, if_none_match)];
        let body = r#"{"id":"a","price":1}"#;
        let response = api.send("PUT", "/items", &headers, body).await;
        assert_eq!(response.status, status, "{if_match} {if_none_match}");
    }
    let both = [(IF_MATCH, "\"x\""), (IF_NONE_MATCH, &*tag)];
    assert_eq!(
        api.send("GET", "/items/a", &both, "").await,
        failure(412, CHANGED)
    );
    let both = [(IF_MATCH, &*tag), (IF_NONE_MATCH, &*tag)];
    assert_eq!(api.respond("GET", "/items/a", &both, "").await.status, 304);
}

#[tokio::test]
async fn repeated_headers_are_one_list() {
    let api = Api::start().await;
    let tag = api.put_price("1").await;
    let headers = [(IF_MATCH, "\"x\""), (IF_MATCH, &*tag)];
    assert_eq!(
        api.send("DELETE", "/items/a", &headers, "").await,
        delete_response("a")
    );
}

#[tokio::test]
async fn a_malformed_condition_is_refused() {
    let api = Api::start().await;
    let tag = api.put_price("1").await;
    let unquoted = tag.trim_matches('"');
    for value in [
        unquoted,
        "",
        ",",
        "\"x",
        "*, \"x\"",
        "\"x\" \"y\"",
        "W/x",
        "w/\"x\"",
        "'x'",
    ] {
        for (header, name) in [(IF_MATCH, "If-Match"), (IF_NONE_MATCH, "If-None-Match")] {
            let message = format!("{name} must be * or a list of ETags, each in double quotes");
            for method in ["PUT", "DELETE", "GET"] {
                let refused = api.when((header, value), method, 2).await;
                assert_eq!(refused, failure(400, &message), "{method} {name}: {value}");
            }
        }
    }
    assert_eq!(api.get("a").await, shown(1));
}

#[tokio::test]
async fn a_400_comes_before_a_413_and_that_before_a_412() {
    let api = Api::start().await;
    let large = format!(r#"{{"id":"a","name":"{}"}}"#, "x".repeat(409_600));
    for (value, body, status) in [
        ("x", large.as_str(), 400),
        ("\"x\"", large.as_str(), 413),
        ("\"x\"", "{", 400),
        ("\"x\"", r#"{"id":"a"}"#, 412),
    ] {
        let response = api
            .send("PUT", "/items", &[JSON, (IF_MATCH, value)], body)
            .await;
        assert_eq!(response.status, status, "{value}");
    }
    let long = format!("/items/{}", "x".repeat(2049));
    let response = api.send("DELETE", &long, &[(IF_MATCH, "\"x\"")], "").await;
    assert_eq!(response.status, 400);
    assert_eq!(api.get("a").await, not_found());
}

#[tokio::test]
async fn other_conditions_and_those_of_a_list_are_ignored() {
    let api = Api::start().await;
    api.put_price("1").await;
    let past = "Sun, 06 Nov 1994 08:49:37 GMT";
    let headers = [
        ("if-modified-since", "Fri, 31 Dec 2100 23:59:59 GMT"),
        ("if-unmodified-since", past),
        ("if-range", past),
    ];
    assert_eq!(api.send("GET", "/items/a", &headers, "").await, shown(1));
    let body = r#"{"id":"a","price":2}"#;
    assert_eq!(
        api.send("PUT", "/items", &headers, body).await,
        put_response("a")
    );
    for value in ["*", "\"x\"", "x"] {
        for header in [IF_MATCH, IF_NONE_MATCH] {
            let list = api.send("GET", "/items", &[(header, value)], "").await;
            assert_eq!(list.status, 200, "{header}: {value}");
        }
    }
    assert_eq!(
        api.send("DELETE", "/items/a", &headers, "").await,
        delete_response("a")
    );
}

#[tokio::test]
async fn an_item_of_more_than_148_attributes_cannot_be_compared() {
    let api = Api::start().await;
    // With its id, the item has one attribute more.
    for (others, is_comparable) in [(147, true), (148, false)] {
        let names: Vec<_> = (0..others).map(|number| format!("other{number}")).collect();
        let attributes: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), text("x")))
            .collect();
        for method in ["PUT", "DELETE"] {
            store_directly(&api, "a", &attributes).await;
            let tag = api.tag().await;
            let response = api.when((IF_MATCH, &tag), method, 1).await;
            if is_comparable {
                assert_eq!(response.status, 200, "{method}");
                continue;
            }
            let message = "the stored item has 149 attributes, and at most 148 can be compared: \
                           send the request without ETags";
            assert_eq!(response, failure(400, message), "{method}");
            assert_eq!(api.tag().await, tag, "{method}");
            assert_eq!(
                api.when((IF_MATCH, "*"), method, 1).await.status,
                200,
                "{method}"
            );
        }
    }
}
