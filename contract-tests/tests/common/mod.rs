//! The API under test, started for one test and called over HTTP.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use contract_tests::contract::check;
use contract_tests::contract::id::ID;
use contract_tests::contract::leaks;
use contract_tests::environments::private_names;
use contract_tests::request::route;
use contract_tests::request::url::GatewayProfile;
use contract_tests::toolkit::http::client::{build_request, direct, exchange};
pub use contract_tests::toolkit::http::response::Response;
use local::table::Table;
use local::{LocalApi, Options, Store};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Client;

/// An API with an empty table in memory, which stops when the test ends.
pub struct Api {
    local: LocalApi,
    client: Client,
}

/// The header with the content type of JSON.
pub const JSON: (&str, &str) = ("content-type", "application/json");

impl Api {
    pub async fn start() -> Self {
        let local = local::start(Options::default())
            .await
            .expect("the API starts");
        Self {
            client: direct(&local.url()),
            local,
        }
    }

    /// Returns the table behind the API, for operations that the API does not have.
    pub fn table(&self) -> &Table {
        self.local.table()
    }

    pub async fn delete_table(&self) {
        let delete = self.table().client().delete_table();
        let deleted = delete.table_name(self.table().name()).send().await;
        deleted.expect("the table is deleted");
    }

    /// Creates the table again, as the tutorial does: the partition key is `id`, a string.
    pub async fn create_table(&self) {
        let key = KeySchemaElement::builder()
            .attribute_name(ID)
            .key_type(KeyType::Hash)
            .build();
        let id = AttributeDefinition::builder()
            .attribute_name(ID)
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

    pub async fn put(&self, body: impl Into<Vec<u8>>) -> Response {
        self.send("PUT", "/items", &[JSON], body).await
    }

    /// Lists the items; `query` is empty, or starts with a question mark.
    pub async fn list(&self, query: &str) -> Response {
        self.send("GET", &format!("/items{query}"), &[], "").await
    }

    /// Sends a request, as [`Api::respond`]. Returns the response without its headers, which differ each time.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Response {
        let mut response = self.respond(method, path, headers, body).await;
        response.headers.clear();
        response
    }

    /// Sends a request, and asserts what the contract says of every response: its status and headers are declared, and
    /// an error message reveals nothing of how the service is built.
    pub async fn respond(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Response {
        let url = self.local.url() + path;
        let mut request = build_request(&self.client, method, &url, &[], None).body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.build().expect("a request");
        let response = exchange(&self.client, request).await.expect("a response");
        let head = check::check_head(&response, route::of(method, path), GatewayProfile::HttpApi);
        head.unwrap_or_else(|wrong| panic!("{wrong}: {response:?}"));
        // The response to HEAD never has a body.
        if response.status >= 400 && method != "HEAD" {
            let message = response.message();
            let urls = [self.local.url(), Store::Memory.endpoint_url().to_owned()];
            let urls = urls.iter().map(String::as_str);
            let private_names = private_names::of_service(self.table().name(), urls, "");
            let checked = message.and_then(|it| leaks::check_no_leak(&it, &private_names));
            checked.unwrap_or_else(|wrong| panic!("{wrong}: {response:?}"));
        }
        response
    }
}

/// Percent-encodes text for a query: everything but ASCII letters and digits.
pub fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Percent-encodes the id of an item for a path.
pub fn encode_id(id: &str) -> String {
    match id {
        // Clients remove these segments from a path, unless they are encoded twice.
        "." | ".." => percent_encode(&percent_encode(id)),
        _ => percent_encode(id),
    }
}
