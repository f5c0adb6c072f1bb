//! Careless and hostile clients: each gets an answer or the end of its connection, and disturbs no other.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::gateway::{Gateway, Settings, handler};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use crate::support::{Answer, call, connect, host, send, send_bytes};
use crate::{head, planted, start};

#[tokio::test]
async fn no_bytes_bring_the_server_down() {
    let gateway = start().await;
    let url = gateway.url();
    let host = host(&url);
    for bytes in [
        b"CONNECT localhost:1 HTTP/1.1\r\nhost: HOST\r\nconnection: close\r\n\r\n".as_slice(),
        b"GET /items HTTP/1.0\r\nhost: HOST\r\n\r\n",
        b"GET /items HTTP/1.1\r\nhost: HOST\r\nx: \xff\xfe\r\ncookie: \xff;;=\r\nconnection: close\r\n\r\n",
        b"PUT /items HTTP/1.1\r\nhost: HOST\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"PUT /items HTTP/1.1\r\nhost: HOST\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
          ffffffffffffffff\r\n",
    ] {
        let at = bytes.windows(4).position(|four| four == b"HOST");
        let (before, after) = bytes.split_at(at.expect("a host"));
        let bytes = [before, host.as_bytes(), &after[4..]].concat();
        // Some of them leave the server waiting for more, which is fair.
        let _ = timeout(Duration::from_millis(200), send_bytes(&url, &bytes)).await;
        assert_eq!(call(&url, "GET /items", "").await.status, 200);
    }
}

/// A gateway that gives its clients 300 ms, and the log of what it answered.
async fn start_logged() -> (Gateway, Arc<Mutex<String>>) {
    let logged = Arc::new(Mutex::new(String::new()));
    let log = Arc::clone(&logged);
    let settings = Settings {
        client_limit: Duration::from_millis(300),
        allowed_hosts: vec!["items.test".parse().expect("a name")],
        observer: Arc::new(move |exchange| {
            *log.lock().expect("no panic") += &local::log::entry(exchange);
        }),
        ..Settings::default()
    };
    let listener = local::listen(0).await.expect("a port");
    let gateway = Gateway::start(listener, handler(planted), settings).expect("a gateway");
    (gateway, logged)
}

