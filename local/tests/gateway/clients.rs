//! Tests with careless and hostile clients: each gets a response or is disconnected, and affects no other client.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::gateway::{Gateway, Settings, handler};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::{sleep, timeout};

use crate::support::{Response, call, connect, host, send, send_bytes};
use crate::{assert_gateway_error, head, start, test_handler};

#[tokio::test]
async fn malformed_bytes_do_not_stop_the_server() {
    let gateway = start().await;
    let url = gateway.url();
    for (line, bytes, status) in [
        ("CONNECT localhost:1", b"\r\n".as_slice(), 403),
        ("GET /items", b"x: \xff\xfe\r\ncookie: \xff;;=\r\n\r\n", 200),
        (
            "PUT /items",
            b"transfer-encoding: chunked\r\n\r\nzz\r\n",
            400,
        ),
        (
            "PUT /items",
            b"transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            400,
        ),
        ("PUT /items", b"content-length: 10\r\n\r\nhalf", 400),
    ] {
        let head = format!(
            "{line} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n",
            host(&url)
        );
        let request = [head.as_bytes(), bytes].concat();
        let mut client = connect(&url).await;
        client.write_all(&request).await.expect("sent");
        client.shutdown().await.expect("closed");
        let mut response = Vec::new();
        client.read_to_end(&mut response).await.expect("a response");
        assert_eq!(
            Response::parse(&response).status,
            status,
            "{line} {}",
            bytes.escape_ascii()
        );
    }
    let http_1_0 = format!("GET /items HTTP/1.0\r\nhost: {}\r\n\r\n", host(&url));
    let response = Response::parse(&send_bytes(&url, http_1_0.as_bytes()).await);
    assert_eq!(response.status, 200);
}

/// Starts a gateway with this timeout for its clients. Returns it with the log of its responses.
async fn start_logged(client_timeout: Duration) -> (Gateway, Arc<Mutex<String>>) {
    let log = Arc::new(Mutex::new(String::new()));
    let observer_log = Arc::clone(&log);
    let settings = Settings {
        client_timeout,
        function_timeout: LONG_TIMEOUT,
        allowed_hosts: vec!["items.test".parse().expect("a name")],
        observer: Arc::new(move |exchange| {
            *observer_log.lock().expect("no panic") += &local::log::entry(exchange);
        }),
        ..Settings::default()
    };
    let listener = local::listen(Ipv4Addr::LOCALHOST.into(), 0)
        .await
        .expect("a port");
    let gateway = Gateway::start(listener, handler(test_handler), settings).expect("a gateway");
    (gateway, log)
}

/// A timeout that is longer than any test here.
const LONG_TIMEOUT: Duration = Duration::from_mins(1);

/// A timeout that is short enough for a test to wait for it.
const SHORT_TIMEOUT: Duration = Duration::from_millis(300);

/// Checks that a response is an error, and that it is logged with its id.
fn assert_logged(response: &Response, status: u16, message: &str, log: &Mutex<String>, case: &str) {
    assert_gateway_error(response, status, message, case);
    let id = response.header("apigw-requestid").expect("an id");
    let log = log.lock().expect("no panic");
    let line = log.lines().find(|line| line.contains(id)).expect(case);
    assert!(line.contains(&format!("Z {status} ")), "{case}: {line}");
}

