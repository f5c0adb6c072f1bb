//! Lambda's Runtime API for one function: it passes an event, and takes the response.

use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::Error;
use crate::http::{self, Request};

/// The time-out of the next request of a function. Under valgrind a request takes seconds.
const FUNCTION_TIMEOUT: Duration = Duration::from_mins(1);

/// The time limit in the deadline that the function is given.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// A running Runtime API.
pub struct RuntimeApi {
    address: SocketAddr,
    requests: Receiver<FunctionRequest>,
    waiting: Option<TcpStream>,
}

/// A request of the function to the Runtime API.
enum FunctionRequest {
    /// A request for the next event, on this connection.
    Next(TcpStream),
    /// A response, and the time at which it was read to its end.
    Response(Instant, Vec<u8>),
    /// The error of a failed invocation.
    Failure(Vec<u8>),
}

impl RuntimeApi {
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (sender, requests) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sender = sender.clone();
                // An error means that the function ended and closed its connection.
                thread::spawn(move || serve(stream, &sender).ok());
            }
        });
        Ok(Self {
            address,
            requests,
            waiting: None,
        })
    }

    /// Returns the value for `AWS_LAMBDA_RUNTIME_API`.
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Waits until the function requests an event.
    pub fn wait(&mut self) -> Result<(), Error> {
        match self.request()? {
            FunctionRequest::Next(stream) => {
                self.waiting = Some(stream);
                Ok(())
            }
            _ => Err("the function responded without an event".into()),
        }
    }

    /// Sends an event. Returns the time to the last byte of the response, and the response.
    pub fn invoke(&mut self, event: &[u8]) -> Result<(Duration, Vec<u8>), Error> {
        let mut stream = self.waiting.take().ok_or("the function is not waiting")?;
        let deadline = (SystemTime::UNIX_EPOCH.elapsed()? + TIME_LIMIT).as_millis();
        let event = http::response(
            "200 OK",
            &format!(
                "Content-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
                 Lambda-Runtime-Deadline-Ms: {deadline}\r\n\
                 Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-central-1:123456789012:function:items\r\n\
                 Lambda-Runtime-Trace-Id: Root=1-67fd8a64-12d3ae1c6a3e5b7f0f2d4c68;Parent=53995c3f42cd8ad8;Sampled=0\r\n"
            ),
            std::str::from_utf8(event)?,
        );
        let start = Instant::now();
        http::send(&mut stream, &event)?;
        match self.request()? {
            FunctionRequest::Response(at, response) => Ok((at.duration_since(start), response)),
            FunctionRequest::Failure(error) => {
                Err(format!("the function failed: {}", error.escape_ascii()).into())
            }
            FunctionRequest::Next(_) => {
                Err("the function requested an event before it responded".into())
            }
        }
    }

    fn request(&self) -> Result<FunctionRequest, Error> {
        self.requests
            .recv_timeout(FUNCTION_TIMEOUT)
            .map_err(|error| {
                match error {
                    RecvTimeoutError::Timeout => "the function is stuck",
                    RecvTimeoutError::Disconnected => "the Runtime API has stopped",
                }
                .into()
            })
    }
}

fn serve(mut stream: TcpStream, requests: &Sender<FunctionRequest>) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = Request::read(&mut reader)? {
        let path = request.head.split(' ').nth(1).unwrap_or_default();
        if path.ends_with("/invocation/next") {
            requests.send(FunctionRequest::Next(stream.try_clone()?))?;
            continue;
        }
        let at = Instant::now();
        let request = if path.ends_with("/response") {
            FunctionRequest::Response(at, request.body)
        } else {
            FunctionRequest::Failure(request.body)
        };
        http::send(
            &mut stream,
            &http::response(
                "202 Accepted",
                "Content-Type: application/json\r\n",
                r#"{"status":"OK"}"#,
            ),
        )?;
        requests.send(request)?;
    }
    Ok(())
}
