//! One connection: its requests, one after the other, and an answer to what hyper cannot read as one.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::Response;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncWriteExt, copy, sink};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::exchange;
use super::refusal::Refusal;
use super::server::Api;
use super::wire::{Stage, Wire};

/// The most headers of a request. API Gateway limits the bytes of their values alone, to 10,240: so many
/// headers may have one each.
const MAX_HEADERS: usize = 10_240;

/// How long the rest of a request that was refused is read and thrown away: the client gets its answer only
/// if it is not cut off while it is still sending.
pub(super) const LINGER: Duration = Duration::from_secs(5);

/// Serves a connection until it ends, or until the sender of `stopping` is gone and its request answered.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    api: Arc<Api>,
    mut stopping: watch::Receiver<()>,
) {
    // Without it an answer may wait 40 ms for an acknowledgement; with neither is it wrong.
    let _ = stream.set_nodelay(true);
    let limit = api.settings.client_limit;
    let stage = Stage::default();
    let wire = Wire::new(stream, stage.clone(), limit);
    let service = service_fn(|request| {
        let (api, stage) = (Arc::clone(&api), stage.clone());
        async move {
            stage.serving();
            let response = exchange::answer(&api, peer.ip(), request).await;
            stage.answered();
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limit)
        .max_headers(MAX_HEADERS)
        // A client that has sent its request may close its half of the connection, as nc does.
        .half_close(true)
        .serve_connection(TokioIo::new(wire), service);
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
    // A connection that breaks off in any other way is the client's affair.
    let Err(error) = served else { return };
    if !error.is_parse() {
        return;
    }
    let refusal = if error.is_parse_too_large() {
        Refusal::HeadTooLarge
    } else {
        Refusal::NotHttp(error)
    };
    let response = exchange::refuse(&api, &refusal);
    if let Some(stream) = connection.into_parts().io.into_inner().kept_back() {
        tokio::select! {
            // Whether the client takes it is the client's affair as well.
            _ = timeout(LINGER, write_last(stream, response)) => {}
            _ = stopping.changed() => {}
        }
    }
}

/// Writes the last answer of a connection, and reads what the client still sends.
async fn write_last(mut stream: TcpStream, response: Response<Full<Bytes>>) -> std::io::Result<()> {
    let (head, body) = response.into_parts();
    let Ok(body) = body.collect().await;
    let body = body.to_bytes();
    let mut bytes = format!("HTTP/1.1 {}\r\n", head.status).into_bytes();
    for (name, value) in &head.headers {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    let date = httpdate::fmt_http_date(std::time::SystemTime::now());
    let length = body.len();
    let rest = format!("content-length: {length}\r\nconnection: close\r\ndate: {date}\r\n\r\n");
    bytes.extend(rest.into_bytes());
    bytes.extend(body);
    stream.write_all(&bytes).await?;
    stream.shutdown().await?;
    copy(&mut stream, &mut sink()).await?;
    Ok(())
}
