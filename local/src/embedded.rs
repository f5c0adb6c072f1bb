//! A DynamoDB in this process: dynoxide, which the SDK reaches through a connector and not through a port.
//!
//! Through a port, any program on this machine, and any web page in a browser, could read and delete the tables.

use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use hyper::body::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::spawn_blocking;

use crate::data_file;
use crate::error::Error;

/// A DynamoDB whose tables are in memory or in a file. Clones share the tables; the last one closes them.
#[derive(Clone)]
pub struct Embedded(Database);

impl Embedded {
    /// Opens a DynamoDB whose tables are in memory.
    ///
    /// # Errors
    /// Returns [`Error::Memory`] if the database cannot be created.
    pub fn in_memory() -> Result<Self, Error> {
        let database = Database::memory().map_err(|reason| Error::Memory(reason.to_string()))?;
        Ok(Self(database))
    }

    /// Opens a DynamoDB whose tables are in this file, which is created if it does not exist.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened. A file of another program is also an error, and is not changed.
    pub(crate) fn in_file(path: &Path) -> Result<Self, Error> {
        let unusable = |reason| Error::DataFile(path.to_owned(), reason);
        // Opened here first, because the operating system's error for a bad path is clearer than SQLite's.
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true);
        let file = options.open(path).map_err(unusable)?;
        // A canonical path is not one of SQLite's special names, such as ":memory:". It also contains no link: SQLite
        // puts its log beside the target of a link, so the check must look there.
        let canonical = path.canonicalize().map_err(unusable)?;
        let canonical = canonical
            .to_str()
            .ok_or_else(|| unusable(io::Error::other("its path is not UTF-8")))?;
        let invalid = |reason| Error::InvalidDataFile(path.to_owned(), reason);
        data_file::check(file, canonical).map_err(invalid)?;
        let database = Database::new(canonical).map_err(|reason| invalid(reason.to_string()))?;
        Ok(Self(database))
    }

    /// Executes a request of DynamoDB's JSON protocol. Returns the HTTP status and the body of the response.
    ///
    /// `target` is the header `X-Amz-Target`, which ends in the name of the operation. Only the operations
    /// that this project uses are supported.
    pub async fn execute(&self, target: &str, body: Bytes) -> (u16, String) {
        let operation = operation(target).to_owned();
        let database = self.0.clone();
        // SQLite blocks, also on the disk. A request that has started is finished even if its client disconnects.
        let execution = spawn_blocking(move || dispatch(&database, &operation, &body));
        execution.await.unwrap_or_else(|_| {
            error_response(&DynoxideError::InternalServerError(
                "the operation panicked".to_owned(),
            ))
        })
    }

    /// Returns an HTTP client for the SDK that executes every request here, whatever its endpoint is.
    pub(crate) fn http_client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").finish_non_exhaustive()
    }
}

impl HttpConnector for Embedded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let embedded = self.clone();
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let body = Bytes::copy_from_slice(request.body().bytes().unwrap_or_default());
            let (status, json) = embedded.execute(target, body).await;
            let status = status
                .try_into()
                .map_err(|_| ConnectorError::other("an invalid status".into(), None))?;
            Ok(HttpResponse::new(status, SdkBody::from(json)))
        })
    }
}

/// Returns the name of the operation in the header `X-Amz-Target`, such as `DynamoDB_20120810.PutItem`.
pub(crate) fn operation(target: &str) -> &str {
    target.rsplit('.').next().unwrap_or_default()
}

fn dispatch(database: &Database, operation: &str, body: &[u8]) -> (u16, String) {
    let result = match operation {
        "CreateTable" => run_operation(body, |request| database.create_table(request)),
        "DescribeTable" => run_operation(body, |request| database.describe_table(request)),
        "DeleteTable" => run_operation(body, |request| database.delete_table(request)),
        "PutItem" => run_operation(body, |request| database.put_item(request)),
        "GetItem" => run_operation(body, |request| database.get_item(request)),
        "DeleteItem" => run_operation(body, |request| database.delete_item(request)),
        "Scan" => run_operation(body, |request| database.scan(request)),
        "BatchWriteItem" => run_operation(body, |request| database.batch_write_item(request)),
        _ => {
            let unknown = r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#;
            return (400, unknown.to_owned());
        }
    };
    result.map_or_else(|error| error_response(&error), |json| (200, json))
}

fn error_response(error: &DynoxideError) -> (u16, String) {
    (error.status_code(), error.to_json())
}

/// Parses the request, runs the operation, and serializes its response.
fn run_operation<Request: DeserializeOwned, Response: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Request) -> dynoxide::Result<Response>,
) -> dynoxide::Result<String> {
    // The SDK gives each member its type, so a request that cannot be parsed has a value that DynamoDB rejects.
    let request = serde_json::from_slice(body)
        .map_err(|error| DynoxideError::ValidationException(error.to_string()))?;
    let response = operation(request)?;
    serde_json::to_string(&response)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
