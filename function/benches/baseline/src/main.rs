//! The baseline of the benchmark: the service for valid requests only, with blocking I/O, without the SDK, and with one
//! connection to each side.
//!
//! `cargo bench -p function` compares the function with it. It is not part of any bundle. Any error ends the process.

mod event;
mod http;
mod request;
mod response;
mod sign;

use std::env;
use std::error::Error;
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use event::Event;
use http::Connection;
use sign::Signer;

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn main() -> Result<(), Box<dyn Error>> {
    let table = env::var("TABLE_NAME")?;
    let endpoint = env::var("AWS_ENDPOINT_URL_DYNAMODB")?;
    let authority = endpoint
        .strip_prefix("https://")
        .ok_or("AWS_ENDPOINT_URL_DYNAMODB is not an https URL")?;
    let mut signer = Signer::from_env(authority)?;

    let mut dynamodb = connect(authority)?;
    let warm_up = request::get(&table, "/");
    dynamodb.exchange(&signer.request("GetItem", &warm_up))?;

    let api = env::var("AWS_LAMBDA_RUNTIME_API")?;
    let mut lambda = Connection::new(tcp(&api)?);
    let next = format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: {api}\r\n\r\n");
    loop {
        let invocation = lambda.exchange(next.as_bytes())?;
        let id = invocation
            .header("lambda-runtime-aws-request-id")
            .ok_or("the invocation has no id")?;
        let event: Event<'_> = serde_json::from_slice(invocation.body)?;
        let response = handle(&event, &table, &mut signer, &mut dynamodb)?;
        let mut message = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: {api}\r\ncontent-length: {}\r\n\r\n",
            response.len()
        )
        .into_bytes();
        message.extend_from_slice(&response);
        lambda.exchange(&message)?;
    }
}

fn handle(
    event: &Event<'_>,
    table: &str,
    signer: &mut Signer,
    dynamodb: &mut Connection<Tls>,
) -> Result<Vec<u8>, Box<dyn Error>> {
    match &*event.route_key {
        "GET /items/{id}" => {
            let body = request::get(table, event.id()?);
            let response = dynamodb.exchange(&signer.request("GetItem", &body))?;
            response::item(response.body)
        }
        "GET /items" => {
            let body = request::scan(table);
            let response = dynamodb.exchange(&signer.request("Scan", &body))?;
            response::list(response.body)
        }
        "PUT /items" => {
            let item = event.item()?;
            let body = request::put(table, &item);
            dynamodb.exchange(&signer.request("PutItem", &body))?;
            Ok(response::text("Put item ", &item.id))
        }
        "DELETE /items/{id}" => {
            let id = event.id()?;
            let body = request::delete(table, id);
            dynamodb.exchange(&signer.request("DeleteItem", &body))?;
            Ok(response::text("Deleted item ", id))
        }
        other => Err(format!("no such route: {other}").into()),
    }
}

fn tcp(authority: &str) -> Result<TcpStream, Box<dyn Error>> {
    let stream = TcpStream::connect(authority)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Connects with the root certificates that the function trusts.
fn connect(authority: &str) -> Result<Connection<Tls>, Box<dyn Error>> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Ok(bundle) = env::var("AWS_CA_BUNDLE") {
        for certificate in CertificateDer::pem_file_iter(bundle)? {
            roots.add(certificate?)?;
        }
    }
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
    let host = authority
        .split_once(':')
        .map_or(authority, |(host, _)| host);
    let name = ServerName::try_from(host.to_owned())?;
    let session = ClientConnection::new(Arc::new(config), name)?;
    Ok(Connection::new(StreamOwned::new(session, tcp(authority)?)))
}
