//! The binary that Lambda runs: it reads the configuration, opens one connection, and handles requests.

use std::process::ExitCode;
use std::sync::Arc;

use function::config::Config;
use function::event::Incoming;
use function::table::Table;
use function::{Service, client, log};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};

// Lambda sends a process one request at a time, so one thread is enough. `run` is a spawned task, because Tokio polls
// the future of `block_on` again only after a system call for I/O events.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match tokio::spawn(run())
        .await
        .unwrap_or_else(|panic| Err(panic.into()))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::error("the function stopped", error.as_ref());
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    let config = Config::from_env()?;
    let service = Service::new(Table::new(client::client(&config.sdk), config.table_name));
    if let Err(cause) = service.connect().await {
        log::warn("DynamoDB did not respond during init", cause.as_ref());
    }
    let service = Arc::new(service);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Incoming>| {
        let service = Arc::clone(&service);
        async move {
            let (Incoming(request), context) = event.into_parts();
            match request {
                Ok(request) => {
                    let handled = service.handle(LambdaEvent::new(request, context)).await;
                    handled.record.write();
                    Ok(handled.response)
                }
                // The invocation fails, so that a source such as SQS does not treat the event as processed.
                Err(error) => {
                    log::invocation_failed(&context.request_id, &error);
                    Err(Diagnostic {
                        error_type: "NotARequest".to_owned(),
                        error_message: error.to_string(),
                    })
                }
            }
        }
    }))
    .await
}
