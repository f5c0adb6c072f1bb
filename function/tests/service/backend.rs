//! A scripted stand-in for DynamoDB, which counts the requests that it receives.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use function::table::Table;
use function::{Service, client};
use serde_json::Value;

/// The reaction of the backend to a request that it has read.
#[derive(Clone, Copy, Debug)]
pub enum Reaction {
    /// Responds with this status and body.
    Respond(u16, &'static str),
    /// Responds as [`Reaction::Respond`] with 200, then silently closes the connection.
    RespondAndClose(&'static str),
    /// Throttles the request, and asks for a pause of this many milliseconds.
    ThrottleFor(u32),
    /// Closes the connection instead of responding.
    Cut,
    /// Closes the connection in the middle of the response.
    CutInBody,
    /// Closes the connection in the middle of a chunk of the response.
    CutInChunk,
    /// Never responds.
    Hang,
    /// Responds one byte at a time, without end.
    Drip,
}

/// The response to a write that was applied, and to a read of an item that does not exist.
pub const DONE: Reaction = Reaction::Respond(200, "{}");

/// A response that leaves the outcome unknown.
pub const SERVER_ERROR: Reaction =
    Reaction::Respond(500, r#"{"__type":"InternalServerError","message":"oh"}"#);

/// A complete request that the backend received.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// The operation, such as `GetItem`.
    pub operation: String,
    /// The body, or null if it is not JSON.
    pub body: Value,
}

/// A running backend.
pub struct Backend {
    address: SocketAddr,
    seen: Arc<Seen>,
    closed: mpsc::Receiver<()>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicU32,
    requests: AtomicU32,
    sent: Mutex<Vec<Sent>>,
}

impl Backend {
    /// Starts a backend that uses one reaction for each request, in order, and repeats the last one.
    pub fn start(script: &[Reaction]) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), script)
    }

    /// As [`Backend::start`], at a given address of this machine.
    pub fn start_at(address: IpAddr, script: &[Reaction]) -> Self {
        let script: Arc<[Reaction]> = script.into();
        let listener = TcpListener::bind((address, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let seen = Arc::new(Seen::default());
        let (closing, closed) = mpsc::channel();
        let server = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                server.connections.fetch_add(1, Ordering::SeqCst);
                let (script, seen, closing) =
                    (Arc::clone(&script), Arc::clone(&server), closing.clone());
                // An error means that the client hung up, which ends only its connection.
                thread::spawn(move || serve(stream, &script, &seen, &closing).ok());
            }
        });
        Self {
            address,
            seen,
            closed,
        }
    }

    /// Returns the number of complete requests.
    pub fn requests(&self) -> u32 {
        self.seen.requests.load(Ordering::SeqCst)
    }

    /// Returns the complete requests, in order.
    pub fn sent(&self) -> Vec<Sent> {
        let sent = self.seen.sent.lock();
        sent.expect("no panic while it is extended").clone()
    }

    /// Returns the number of connections.
    pub fn connections(&self) -> u32 {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Blocks the thread until the backend has closed a connection. Like Lambda's freeze, this keeps the runtime of
    /// this thread from noticing.
    pub fn freeze_until_closed(&self) {
        self.closed
            .recv_timeout(Duration::from_secs(10))
            .expect("the backend closes the connection");
    }

    /// Returns the address of the backend.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL of the backend.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the items service on this backend.
    pub fn service(&self) -> Service {
        service(&self.url())
    }

    /// Returns the items service on this backend. It expects TLS, so it waits for a handshake that never comes.
    pub fn service_over_tls(&self) -> Service {
        service(&format!("https://{}", self.address))
    }
}

fn serve(
    mut stream: TcpStream,
    script: &[Reaction],
    seen: &Seen,
    closing: &mpsc::Sender<()>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let sent = read_request(&mut reader)?;
        let all = seen.sent.lock();
        all.expect("no panic while it is extended").push(sent);
        let index = seen.requests.fetch_add(1, Ordering::SeqCst) as usize;
        match *script.get(index).unwrap_or(&script[script.len() - 1]) {
            Reaction::Respond(status, body) => respond(&mut stream, status, body, body.len())?,
            Reaction::RespondAndClose(body) => {
                respond(&mut stream, 200, body, body.len())?;
                stream.shutdown(Shutdown::Both)?;
                let _ = closing.send(());
                return Ok(());
            }
            Reaction::ThrottleFor(milliseconds) => {
                let body = r#"{"__type":"ThrottlingException","message":"slow down"}"#;
                write!(
                    stream,
                    "HTTP/1.1 400 status\r\nx-amz-retry-after: {milliseconds}\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )?;
            }
            Reaction::Cut => return stream.shutdown(Shutdown::Both),
            Reaction::CutInBody => {
                respond(&mut stream, 200, "{\"Item\"", 100)?;
                return stream.shutdown(Shutdown::Both);
            }
            Reaction::CutInChunk => {
                let head =
                    "HTTP/1.1 200 status\r\ntransfer-encoding: chunked\r\n\r\n64\r\n{\"Item\"";
                stream.write_all(head.as_bytes())?;
                return stream.shutdown(Shutdown::Both);
            }
            // Read on until the client gives up.
            Reaction::Hang => {}
            Reaction::Drip => {
                respond(&mut stream, 200, "", 1_000_000)?;
                loop {
                    stream.write_all(b" ")?;
                    thread::sleep(Duration::from_millis(50));
                }
            }
        }
    }
}

fn read_request(reader: &mut impl BufRead) -> std::io::Result<Sent> {
    let (mut operation, mut length, mut line) = (String::new(), 0, String::new());
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else {
            // The request line has no colon, and the line after the headers is empty.
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().expect("a length"),
            "x-amz-target" => {
                let (_, name) = value.trim().split_once('.').expect("a version and a name");
                name.clone_into(&mut operation);
            }
            _ => {}
        }
    }
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body)?;
    Ok(Sent {
        operation,
        body: serde_json::from_str(&body).unwrap_or_default(),
    })
}

fn respond(stream: &mut TcpStream, status: u16, body: &str, length: usize) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} status\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes())
}

/// Returns the items service on a table at this endpoint.
pub fn service(endpoint: &str) -> Service {
    let credentials = Credentials::new("test", "test", None, None, "test");
    service_as(endpoint, Some(SharedCredentialsProvider::new(credentials)))
}

/// Returns the items service on a table at this endpoint, with these credentials or none.
pub fn service_as(endpoint: &str, credentials: Option<SharedCredentialsProvider>) -> Service {
    let mut config = SdkConfig::builder();
    config.set_credentials_provider(credentials);
    let config = config
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(endpoint)
        .build();
    Service::new(Table::new(client::client(&config), "items"))
}
