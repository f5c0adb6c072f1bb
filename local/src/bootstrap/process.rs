//! The process of the function: its environment, its output, and its part of an invocation.

use std::io::{self, Write};
use std::path::Path;
use std::process::Stdio;

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use hyper::StatusCode;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Split};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::mpsc;

use super::runtime_api::{self, Call, Operation, Reply};
use super::server::Server;
use crate::gateway::{FUNCTION_ARN, GatewayError, MAX_RESPONSE_BYTES};
use crate::trace::Trace;

/// The variables that the process gets from this one. Lambda sets the first two; a script needs `PATH`.
const INHERITED: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "RUST_BACKTRACE", "RUST_LOG"];

/// The approximate maximum size of the log in a trace, in bytes. All lines are printed.
const MAX_TRACED_LOG: usize = 1024 * 1024;

/// A running process. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    stdout: Split<BufReader<ChildStdout>>,
    server: Server,
    calls: mpsc::Receiver<Call>,
    /// The process's request for an event.
    next: Option<Reply>,
}

impl Process {
    /// Starts the file with only the environment that Lambda gives a function, and `environment`.
    pub async fn start(file: &Path, environment: &[(&str, String)]) -> io::Result<Self> {
        let (server, calls) = runtime_api::start().await?;
        // An absolute path: a name without a folder would be searched in PATH.
        let file = std::path::absolute(file)?;
        let function_name = FUNCTION_ARN.rsplit(':').next().unwrap_or_default();
        let mut command = Command::new(&file);
        command
            .env_clear()
            .envs(
                INHERITED
                    .iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .env("AWS_LAMBDA_RUNTIME_API", server.authority())
            .env("AWS_LAMBDA_FUNCTION_NAME", function_name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("LAMBDA_TASK_ROOT", file.parent().unwrap_or(&file))
            .env("_HANDLER", "bootstrap")
            .env("TZ", ":UTC")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        // Ctrl-C in a terminal signals a whole group of processes: this one must first answer the requests in progress.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let stdout = child.stdout.take();
        let stdout = stdout.ok_or_else(|| io::Error::other("its output is not a pipe"))?;
        Ok(Self {
            child,
            stdout: BufReader::new(stdout).split(b'\n'),
            server,
            calls,
            next: None,
        })
    }

    /// Waits until the process requests an event. The wait may be dropped and repeated.
    ///
    /// # Errors
    /// Returns the reason if the process ends, or reports that it cannot be initialized.
    pub async fn ready(&mut self) -> Result<(), String> {
        while !self.is_waiting() {
            self.take_call().await?;
        }
        Ok(())
    }

    /// Waits until the process ends, and returns the reason. The wait may be dropped and repeated.
    pub async fn ended(&mut self) -> String {
        loop {
            if let Err(reason) = self.take_call().await {
                return reason;
            }
        }
    }

    /// Returns `true` if the process waits for an event.
    pub fn is_waiting(&self) -> bool {
        self.next.as_ref().is_some_and(|next| !next.is_closed())
    }

    /// Takes a call while there is no invocation.
    async fn take_call(&mut self) -> Result<(), String> {
        let call = self.call(None).await?;
        match call.operation {
            Operation::Next if !self.is_waiting() => self.next = Some(call.reply),
            Operation::InitError => {
                let _ = call.reply.send(runtime_api::accepted());
                return Err("it reported an error".to_owned());
            }
            // A process requests one event at a time, so the other request comes from another program.
            _ => refuse(call.reply),
        }
        Ok(())
    }

    /// Gives the process an event, and waits for its response. [`Self::ready`] must have returned.
    pub async fn invoke(
        &mut self,
        event: &LambdaEvent<Value>,
        trace: Option<&Trace>,
    ) -> Result<ApiGatewayV2httpResponse, GatewayError> {
        let next = self.next.take();
        if next.is_none_or(|next| next.send(runtime_api::event(event)).is_err()) {
            let reason = "it no longer waits for an event".to_owned();
            return Err(GatewayError::ProcessEnded(reason));
        }
        let current = &event.context.request_id;
        loop {
            let call = self.call(trace).await;
            let call = call.map_err(GatewayError::ProcessEnded)?;
            let result = match call.operation {
                Operation::Response(id) if id == *current => {
                    if let Some(trace) = trace {
                        let reply = String::from_utf8_lossy(&call.body).into_owned();
                        trace.invocation().reply = Some(reply);
                    }
                    parse(&call.body)
                }
                Operation::Error(id) if id == *current => Err(GatewayError::FunctionFailed),
                _ => {
                    refuse(call.reply);
                    continue;
                }
            };
            // If this fails the process has ended after its response.
            let _ = call.reply.send(match result {
                Err(GatewayError::ResponseTooLarge(_)) => runtime_api::too_large(),
                _ => runtime_api::accepted(),
            });
            return result;
        }
    }

    /// Returns the id of the process, unless it has ended.
    #[cfg(test)]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Returns the value of `AWS_LAMBDA_RUNTIME_API`, such as `127.0.0.1:9001`.
    pub fn runtime_api(&self) -> String {
        self.server.authority()
    }

    /// Kills the process, and waits for its end.
    pub async fn kill(mut self) {
        // An error means that it has already ended.
        let _ = self.child.kill().await;
    }

    /// Waits for the next request of the process, and meanwhile forwards its output to standard error and to the trace.
    /// Returns an error if the process has ended.
    async fn call(&mut self, trace: Option<&Trace>) -> Result<Call, String> {
        loop {
            tokio::select! {
                // A line that was written before a request is also read before it.
                biased;
                Ok(Some(line)) = self.stdout.next_segment() => log(&line, trace),
                Some(call) = self.calls.recv() => return Ok(call),
                status = self.child.wait() => return Err(match status {
                    Ok(status) => format!("it ended ({status})"),
                    Err(error) => error.to_string(),
                }),
            }
        }
    }
}

fn log(line: &[u8], trace: Option<&Trace>) {
    let line = String::from_utf8_lossy(line);
    print(&line);
    if let Some(trace) = trace {
        let log = &mut trace.invocation().log;
        if log.len() < MAX_TRACED_LOG {
            log.push_str(&line);
            log.push('\n');
        }
    }
}

/// Prints a line on standard error. A closed pipe must not stop the API.
pub(super) fn print(line: &str) {
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

fn refuse(reply: Reply) {
    let message = "the invocation is not this process's, or has ended";
    let _ = reply.send(runtime_api::error(StatusCode::FORBIDDEN, message));
}

fn parse(json: &[u8]) -> Result<ApiGatewayV2httpResponse, GatewayError> {
    if json.len() > MAX_RESPONSE_BYTES {
        return Err(GatewayError::ResponseTooLarge(json.len()));
    }
    serde_json::from_slice(json).map_err(|_| GatewayError::MalformedResponse("invalid JSON"))
}
