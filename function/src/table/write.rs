//! The writes of the table: their preconditions, and the meaning of their failures.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};

use super::{Table, VALIDATION_EXCEPTION, key, log_cause, yield_to_connections};
use crate::attempt::{AttemptFailure, OperationError, RequestBudget};
use crate::attribute::{Attributes, PARTITION_KEY, Value};
use crate::condition::Condition;
use crate::error::Error;
use crate::etag::ETag;
use crate::item::Item;
use crate::key::Key;
use crate::limits::MAX_ITEM_BYTES;
use crate::precondition::{Preconditions, Requirement};

/// The tolerance in bytes near the size limit, because the service and DynamoDB may count differently.
const SIZE_TOLERANCE: usize = 64;

/// The maximum number of times that one request sends a conditional write. It is sent again if other clients changed
/// the item after the read, and the new content satisfies the preconditions too.
const MAX_CONDITIONAL_WRITES: u32 = 4;

/// The setting that puts the stored item into the error of a failed condition.
const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

/// A change of one item.
#[derive(Clone)]
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

/// The result of sending a write.
enum Written {
    /// The write was applied.
    Applied,
    /// The condition failed, so nothing was changed. The item as it is stored now, if there is one.
    ConditionFailed(Option<Attributes>),
}

impl Table {
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
        self.write(Write::Put(item, attributes), preconditions, budget)
            .await?;
        Ok(etag)
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
        self.write(Write::Delete(id), preconditions, budget).await
    }

    /// Sends a write if the preconditions hold, on the condition that what was compared is still true.
    async fn write(
        &self,
        write: Write<'_>,
        preconditions: &Preconditions,
        budget: &RequestBudget,
    ) -> Result<(), Error> {
        let still_allowed = |current: Option<&Attributes>| {
            preconditions.check_write(current.map(ETag::of).as_ref())?;
            Condition::unchanged(current)
        };
        let mut condition = match preconditions.requirement() {
            Requirement::Nothing => {
                return match self.send(write, None, budget).await? {
                    Written::Applied => Ok(()),
                    Written::ConditionFailed(_) => Err(Error::Misconfigured(
                        "DynamoDB reports that a condition failed, but the write has none".into(),
                    )),
                };
            }
            Requirement::Present => Condition::present(),
            Requirement::Absent => Condition::absent(),
            Requirement::Content => {
                let read = self.get(write.id(), budget).await;
                let read = read.map_err(|error| match error {
                    Error::ReadUnavailable(cause) => Error::WriteUnavailable(cause),
                    error => error,
                })?;
                still_allowed(read.as_ref())?
            }
        };
        for _ in 0..MAX_CONDITIONAL_WRITES {
            match self.send(write.clone(), Some(condition), budget).await? {
                Written::Applied => return Ok(()),
                Written::ConditionFailed(found) => condition = still_allowed(found.as_ref())?,
            }
        }
        Err(Error::WriteUnavailable(
            "other clients changed the item again and again".into(),
        ))
    }

    async fn send(
        &self,
        write: Write<'_>,
        condition: Option<Condition>,
        budget: &RequestBudget,
    ) -> Result<Written, Error> {
        yield_to_connections(budget)
            .await
            .map_err(Error::WriteUnavailable)?;
        match write {
            Write::Put(item, attributes) => {
                self.send_put(item, attributes, condition, budget).await
            }
            Write::Delete(id) => self.send_delete(id, condition, budget).await,
        }
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
