//! The supervisors of the instances: each starts a process, restarts it, and gives it one invocation after the other.

use std::io;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::file_watch::FileWatch;
use super::process::{Process, print};
use super::server::Server;
use super::table_server;
use crate::error::Error;
use crate::gateway::{GatewayError, Handler, handler};
use crate::store::{self, Store};
use crate::table::Table;
use crate::trace::Trace;

/// The function timeout for a gateway in front of a [`Bootstrap`], which enforces the function's own. It is just above
/// the 30 seconds that a gateway waits, so that these limit the wait in line together with the invocation.
pub const GATEWAY_TIMEOUT: Duration = Duration::from_secs(31);

/// The minimum time for init. Source: Lambda's "Init phase", 10 seconds.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

type InvocationResult = Result<ApiGatewayV2httpResponse, GatewayError>;

/// A running function in processes of its own. Dropping it kills them.
#[derive(Debug)]
pub struct Bootstrap {
    line: mpsc::Sender<Invocation>,
    supervisors: JoinSet<()>,
}

/// An invocation in line.
#[derive(Debug)]
struct Invocation {
    event: LambdaEvent<Value>,
    trace: Option<Trace>,
    reply: oneshot::Sender<InvocationResult>,
}

impl Bootstrap {
    /// Starts instances of the file as the function on this table, and waits until all are ready for an event.
    ///
    /// # Errors
    /// Returns an error if the file cannot be started, or if an instance ends before it is ready.
    pub async fn start(
        file: &Path,
        table: &Table,
        store: &Store,
        function_timeout: Duration,
        instances: NonZeroU64,
    ) -> Result<Self, Error> {
        let mut starting = JoinSet::new();
        for _ in 0..instances.get() {
            let mut supervisor = Supervisor::new(file, table, store, function_timeout).await?;
            starting.spawn(async move { supervisor.launch().await.map(|()| supervisor) });
        }
        let mut started = Vec::new();
        // The first failure drops the other starts, and so kills their processes.
        while let Some(supervisor) = starting.join_next().await {
            let panicked = |panic| Error::Bootstrap(file.to_owned(), io::Error::other(panic));
            started.push(supervisor.map_err(panicked)??);
        }
        // An invocation waits in its sender, so that it leaves the line when its handler is stopped.
        let (line, invocations) = mpsc::channel(1);
        let invocations = Arc::new(Mutex::new(invocations));
        let serve = |supervisor: Supervisor| supervisor.serve(Arc::clone(&invocations));
        Ok(Self {
            line,
            supervisors: started.into_iter().map(serve).collect(),
        })
    }

    /// Returns the handler that puts an invocation in line, and waits for its result.
    #[must_use]
    pub fn handler(&self) -> Handler {
        let line = self.line.clone();
        handler(move |event: LambdaEvent<Value>| {
            let line = line.clone();
            async move {
                let (reply, result) = oneshot::channel();
                let trace = Trace::current();
                // Both fail only when the supervisors have stopped.
                let _ = line
                    .send(Invocation {
                        event,
                        trace,
                        reply,
                    })
                    .await;
                let stopped = |_| Err(GatewayError::ProcessEnded("the API stops".to_owned()));
                result.await.unwrap_or_else(stopped)
            }
        })
    }

    /// Kills the processes.
    pub async fn stop(mut self) {
        self.supervisors.shutdown().await;
    }
}

/// The supervisor of one instance.
#[derive(Debug)]
struct Supervisor {
    file: PathBuf,
    environment: Vec<(&'static str, String)>,
    function_timeout: Duration,
    watch: FileWatch,
    /// The process, unless it has ended: the next invocation starts it again.
    process: Option<Process>,
    current_trace: watch::Sender<Option<Trace>>,
    _table_server: Option<Server>,
}

impl Supervisor {
    /// Prepares an instance. Its table server is its own, because the calls there belong to its current invocation.
    async fn new(
        file: &Path,
        table: &Table,
        store: &Store,
        function_timeout: Duration,
    ) -> Result<Self, Error> {
        let current_trace = watch::Sender::default();
        let (table_server, mut environment) = match table.embedded() {
            Some(embedded) => {
                let started = table_server::start(embedded.clone(), current_trace.subscribe());
                let started = started.await;
                let (server, environment) =
                    started.map_err(|reason| Error::Bootstrap(file.to_owned(), reason))?;
                (Some(server), environment)
            }
            None => (None, store::endpoint_environment(store.endpoint_url())),
        };
        environment.push(("TABLE_NAME", table.name().to_owned()));
        Ok(Self {
            file: file.to_owned(),
            environment,
            function_timeout,
            watch: FileWatch::new(file.to_owned()),
            process: None,
            current_trace,
            _table_server: table_server,
        })
    }

