//! The DynamoDB table: the four operations on it, the preconditions of writes, and the meaning of failures.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::scan::ScanError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};

use crate::attempt::{AttemptFailure, OperationError, RequestBudget};
use crate::attribute::{Attributes, PARTITION_KEY, Value};
use crate::condition::Condition;
use crate::error::{BoxError, Error};
use crate::etag::ETag;
use crate::item::Item;
use crate::key::Key;
use crate::limits::MAX_ITEM_BYTES;
use crate::precondition::{Preconditions, Requirement};
use crate::query::Query;

/// The tolerance in bytes near the size limit, because the service and DynamoDB may count differently.
const SIZE_TOLERANCE: usize = 64;

/// The error code with which DynamoDB rejects the content of a request.
const VALIDATION_EXCEPTION: &str = "ValidationException";

/// The maximum number of times that one request tries a write whose condition fails, although the preconditions still
/// hold: the content changed in between, but to one that they also allow.
const MAX_CONDITIONAL_WRITES: u32 = 4;

/// The content that the error of a failed condition has: the stored item.
const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

/// The time-out of [`Table::connect`].
const INIT_TIMEOUT: Duration = Duration::from_secs(1);

/// One page of a scan.
#[derive(Debug, Default)]
pub struct Page {
    /// The items, in the table's order.
    pub items: Vec<Attributes>,
    /// The id of the last item, if more items may follow.
    pub last: Option<String>,
}

/// A change of one item.
enum Write<'a> {
    /// Stores this item, which has these attributes.
    Put(&'a Item, Attributes),
    /// Deletes the item that has this key.
    Delete(&'a Key),
}

impl Write<'_> {
    fn id(&self) -> &Key {
        match self {
            Self::Put(item, _) => item.id(),
            Self::Delete(id) => id,
        }
    }
}