#[tokio::test]
async fn an_unparsable_request_is_answered_and_logged() {
    let (gateway, log) = start_logged(LONG_TIMEOUT).await;
    let url = gateway.url();
    let lengths = "PUT /items HTTP/1.1\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc";
    let client_hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    let headers = format!("GET /items HTTP/1.1\r\n{}\r\n", "a:\r\n".repeat(10_241));
    let line = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(1_000_000));
    let bad = (400, "Bad Request");
    let large = (431, "Request Header Fields Too Large");
    for (case, bytes, (status, message)) in [
        ("two lengths", lengths.as_bytes(), bad),
        (
            "a space in the path",
            b"GET /items/a b HTTP/1.1\r\n\r\n",
            bad,
        ),
        ("a TLS hello", client_hello, bad),
        ("zeros", b"\0\xff\r\n\r\n", bad),
        ("half a line", b"GET\r\n\r\n", bad),
        ("half a head", b"GET /items HTTP/1.1\r\nhost: ", bad),
        ("another version", b"GET /items HTTP/9.9\r\n\r\n", bad),
        (
            "a path in Latin 1",
            b"GET /items/\xe9 HTTP/1.1\r\n\r\n",
            bad,
        ),
        (
            "a negative length",
            b"PUT /items HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
            bad,
        ),
        ("10,241 headers", headers.as_bytes(), large),
        ("a line of 1 MB", line.as_bytes(), large),
    ] {
        // The second time, another request comes first on the same connection. Its response must be complete.
        for before in [String::new(), head(&gateway, "GET /items/large")] {
            let sent = [before.as_bytes(), bytes].concat();
            let mut responses = send_and_close(&url, &sent).await;
            if !before.is_empty() {
                let first = Response::parse(&responses);
                assert_eq!(first.status, 200, "{case}");
                let length = first.head.len() + 4 + 6_000_000;
                let whole = first.body.bytes().take_while(|byte| *byte == b'a').count();
                assert_eq!(whole, 6_000_000, "{case}");
                responses.drain(..length);
            }
            let response = Response::parse(&responses);
            assert_logged(&response, status, message, &log, case);
            assert_eq!(response.header("connection"), Some("close"), "{case}");
        }
    }
    // A client of HTTP/2 could not read a response of HTTP/1.1.
    let response = send_bytes(&url, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_eq!(response, b"");
    let log = log.lock().expect("no panic");
    assert!(log.contains("HTTP2 preface"), "{log}");
}

/// Sends these bytes and closes the sending half, while it reads until the server closes the connection.
async fn send_and_close(url: &str, bytes: &[u8]) -> Vec<u8> {
    let (mut reading, mut writing) = connect(url).await.into_split();
    let mut response = Vec::new();
    let sending = async {
        // Fails if the server has already rejected the rest.
        let _ = writing.write_all(bytes).await;
        let _ = writing.shutdown().await;
    };
    let ((), read) = tokio::join!(sending, reading.read_to_end(&mut response));
    read.expect("a response");
    response
}

#[tokio::test]
async fn an_unparsable_request_is_answered_while_the_gateway_stops() {
    for _ in 0..20 {
        let (gateway, log) = start_logged(LONG_TIMEOUT).await;
        let url = gateway.url();
        let mut client = connect(&url).await;
        client.write_all(b"GET").await.expect("sent");
        // Connections are accepted in order, so this response shows that the first one was accepted.
        assert_eq!(call(&url, "GET /items", "").await.status, 200);
        let stopping = tokio::spawn(gateway.stop());
        sleep(Duration::from_millis(10)).await;
        client
            .write_all(b" / HTTP/9.9\r\n\r\n")
            .await
            .expect("sent");
        let mut response = Vec::new();
        client.read_to_end(&mut response).await.expect("a response");
        stopping.await.expect("no panic");
        let response = Response::parse(&response);
        assert_logged(&response, 400, "Bad Request", &log, "another version");
    }
}

