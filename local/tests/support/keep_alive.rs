//! Several requests over one connection.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Response, connect, host};

/// A connection to the gateway that stays open.
pub struct Connection {
    stream: TcpStream,
    host: String,
}

impl Connection {
    pub async fn open(url: &str) -> Self {
        Self {
            stream: connect(url).await,
            host: host(url).to_owned(),
        }
    }

    /// Sends a request with these header lines, each ended by `\r\n`. Reads its response, whose body is as long as its
    /// head says: any other byte would be taken for the next response.
    pub async fn send(&mut self, request_line: &str, headers: &str, body: &str) -> Response {
        let (host, length) = (&self.host, body.len());
        let request = format!(
            "{request_line} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        );
        let sent = self.stream.write_all(request.as_bytes()).await;
        sent.expect("the connection is open");
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(self.stream.read_u8().await.expect("a head"));
        }
        let length = Response::parse(&bytes)
            .header("content-length")
            .map_or(0, |length| length.parse().expect("a length"));
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.expect("a body");
        Response::parse(&[bytes, body].concat())
    }
}
