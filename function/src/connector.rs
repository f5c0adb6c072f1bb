//! The connections to DynamoDB: HTTP/1.1 over TLS by ring, with compiled-in root certificates.
//!
//! The SDK's default connector also looks for proxies, speaks HTTP/2, and reads the system's certificate store. The
//! function needs none of these, and reading the store costs more than the rest of init.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::Uri;
use http::uri::Scheme;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tower_service::Service;

use crate::error::BoxError;
use crate::race::{race, with_timeout};
use crate::resolver::Resolver;

/// The maximum idle time of a connection that is reused, by the clock of the process. An older one may have died
/// silently: a write would wait for [`ATTEMPT_TIMEOUT`](crate::client::ATTEMPT_TIMEOUT), and be ambiguous.
///
/// It is not shorter, because a new connection costs two round trips and 1.3 million instructions (a GET over an open
/// one: 0.6 million). It is not longer, because DynamoDB has been seen to close connections after a minute of idling,
/// and a connection that is being closed must not get a write; a NAT gateway forgets them after 350 s. Sources: issue
/// 1365 of `aws/aws-sdk-java`; VPC's "NAT gateways".
pub const MAX_IDLE: Duration = Duration::from_secs(50);

/// The largest body for which a buffer is allocated in advance. A page of a scan has 1 MB, and some more as JSON.
const MAX_EXPECTED_BODY: usize = 4 * 1024 * 1024;

/// The maximum size of each of hyper's two buffers of a connection, and so of the head of a response. By default a
/// buffer grows up to 400 KB.
const MAX_BUFFER: usize = 64 * 1024;

/// Returns the certificate authorities that Mozilla trusts, which include Amazon's.
#[must_use]
pub fn roots() -> RootCertStore {
    RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    }
}

/// Returns an HTTP client that trusts `roots`.
///
/// # Panics
/// Never: ring supports TLS 1.2 and 1.3.
#[must_use]
pub fn http_client(roots: RootCertStore) -> SharedHttpClient {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports every version of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(MAX_IDLE)
        .http1_max_buf_size(MAX_BUFFER)
        .build(RacingConnector(Arc::new(tls)));
    let connector = SharedHttpConnector::new(HyperConnector(client));
    http_client_fn(move |_: &HttpConnectorSettings, _: &RuntimeComponents| connector.clone())
}

/// The connector that races the addresses of a host, and returns a connection after its TLS handshake.
#[derive(Clone)]
struct RacingConnector(Arc<ClientConfig>);

type Connection = MaybeHttpsStream<TokioIo<TcpStream>>;

impl Service<Uri> for RacingConnector {
    type Response = Connection;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let tls = Arc::clone(&self.0);
        Box::pin(async move {
            let connect = |address| {
                let mut connector =
                    HttpsConnector::from((AddressConnector(address), Arc::clone(&tls)));
                connector.call(uri.clone())
            };
            let host = uri.host().unwrap_or_default();
            if let Ok(address) = host.trim_matches(['[', ']']).parse() {
                return with_timeout(connect(address)).await;
            }
            let resolver = Resolver::from_system()?;
            Ok(race(resolver.ipv4(host), resolver.ipv6(host), connect).await?)
        })
    }
}

/// The connector to one address, at the port of the URL.
struct AddressConnector(IpAddr);

impl Service<Uri> for AddressConnector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let is_plain = uri.scheme() == Some(&Scheme::HTTP);
        let port = uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
        let address = SocketAddr::new(self.0, port);
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(TokioIo::new(stream))
        })
    }
}

/// A request extension into which the connector puts the connection that the request gets.
#[derive(Clone, Debug, Default)]
pub struct Connecting(Arc<OnceLock<CaptureConnection>>);

impl Connecting {
    /// Returns `true` if the request certainly was not sent, because it got no connection. With a different HTTP
    /// client it returns `false`, because nothing is known.
    #[must_use]
    pub fn is_unsent(&self) -> bool {
        let connection = self.0.get();
        connection.is_some_and(|connection| connection.connection_metadata().is_none())
    }

    fn capture(&self, connection: &CaptureConnection) {
        self.0.get_or_init(|| connection.clone());
    }
}

#[derive(Debug)]
struct HyperConnector(Client<RacingConnector, SdkBody>);

impl HttpConnector for HyperConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        let connection = capture_connection(&mut request);
        if let Some(connecting) = request.extensions().get::<Connecting>() {
            connecting.capture(&connection);
        }
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || metadata(&connection));
        }
        let response = self.0.request(request);
        HttpConnectorFuture::new(async {
            let response = response
                .await
                .map_err(|error| ConnectorError::io(error.into()))?;
            let (head, body) = response.into_parts();
            let body = read_body(body)
                .await
                .map_err(|error| ConnectorError::io(error.into()))?;
            HttpResponse::try_from(http::Response::from_parts(head, body.into()))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// Reads a body into one buffer. The SDK would keep every part of it, and then copy them into one.
async fn read_body(mut body: Incoming) -> hyper::Result<Vec<u8>> {
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or_default();
    let mut bytes = Vec::with_capacity(expected.min(MAX_EXPECTED_BODY));
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame?.data_ref() {
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes)
}

/// Returns metadata with which the SDK prevents reuse of a connection on which a request failed.
fn metadata(connection: &CaptureConnection) -> Option<ConnectionMetadata> {
    connection.connection_metadata().as_ref()?;
    let connection = connection.clone();
    let poison = move || {
        if let Some(connected) = connection.connection_metadata().as_ref() {
            connected.poison();
        }
    };
    let metadata = ConnectionMetadata::builder()
        .proxied(false)
        .poison_fn(poison)
        .build();
    Some(metadata)
}