/// Checks that an answer is a failure in API Gateway's form, and that it is logged under its id.
fn assert_failure(answer: &Answer, status: u16, message: &str, logged: &Mutex<String>, what: &str) {
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    assert_eq!(
        answer.body,
        format!(r#"{{"message":"{message}"}}"#),
        "{what}"
    );
    assert_eq!(
        answer.header("content-type"),
        Some("application/json"),
        "{what}"
    );
    let id = answer.header("apigw-requestid").expect("an id");
    let logged = logged.lock().expect("no panic");
    let line = logged.lines().find(|line| line.contains(id)).expect(what);
    assert!(line.contains(&format!("Z {status} ")), "{what}: {line}");
}

#[tokio::test]
async fn what_is_no_request_is_answered_and_logged_too() {
    let (gateway, logged) = start_logged().await;
    let url = gateway.url();
    let lengths = "PUT /items HTTP/1.1\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc";
    let client_hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    let headers = format!("GET /items HTTP/1.1\r\n{}\r\n", "a:\r\n".repeat(10_241));
    let line = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(1_000_000));
    let bad = (400, "Bad Request");
    let large = (431, "Request Header Fields Too Large");
    for (what, bytes, (status, message)) in [
        ("two lengths", lengths.as_bytes(), bad),
        (
            "a space in the path",
            b"GET /items/a b HTTP/1.1\r\n\r\n",
            bad,
        ),
        ("a TLS hello", client_hello, bad),
        ("zeros", b"\0\xff\r\n\r\n", bad),
        ("half a line", b"GET\r\n\r\n", bad),
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
        let answer = Answer::parse(&send_bytes(&url, bytes).await);
        assert_failure(&answer, status, message, &logged, what);
        assert_eq!(answer.header("connection"), Some("close"), "{what}");
        // The same after a request on the same connection, whose answer must be whole.
        let after = [head(&gateway, "GET /items/large").as_bytes(), bytes].concat();
        let answers = send_bytes(&url, &after).await;
        let (_, second) =
            answers.split_at(answers.len() - answer.head.len() - 4 - answer.body.len());
        let first = Answer::parse(&answers[..answers.len() - second.len()]);
        assert_eq!((first.status, first.body.len()), (200, 6_000_000), "{what}");
        assert_failure(&Answer::parse(second), status, message, &logged, what);
    }
    // A client of HTTP/2 could not read an answer of HTTP/1.1.
    let answer = send_bytes(&url, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_eq!(answer, b"");
    let logged = logged.lock().expect("no panic");
    assert!(logged.contains("HTTP2 preface"), "{logged}");
}

#[tokio::test]
async fn a_head_may_have_as_many_headers_as_values_fit_into_10240_bytes() {
    let gateway = start().await;
    let headers: Vec<String> = (0..10_000).map(|n| format!("a{n}: b\r\n")).collect();
    let headers = headers.concat();
    let answer = send(&gateway.url(), "GET /items", &headers, "").await;
    assert_eq!(answer.status, 200);
    let answer = send(
        &gateway.url(),
        "GET /items",
        &headers.replace('b', "bb"),
        "",
    )
    .await;
    assert_eq!(answer.status, 431);
}

#[tokio::test]
async fn a_request_for_another_host_is_refused_whatever_it_asks() {
    let (gateway, logged) = start_logged().await;
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
            let answer = Answer::parse(&send_bytes(&url, request.as_bytes()).await);
            assert_failure(&answer, 403, message, &logged, &request);
        }
    }
    let absolute = format!(
        "GET http://evil.example/items HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\r\n"
    );
    let answer = Answer::parse(&send_bytes(&url, absolute.as_bytes()).await);
    assert_failure(&answer, 403, message, &logged, &absolute);

    for host in [
        &format!("localhost:{port}"),
        &format!("[::1]:{port}"),
        "items.test",
        "items.test:80",
    ] {
        let request = format!("GET /items HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let answer = Answer::parse(&send_bytes(&url, request.as_bytes()).await);
        assert_eq!(answer.status, 200, "{host}");
    }
}

#[tokio::test]
async fn a_client_that_sends_nothing_is_hung_up_on() {
    let (gateway, logged) = start_logged().await;
    let url = gateway.url();
    let whole = head(&gateway, "GET /items");
    for sent in ["", "GET", &whole[..whole.len() - 2], &whole] {
        let mut client = connect(&url).await;
        client.write_all(sent.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        let ended = timeout(Duration::from_secs(20), client.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "{sent:?}");
        assert_eq!(answer.is_empty(), sent != whole, "{sent:?}");
    }
    let half = format!(
        "PUT /items HTTP/1.1\r\nhost: {}\r\ncontent-length: 10\r\n\r\nhalf",
        host(&url)
    );
    let answer = Answer::parse(&send_bytes(&url, half.as_bytes()).await);
    assert_failure(&answer, 408, "Request Timeout", &logged, &half);
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_hung_up_on() {
    let (gateway, _) = start_logged().await;
    let mut client = connect(&gateway.url()).await;
    // More than the system keeps for a client.
    let requests = head(&gateway, "GET /items/large").repeat(5);
    client.write_all(requests.as_bytes()).await.expect("sent");
    sleep(Duration::from_secs(2)).await;
    let mut answers = Vec::new();
    let ended = timeout(Duration::from_secs(20), client.read_to_end(&mut answers)).await;
    assert!(ended.is_ok(), "{} bytes", answers.len());
    assert!(answers.len() < 5 * 6_000_000, "{} bytes", answers.len());
}

#[tokio::test]
async fn a_client_may_close_its_half_of_the_connection() {
    let (gateway, logged) = start_logged().await;
    let mut client = connect(&gateway.url()).await;
    let request = head(&gateway, "GET /items/sleep");
    client.write_all(request.as_bytes()).await.expect("sent");
    client.shutdown().await.expect("closed");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.expect("an answer");
    assert_eq!(Answer::parse(&answer).status, 200);
    assert!(
        logged
            .lock()
            .expect("no panic")
            .contains(" 200 GET /items/{id} ")
    );
}
