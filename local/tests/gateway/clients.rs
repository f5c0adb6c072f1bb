//! Careless and hostile clients: each gets an answer or the end of its connection, and disturbs no other.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::gateway::{Gateway, Settings, handler};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::{sleep, timeout};

use crate::support::{Answer, call, connect, host, send, send_bytes};
use crate::{assert_failure, head, planted, start};

#[tokio::test]
async fn no_bytes_bring_the_server_down() {
    let gateway = start().await;
    let url = gateway.url();
    for (line, rest, status) in [
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
        let request = [head.as_bytes(), rest].concat();
        let mut client = connect(&url).await;
        client.write_all(&request).await.expect("sent");
        client.shutdown().await.expect("closed");
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.expect("an answer");
        assert_eq!(
            Answer::parse(&answer).status,
            status,
            "{line} {}",
            rest.escape_ascii()
        );
    }
    let old = format!("GET /items HTTP/1.0\r\nhost: {}\r\n\r\n", host(&url));
    let answer = Answer::parse(&send_bytes(&url, old.as_bytes()).await);
    assert_eq!(answer.status, 200);
}

/// A gateway that gives its clients this time, and the log of what it answered.
async fn start_logged(client_limit: Duration) -> (Gateway, Arc<Mutex<String>>) {
    let logged = Arc::new(Mutex::new(String::new()));
    let log = Arc::clone(&logged);
    let settings = Settings {
        client_limit,
        time_limit: PATIENT,
        allowed_hosts: vec!["items.test".parse().expect("a name")],
        observer: Arc::new(move |exchange| {
            *log.lock().expect("no panic") += &local::log::entry(exchange);
        }),
    };
    let listener = local::listen(0).await.expect("a port");
    let gateway = Gateway::start(listener, handler(planted), settings).expect("a gateway");
    (gateway, logged)
}

/// Longer than any test here takes.
const PATIENT: Duration = Duration::from_mins(1);

/// So short that a test can wait for its end.
const IMPATIENT: Duration = Duration::from_millis(300);

/// Checks that an answer is a failure, and that it is logged under its id.
fn assert_logged(answer: &Answer, status: u16, message: &str, logged: &Mutex<String>, what: &str) {
    assert_failure(answer, status, message, what);
    let id = answer.header("apigw-requestid").expect("an id");
    let logged = logged.lock().expect("no panic");
    let line = logged.lines().find(|line| line.contains(id)).expect(what);
    assert!(line.contains(&format!("Z {status} ")), "{what}: {line}");
}

#[tokio::test]
async fn an_unparsable_request_is_answered_and_logged() {
    let (gateway, logged) = start_logged(PATIENT).await;
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
        // The second time after a request on the same connection, whose answer must be whole.
        for before in [String::new(), head(&gateway, "GET /items/large")] {
            let sent = [before.as_bytes(), bytes].concat();
            let mut answers = send_and_close(&url, &sent).await;
            if !before.is_empty() {
                let first = Answer::parse(&answers);
                assert_eq!(first.status, 200, "{what}");
                let length = first.head.len() + 4 + 6_000_000;
                let whole = first.body.bytes().take_while(|byte| *byte == b'a').count();
                assert_eq!(whole, 6_000_000, "{what}");
                answers.drain(..length);
            }
            let answer = Answer::parse(&answers);
            assert_logged(&answer, status, message, &logged, what);
            assert_eq!(answer.header("connection"), Some("close"), "{what}");
        }
    }
    // A client of HTTP/2 could not read an answer of HTTP/1.1.
    let answer = send_bytes(&url, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_eq!(answer, b"");
    let logged = logged.lock().expect("no panic");
    assert!(logged.contains("HTTP2 preface"), "{logged}");
}