/// The result of a write with a condition.
enum Written {
    /// The write was applied.
    Applied,
    /// The condition failed, so nothing was changed. The item as it is stored now, if there is one.
    ConditionFailed(Option<Attributes>),
}

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

    /// Stores the item, and replaces an item with the same id completely, if the preconditions hold. Returns the new
    /// tag.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::PreconditionFailed`], [`Error::Invalid`], [`Error::WriteUnavailable`],
    /// [`Error::WriteAmbiguous`] or [`Error::Misconfigured`].
    pub async fn put(
        &self,
        item: &Item,
        preconditions: &Preconditions,
        budget: &RequestBudget,
    ) -> Result<ETag, Error> {
        let attributes = item.attributes().map(|(name, value)| {
            let value = match value {
                Value::Text(text) => AttributeValue::S(text.to_owned()),
                Value::Number(number) => AttributeValue::N(number.to_string()),
            };
            (name.to_owned(), value)
        });
        let attributes = attributes.collect();
        let etag = ETag::of(&attributes);
        let write = Write::Put(item, attributes);
        self.write(&write, preconditions, budget).await?;
        Ok(etag)
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

    /// Reads one page of the table, strongly consistently.
    ///
    /// # Errors
    /// [`Error::ReadUnavailable`] or [`Error::Misconfigured`].
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
            // An attempt without a list failed.
            items: output.items.unwrap_or_default(),
        })
    }

    /// Deletes the item that has this key, if it exists and the preconditions hold.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`], [`Error::Invalid`], [`Error::WriteUnavailable`], [`Error::WriteAmbiguous`] or
    /// [`Error::Misconfigured`].
    pub async fn delete(
        &self,
        id: &Key,
        preconditions: &Preconditions,
        budget: &RequestBudget,
    ) -> Result<(), Error> {
        self.write(&Write::Delete(id), preconditions, budget).await
    }

    /// Sends a write if the preconditions hold, on the condition that what was compared is still true.
    async fn write(
        &self,
        write: &Write<'_>,
        preconditions: &Preconditions,
        budget: &RequestBudget,
    ) -> Result<(), Error> {
        let still_allowed = |current: Option<&Attributes>| {
            preconditions.check_write(current.map(ETag::of).as_ref())?;
            Condition::unchanged(current)
        };
        let mut condition = match preconditions.requirement() {
            Requirement::Nothing => None,
            Requirement::Present => Some(Condition::present()),
            Requirement::Absent => Some(Condition::absent()),
            Requirement::Content => {
                let read = self.get(write.id(), budget).await;
                let read = read.map_err(|error| match error {
                    Error::ReadUnavailable(cause) => Error::WriteUnavailable(cause),
                    error => error,
                })?;
                Some(still_allowed(read.as_ref())?)
            }
        };
        for _ in 0..MAX_CONDITIONAL_WRITES {
            yield_to_connections(budget)
                .await
                .map_err(Error::WriteUnavailable)?;
            let written = match write {
                Write::Put(item, attributes) => {
                    self.send_put(item, attributes.clone(), condition, budget)
                        .await
                }
                Write::Delete(id) => self.send_delete(id, condition, budget).await,
            };
            match written? {
                Written::Applied => return Ok(()),
                Written::ConditionFailed(_)
                    if preconditions.requirement() == Requirement::Nothing =>
                {
                    return Err(Error::Misconfigured(
                        "DynamoDB reports that a condition failed, but the write has none".into(),
                    ));
                }
                Written::ConditionFailed(found) => {
                    condition = Some(still_allowed(found.as_ref())?);
                }
            }
        }
        Err(Error::WriteUnavailable(
            "other clients changed the item again and again".into(),
        ))
    }

    async fn send_put(
        &self,
        item: &Item,
        attributes: Attributes,
        condition: Option<Condition>,
        budget: &RequestBudget,
    ) -> Result<Written, Error> {
        let mut request = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(attributes));
        if let Some(condition) = condition {
            request = request
                .condition_expression(condition.expression)
                .set_expression_attribute_names(Some(condition.names))
                .set_expression_attribute_values(condition.values)
                .return_values_on_condition_check_failure(ALL_OLD);
        }
        let response = request
            .customize()
            .config_override(budget.write_config::<PutItemError>())
            .send()
            .await;
        match response {
            Ok(_) => Ok(Written::Applied),
            Err(error)
                if error.code() == Some(VALIDATION_EXCEPTION)
                    && item.size() + SIZE_TOLERANCE >= MAX_ITEM_BYTES =>
            {
                Err(Error::TooLarge)
            }
            Err(error) => write_failed(error, budget, |error| match error {
                PutItemError::ConditionalCheckFailedException(failed) => failed.item,
                _ => None,
            }),
        }
    }

    async fn send_delete(
        &self,
        id: &Key,
        condition: Option<Condition>,
        budget: &RequestBudget,
    ) -> Result<Written, Error> {
        let mut request = self
            .client
            .delete_item()
            .table_name(&self.name)
            .key(PARTITION_KEY, key(id));
        if let Some(condition) = condition {
            request = request
                .condition_expression(condition.expression)
                .set_expression_attribute_names(Some(condition.names))
                .set_expression_attribute_values(condition.values)
                .return_values_on_condition_check_failure(ALL_OLD);
        }
        let response = request
            .customize()
            .config_override(budget.write_config::<DeleteItemError>())
            .send()
            .await;
        match response {
            Ok(_) => Ok(Written::Applied),
            Err(error) => write_failed(error, budget, |error| match error {
                DeleteItemError::ConditionalCheckFailedException(failed) => failed.item,
                _ => None,
            }),
        }
    }
}

/// Returns the id of an item or of a start key.
///
/// # Errors
/// [`Error::Misconfigured`] if there is none: the table then has a different key.
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

/// Returns the meaning of a failed write. `stored` returns the item that the error of a failed condition has.
fn write_failed<E: OperationError>(
    error: SdkError<E>,
    budget: &RequestBudget,
    stored: impl FnOnce(E) -> Option<Attributes>,
) -> Result<Written, Error> {
    match (budget.failure(), error) {
        (Some(AttemptFailure::ConditionFailed), SdkError::ServiceError(error)) => {
            Ok(Written::ConditionFailed(stored(error.into_err())))
        }
        (Some(AttemptFailure::Ambiguous), error) => Err(Error::WriteAmbiguous(log_cause(error))),
        (
            Some(AttemptFailure::NotSent | AttemptFailure::Throttled | AttemptFailure::Conflict),
            error,
        ) => Err(Error::WriteUnavailable(log_cause(error))),
        // A request that could not be built or signed also needs an operator.
        (None | Some(AttemptFailure::Rejected | AttemptFailure::ConditionFailed), error) => {
            Err(Error::Misconfigured(log_cause(error)))
        }
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
