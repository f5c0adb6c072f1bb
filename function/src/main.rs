//! The binary that Lambda runs: configuration, one connection, then request after request.

use std::process::ExitCode;

use function::config::Config;
use function::event::Event;
use function::table::Table;
use function::{Service, client, log};
use lambda_runtime::{Error, LambdaEvent, service_fn};

// Lambda sends a process one request at a time, so one thread is all that it needs.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
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
        log::warn("DynamoDB did not answer in init", cause.as_ref());
    }
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Event>| {
        let answer = service.handle(event).await;
        answer.record.write();
        Ok::<_, Error>(answer.response)
    }))
    .await
}
