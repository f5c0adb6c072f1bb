//! One connection: serves its requests one after the other, and responds to bytes that hyper cannot parse.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncWriteExt, copy, sink};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::body::LINGER;
use super::client_stream::ClientStream;
use super::error::GatewayError;
use super::exchange;
use super::settings::Api;

/// The maximum number of headers. API Gateway's limit of 10,240 bytes counts the request line and the values of
/// headers, but not their names: nearly this many values of one byte fit.
const MAX_HEADERS: usize = 10_240;

/// Serves a connection until it ends. After the sender of `stopping` is dropped, only the current request is served.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    api: Arc<Api>,
    mut stopping: watch::Receiver<()>,
) {
    // Disables Nagle's algorithm: otherwise a response can wait 40 ms for a delayed ACK. A failure is harmless.
    let _ = stream.set_nodelay(true);
    let client_timeout = api.settings.client_timeout;
    let service = service_fn(|request| {
        let api = Arc::clone(&api);
        async move {
            let response = exchange::respond(&api, peer.ip(), request).await;
            Ok::<_, Infallible>(response.map(Full::new))
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(client_timeout)
        .max_headers(MAX_HEADERS)
        // A client that has sent its request may close its half of the connection, as nc does.
        .half_close(true)
        .serve_connection(
            TokioIo::new(ClientStream::new(stream, client_timeout)),
            service,
        );
    let served = tokio::select! {
        served = &mut connection => Some(served),
        _ = stopping.changed() => None,
    };
    let served = if let Some(served) = served {
        served
    } else {
        Pin::new(&mut connection).graceful_shutdown();
        (&mut connection).await
    };
    let Err(hyper_error) = served else { return };
    let parts = connection.into_parts();
    let client_stream = parts.io.into_inner();
    let partial_head = !parts.read_buf.is_empty();
    // After a parse error without a suppressed response, hyper has already responded, or the bytes are HTTP/2 and the
    // client could not read a response of HTTP/1.1.
    let needs_response = client_stream.has_suppressed_response() || !hyper_error.is_parse();
    let error = if hyper_error.is_parse_too_large() {
        GatewayError::HeadTooLarge
    } else if hyper_error.is_parse() || (partial_head && hyper_error.is_incomplete_message()) {
        GatewayError::NotHttp(hyper_error)
    } else if partial_head && hyper_error.is_timeout() {
        GatewayError::RequestTimeout(client_timeout)
    } else {
        // The client has disconnected, or is idle.
        return;
    };
    let response = exchange::reject(&api, &error);
    if !needs_response {
        return;
    }
    let mut stream = client_stream.into_stream();
    // A failed write is ignored: the client has disconnected.
    let _ = timeout(LINGER, write(&mut stream, response)).await;
    let mut discarded = sink();
    tokio::select! {
        _ = timeout(LINGER, copy(&mut stream, &mut discarded)) => {}
        _ = stopping.changed() => {}
    }
}

/// Writes the last response of a connection.
async fn write(stream: &mut TcpStream, response: Response<Bytes>) -> io::Result<()> {
    let (head, body) = response.into_parts();
    let mut bytes = format!("HTTP/1.1 {}\r\n", head.status).into_bytes();
    for (name, value) in &head.headers {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    let date = httpdate::fmt_http_date(SystemTime::now());
    let length = body.len();
    let remaining_headers =
        format!("content-length: {length}\r\nconnection: close\r\ndate: {date}\r\n\r\n");
    bytes.extend(remaining_headers.into_bytes());
    bytes.extend(body);
    stream.write_all(&bytes).await?;
    stream.shutdown().await
}
