//! `cargo serve`: the items API on this machine, until Ctrl-C.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use local::gateway::{HostName, Settings};
use local::signal::Signal;
use local::{Options, Store, log, start};

/// Runs the items API on this machine: the code that runs in Lambda, behind a gateway that behaves
/// like API Gateway, on a table that needs no AWS account.
///
/// Only this machine can reach the API. The program prints its address, with commands to try it, and
/// logs each request on a line, without the contents of any item. Ctrl-C stops it.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo serve", version, verbatim_doc_comment, after_help = EXAMPLES)]
struct Arguments {
    /// The port to listen on; 0 takes any free port.
    #[arg(long, value_name = "PORT", default_value_t = 3000)]
    port: u16,

    /// Keep the items in this file, which is created if it does not exist.
    ///
    /// Without this option the items are kept in memory, and are gone when the API stops.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,

    #[arg(long, value_name = "URL", conflicts_with = "data", help = ENDPOINT_HELP, long_help = ENDPOINT_LONG_HELP)]
    dynamodb_endpoint: Option<String>,

    /// Also answer requests for this host, with any port; may be given several times.
    ///
    /// Without this option the API answers only requests for localhost, 127.0.0.1 and IPv6 loopback, with the API's port,
    /// so that no web page can reach it by DNS rebinding.
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<HostName>,

    /// The name of the table.
    #[arg(long, value_name = "NAME", default_value = "http-crud-tutorial-items")]
    table_name: String,
}

const ENDPOINT_HELP: &str = "Keep the items in the DynamoDB at this URL, such as DynamoDB Local";

const ENDPOINT_LONG_HELP: &str = "\
Keep the items in the DynamoDB at this URL, such as DynamoDB Local.

The table is created there if it is missing. Credentials and region come from the environment
(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION), or are placeholders if it has none. AWS_CA_BUNDLE
may name a PEM file of additional certificate authorities to trust.";

const EXAMPLES: &str = "\
Examples:
  cargo serve                                            on port 3000, in memory
  cargo serve --data items.db                            kept in a file
  cargo serve --port 0                                   on any free port
  cargo serve --dynamodb-endpoint http://localhost:8000  in DynamoDB Local";

impl From<Arguments> for Options {
    fn from(arguments: Arguments) -> Self {
        let store = match (arguments.dynamodb_endpoint, arguments.data) {
            (Some(url), _) => Store::Endpoint(url),
            (None, Some(path)) => Store::File(path),
            (None, None) => Store::Memory,
        };
        let gateway = Settings {
            allowed_hosts: arguments.allow_host,
            observer: Arc::new(|exchange| print_flushed(&mut io::stderr(), &log::entry(exchange))),
            ..Settings::default()
        };
        Self {
            port: arguments.port,
            store,
            table_name: arguments.table_name,
            gateway,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().into()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_flushed(&mut io::stderr(), &format!("failed to {error}\n"));
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let table = format!("table {}, {}", options.table_name, options.store);
    // The handlers are registered first, so that no signal is missed.
    let mut signal = Signal::listen()?;
    let api = tokio::select! {
        api = start(options) => api?,
        _ = signal.received() => return Ok(()),
    };
    print_flushed(&mut io::stdout(), &greeting(&api.url(), &table));

    signal.received().await;
    print_flushed(&mut io::stderr(), "stopping\n");
    tokio::select! {
        () = api.stop() => {}
        // A second signal ends the wait for the requests in progress.
        _ = signal.received() => {}
    }
    print_flushed(&mut io::stderr(), "stopped\n");
    Ok(())
}

fn greeting(url: &str, table: &str) -> String {
    format!(
        r#"The items API is at {url} ({table}). Try it:

  curl -X PUT -H 'Content-Type: application/json' -d '{{"id": "abcdef234", "price": 12345, "name": "myitem"}}' {url}/items
  curl {url}/items
  curl {url}/items/abcdef234
  curl -X DELETE {url}/items/abcdef234
  curl {url}/items

Ctrl-C stops it.
"#
    )
}

/// Writes and flushes the text. Errors are ignored, because a closed pipe must not stop the API.
fn print_flushed(output: &mut impl Write, text: &str) {
    let _ = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
}
