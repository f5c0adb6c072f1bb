//! Tests of the whole API in this process, on a table in memory and on an external DynamoDB.

#[path = "support/keep_alive.rs"]
mod keep_alive;
mod support;

use std::net::Ipv4Addr;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use keep_alive::Connection;
use local::embedded::Embedded;
use local::table::Table;
use local::{Error, LocalApi, Options, Store, start};
use support::call;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn start_on(store: Store) -> Result<LocalApi, Error> {
    start(Options {
        store,
        ..Options::default()
    })
    .await
}

async fn put(api: &LocalApi, id: &str) {
    let response = call(&api.url(), "PUT /items", &format!(r#"{{"id":"{id}"}}"#)).await;
    assert_eq!(
        (response.status, response.body),
        (200, format!("\"Put item {id}\""))
    );
}

async fn status(api: &LocalApi, id: &str) -> u16 {
    call(&api.url(), &format!("GET /items/{id}"), "")
        .await
        .status
}

#[tokio::test]
async fn an_escaped_dot_is_an_id() {
    let api = start_on(Store::Memory).await.expect("it starts");
    // Sent as bytes, because URL libraries remove such segments from a path.
    for path in ["%2E", "%2E%2E", "%2e%2E", "%252E"] {
        let response = call(&api.url(), &format!("GET /items/{path}"), "").await;
        assert_eq!(response.body, r#"{"message":"Item not found"}"#, "{path}");
    }
}

/// Returns the message of the error with which the API does not start.
async fn start_error(store: Store) -> String {
    let started = start_on(store).await;
    started.expect_err("a failure to start").to_string()
}

/// Starts a DynamoDB outside the API. It ends with the test.
async fn external_dynamodb() -> Store {
    let embedded = Embedded::in_memory().expect("a DynamoDB");
    let listener = local::listen(Ipv4Addr::LOCALHOST.into(), 0)
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let embedded = embedded.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let embedded = embedded.clone();
                async move {
                    let target = request.headers()["x-amz-target"].to_str().expect("text");
                    let target = target.to_owned();
                    let body = request.into_body().collect().await?.to_bytes();
                    let (status, json) = embedded.execute(&target, body).await;
                    let response = Response::builder().status(status);
                    Ok::<_, hyper::Error>(
                        response
                            .body(Full::<Bytes>::from(json))
                            .expect("a response"),
                    )
                }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    Store::Endpoint(url)
}

/// Starts a server that gives this response to every request, and returns its URL. It ends with the test.
async fn serve_canned_response(response: String) -> String {
    let listener = local::listen(Ipv4Addr::LOCALHOST.into(), 0)
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(response.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

#[tokio::test]
async fn the_commands_of_the_tutorial_work() {
    let api = start_on(Store::Memory).await.expect("an API");
    let item = r#"{"id":"abcdef234","price":12345,"name":"myitem"}"#;
    for (line, body, expected) in [
        ("PUT /items", item, r#""Put item abcdef234""#.to_owned()),
        (
            "GET /items",
            "",
            format!(r#"{{"Items":[{item}],"Count":1,"ScannedCount":1}}"#),
        ),
        ("GET /items/abcdef234", "", format!(r#"{{"Item":{item}}}"#)),
        (
            "DELETE /items/abcdef234",
            "",
            r#""Deleted item abcdef234""#.to_owned(),
        ),
        (
            "GET /items",
            "",
            r#"{"Items":[],"Count":0,"ScannedCount":0}"#.to_owned(),
        ),
    ] {
        let response = call(&api.url(), line, body).await;
        assert_eq!(
            (response.status, &response.body),
            (200, &expected),
            "{line}"
        );
        assert_eq!(response.header("content-type"), Some("application/json"));
    }
    api.stop().await;
}

#[tokio::test]
async fn a_client_changes_an_item_only_as_it_last_read_it() {
    let api = start_on(Store::Memory).await.expect("an API");
    let mut connection = Connection::open(&api.url()).await;
    let mut send = async |line: &str, condition: &str, price: u32| {
        let body = format!(r#"{{"id":"a","price":{price}}}"#);
        let body = if line.starts_with("PUT") { &body } else { "" };
        let response = connection.send(line, condition, body).await;
        let etag = response.header("etag").map(str::to_owned);
        (response.status, etag, response.body)
    };
    let new = "if-none-match: *\r\n";
    let (status, first, _) = send("PUT /items", new, 1).await;
    assert_eq!(status, 200);
    let (status, etag, _) = send("GET /items/a", "", 0).await;
    assert_eq!((status, &etag), (200, &first));
    let tag = first.as_deref().expect("a tag");
    let unchanged = send("GET /items/a", &format!("if-none-match: {tag}\r\n"), 0).await;
    assert_eq!(unchanged, (304, etag, String::new()));

    let if_first = format!("if-match: {tag}\r\n");
    let (status, second, _) = send("PUT /items", &if_first, 2).await;
    assert_eq!(status, 200);
    assert_ne!(second, first);
    assert_eq!(send("PUT /items", &if_first, 3).await.0, 412);
    assert_eq!(send("DELETE /items/a", &if_first, 0).await.0, 412);
    assert_eq!(send("PUT /items", new, 3).await.0, 412);
    let item = r#"{"Item":{"id":"a","price":2}}"#.to_owned();
    let read = send(
        "GET /items/a",
        &if_first.replace("if-match", "if-none-match"),
        0,
    )
    .await;
    assert_eq!(read, (200, second.clone(), item));

    let if_second = format!("if-match: {}\r\n", second.expect("a tag"));
    assert_eq!(send("DELETE /items/a", &if_second, 0).await.0, 200);
    assert_eq!(send("PUT /items", "if-match: *\r\n", 3).await.0, 412);
    assert_eq!(send("GET /items/a", new, 0).await.0, 404);
    api.stop().await;
}

#[tokio::test]
async fn several_apis_in_one_process_are_independent() {
    let first = start_on(Store::Memory).await.expect("an API");
    let second = start_on(Store::Memory).await.expect("another");
    put(&first, "a").await;
    assert_eq!(status(&first, "a").await, 200);
    assert_eq!(status(&second, "a").await, 404);
    first.stop().await;
    assert_eq!(status(&second, "a").await, 404);
    second.stop().await;
}

#[tokio::test]
async fn the_table_behind_the_api_is_accessible() {
    let api = start_on(Store::Memory).await.expect("an API");
    let put = api
        .table()
        .client()
        .put_item()
        .table_name(api.table().name());
    let id = AttributeValue::S("a/b".to_owned());
    put.item("id", id).send().await.expect("stored");
    let list = call(&api.url(), "GET /items", "").await.body;
    assert_eq!(
        list,
        r#"{"Items":[{"id":"a/b"}],"Count":1,"ScannedCount":1}"#
    );
}

#[tokio::test]
async fn a_missing_table_is_created_and_an_existing_one_is_kept() {
    let store = external_dynamodb().await;
    let first = start_on(store.clone()).await.expect("an API");
    put(&first, "a").await;
    first.stop().await;
    let second = start_on(store).await.expect("another");
    assert_eq!(status(&second, "a").await, 200);
}

#[tokio::test]
async fn a_table_with_another_key_is_rejected() {
    let store = external_dynamodb().await;
    let table = Table::open(&store, "any").await.expect("a table");
    let key = AttributeDefinition::builder()
        .attribute_name("id")
        .attribute_type(ScalarAttributeType::N);
    let schema = KeySchemaElement::builder()
        .attribute_name("id")
        .key_type(KeyType::Hash);
    table
        .client()
        .create_table()
        .table_name("http-crud-tutorial-items")
        .attribute_definitions(key.build().expect("a key"))
        .key_schema(schema.build().expect("a schema"))
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .expect("created");
    let message = start_error(store).await;
    let expected = "use the table http-crud-tutorial-items: its key is not \"id\"";
    assert!(message.starts_with(expected), "{message}");
}

#[tokio::test]
async fn a_start_error_names_its_cause() {
    // No program listens on port 1. A port that was free a moment ago may by now be used by another test.
    let nowhere = "http://127.0.0.1:1";
    let message = start_error(Store::Endpoint(nowhere.to_owned())).await;
    assert!(
        message.starts_with(&format!("reach DynamoDB at {nowhere}: ")),
        "{message}"
    );

    for (head, body, reason) in [
        (
            "404 Not Found\r\ncontent-type: text/html\r\nserver: a web server",
            "<h1>Not here</h1>",
            "404 Not Found, text/html, a web server",
        ),
        (
            "200 OK\r\ncontent-type: text/html",
            "<h1>Hello</h1>",
            "200 OK, text/html",
        ),
        ("200 OK", "{}", "200 OK, without a table"),
        ("302 Found\r\nlocation: /login", "", "302 Found"),
    ] {
        let url = serve_canned_response(format!(
            "HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await;
        let message = start_error(Store::Endpoint(url.clone())).await;
        let expected = format!(
            "use {url} as DynamoDB's endpoint: the server there is not DynamoDB (it responded with {reason}); check \
             the host and the port"
        );
        assert_eq!(message, expected);
    }

    let starting =
        "HTTP/1.1 503 Service Unavailable\r\nserver: a proxy\r\ncontent-length: 0\r\n\r\n";
    let url = serve_canned_response(starting.to_owned()).await;
    let reason = "the server there responded with 503 Service Unavailable, a proxy";
    assert_eq!(
        start_error(Store::Endpoint(url.clone())).await,
        format!("reach DynamoDB at {url}: {reason}; is it running there?")
    );

    let message = start_error(Store::Endpoint("localhost:8000".to_owned())).await;
    assert!(message.contains("must be a URL"), "{message}");

    let api = start_on(Store::Memory).await.expect("an API");
    let port = api
        .url()
        .rsplit_once(':')
        .expect("a port")
        .1
        .parse()
        .expect("a number");
    let taken = start(Options {
        port,
        ..Options::default()
    })
    .await;
    let message = taken.expect_err("a failure to start").to_string();
    assert!(
        message.starts_with(&format!("listen on 127.0.0.1:{port}: the port is taken")),
        "{message}"
    );
    assert!(message.contains("--port 0"), "{message}");
}
