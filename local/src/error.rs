//! What keeps the API from starting: each message fits after "failed to", and says what to mend.

use std::io;
use std::path::PathBuf;

use function::config::ConfigError;

/// Why the API did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process listens on the port.
    #[error(
        "listen on 127.0.0.1:{0}: the port is taken; stop what listens there, choose another with \
         --port, or any free one with --port 0"
    )]
    PortTaken(u16),

    /// The port cannot be listened on for another reason; those below 1024 may need privileges.
    #[error(
        "listen on 127.0.0.1:{0}: {1}; choose another port with --port, or any free one with --port 0"
    )]
    Listen(u16, io::Error),

    /// The data file cannot be opened.
    #[error(
        "open the data file {0}: {1}; name a file that may be written to, in a folder that exists"
    )]
    DataFile(PathBuf, io::Error),

    /// The data file is not one that an embedded table was kept in, or it is damaged.
    #[error("use the data file {0}: {1}; name a new file, or one that --data made before")]
    InvalidDataFile(PathBuf, String),

    /// The table in memory cannot be made.
    #[error("make a table in memory: {0}")]
    Memory(String),

    /// The endpoint is not a URL.
    #[error("use {0:?} as DynamoDB's endpoint: it must be a URL such as http://localhost:8000")]
    EndpointUrl(String),

    /// The certificate authorities of `AWS_CA_BUNDLE` cannot be trusted.
    #[error("trust the certificate authorities of the environment: {0}")]
    Authorities(ConfigError),

    /// Nothing answers at the endpoint, or nothing that can be understood.
    #[error("reach DynamoDB at {0}: {1}; is it running there?")]
    Unreachable(String, String),

    /// Another server than DynamoDB answers at the endpoint.
    #[error(
        "use {0} as DynamoDB's endpoint: what answers there is not DynamoDB, but says {1}; \
         check the host and the port"
    )]
    NotDynamoDb(String, String),

    /// DynamoDB answers, but refuses to describe or to create the table.
    #[error("open the table {0}: DynamoDB says {1}")]
    Table(String, String),

    /// The table belongs to something else.
    #[error(
        "use the table {0}: its key is not \"id\", a string and alone; name another with --table-name"
    )]
    KeySchemaMismatch(String),

    /// The table was created, but did not become active within a minute.
    #[error(
        "wait for the table {0}: it is still not active; look what DynamoDB is doing, and start again"
    )]
    NotActive(String),
}

/// Returns an error and its sources, one after the other.
#[must_use]
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    function::log::chain(error).join(": ")
}