#[tokio::test]
async fn every_request_for_another_host_is_rejected() {
    let (gateway, log) = start_logged(LONG_TIMEOUT).await;
    let url = gateway.url();
    let port = url.rsplit_once(':').expect("a port").1;
    let message = "This host is not allowed: use localhost with the port of the API, or start it with \
                   --allow-host NAME";
    for line in [
        "GET /items",
        "PUT /items",
        "OPTIONS /items",
        "GET /nowhere",
        "GET /items/%zz",
    ] {
        for host in [
            "host: evil.example\r\n".to_owned(),
            format!("host: evil.example:{port}\r\n"),
            "host: localhost:1\r\n".to_owned(),
            format!("host: localhost:{port}\r\nhost: evil.example\r\n"),
            "host:\r\n".to_owned(),
            String::new(),
        ] {
            let request = format!("{line} HTTP/1.1\r\n{host}connection: close\r\n\r\n");
            let response = Response::parse(&send_bytes(&url, request.as_bytes()).await);
            assert_logged(&response, 403, message, &log, &request);
        }
    }
    let absolute = format!(
        "GET http://evil.example/items HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\r\n"
    );
    let response = Response::parse(&send_bytes(&url, absolute.as_bytes()).await);
    assert_logged(&response, 403, message, &log, &absolute);

    for host in [
        &format!("localhost:{port}"),
        &format!("[::1]:{port}"),
        "items.test",
        "items.test:80",
    ] {
        let request = format!("GET /items HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let response = Response::parse(&send_bytes(&url, request.as_bytes()).await);
        assert_eq!(response.status, 200, "{host}");
    }
}

#[tokio::test]
async fn a_client_that_sends_nothing_is_disconnected() {
    let (gateway, log) = start_logged(SHORT_TIMEOUT).await;
    let url = gateway.url();
    let whole = head(&gateway, "GET /items");
    // The second time, the client is silent after a request.
    for (sent, response_count) in [("", 0), (whole.as_str(), 1)] {
        let response = send_bytes(&url, sent.as_bytes()).await;
        let response = String::from_utf8_lossy(&response);
        assert_eq!(
            response.matches("HTTP/1.1 ").count(),
            response_count,
            "{response}"
        );
    }
    assert_eq!(log.lock().expect("no panic").lines().count(), 1);

    let body = format!(
        "PUT /items HTTP/1.1\r\nhost: {}\r\ncontent-length: 10\r\n\r\nhalf",
        host(&url)
    );
    for half in ["GET", &whole[..whole.len() - 2], &body] {
        let response = Response::parse(&send_bytes(&url, half.as_bytes()).await);
        assert_logged(&response, 408, "Request Timeout", &log, half);
    }
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_disconnected() {
    let (gateway, log) = start_logged(SHORT_TIMEOUT).await;
    // The client's buffer is small, and the gateway's is smaller than the response.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let address = host(&gateway.url()).parse().expect("an address");
    let mut client = socket.connect(address).await.expect("a connection");
    let request = head(&gateway, "GET /items/large");
    client.write_all(request.as_bytes()).await.expect("sent");
    while log.lock().expect("no panic").is_empty() {
        sleep(Duration::from_millis(10)).await;
    }
    // The gateway stops when no response is in progress.
    let stopped = timeout(LONG_TIMEOUT / 2, gateway.stop()).await;
    assert!(
        stopped.is_ok(),
        "a client that reads nothing delays the stop"
    );
    let mut response = Vec::new();
    let _ = client.read_to_end(&mut response).await;
    assert!(response.len() < 6_000_000, "{} bytes", response.len());
}

#[tokio::test]
async fn ten_thousand_headers_are_accepted_if_their_values_fit_into_10240_bytes() {
    let gateway = start().await;
    let headers: Vec<String> = (0..10_000).map(|n| format!("a{n}: b\r\n")).collect();
    let headers = headers.concat();
    let response = send(&gateway.url(), "GET /items", &headers, "").await;
    assert_eq!(response.status, 200);
    let response = send(
        &gateway.url(),
        "GET /items",
        &headers.replace('b', "bb"),
        "",
    )
    .await;
    assert_eq!(response.status, 431);
}

#[tokio::test]
async fn a_client_may_close_its_half_of_the_connection() {
    let (gateway, log) = start_logged(LONG_TIMEOUT).await;
    let request = head(&gateway, "GET /items/sleep");
    let response = send_and_close(&gateway.url(), request.as_bytes()).await;
    assert_eq!(Response::parse(&response).status, 200);
    let log = log.lock().expect("no panic");
    assert!(log.contains(" 200 GET /items/{id} "), "{log}");
}
