//! The binary, started as Lambda starts it, on a stand-in for Lambda's Runtime API.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

/// The outcome of an invocation.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// The response for API Gateway.
    Response(Value),
    /// The error of a failed invocation.
    Failure(Value),
}

/// Returns a command that runs the binary with only these environment variables.
pub fn bootstrap(environment: &[(&str, &str)]) -> Command {
    with_environment(Command::new(env!("CARGO_BIN_EXE_bootstrap")), environment)
}

/// Returns the command with only these environment variables.
pub fn with_environment(mut command: Command, environment: &[(&str, &str)]) -> Command {
    command
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Returns the environment variables of a function whose table is at this endpoint, without the address of the
/// Runtime API.
pub fn environment(endpoint: &str) -> Vec<(&'static str, &str)> {
    vec![
        ("TABLE_NAME", "items"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
        ("AWS_LAMBDA_FUNCTION_NAME", "items"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ]
}

/// Returns `GET /items/a` as API Gateway passes it.
pub fn get() -> Vec<u8> {
    json!({
        "version": "2.0",
        "routeKey": "GET /items/{id}",
        "headers": {},
        "requestContext": {"http": {"method": "GET"}, "requestId": "gateway-id"},
        "pathParameters": {"id": "a"},
        "isBase64Encoded": false,
    })
    .to_string()
    .into_bytes()
}

/// A running function.
pub struct Function {
    child: Child,
    outcomes: mpsc::Receiver<Outcome>,
    log: Lines<BufReader<ChildStdout>>,
}

impl Function {
    /// Starts a command of [`bootstrap`], and invokes it with the events in order. The request ids are `lambda-0`,
    /// `lambda-1` and so on.
    pub fn start(mut command: Command, events: Vec<Vec<u8>>) -> Self {
        let (address, outcomes) = runtime_api(events);
        command.env("AWS_LAMBDA_RUNTIME_API", address.to_string());
        let mut child = command.spawn().expect("the binary starts");
        let log = child.stdout.take().expect("its output is piped");
        Self {
            child,
            outcomes,
            log: BufReader::new(log).lines(),
        }
    }

    /// Returns the outcome of the next invocation.
    pub fn outcome(&self) -> Outcome {
        let outcome = self.outcomes.recv_timeout(Duration::from_secs(20));
        outcome.expect("the invocation ends")
    }

    /// Returns the next line of the log.
    pub fn log_line(&mut self) -> Value {
        let line = self.log.next().expect("the log goes on").expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Returns the next line of the log that is about an invocation. Before it there may be a warning from init, if
    /// DynamoDB did not respond within a second.
    pub fn invocation_line(&mut self) -> Value {
        loop {
            let line = self.log_line();
            if !line["lambdaRequestId"].is_null() {
                return line;
            }
        }
    }

    /// Stops the function, and returns the remaining lines of the log.
    pub fn rest_of_log(mut self) -> Vec<String> {
        self.child.kill().expect("the function still runs");
        self.log.by_ref().map_while(Result::ok).collect()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // The process may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn runtime_api(events: Vec<Vec<u8>>) -> (SocketAddr, mpsc::Receiver<Outcome>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let address = listener.local_addr().expect("a bound address");
    let (sender, outcomes) = mpsc::channel();
    let events = Arc::new(Mutex::new(events.into_iter().enumerate()));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (sender, events) = (sender.clone(), Arc::clone(&events));
            // An error means that the function ended and closed its connection.
            thread::spawn(move || serve(stream, &events, &sender).ok());
        }
    });
    (address, outcomes)
}

fn serve(
    mut stream: TcpStream,
    events: &Mutex<impl Iterator<Item = (usize, Vec<u8>)>>,
    outcomes: &mpsc::Sender<Outcome>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let (mut head, mut length, mut line) = (String::new(), 0, String::new());
        while reader.read_line(&mut line)? > 0 && !line.trim().is_empty() {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            head.push_str(&std::mem::take(&mut line));
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        if head.is_empty() {
            return Ok(());
        }
        if head.starts_with("GET") {
            let next = events.lock().expect("no panic in an iterator").next();
            let Some((number, event)) = next else {
                // Like Lambda, do not respond: the function waits until the test stops it.
                return reader.read_line(&mut line).map(drop);
            };
            let now = SystemTime::UNIX_EPOCH.elapsed().expect("a clock past 1970");
            let deadline = (now + Duration::from_secs(10)).as_millis();
            let head = format!(
                "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: lambda-{number}\r\n\
                 lambda-runtime-deadline-ms: {deadline}\r\n\
                 lambda-runtime-invoked-function-arn: arn\r\ncontent-length: {}\r\n\r\n",
                event.len()
            );
            stream.write_all(&[head.as_bytes(), &event].concat())?;
        } else {
            let body = serde_json::from_slice(&body).expect("the posted body is JSON");
            let path = head.split(' ').nth(1).unwrap_or_default();
            let outcome = match path.rsplit('/').next() {
                Some("response") => Outcome::Response(body),
                Some("error") => Outcome::Failure(body),
                _ => panic!("the runtime API has no {path}"),
            };
            // The test may have ended.
            let _ = outcomes.send(outcome);
            stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
        }
    }
}
