//! `cargo serve`: the items API on this machine, until Ctrl-C.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{Parser, value_parser};
use local::gateway::cors::AllowedOrigin;
use local::gateway::{HostName, Settings};
use local::signal::Signal;
use local::{Options, Store, log, start};

/// Runs the items API on this machine: the code that runs in Lambda, behind a gateway that behaves
/// like API Gateway, on a table that needs no AWS account.
///
/// Only this machine can reach the API, unless --host says otherwise. The program prints its address,
/// with commands to try it, and logs each request on a line, without the contents of any item. Ctrl-C
/// stops it.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo serve", version, verbatim_doc_comment, after_help = EXAMPLES)]
struct Arguments {
    /// The port to listen on; 0 takes any free port.
    #[arg(long, value_name = "PORT", default_value_t = 3000)]
    port: u16,

    /// The IP address to listen on, such as 0.0.0.0 in a container.
    ///
    /// Every machine that reaches the address can read, change and delete all items, without a password. As its host, a
    /// request must name localhost or the address (but not 0.0.0.0 or ::) with the API's port, or a NAME of
    /// --allow-host.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,

    /// Keep the items in this file, which is created if it does not exist.
    ///
    /// Without this option the items are kept in memory, and are gone when the API stops.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,

    #[arg(long, value_name = "URL", conflicts_with = "data", help = ENDPOINT_HELP, long_help = ENDPOINT_LONG_HELP)]
    dynamodb_endpoint: Option<String>,

    /// Also answer requests for this host, with any port; may be given several times.
    ///
    /// Without this option the API answers only requests for localhost, 127.0.0.1, IPv6 loopback and the address of
    /// --host, with the API's port, so that no web page can reach it by DNS rebinding.
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<HostName>,

    /// Let the web pages of this origin call the API; several origins may be given.
    ///
    /// The API then answers their requests as an HTTP API in AWS with a CORS configuration does, and their scripts may
    /// read, change and delete all items. "*" stands for every origin, and "https://*" and "http://*" for every origin
    /// with this scheme.
    #[arg(long, value_name = "ORIGIN", num_args = 1..)]
    cors: Vec<AllowedOrigin>,

    /// Load the items of this file at the start: JSON lines, each with one item as PUT /items accepts it.
    ///
    /// An item replaces a stored one with the same id. If a line is refused, nothing is stored, and the API does not
    /// start. The API returns all its items in this form at /_local/items.jsonl.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,

    /// The name of the table.
    #[arg(long, value_name = "NAME", default_value = "http-crud-tutorial-items")]
    table_name: String,

    #[arg(long, value_name = "FILE", help = BOOTSTRAP_HELP, long_help = BOOTSTRAP_LONG_HELP)]
    bootstrap: Option<PathBuf>,

    /// Run N processes of --bootstrap, for a load test; each handles one request at a time, as in Lambda.
    ///
    /// When all are busy, requests wait in line, while Lambda would start another process.
    #[arg(long, value_name = "N", requires = "bootstrap", default_value_t = NonZeroU64::MIN,
          value_parser = RangedU64ValueParser::<NonZeroU64>::new().range(1..=64))]
    instances: NonZeroU64,

    /// The maximum time of an invocation; set a longer one for a debugger.
    ///
    /// API Gateway, and so this API, waits at most 30 seconds for the function, and then answers 503.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = value_parser!(u64).range(1..=900))]
    function_timeout: u64,
}

const BOOTSTRAP_HELP: &str =
    "Run this build of the function, as Lambda does, in a process of its own";

const BOOTSTRAP_LONG_HELP: &str = "\
Run this build of the function, as Lambda does, in a process of its own:

  cargo build --bin bootstrap
  cargo serve --bootstrap target/debug/bootstrap

The process is restarted when the file is built again, and its log is printed here. It handles one request at a time;
see --instances. It uses ports of 127.0.0.1 that refuse web pages; see .github/SECURITY.md.";

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
  cargo serve --seed items.jsonl                         in memory, with the items of a file
  cargo serve --port 0                                   on any free port
  cargo serve --cors http://localhost:5173               for the scripts of a web page at this origin
  cargo serve --host 0.0.0.0                             on every address, for a container
  cargo serve --dynamodb-endpoint http://localhost:8000  in DynamoDB Local
  cargo serve --bootstrap target/debug/bootstrap         in a process of its own";

impl From<Arguments> for Options {
    fn from(arguments: Arguments) -> Self {
        let store = match (arguments.dynamodb_endpoint, arguments.data) {
            (Some(url), _) => Store::Endpoint(url),
            (None, Some(path)) => Store::File(path),
            (None, None) => Store::Memory,
        };
        let gateway = Settings {
            function_timeout: Duration::from_secs(arguments.function_timeout),
            allowed_hosts: arguments.allow_host,
            cors: arguments.cors,
            observer: Arc::new(|exchange| print_flushed(&mut io::stderr(), &log::entry(exchange))),
            ..Settings::default()
        };
        Self {
            address: arguments.host,
            port: arguments.port,
            store,
            table_name: arguments.table_name,
            seed: arguments.seed,
            gateway,
            page: true,
            bootstrap: arguments.bootstrap,
            instances: arguments.instances,
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
    let mut table = format!("table {}, {}", options.table_name, options.store);
    let (seed, bootstrap) = (options.seed.clone(), options.bootstrap.clone());
    // The handlers are registered first, so that no signal is missed.
    let mut signal = Signal::listen()?;
    let api = tokio::select! {
        api = start(options) => api?,
        _ = signal.received() => return Ok(()),
    };
    if let Some(file) = seed {
        let (count, file) = (api.seeded(), file.display());
        table = format!("{table}; loaded {count} items from {file}");
    }
    if let Some(file) = bootstrap {
        table = format!("{table}; the function is {}", file.display());
    }
    if !api.address().ip().is_loopback() {
        print_flushed(&mut io::stderr(), &warning(api.address()));
    }
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

/// Returns the warning about an address that other machines may reach.
fn warning(address: SocketAddr) -> String {
    let mut hosts = format!("localhost:{}", address.port());
    if !address.ip().is_unspecified() {
        hosts = format!("{hosts}, {address}");
    }
    format!(
        "warning: the API listens on {address}: every machine that reaches it can read, change and delete all items, \
         without a password, and see everything that the page at /_local shows. Its requests must name {hosts}, or a \
         NAME of --allow-host NAME, as the host; others are answered with 403.\n"
    )
}

fn greeting(url: &str, table: &str) -> String {
    format!(
        r#"The items API is at {url} ({table}).
Look at its items and its requests: {url}/_local
Or try it here:

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_names_the_hosts_that_are_allowed() {
        for (address, hosts) in [
            (
                "192.0.2.7:3000",
                "name localhost:3000, 192.0.2.7:3000, or a NAME",
            ),
            (
                "[2001:db8::a]:3000",
                "name localhost:3000, [2001:db8::a]:3000, or a NAME",
            ),
            ("[::]:3000", "name localhost:3000, or a NAME"),
        ] {
            let warning = warning(address.parse().expect("an address"));
            assert!(warning.contains(hosts), "{warning}");
        }
    }
}
