//! The DynamoDB table: a read of one item, and the meaning of failed reads. [`mod@scan`] reads a page, and
//! [`mod@write`] has the writes.

mod scan;
mod write;

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::attempt::{AttemptFailure, OperationError, RequestBudget};
use crate::attribute::{Attributes, PARTITION_KEY};
use crate::error::{BoxError, Error};
use crate::key::Key;

/// The error code with which DynamoDB rejects the content of a request.
const VALIDATION_EXCEPTION: &str = "ValidationException";

/// The time-out of [`Table::connect`].
const INIT_TIMEOUT: Duration = Duration::from_secs(1);

/// The table of items.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// Returns the table with this name, accessed by `client`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
        }
    }

    /// Opens the connection that the first request will use, by reading an item that PUT can never have stored. Any
    /// response that the SDK can read is a success, even an error, because it has come over the connection.
    ///
    /// # Errors
    /// The cause, if there was no response within a second: the first request will then connect.
    pub async fn connect(&self) -> Result<(), BoxError> {
        let budget = RequestBudget::with_deadline(Instant::now() + INIT_TIMEOUT);
        let response = self
            .client
            .get_item()
            .table_name(&self.name)
            .key(PARTITION_KEY, AttributeValue::S("/".to_owned()))
            .customize()
            // The configuration of a write, which is not retried after a 5xx: any response is a success here.
            .config_override(budget.write_config::<GetItemError>())
            .send()
            .await;
        match response {
            Ok(_) | Err(SdkError::ServiceError(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the item that has this key, strongly consistently.
    ///
    /// # Errors
    /// [`Error::ReadUnavailable`] or [`Error::Misconfigured`].
    pub async fn get(&self, id: &Key, budget: &RequestBudget) -> Result<Option<Attributes>, Error> {
        yield_to_connections(budget)
            .await
            .map_err(Error::ReadUnavailable)?;
        self.client
            .get_item()
            .table_name(&self.name)
            .key(PARTITION_KEY, key(id))
            .consistent_read(true)
            .customize()
            .config_override(budget.read_config::<GetItemError>())
            .send()
            .await
            .map(|output| output.item)
            .map_err(|error| read_failed(error, budget))
    }
}

fn key(id: &Key) -> AttributeValue {
    AttributeValue::S(id.as_str().to_owned())
}

/// Yields once, so that the runtime notices closed connections before one is used. Fails if no time is left.
///
/// Lambda freezes the process between requests. A connection that DynamoDB closed meanwhile looks open until its task
/// has run: a write sent over it would be ambiguous.
async fn yield_to_connections(budget: &RequestBudget) -> Result<(), BoxError> {
    if budget.is_expired() {
        return Err("the deadline leaves no time to call DynamoDB".into());
    }
    tokio::task::yield_now().await;
    Ok(())
}

fn read_failed<E: OperationError>(error: SdkError<E>, budget: &RequestBudget) -> Error {
    match budget.failure() {
        None | Some(AttemptFailure::Rejected | AttemptFailure::ConditionFailed) => {
            Error::Misconfigured(log_cause(error))
        }
        Some(_) => Error::ReadUnavailable(log_cause(error)),
    }
}

/// Returns the part of an error that may be logged.
fn log_cause<E: OperationError>(error: SdkError<E>) -> BoxError {
    if error.code() == Some(VALIDATION_EXCEPTION) {
        // DynamoDB's message contains the value that it rejected, and item contents must not be logged.
        "DynamoDB rejected the request as invalid (ValidationException)".into()
    } else {
        error.into()
    }
}