/// Sends these bytes, ends the sending, and reads meanwhile until the server closes the connection.
async fn send_and_close(url: &str, bytes: &[u8]) -> Vec<u8> {
    let (mut reading, mut writing) = connect(url).await.into_split();
    let mut answer = Vec::new();
    let sending = async {
        // Fails when the server has already refused the rest.
        let _ = writing.write_all(bytes).await;
        let _ = writing.shutdown().await;
    };
    let ((), read) = tokio::join!(sending, reading.read_to_end(&mut answer));
    read.expect("an answer");
    answer
}

#[tokio::test]
async fn an_unparsable_request_is_answered_while_the_gateway_stops() {
    for _ in 0..20 {
        let (gateway, logged) = start_logged(PATIENT).await;
        let url = gateway.url();
        let mut client = connect(&url).await;
        client.write_all(b"GET").await.expect("sent");
        // Connections are accepted one after the other: this answer shows that the one before was.
        assert_eq!(call(&url, "GET /items", "").await.status, 200);
        let stopping = tokio::spawn(gateway.stop());
        sleep(Duration::from_millis(10)).await;
        client
            .write_all(b" / HTTP/9.9\r\n\r\n")
            .await
            .expect("sent");
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.expect("an answer");
        stopping.await.expect("no panic");
        let answer = Answer::parse(&answer);
        assert_logged(&answer, 400, "Bad Request", &logged, "another version");
    }
}

#[tokio::test]
async fn a_request_for_another_host_is_refused_whatever_it_asks() {
    let (gateway, logged) = start_logged(PATIENT).await;
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
            assert_logged(&answer, 403, message, &logged, &request);
        }
    }
    let absolute = format!(
        "GET http://evil.example/items HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\r\n"
    );
    let answer = Answer::parse(&send_bytes(&url, absolute.as_bytes()).await);
    assert_logged(&answer, 403, message, &logged, &absolute);

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
    let (gateway, logged) = start_logged(IMPATIENT).await;
    let url = gateway.url();
    let whole = head(&gateway, "GET /items");
    // The second time after a request.
    for (sent, answers) in [("", 0), (whole.as_str(), 1)] {
        let answer = send_bytes(&url, sent.as_bytes()).await;
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(answer.matches("HTTP/1.1 ").count(), answers, "{answer}");
    }
    assert_eq!(logged.lock().expect("no panic").lines().count(), 1);

    let body = format!(
        "PUT /items HTTP/1.1\r\nhost: {}\r\ncontent-length: 10\r\n\r\nhalf",
        host(&url)
    );
    for half in ["GET", &whole[..whole.len() - 2], &body] {
        let answer = Answer::parse(&send_bytes(&url, half.as_bytes()).await);
        assert_logged(&answer, 408, "Request Timeout", &logged, half);
    }
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_hung_up_on() {
    let (gateway, logged) = start_logged(IMPATIENT).await;
    // The system keeps little for this client, and less than an answer for the gateway.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let address = host(&gateway.url()).parse().expect("an address");
    let mut client = socket.connect(address).await.expect("a connection");
    let request = head(&gateway, "GET /items/large");
    client.write_all(request.as_bytes()).await.expect("sent");
    while logged.lock().expect("no panic").is_empty() {
        sleep(Duration::from_millis(10)).await;
    }
    // The gateway stops once no answer is under way any more.
    let stopped = timeout(PATIENT / 2, gateway.stop()).await;
    assert!(stopped.is_ok(), "a client that takes nothing holds it up");
    let mut answer = Vec::new();
    let _ = client.read_to_end(&mut answer).await;
    assert!(answer.len() < 6_000_000, "{} bytes", answer.len());
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
async fn a_client_may_close_its_half_of_the_connection() {
    let (gateway, logged) = start_logged(PATIENT).await;
    let request = head(&gateway, "GET /items/sleep");
    let answer = send_and_close(&gateway.url(), request.as_bytes()).await;
    assert_eq!(Answer::parse(&answer).status, 200);
    let logged = logged.lock().expect("no panic");
    assert!(logged.contains(" 200 GET /items/{id} "), "{logged}");
}
