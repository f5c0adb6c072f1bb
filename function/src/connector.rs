//! The connections to DynamoDB: HTTP/1.1, over TLS by ring, on roots of trust that are compiled in.
//!
//! The SDK's own connector also looks for proxies, speaks HTTP/2, and reads the system's store of
//! certificates. The function has no use for them, and that store alone costs more than the rest of init.

use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{
    CaptureConnection, HttpConnector as TcpConnector, capture_connection,
};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use tower_service::Service;

use crate::client::CONNECT_TIMEOUT;
use crate::resolver::Resolver;

/// The certificate authorities that Mozilla trusts, Amazon's among them.
#[must_use]
pub fn roots() -> RootCertStore {
    RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    }
}

/// An HTTP client that trusts `roots`.
///
/// # Panics
/// Never: ring supports TLS 1.2 and 1.3.
#[must_use]
pub fn http_client(roots: RootCertStore) -> SharedHttpClient {
    let mut tcp = TcpConnector::new_with_resolver(Resolver);
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports every version of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build(Connect(HttpsConnector::from((tcp, tls))));
    let connector = SharedHttpConnector::new(Connector(client));
    http_client_fn(move |_: &HttpConnectorSettings, _: &RuntimeComponents| connector.clone())
}

/// Opens a connection, to the end of the TLS handshake, within [`CONNECT_TIMEOUT`].
#[derive(Clone)]
struct Connect(HttpsConnector<TcpConnector<Resolver>>);

type BoxError = Box<dyn StdError + Send + Sync>;

impl Service<Uri> for Connect {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = timeout(CONNECT_TIMEOUT, self.0.call(uri));
        Box::pin(async { connecting.await? })
    }
}

#[derive(Debug)]
struct Connector(Client<Connect, SdkBody>);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        let connection = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || metadata(&connection));
        }
        let answer = self.0.request(request);
        HttpConnectorFuture::new(async {
            let response = answer.await.map_err(failure)?.map(SdkBody::from_body_1_x);
            HttpResponse::try_from(response)
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// With this the SDK sees to it that a connection on which a request failed is not used again.
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

fn failure(error: legacy::Error) -> ConnectorError {
    let mut sources = std::iter::successors(error.source(), |&error| error.source());
    if sources.any(<dyn StdError>::is::<Elapsed>) {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
