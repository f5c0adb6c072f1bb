//! A small HTTP server on a free port of 127.0.0.1, for the process only: it refuses what a web page may cause.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ORIGIN, USER_AGENT};
use hyper::http::request;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::gateway::{check_host, json_response};

/// A running server. Dropping it closes the port and every connection.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Starts a server, which passes to `respond` the requests that no web page can cause.
    pub async fn start<F>(
        respond: impl Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = Response<Bytes>> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, address, Arc::new(respond)));
        Ok(Self {
            address,
            _tasks: tasks,
        })
    }

    /// Returns the host and the port, such as `127.0.0.1:9001`.
    pub fn authority(&self) -> String {
        self.address.to_string()
    }
}

async fn serve<F>(
    listener: TcpListener,
    address: SocketAddr,
    respond: Arc<impl Fn(Request<Incoming>) -> F + Send + Sync + 'static>,
) where
    F: Future<Output = Response<Bytes>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        // The connections that have ended are forgotten.
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, or the client has disconnected: both are temporary.
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        // Without this a response can wait 40 ms for a delayed ACK. A failure is harmless.
        let _ = stream.set_nodelay(true);
        let respond = Arc::clone(&respond);
        let service = service_fn(move |request: Request<Incoming>| {
            let (head, body) = request.into_parts();
            let responding = (!may_be_from_page(&head, address))
                .then(|| respond(Request::from_parts(head, body)));
            async move {
                let response = match responding {
                    Some(responding) => responding.await,
                    None => error(
                        StatusCode::FORBIDDEN,
                        "AccessDeniedException",
                        "a web page may have sent this",
                    ),
                };
                Ok::<_, Infallible>(response.map(Full::new))
            }
        });
        // An error means that the client has disconnected.
        connections.spawn(async move {
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// Returns `true` if a web page may have sent the request. By DNS rebinding a page may have the origin of the port, but
/// then the host is foreign. Other pages have an `Origin`, or, for an image, `Sec-Fetch-Site` or at least the name of a
/// browser. Without reading the response, they could take an event from the process.
fn may_be_from_page(head: &request::Parts, address: SocketAddr) -> bool {
    let mut agents = head.headers.get_all(USER_AGENT).iter();
    check_host(head, address, &[]).is_err()
        || head.headers.contains_key(ORIGIN)
        || head.headers.contains_key("sec-fetch-site")
        || agents.any(|agent| agent.as_bytes().starts_with(b"Mozilla/"))
}

/// Returns an error in the form that the SDK reads.
pub(super) fn error(status: StatusCode, kind: &str, message: &str) -> Response<Bytes> {
    let kind = format!("com.amazon.coral.service#{kind}");
    json_response(
        status,
        json!({"__type": kind, "message": message}).to_string(),
    )
}
