//! The API under test, started for one test alone and asked over HTTP.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::http::response::Parts;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use local::table::Table;
use local::{Local, Options};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// An API of its own, on an empty table in memory; it ends with the test.
pub struct Api {
    local: Local,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What a test looks at. What every answer has in common, [`Api::send`] has checked.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// The one shape of a failure.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    pub message: String,
}

/// The content type that a careful client gives.
pub const JSON: (&str, &str) = ("content-type", "application/json");

impl Api {
    pub async fn start() -> Self {
        Self {
            local: local::start(Options::default()).await.expect("it starts"),
            // Not a client that knows URLs, for those fold "." and ".." away, even as %2E.
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// The table behind the API, to do what the API does not.
    pub fn table(&self) -> &Table {
        self.local.table()
    }

    pub async fn delete_table(&self) {
        let delete = self.table().client().delete_table();
        let deleted = delete.table_name(self.table().name()).send().await;
        deleted.expect("the table is deleted");
    }

    /// Makes the table anew, as the tutorial does: the partition key is `id`, a string.
    pub async fn create_table(&self) {
        let key = KeySchemaElement::builder()
            .attribute_name("id")
            .key_type(KeyType::Hash)
            .build();
        let id = AttributeDefinition::builder()
            .attribute_name("id")
            .attribute_type(ScalarAttributeType::S)
            .build();
        let create = self.table().client().create_table();
        let created = create
            .table_name(self.table().name())
            .key_schema(key.expect("a key"))
            .attribute_definitions(id.expect("an attribute"))
            .billing_mode(BillingMode::PayPerRequest)
            .send()
            .await;
        created.expect("the table is created");
    }

    pub async fn put(&self, body: impl Into<Bytes>) -> Answer {
        self.send("PUT", "/items", &[JSON], body).await
    }

    /// Lists the items; `query` is empty, or starts with a question mark.
    pub async fn list(&self, query: &str) -> Answer {
        self.send("GET", &format!("/items{query}"), &[], "").await
    }

    /// Sends any request, and checks what holds for whatever answer.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(self.local.url() + path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).expect("a request");
        let response = self.client.request(request).await.expect("an answer");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        let body = String::from_utf8(body.into()).expect("UTF-8");
        check(method, &head, &body);
        Answer {
            status: head.status.as_u16(),
            body,
        }
    }
}

/// Text as a path or a query carries it, with all but letters and digits percent-encoded.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// What the contract promises of every answer: its statuses, its type, no header that nobody knows
/// of, a hint to come back after a 503, and one shape of failure, which leaks nothing.
fn check(method: &str, head: &Parts, body: &str) {
    const HEADERS: [&str; 5] = [
        "apigw-requestid",
        "content-length",
        "content-type",
        "date",
        "retry-after",
    ];
    let status = head.status.as_u16();
    assert!(
        [200, 400, 404, 413, 500, 503].contains(&status),
        "{status} is no status of the API: {body}"
    );
    assert_eq!(head.headers["content-type"], "application/json", "{body}");
    for name in head.headers.keys() {
        assert!(HEADERS.contains(&name.as_str()), "{name} is new here");
    }
    let retry = head.headers.get("retry-after");
    assert_eq!(retry.is_some_and(|it| it == "1"), status == 503, "{body}");
    // The answer to HEAD never has a body.
    if status != 200 && method != Method::HEAD {
        let failure: Failure = serde_json::from_str(body)
            .unwrap_or_else(|error| panic!("{status} is not {{\"message\":…}}: {error}: {body}"));
        let message = failure.message.to_lowercase();
        assert!(!message.is_empty());
        for leak in [
            "arn:",
            "aws",
            "dynamo",
            "127.0.0.1",
            "http",
            "serde",
            "crate",
            "panic",
        ] {
            assert!(!message.contains(leak), "{leak} in {message}");
        }
    }
}
