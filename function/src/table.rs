//! The DynamoDB table: the four operations on it, and what each failure of theirs means.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::scan::ScanError;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::attempt::{AttemptFailure, OperationError, RequestBudget};
use crate::attribute::{self, Value};
use crate::error::{BoxError, Error};
use crate::item::Item;
use crate::key::Key;
use crate::limits::MAX_ITEM_BYTES;
use crate::query::Query;

/// The name of the table's partition key, of type S. The table has no sort key.
pub const PARTITION_KEY: &str = attribute::ID;

/// How near to the limit a size is in doubt: our count of bytes and DynamoDB's may differ by so much.
const SIZE_TOLERANCE: usize = 64;

/// The code with which DynamoDB refuses a request for what is in it.
const VALIDATION_EXCEPTION: &str = "ValidationException";

/// How long [`Table::connect`] may take.
const INIT_TIMEOUT: Duration = Duration::from_secs(1);

/// An item as the table holds it: any writer may have stored it, with any attributes.
pub type Attributes = HashMap<String, AttributeValue>;

/// One page of a scan.
#[derive(Debug, Default)]
pub struct Page {
    /// The items, in the table's order.
    pub items: Vec<Attributes>,
    /// The id of the last item, if others may follow.
    pub last: Option<String>,
}

/// The table of items.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// The table of this name, reached through `client`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
        }
    }

    /// Opens the connection that the first request will use, by reading an item that PUT can never
    /// have stored. Any answer will do, a refusal as well: it has come over the connection.
    ///
    /// # Errors
    /// The cause, when there was no answer within a second: the first request will then connect.
    pub async fn connect(&self) -> Result<(), BoxError> {
        let budget = RequestBudget::with_deadline(Instant::now() + INIT_TIMEOUT);
        let response = self
            .client
            .get_item()
            .table_name(&self.name)
            .key(PARTITION_KEY, AttributeValue::S("/".to_owned()))
            .customize()
            .config_override(budget.write_config::<GetItemError>())
            .send()
            .await;
        match response {
            Ok(_) | Err(SdkError::ServiceError(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores the item, replacing the whole of one with its id.
    ///
    /// # Errors
    /// [`Error::TooLarge`], or why the write failed.
    pub async fn put(&self, item: &Item, budget: &RequestBudget) -> Result<(), Error> {
        let attributes = item.attributes().map(|(name, value)| {
            let value = match value {
                Value::Text(text) => AttributeValue::S(text.to_owned()),
                Value::Number(number) => AttributeValue::N(number.to_string()),
            };
            (name.to_owned(), value)
        });
        let attributes: Attributes = attributes.collect();
        yield_to_connections(budget)
            .await
            .map_err(Error::WriteUnavailable)?;
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(attributes))
            .customize()
            .config_override(budget.write_config::<PutItemError>())
            .send()
            .await
            .map(drop)
            .map_err(|error| {
                if error.code() == Some(VALIDATION_EXCEPTION)
                    && item.size() + SIZE_TOLERANCE >= MAX_ITEM_BYTES
                {
                    return Error::TooLarge;
                }
                write_failed(error, budget)
            })
    }

    /// Reads the item that has this key, as every earlier write left it.
    ///
    /// # Errors
    /// Why the read failed.
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

    /// Reads one page of the table, strongly consistently.
    ///
    /// # Errors
    /// Why the read failed.
    pub async fn scan(&self, query: Query, budget: &RequestBudget) -> Result<Page, Error> {
        yield_to_connections(budget)
            .await
            .map_err(Error::ReadUnavailable)?;
        let start = query
            .start
            .map(|start| HashMap::from([(PARTITION_KEY.to_owned(), key(&start))]));
        let output = self
            .client
            .scan()
            .table_name(&self.name)
            .set_limit(query.limit.map(i32::from))
            .set_exclusive_start_key(start)
            .consistent_read(true)
            .customize()
            .config_override(budget.read_config::<ScanError>())
            .send()
            .await
            .map_err(|error| read_failed(error, budget))?;
        let last = output.last_evaluated_key.as_ref().map(id_of).transpose()?;
        Ok(Page {
            last: last.map(str::to_owned),
            items: output.items.ok_or_else(|| {
                Error::ReadUnavailable("DynamoDB's answer to a scan lists no items".into())
            })?,
        })
    }

    /// Deletes the item that has this key, if there is one.
    ///
    /// # Errors
    /// Why the write failed.
    pub async fn delete(&self, id: &Key, budget: &RequestBudget) -> Result<(), Error> {
        yield_to_connections(budget)
            .await
            .map_err(Error::WriteUnavailable)?;
        self.client
            .delete_item()
            .table_name(&self.name)
            .key(PARTITION_KEY, key(id))
            .customize()
            .config_override(budget.write_config::<DeleteItemError>())
            .send()
            .await
            .map(drop)
            .map_err(|error| write_failed(error, budget))
    }
}

/// The id of an item or of a start key.
///
/// # Errors
/// [`Error::Misconfigured`] if it has none: then the table has another key.
pub fn id_of(attributes: &Attributes) -> Result<&str, Error> {
    attributes
        .get(PARTITION_KEY)
        .and_then(|id| id.as_s().ok())
        .filter(|id| !id.is_empty())
        .map(String::as_str)
        .ok_or_else(|| {
            Error::Misconfigured("the table's partition key is not id, of type S".into())
        })
}

fn key(id: &Key) -> AttributeValue {
    AttributeValue::S(id.as_str().to_owned())
}

/// Lets the runtime look at the open connections before one is used, if there is time to use it.
///
/// Lambda freezes the process between requests, and a connection that DynamoDB closed meanwhile
/// looks alive until its task has run: a write sent into it would be of unknown fate.
async fn yield_to_connections(budget: &RequestBudget) -> Result<(), BoxError> {
    if budget.is_expired() {
        return Err("the deadline leaves no time to ask DynamoDB".into());
    }
    tokio::task::yield_now().await;
    Ok(())
}

fn read_failed<E: OperationError>(error: SdkError<E>, budget: &RequestBudget) -> Error {
    match budget.failure() {
        None | Some(AttemptFailure::Rejected) => Error::Misconfigured(log_cause(error)),
        Some(_) => Error::ReadUnavailable(log_cause(error)),
    }
}

fn write_failed<E: OperationError>(error: SdkError<E>, budget: &RequestBudget) -> Error {
    match budget.failure() {
        // One that could not even be built and signed needs an operator, too.
        None | Some(AttemptFailure::Rejected) => Error::Misconfigured(log_cause(error)),
        Some(AttemptFailure::Ambiguous) => Error::WriteAmbiguous(log_cause(error)),
        Some(AttemptFailure::NotSent | AttemptFailure::Throttled | AttemptFailure::Conflict) => {
            Error::WriteUnavailable(log_cause(error))
        }
    }
}

/// What the log may say of an error.
fn log_cause<E: OperationError>(error: SdkError<E>) -> BoxError {
    if error.code() == Some(VALIDATION_EXCEPTION) {
        // DynamoDB's text says which value it could not take: item contents stay out of logs.
        "DynamoDB refused the request as invalid (ValidationException)".into()
    } else {
        error.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_without_an_id_is_a_configuration_error() {
        let id = |name: &str, value| {
            id_of(&HashMap::from([(name.to_owned(), value)])).map(str::to_owned)
        };
        let text = |text: &str| AttributeValue::S(text.to_owned());
        assert_eq!(id(PARTITION_KEY, text("a")).unwrap(), "a");
        for (name, value) in [
            ("pk", text("a")),
            (PARTITION_KEY, AttributeValue::N("1".to_owned())),
            (PARTITION_KEY, text("")),
        ] {
            assert!(
                matches!(id(name, value), Err(Error::Misconfigured(_))),
                "{name}"
            );
        }
    }
}
