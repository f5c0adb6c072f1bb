//! A DynamoDB in this process: dynoxide, which the SDK asks through a connector instead of a port.
//!
//! It has no port because whatever else runs on this machine, a web page in a browser included, could
//! read and drop the tables behind one.

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
    /// [`Error::Memory`].
    pub fn in_memory() -> Result<Self, Error> {
        let database = Database::memory().map_err(|reason| Error::Memory(reason.to_string()))?;
        Ok(Self(database))
    }

    /// Opens a DynamoDB whose tables are in this file, which is made if it is not there.
    ///
    /// # Errors
    /// When the file cannot be opened, or belongs to another program; it is then left as it was.
    pub(crate) fn in_file(path: &Path) -> Result<Self, Error> {
        let unusable = |reason| Error::DataFile(path.to_owned(), reason);
        // Opened here first, for the system says better than SQLite what is wrong with a path; and
        // an absolute path is never one of SQLite's special names, such as ":memory:".
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true);
        let file = options.open(path).map_err(unusable)?;
        let absolute = std::path::absolute(path).map_err(unusable)?;
        let absolute = absolute
            .to_str()
            .ok_or_else(|| unusable(io::Error::other("its path is not UTF-8")))?;
        let not_ours = |reason| Error::NotOurs(path.to_owned(), reason);
        data_file::check(file, absolute).map_err(not_ours)?;
        let database = Database::new(absolute).map_err(|reason| not_ours(reason.to_string()))?;
        Ok(Self(database))
    }

    /// Answers a request of DynamoDB's JSON protocol: the HTTP status, and the body.
    ///
    /// `operation` is the last part of `X-Amz-Target`. Those are known that this project's code and tests use.
    ///
    /// # Panics
    /// If dynoxide does.
    pub async fn answer(&self, operation: &str, body: Bytes) -> (u16, String) {
        let (database, operation) = (self.0.clone(), operation.to_owned());
        // SQLite blocks, on the disk too; a request that is under way is finished even if nobody waits for it.
        let answering = spawn_blocking(move || answer(&database, &operation, &body));
        answering.await.expect("dynoxide does not panic")
    }

    /// The SDK's way to these tables: no request leaves the process, wherever its endpoint is.
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
            let operation = target.rsplit('.').next().unwrap_or_default();
            let body = Bytes::copy_from_slice(request.body().bytes().unwrap_or_default());
            let (status, json) = embedded.answer(operation, body).await;
            let status = status
                .try_into()
                .map_err(|_| ConnectorError::other("a status that is none".into(), None))?;
            Ok(HttpResponse::new(status, SdkBody::from(json)))
        })
    }
}

fn answer(database: &Database, operation: &str, body: &[u8]) -> (u16, String) {
    let answered = match operation {
        "CreateTable" => run(body, |request| database.create_table(request)),
        "DescribeTable" => run(body, |request| database.describe_table(request)),
        "DeleteTable" => run(body, |request| database.delete_table(request)),
        "PutItem" => run(body, |request| database.put_item(request)),
        "GetItem" => run(body, |request| database.get_item(request)),
        "DeleteItem" => run(body, |request| database.delete_item(request)),
        "Scan" => run(body, |request| database.scan(request)),
        "BatchWriteItem" => run(body, |request| database.batch_write_item(request)),
        _ => {
            let unknown = r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#;
            return (400, unknown.to_owned());
        }
    };
    match answered {
        Ok(json) => (200, json),
        Err(error) => (error.status_code(), error.to_json()),
    }
}

/// Reads the request, runs it, and writes its answer.
fn run<Request: DeserializeOwned, Answer: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Request) -> dynoxide::Result<Answer>,
) -> dynoxide::Result<String> {
    // The SDK gives each member its type, so what cannot be read has a value that DynamoDB refuses.
    let request = serde_json::from_slice(body)
        .map_err(|error| DynoxideError::ValidationException(error.to_string()))?;
    let answer = operation(request)?;
    serde_json::to_string(&answer)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
