//! A minimal HTTP client that sends exactly the bytes of a test.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An HTTP response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").expect("an HTTP response");
        Self {
            status: head[9..12].parse().expect("a status"),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (header, value) = line.split_once(": ")?;
            header.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

pub async fn connect(url: &str) -> TcpStream {
    TcpStream::connect(host(url)).await.expect("a connection")
}

/// Sends these bytes and reads until the server closes the connection.
pub async fn send_bytes(url: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(url).await;
    // Both may fail if the server has already rejected the rest. The response still counts.
    let _ = stream.write_all(bytes).await;
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response).await;
    response
}

/// Returns the `Host` header's value for this URL.
pub fn host(url: &str) -> &str {
    url.strip_prefix("http://").expect("a URL")
}

/// Sends a request with these header lines, each ended by `\r\n`.
pub async fn send(url: &str, request_line: &str, headers: &str, body: &str) -> Response {
    let (host, length) = (host(url), body.len());
    let request = format!(
        "{request_line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\
         {headers}\r\n{body}"
    );
    Response::parse(&send_bytes(url, request.as_bytes()).await)
}

/// Sends a request without further headers.
pub async fn call(url: &str, request_line: &str, body: &str) -> Response {
    send(url, request_line, "", body).await
}
