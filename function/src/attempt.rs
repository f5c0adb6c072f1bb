//! The rules by which a request is sent to DynamoDB and retried: each request to the API has one time budget, and a
//! write is retried only if it certainly was not applied.

use std::error::Error as StdError;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
    FinalizerInterceptorContextRef, InterceptorContext,
};
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{self, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::{BoxError, ProvideErrorMetadata};
use aws_sdk_dynamodb::operation::scan::ScanOutput;
use aws_smithy_runtime_api::client::interceptors::context::Error as AnyError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::connector::Connecting;

/// The error codes with which DynamoDB throttles a request: nothing was applied.
///
/// Source: DynamoDB's "Error handling", the exceptions that are "OK to retry".
pub const THROTTLING_CODES: [&str; 4] = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
];

/// The error code for a condition of a write that does not hold: nothing was applied.
pub const CONDITION_FAILED_CODE: &str = "ConditionalCheckFailedException";

/// The error codes for a conflict with another write: nothing was applied.
///
/// Source: the same list, and "Write conflicts" of global tables.
pub const CONFLICT_CODES: [&str; 3] = [
    "ReplicatedWriteConflictException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// The time that one request to the API may spend on DynamoDB, and the state of its attempts.
#[derive(Debug)]
pub struct RequestBudget {
    deadline: Instant,
    state: Arc<Mutex<AttemptState>>,
}

#[derive(Debug, Default)]
struct AttemptState {
    attempts: u32,
    /// The connection of the latest attempt of the latest operation, if there was one.
    connecting: Option<Connecting>,
    /// The failure of that attempt, if it failed.
    failure: Option<AttemptFailure>,
}

impl RequestBudget {
    /// Returns a budget that ends at `deadline`, over all attempts and the backoff between them.
    #[must_use]
    pub fn with_deadline(deadline: Instant) -> Self {
        Self {
            deadline,
            state: Arc::default(),
        }
    }

    /// Returns the number of attempts so far.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        lock(&self.state).attempts
    }

    /// Returns the failure of the latest attempt of the latest operation, or `None` if there was no attempt or it
    /// succeeded.
    #[must_use]
    pub fn failure(&self) -> Option<AttemptFailure> {
        lock(&self.state).failure
    }

    /// Returns `true` if the deadline has passed.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.deadline <= Instant::now()
    }

    /// Returns the configuration with which a read is retried after any transient fault. `E` is the error type of the
    /// operation.
    #[must_use]
    pub fn read_config<E: OperationError>(&self) -> config::Builder {
        self.config::<E>(false)
    }

    /// Returns the configuration with which a write is retried only if it certainly was not applied.
    #[must_use]
    pub fn write_config<E: OperationError>(&self) -> config::Builder {
        self.config::<E>(true)
    }

    fn config<E: OperationError>(&self, is_write: bool) -> config::Builder {
        let remaining = self.deadline.saturating_duration_since(Instant::now());
        let mut state = lock(&self.state);
        // An earlier operation of this request says nothing about this one.
        (state.connecting, state.failure) = (None, None);
        config::Builder::new()
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_timeout(remaining)
                    .build(),
            )
            .interceptor(AttemptTracker::<E> {
                state: Arc::clone(&self.state),
                operation: PhantomData,
            })
            .retry_classifier(RetryClassifier::<E> {
                is_write,
                state: Arc::clone(&self.state),
                operation: PhantomData,
            })
    }
}

/// Ignores poisoning, because a panic cannot leave the state half changed.
fn lock(state: &Mutex<AttemptState>) -> MutexGuard<'_, AttemptState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The error of one of the SDK's operations.
pub trait OperationError: StdError + ProvideErrorMetadata + Debug + Send + Sync + 'static {}
impl<E: StdError + ProvideErrorMetadata + Debug + Send + Sync + 'static> OperationError for E {}

/// The meaning of a failed attempt for the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptFailure {
    /// No connection was made.
    NotSent,
    /// DynamoDB throttled the request.
    Throttled,
    /// DynamoDB rejected the request because another write was in progress.
    Conflict,
    /// The condition of a write does not hold.
    ConditionFailed,
    /// DynamoDB rejected the request with any other 4xx code, such as `AccessDeniedException`.
    Rejected,
    /// The request may have been sent, and its outcome is unknown: a write is ambiguous.
    Ambiguous,
}