    async fn serve(mut self, line: Arc<Mutex<mpsc::Receiver<Invocation>>>) {
        loop {
            let process = &mut self.process;
            tokio::select! {
                // A new build is used even if the line is never empty.
                biased;
                () = self.watch.changed() => {
                    self.kill().await;
                    if self.launch_or_print().await {
                        print(&format!("restarted {}", self.file.display()));
                    }
                }
                Some(reason) = async { Some(process.as_mut()?.ended().await) } => {
                    print(&format!("{}: {reason}", self.file.display()));
                    self.process = None;
                }
                // If the reply is closed the client already has a response.
                Some(invocation) = async { line.lock().await.recv().await } => if !invocation.reply.is_closed() {
                    let result = self.invoke(invocation.event, invocation.trace).await;
                    self.current_trace.send_replace(None);
                    // If this fails the gateway no longer waits.
                    let _ = invocation.reply.send(result);
                },
            }
        }
    }

    /// Gives an event to the process, which is started if it has ended.
    async fn invoke(
        &mut self,
        mut event: LambdaEvent<Value>,
        trace: Option<Trace>,
    ) -> InvocationResult {
        if let Err(reason) = self.ready().await {
            print(&format!("{}: {reason}", self.file.display()));
            self.launch_or_print().await;
        }
        let Some(process) = &mut self.process else {
            return Err(GatewayError::ProcessEnded("it does not start".to_owned()));
        };
        // The calls during init do not belong to the invocation.
        self.current_trace.send_replace(trace.clone());
        let deadline = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default() + self.function_timeout;
        event.context.deadline = deadline.as_millis().try_into().unwrap_or(u64::MAX);
        let invocation = process.invoke(&event, trace.as_ref());
        let result = timeout(self.function_timeout, invocation).await;
        let result = result.unwrap_or(Err(GatewayError::FunctionTimeout(self.function_timeout)));
        if let Err(GatewayError::FunctionTimeout(_) | GatewayError::ProcessEnded(_)) = &result {
            self.kill().await;
        }
        result
    }

    /// Starts the process, and waits until it is ready.
    async fn launch(&mut self) -> Result<(), Error> {
        let started = Process::start(&self.file, &self.environment).await;
        let failed = |reason| Error::Bootstrap(self.file.clone(), reason);
        self.process = Some(started.map_err(failed)?);
        let ready = self.ready().await;
        ready.map_err(|reason| Error::BootstrapInit(self.file.clone(), reason))
    }

    /// Starts the process as [`Self::launch`] does, and prints the error if it does not start.
    async fn launch_or_print(&mut self) -> bool {
        let launched = self.launch().await;
        if let Err(error) = &launched {
            print(&format!("failed to {error}"));
        }
        launched.is_ok()
    }

    /// Waits until the process is ready, and kills it if it does not become so.
    async fn ready(&mut self) -> Result<(), String> {
        let Some(process) = &mut self.process else {
            return Err("it has ended".to_owned());
        };
        let limit = INIT_TIMEOUT.max(self.function_timeout);
        let api = process.runtime_api();
        let late = |_| {
            Err(format!(
                "it did not request an event at {api} within {limit:?}"
            ))
        };
        let ready = tokio::select! {
            ready = timeout(limit, process.ready()) => ready.unwrap_or_else(late),
            // The next invocation starts the new build.
            () = self.watch.changed() => Err("it was built again before it was ready".to_owned()),
        };
        if ready.is_err() {
            self.kill().await;
        }
        ready
    }

    async fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill().await;
        }
    }
}
