//! A canned DynamoDB behind TLS: it sends fixed responses at once.

use std::fs;
use std::io::BufReader;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::Error;
use crate::http::{self, Request};
use crate::request::{ID, ITEMS};

/// A running backend.
pub struct Backend {
    port: u16,
    ca_bundle: PathBuf,
    connections: Arc<AtomicU32>,
}

impl Backend {
    /// Starts the backend with a new P-256 certificate.
    pub fn start() -> Result<Self, Error> {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let ca_bundle = Path::new(env!("CARGO_TARGET_TMPDIR")).join("backend.pem");
        fs::write(&ca_bundle, certified.cert.pem())?;

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())?;
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(certified.cert)], key)?;
        let config = Arc::new(config);

        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let responses = Arc::new(Responses::new());
        let connections = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&connections);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::Relaxed);
                let (config, responses) = (Arc::clone(&config), Arc::clone(&responses));
                // An error means that the function ended and closed its connection.
                thread::spawn(move || serve(stream, config, &responses).ok());
            }
        });
        Ok(Self {
            port,
            ca_bundle,
            connections,
        })
    }

    /// Returns the number of connections accepted so far.
    pub fn connections(&self) -> u32 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Returns the environment variables that direct a function to this backend.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let endpoint = format!("https://localhost:{}", self.port);
        let mut variables = vec![
            ("AWS_ENDPOINT_URL_DYNAMODB", endpoint.clone()),
            ("AWS_ENDPOINT_URL", endpoint),
        ];
        // The names that the AWS SDKs, OpenSSL and Node use.
        for name in ["AWS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] {
            variables.push((name, self.ca_bundle.display().to_string()));
        }
        variables
    }
}

struct Responses {
    item: Vec<u8>,
    items: Vec<u8>,
    empty: Vec<u8>,
}

impl Responses {
    fn new() -> Self {
        let item = |id: &str| {
            let name = "n".repeat(110);
            format!(r#"{{"id":{{"S":"{id}"}},"price":{{"N":"19.9"}},"name":{{"S":"{name}"}}}}"#)
        };
        let items: Vec<_> = (0..ITEMS).map(|n| item(&format!("item-{n:08}"))).collect();
        let items = items.join(",");
        Self {
            item: ok(&format!(r#"{{"Item":{}}}"#, item(ID))),
            items: ok(&format!(
                r#"{{"Count":{ITEMS},"Items":[{items}],"ScannedCount":{ITEMS}}}"#
            )),
            empty: ok("{}"),
        }
    }
}

/// Returns a 200 with the headers that DynamoDB sends.
fn ok(body: &str) -> Vec<u8> {
    http::response(
        "200 OK",
        "Server: Server\r\nDate: Mon, 14 Apr 2025 22:13:56 GMT\r\nContent-Type: application/x-amz-json-1.0\r\n\
         Connection: keep-alive\r\nx-amzn-RequestId: 4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG\r\n\
         x-amz-crc32: 2745614147\r\n",
        body,
    )
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, responses: &Responses) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let session = ServerConnection::new(config)?;
    let mut reader = BufReader::new(StreamOwned::new(session, stream));
    while let Some(request) = Request::read(&mut reader)? {
        let response = match request.header("x-amz-target") {
            Some("DynamoDB_20120810.GetItem") => &responses.item,
            Some("DynamoDB_20120810.Scan") => &responses.items,
            _ => &responses.empty,
        };
        http::send(reader.get_mut(), response)?;
    }
    Ok(())
}
