//! The binary itself: started as Lambda starts it, on a stand-in for Lambda's runtime API.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::backend::{Backend, Reaction};

const DONE: Reaction = Reaction::Answer(200, "{}");
const DENIED: Reaction = Reaction::Answer(400, r#"{"__type":"AccessDeniedException"}"#);

/// Starts the binary with this environment and no other.
fn bootstrap(environment: &[(&str, &str)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_bootstrap"))
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts")
}

/// A runtime API that hands out one GET again and again, and keeps the replies.
struct Runtime {
    address: SocketAddr,
    replies: mpsc::Receiver<Value>,
}

impl Runtime {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let address = listener.local_addr().expect("a bound address");
        let (sender, replies) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sender = sender.clone();
                // A function that ends closes its connection, and that is all.
                thread::spawn(move || serve(stream, &sender).ok());
            }
        });
        Self { address, replies }
    }

    fn reply(&self) -> Value {
        let reply = self.replies.recv_timeout(Duration::from_secs(20));
        reply.expect("the function replies")
    }
}

fn serve(mut stream: TcpStream, replies: &mpsc::Sender<Value>) -> std::io::Result<()> {
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
        if head.starts_with("GET") {
            let now = SystemTime::UNIX_EPOCH.elapsed().expect("a clock past 1970");
            let deadline = (now + Duration::from_secs(10)).as_millis();
            let event = json!({
                "version": "2.0",
                "routeKey": "GET /items/{id}",
                "headers": {},
                "requestContext": {"http": {"method": "GET"}, "requestId": "gateway-id"},
                "pathParameters": {"id": "a"},
                "isBase64Encoded": false,
            })
            .to_string();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: lambda-id\r\n\
                 lambda-runtime-deadline-ms: {deadline}\r\n\
                 lambda-runtime-invoked-function-arn: arn\r\ncontent-length: {}\r\n\r\n{event}",
                event.len()
            )?;
        } else {
            if head.contains("/lambda-id/response") {
                let reply = serde_json::from_slice(&body).expect("a reply is JSON");
                replies.send(reply).expect("somebody waits for it");
            }
            stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
        }
    }
}

/// What the function replies to the request, and the first lines of its log.
fn replied(endpoint: &str, lines: usize) -> (Value, Vec<Value>) {
    let runtime = Runtime::start();
    let mut child = bootstrap(&[
        ("TABLE_NAME", "items"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
        ("AWS_LAMBDA_RUNTIME_API", &runtime.address.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", "items"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ]);
    let reply = runtime.reply();
    let log = BufReader::new(child.stdout.take().expect("its output is piped"));
    let log = log.lines().take(lines).map(|line| {
        let line = line.expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    });
    let log = log.collect();
    child.kill().expect("it still runs");
    child.wait().expect("it ends");
    (reply, log)
}

#[test]
fn a_request_is_answered_and_logged_in_one_line() {
    let backend = Backend::start(&[DONE]);
    let (reply, log) = replied(&backend.url(), 1);
    assert_eq!(reply["statusCode"], 404);
    assert_eq!(reply["body"], r#"{"message":"Item not found"}"#);
    let mut line = log[0].clone();
    assert!(line["milliseconds"].is_u64(), "{line}");
    line["milliseconds"] = json!(0);
    assert_eq!(
        line,
        json!({
            "level": "INFO",
            "requestId": "gateway-id",
            "lambdaRequestId": "lambda-id",
            "route": "GET /items/{id}",
            "status": 404,
            "milliseconds": 0,
            "dynamodbAttempts": 1,
        })
    );
}

#[test]
fn a_fault_is_logged_with_its_causes() {
    let backend = Backend::start(&[DENIED]);
    let (reply, log) = replied(&backend.url(), 1);
    assert_eq!(reply["statusCode"], 500);
    assert_eq!(
        (&log[0]["level"], &log[0]["status"]),
        (&json!("ERROR"), &json!(500))
    );
    let causes = log[0]["causes"].to_string();
    assert!(causes.contains("AccessDeniedException"), "{causes}");
}

#[test]
fn a_table_that_is_not_there_in_init_is_a_warning_and_no_end() {
    let (reply, log) = replied("http://127.0.0.1:1", 2);
    assert_eq!(log[0]["level"], "WARN");
    assert_eq!(log[0]["message"], "DynamoDB did not answer in init");
    assert_eq!(
        (&reply["statusCode"], &log[1]["status"]),
        (&json!(503), &json!(503))
    );
}

#[test]
fn what_to_mend_in_the_environment_is_said_in_one_line() {
    let long = "a".repeat(256);
    let sound = [("TABLE_NAME", "items"), ("AWS_REGION", "us-east-1")];
    for (variable, value, named) in [
        ("TABLE_NAME", None, "TABLE_NAME is not set"),
        ("TABLE_NAME", Some(""), "TABLE_NAME is not set"),
        ("TABLE_NAME", Some("it"), "TABLE_NAME is \"it\""),
        ("TABLE_NAME", Some("my items"), "TABLE_NAME is \"my items\""),
        ("TABLE_NAME", Some(long.as_str()), "TABLE_NAME is \"aaa"),
        ("AWS_REGION", None, "AWS_REGION is not set"),
        ("AWS_REGION", Some(""), "AWS_REGION is not set"),
        ("AWS_ENDPOINT_URL", Some("http://"), "AWS_ENDPOINT_URL is"),
        (
            "AWS_ENDPOINT_URL_DYNAMODB",
            Some("localhost:8000"),
            "AWS_ENDPOINT_URL_DYNAMODB is",
        ),
    ] {
        let others = sound.into_iter().filter(|(name, _)| *name != variable);
        let environment: Vec<_> = others.chain(value.map(|value| (variable, value))).collect();
        let ended = bootstrap(&environment).wait_with_output().expect("it ends");
        assert_eq!(ended.status.code(), Some(1), "{variable}={value:?}");
        let line: Value = serde_json::from_slice(&ended.stdout).expect("one line of JSON");
        assert_eq!(
            (&line["level"], &line["message"]),
            (&json!("ERROR"), &json!("the function stopped"))
        );
        let causes = line["causes"].to_string().replace("\\\"", "\"");
        assert!(causes.contains(named), "{causes}");
        assert!(causes.contains("set it to"), "{causes}");
    }
}
