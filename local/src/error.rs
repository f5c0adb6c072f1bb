//! The errors of a start. Each message fits after "failed to", and most say what to correct.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use function::config::ConfigError;

/// The reason why the API did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process listens on the port.
    #[error(
        "listen on {0}: the port is taken; stop the program that uses it, choose another \
         port with --port, or use any free port with --port 0"
    )]
    PortTaken(SocketAddr),

    /// The address is not one of this machine, or the port needs privileges, as one below 1024 may.
    #[error(
        "listen on {0}: {1}; choose an address of this machine with --host, and a port that you may use with --port"
    )]
    Listen(SocketAddr, io::Error),

    /// The data file cannot be opened.
    #[error("open the data file {0}: {1}; name a writable file in an existing folder")]
    DataFile(PathBuf, io::Error),

    /// The data file was not created by an embedded DynamoDB, or it is damaged.
    #[error("use the data file {0}: {1}; name a new file, or one that --data created")]
    InvalidDataFile(PathBuf, String),

    /// The table in memory cannot be created.
    #[error("create a table in memory: {0}")]
    Memory(String),

    /// The endpoint is not a URL.
    #[error("use {0:?} as DynamoDB's endpoint: it must be a URL such as http://localhost:8000")]
    EndpointUrl(String),

    /// The certificate authorities of `AWS_CA_BUNDLE` cannot be read.
    #[error("trust the certificate authorities of the environment: {0}")]
    Authorities(ConfigError),

    /// The items of a file cannot be read or stored.
    #[error("load {0}: {1}")]
    Seed(PathBuf, String),

    /// No server responds at the endpoint, or only with a server error that is not DynamoDB's.
    #[error("reach DynamoDB at {0}: {1}; is it running there?")]
    Unreachable(String, String),

    /// The server at the endpoint is not DynamoDB.
    #[error(
        "use {0} as DynamoDB's endpoint: the server there is not DynamoDB (it responded with {1}); \
         check the host and the port"
    )]
    NotDynamoDb(String, String),

    /// The binary of the function cannot be started.
    #[error(
        "run {0}: {1}; name a program for this machine, such as target/debug/bootstrap, which \
         `cargo build --bin bootstrap` builds"
    )]
    Bootstrap(PathBuf, io::Error),

    /// The process of the function was not ready for an event.
    #[error("run {0} as the function: {1} during init; its output above may say why")]
    BootstrapInit(PathBuf, String),

    /// DynamoDB rejects the request to describe or to create the table.
    #[error("open the table {0}: DynamoDB says {1}")]
    Table(String, String),

    /// The table has another key than items have.
    #[error(
        "use the table {0}: its key is not \"id\" (a string, without a sort key); name another table with --table-name"
    )]
    KeySchemaMismatch(String),

    /// The table did not become active within a minute.
    #[error(
        "wait for the table {0}: it is not active after a minute; check its status in DynamoDB, and start again"
    )]
    NotActive(String),
}

/// Returns the messages of an error and of its sources, separated by colons.
#[must_use]
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    function::log::chain(error).join(": ")
}
