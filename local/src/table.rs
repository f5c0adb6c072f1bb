//! The table of items: opened in its store, and created there if it is missing.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    TableDescription, TableStatus,
};
use function::attribute::PARTITION_KEY;
use function::{Service, client};
use hyper::StatusCode;
use tokio::time::sleep;

use crate::embedded::Embedded;
use crate::error::{self, Error};
use crate::store::{self, Store};
use crate::trace::TraceCalls;

/// The maximum time for a table to become active. DynamoDB takes a few seconds.
const CREATE_TIMEOUT: Duration = Duration::from_mins(1);

/// The interval at which the table's status is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// An active table with the right key. An embedded table closes with its last client.
#[derive(Debug)]
pub struct Table {
    client: Client,
    /// The DynamoDB of the table, if it is in this process.
    embedded: Option<Embedded>,
    name: String,
}

impl Table {
    /// Opens the table of this name. An existing table is not changed; a missing one is created, with
    /// on-demand billing.
    ///
    /// # Errors
    /// Returns an error if the store cannot be reached, or if the table has another key than items have.
    pub async fn open(store: &Store, name: &str) -> Result<Self, Error> {
        let embedded = match store {
            Store::Memory => Some(Embedded::in_memory()?),
            Store::File(path) => Some(Embedded::in_file(path)?),
            Store::Endpoint(_) => None,
        };
        let config = match &embedded {
            Some(embedded) => store::embedded_config(embedded),
            None => store::endpoint_config(store.endpoint_url())?,
        };
        let table = Self {
            client: traced(&client::client(&config)),
            embedded,
            name: name.to_owned(),
        };
        let url = config.endpoint_url().unwrap_or_default().to_owned();
        table.ensure_active().await.map_err(|error| match error {
            OpenError::Unreachable(cause) => Error::Unreachable(url, cause),
            OpenError::NotDynamoDb(response) => Error::NotDynamoDb(url, response),
            OpenError::Rejected(cause) => Error::Table(name.to_owned(), cause),
            OpenError::KeySchemaMismatch => Error::KeySchemaMismatch(name.to_owned()),
            OpenError::NotActive => Error::NotActive(name.to_owned()),
        })?;
        Ok(table)
    }

    /// Returns the function's service on this table.
    #[must_use]
    pub fn service(&self) -> Service {
        Service::new(self.items())
    }

    /// Returns the table as the service uses it.
    #[must_use]
    pub fn items(&self) -> function::table::Table {
        function::table::Table::new(self.client(), &self.name)
    }

    /// Returns the client that the service uses, for operations that the API does not have, such as storing
    /// items of other writers or deleting the table.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Returns the DynamoDB of the table, if it is in this process.
    pub(crate) fn embedded(&self) -> Option<&Embedded> {
        self.embedded.as_ref()
    }

    /// Returns the name of the table.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    async fn ensure_active(&self) -> Result<(), OpenError> {
        let started = Instant::now();
        while started.elapsed() < CREATE_TIMEOUT {
            match self.describe().await? {
                None => self.create().await?,
                Some(table) if !has_expected_key(&table) => {
                    return Err(OpenError::KeySchemaMismatch);
                }
                Some(table) if table.table_status() == Some(&TableStatus::Active) => return Ok(()),
                Some(_) => sleep(POLL_INTERVAL).await,
            }
        }
        Err(OpenError::NotActive)
    }

    async fn describe(&self) -> Result<Option<TableDescription>, OpenError> {
        let described = self.client.describe_table().table_name(&self.name).send();
        match described.await {
            Ok(described) => match described.table {
                Some(table) => Ok(Some(table)),
                None => Err(OpenError::NotDynamoDb("200 OK, without a table".to_owned())),
            },
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn create(&self) -> Result<(), OpenError> {
        let attribute = AttributeDefinition::builder()
            .attribute_name(PARTITION_KEY)
            .attribute_type(ScalarAttributeType::S)
            .build()?;
        let key = KeySchemaElement::builder()
            .attribute_name(PARTITION_KEY)
            .key_type(KeyType::Hash)
            .build()?;
        let created = self
            .client
            .create_table()
            .table_name(&self.name)
            .attribute_definitions(attribute)
            .key_schema(key)
            .billing_mode(BillingMode::PayPerRequest)
            .send();
        match created.await {
            Ok(_) => Ok(()),
            // Another process has created it meanwhile.
            Err(error) if error.code() == Some("ResourceInUseException") => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Returns the client with an interceptor that adds its calls to the trace of the current invocation.
fn traced(client: &Client) -> Client {
    let config = client.config().to_builder().interceptor(TraceCalls);
    Client::from_conf(config.build())
}

/// Returns `true` if the table's key is the function's partition key, a string, without a sort key.
fn has_expected_key(table: &TableDescription) -> bool {
    let [key] = table.key_schema() else {
        return false;
    };
    key.attribute_name() == PARTITION_KEY
        && table.attribute_definitions().iter().any(|attribute| {
            attribute.attribute_name() == PARTITION_KEY
                && attribute.attribute_type() == &ScalarAttributeType::S
        })
}

/// The reason why a table is not ready.
enum OpenError {
    Unreachable(String),
    NotDynamoDb(String),
    Rejected(String),
    KeySchemaMismatch,
    NotActive,
}

impl<E> From<SdkError<E>> for OpenError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        if let Some(code) = error.code() {
            let message = error.message().unwrap_or("no message");
            return Self::Rejected(format!("{code}: {message}"));
        }
        // DynamoDB gives every error a code, so this is not one of DynamoDB's errors.
        match error.raw_response() {
            // A proxy may respond with a server error while DynamoDB starts behind it.
            Some(response) if response.status().is_server_error() => Self::Unreachable(format!(
                "the server there responded with {}",
                describe_response(response)
            )),
            Some(response) => Self::NotDynamoDb(describe_response(response)),
            None => Self::Unreachable(error::chain(&error)),
        }
    }
}

/// Returns the status of a response, and the headers that identify the server.
fn describe_response(response: &HttpResponse) -> String {
    let status = StatusCode::from_u16(response.status().as_u16());
    let status = status.map_or_else(
        |_| response.status().to_string(),
        |status| status.to_string(),
    );
    let headers = ["content-type", "server"].map(|name| response.headers().get(name));
    let headers = headers.into_iter().flatten();
    std::iter::once(status.as_str())
        .chain(headers)
        .collect::<Vec<_>>()
        .join(", ")
}

impl From<aws_sdk_dynamodb::error::BuildError> for OpenError {
    fn from(error: aws_sdk_dynamodb::error::BuildError) -> Self {
        Self::Rejected(error::chain(&error))
    }
}
