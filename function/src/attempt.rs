//! The rules under which a request is sent to DynamoDB, and sent again: each call has one budget of
//! time, and a write is repeated only when it certainly was not applied.

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
use aws_smithy_runtime_api::client::interceptors::context::Error as AnyError;
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::connector::Connecting;

/// The error codes with which DynamoDB refuses a request for its rate: nothing was applied.
///
/// Source: DynamoDB's "Error handling", the exceptions that are "OK to retry".
const THROTTLING_CODES: [&str; 4] = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
];

/// The error codes with which DynamoDB gives way to another write: nothing was applied.
///
/// Source: the same list, and global tables' "Write conflicts".
const CONFLICT_CODES: [&str; 3] = [
    "ReplicatedWriteConflictException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// What one request to the API may spend on DynamoDB, and what it has sent there so far.
#[derive(Debug)]
pub struct RequestBudget {
    deadline: Instant,
    state: Arc<Mutex<AttemptState>>,
}

#[derive(Debug, Default)]
struct AttemptState {
    attempts: u32,
    /// Where the latest attempt stands with its connection.
    connecting: Connecting,
    /// What became of the latest attempt, if it did not succeed.
    failure: Option<AttemptFailure>,
}

impl RequestBudget {
    /// A call that gives up at `deadline`, over all attempts and the pauses between them.
    #[must_use]
    pub fn with_deadline(deadline: Instant) -> Self {
        Self {
            deadline,
            state: Arc::default(),
        }
    }

    /// How often DynamoDB was asked.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        lock(&self.state).attempts
    }

    /// What the latest attempt says about the request; `None` if none was made, or it succeeded.
    #[must_use]
    pub fn failure(&self) -> Option<AttemptFailure> {
        lock(&self.state).failure
    }

    /// Whether no time is left to ask.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.deadline <= Instant::now()
    }

    /// The rules for a read: sent again after any fault that may pass. `E` is the operation's error.
    #[must_use]
    pub fn read_config<E: OperationError>(&self) -> config::Builder {
        self.config::<E>(false)
    }

    /// The rules for a write: sent again only when it certainly was not applied.
    #[must_use]
    pub fn write_config<E: OperationError>(&self) -> config::Builder {
        self.config::<E>(true)
    }

    fn config<E: OperationError>(&self, is_write: bool) -> config::Builder {
        let remaining = self.deadline.saturating_duration_since(Instant::now());
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

/// A count cannot be left half changed, so one that a panic left behind is still good.
fn lock(state: &Mutex<AttemptState>) -> MutexGuard<'_, AttemptState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The error of one of the SDK's operations.
pub trait OperationError: StdError + ProvideErrorMetadata + Debug + Send + Sync + 'static {}
impl<E: StdError + ProvideErrorMetadata + Debug + Send + Sync + 'static> OperationError for E {}

/// What a failed attempt says about the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptFailure {
    /// The connection was never made.
    NotSent,
    /// DynamoDB refused it for its rate.
    Throttled,
    /// DynamoDB refused it since another write was under way.
    Conflict,
    /// DynamoDB refused it for what it asks.
    Rejected,
    /// It was sent, and what became of it is unknown.
    Ambiguous,
}

impl AttemptFailure {
    fn of<E: OperationError>(
        context: &InterceptorContext,
        connecting: &Connecting,
    ) -> Option<Self> {
        let error = context.output_or_error()?.err()?;
        if connecting.is_unsent() || could_not_connect(error) {
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
            Some(code) if rejected && !code.starts_with("RequestTimeout") => Self::Rejected,
            _ => Self::Ambiguous,
        })
    }
}

/// Returns `true` if no connection could be made: perhaps a second one, after the first had been closed before the
/// request was sent.
fn could_not_connect(error: &OrchestratorError<AnyError>) -> bool {
    let error = error
        .as_connector_error()
        .map(|error| error as &dyn StdError);
    std::iter::successors(error, |&error| error.source())
        .filter_map(|error| error.downcast_ref::<hyper_util::client::legacy::Error>())
        .any(hyper_util::client::legacy::Error::is_connect)
}

/// Counts the attempts, keeps what the latest came to, and refuses a 200 that holds no answer.
#[derive(Debug)]
struct AttemptTracker<E> {
    state: Arc<Mutex<AttemptState>>,
    operation: PhantomData<E>,
}

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
        state.connecting = Connecting::default();
        let extension = state.connecting.clone();
        context.request_mut().add_extension(extension);
        Ok(())
    }

    /// The SDK takes an empty body for `{}`, that is for a success, and leaves out the members that it does
    /// not know. Other bodies that are no JSON object it refuses by itself.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // A failure has its cause already, which this must not replace.
        if context.output_or_error().is_err() {
            return Ok(());
        }
        let body = context.response().body().bytes().unwrap_or_default();
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err("DynamoDB's answer is no JSON object".into());
        }
        if is_error(body) {
            return Err(
                "DynamoDB's answer is an error, though its status is that of a success".into(),
            );
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
        // An attempt that failed before it was sent says nothing of the table.
        if state.attempts > 0 {
            state.failure = AttemptFailure::of::<E>(context.inner(), &state.connecting);
        }
        Ok(())
    }
}

/// Returns `true` if the body is an error of `DynamoDB`'s: these have a member `__type`, and no answer has.
///
/// An item may have an attribute of that name, deeper inside: where the name is found, and only there, the body is
/// parsed a second time.
fn is_error(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Members {
        #[serde(rename = "__type")]
        error: Option<IgnoredAny>,
    }
    str::from_utf8(body).is_ok_and(|text| text.contains("\"__type\""))
        && serde_json::from_slice(body).map_or(true, |members: Members| members.error.is_some())
}

/// Has the last word over the SDK's own classifiers: where one of them all forbids a retry, there is none.
/// The SDK's ask for one on every 500, 502, 503, 504, time-out and I/O error: right for a read, but a write
/// sent again after one of those could overwrite a newer one.
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
        match AttemptFailure::of::<E>(context, &lock(&self.state).connecting) {
            None | Some(AttemptFailure::NotSent | AttemptFailure::Throttled) => {
                RetryAction::NoActionIndicated
            }
            Some(AttemptFailure::Ambiguous) if !self.is_write => RetryAction::transient_error(),
            Some(
                AttemptFailure::Conflict | AttemptFailure::Rejected | AttemptFailure::Ambiguous,
            ) => RetryAction::RetryForbidden,
        }
    }
}