impl AttemptFailure {
    fn of<E: OperationError>(
        context: &InterceptorContext,
        connecting: Option<&Connecting>,
    ) -> Option<Self> {
        let error = context.output_or_error()?.err()?;
        if connecting.is_some_and(Connecting::is_unsent) || could_not_connect(error) {
            return Some(Self::NotSent);
        }
        let code = error
            .as_operation_error()
            .and_then(|error| error.downcast_ref::<E>())
            .and_then(ProvideErrorMetadata::code);
        let rejected = context
            .response()
            .is_some_and(|response| response.status().is_client_error());
        Some(match code {
            Some(code) if THROTTLING_CODES.contains(&code) => Self::Throttled,
            Some(code) if rejected && CONFLICT_CODES.contains(&code) => Self::Conflict,
            Some(CONDITION_FAILED_CODE) if rejected => Self::ConditionFailed,
            Some(code) if rejected && !code.starts_with("RequestTimeout") => Self::Rejected,
            _ => Self::Ambiguous,
        })
    }
}

/// Returns `true` if a connection could not be made. That includes a second connection: hyper opens one if the reused
/// connection was closed before the request was sent.
fn could_not_connect(error: &OrchestratorError<AnyError>) -> bool {
    let error = error
        .as_connector_error()
        .map(|error| error as &dyn StdError);
    std::iter::successors(error, |&error| error.source())
        .filter_map(|error| error.downcast_ref::<hyper_util::client::legacy::Error>())
        .any(hyper_util::client::legacy::Error::is_connect)
}

/// The interceptor that counts the attempts, keeps the failure of the latest one, and rejects a success status with a
/// body that is an error, or is not a JSON object. For a scan, the reader of the page rejects such a body.
#[derive(Debug)]
struct AttemptTracker<E> {
    state: Arc<Mutex<AttemptState>>,
    operation: PhantomData<E>,
}

// Without the attribute, the SDK would call each of the 19 hooks.
#[dyn_dispatch_hint]
impl<E: OperationError> Intercept for AttemptTracker<E> {
    fn name(&self) -> &'static str {
        "AttemptTracker"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut state = lock(&self.state);
        state.attempts += 1;
        let connecting = state.connecting.insert(Connecting::default());
        context.request_mut().add_extension(connecting.clone());
        Ok(())
    }

    /// Rejects responses that the SDK accepts by mistake: it parses an empty body as `{}`, a success, and ignores
    /// unknown members. The SDK itself rejects other bodies that are not a JSON object.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // A failed attempt already has a cause, which must not be replaced.
        let Ok(output) = context.output_or_error() else {
            return Ok(());
        };
        // The reader of the page has already rejected such a body.
        if output.downcast_ref::<ScanOutput>().is_some() {
            return Ok(());
        }
        let body = context.response().body().bytes().unwrap_or_default();
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err("DynamoDB's response is not a JSON object".into());
        }
        if is_error(body) {
            return Err("DynamoDB's response is an error, despite its success status".into());
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut state = lock(&self.state);
        // Before the first transmission, a failure says nothing about the table.
        if let Some(connecting) = &state.connecting {
            state.failure = AttemptFailure::of::<E>(context.inner(), Some(connecting));
        }
        Ok(())
    }
}

/// Returns `true` if the body is an error of DynamoDB: only errors have a top-level member `__type`.
///
/// An item may have an attribute of that name further inside, so the body is parsed again, but only if it contains
/// the name. A body that contains the name and cannot be parsed counts as an error.
fn is_error(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Members {
        #[serde(rename = "__type")]
        error: Option<IgnoredAny>,
    }
    str::from_utf8(body).is_ok_and(|text| text.contains("\"__type\""))
        && serde_json::from_slice(body).map_or(true, |members: Members| members.error.is_some())
}

/// The retry classifier that vetoes the retries of ambiguous writes and of requests that DynamoDB rejected, and that
/// adds retries of reads after an ambiguous fault or a conflict. The SDK's classifiers retry after every 500, 502, 503,
/// 504, time-out and I/O error. That is right for a read, but a write that is sent again could overwrite a newer one.
/// `RetryForbidden` from any classifier wins.
#[derive(Debug)]
struct RetryClassifier<E> {
    is_write: bool,
    state: Arc<Mutex<AttemptState>>,
    operation: PhantomData<E>,
}

impl<E: OperationError> ClassifyRetry for RetryClassifier<E> {
    fn name(&self) -> &'static str {
        "RetryClassifier"
    }

    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match AttemptFailure::of::<E>(context, lock(&self.state).connecting.as_ref()) {
            None | Some(AttemptFailure::NotSent | AttemptFailure::Throttled) => {
                RetryAction::NoActionIndicated
            }
            Some(AttemptFailure::Conflict | AttemptFailure::Ambiguous) if !self.is_write => {
                RetryAction::transient_error()
            }
            Some(
                AttemptFailure::Conflict
                | AttemptFailure::ConditionFailed
                | AttemptFailure::Rejected
                | AttemptFailure::Ambiguous,
            ) => RetryAction::RetryForbidden,
        }
    }
}
