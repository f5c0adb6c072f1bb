//! The trace of an invocation: the event, the calls to DynamoDB, the log line and the reply.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::config::interceptors::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use serde::{Serialize, Serializer};

use crate::embedded::operation;
use crate::error::chain;

/// The header with the name of the operation, in lower case.
const TARGET: &str = "x-amz-target";

tokio::task_local! {
    static CURRENT: Trace;
}

/// The trace of an invocation, which is filled while the invocation runs. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Trace(Arc<Mutex<Invocation>>);

/// The parts of a trace. JSON is kept as text, because a number may have more digits than an `f64`.
#[derive(Debug, Default, Serialize)]
pub struct Invocation {
    /// The event, as JSON.
    pub event: String,
    /// The calls to DynamoDB: each attempt, in the order of their starts.
    pub calls: Vec<Call>,
    /// The lines in the function's log.
    pub log: String,
    /// The reply of the function, as JSON.
    pub reply: Option<String>,
    /// The time from the event to the reply.
    pub milliseconds: Option<f64>,
}

/// A call to DynamoDB: one attempt of the SDK.
#[derive(Debug, Serialize)]
pub struct Call {
    /// The name of the operation, such as `PutItem`.
    pub operation: String,
    /// The body of the request, as JSON.
    pub request: String,
    /// The HTTP status of the response.
    pub status: Option<u16>,
    /// The body of the response, as JSON; without a response, the error.
    pub response: Option<String>,
    /// The time until the response or the error.
    pub milliseconds: Option<f64>,
    #[serde(skip)]
    started: Instant,
}

/// Returns a time in milliseconds, with a fraction.
#[must_use]
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

impl Invocation {
    /// Returns the size of all texts, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        let calls = self.calls.iter();
        let calls =
            calls.map(|call| call.request.len() + call.response.as_ref().map_or(0, String::len));
        let reply = self.reply.as_ref().map_or(0, String::len);
        self.event.len() + self.log.len() + reply + calls.sum::<usize>()
    }
}

impl Trace {
    /// Returns the trace of the invocation that the current task executes, if it is traced.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// Makes this the current trace of a future.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        CURRENT.scope(self, future).await
    }

    /// Returns the parts so far. Do not hold the guard across an `await`.
    pub fn invocation(&self) -> MutexGuard<'_, Invocation> {
        // Every change is complete in itself, so a panic while the lock is held leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a call to DynamoDB that begins now. Returns its index. `target` is the header `X-Amz-Target`.
    #[must_use]
    pub fn begin_call(&self, target: &str, request: &[u8]) -> usize {
        let mut invocation = self.invocation();
        invocation.calls.push(Call {
            operation: operation(target).to_owned(),
            request: String::from_utf8_lossy(request).into_owned(),
            status: None,
            response: None,
            milliseconds: None,
            started: Instant::now(),
        });
        invocation.calls.len() - 1
    }

    /// Adds the response to the call with this index, or the reason why there is none.
    pub fn end_call(&self, index: usize, status: Option<u16>, response: String) {
        if let Some(call) = self.invocation().calls.get_mut(index) {
            call.status = status;
            call.response = Some(response);
            call.milliseconds = Some(milliseconds(call.started.elapsed()));
        }
    }
}

impl Serialize for Trace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.invocation().serialize(serializer)
    }
}

/// The interceptor of the SDK that adds each attempt to the current trace.
#[derive(Debug)]
pub(crate) struct TraceCalls;

/// The index of the call that the current attempt makes.
#[derive(Debug)]
struct CallIndex(usize);

impl Storable for CallIndex {
    type Storer = StoreReplace<Self>;
}

#[dyn_dispatch_hint]
impl Intercept for TraceCalls {
    fn name(&self) -> &'static str {
        "TraceCalls"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(trace) = Trace::current() {
            let request = context.request();
            let target = request.headers().get(TARGET).unwrap_or_default();
            let index = trace.begin_call(target, request.body().bytes().unwrap_or_default());
            config.interceptor_state().store_put(CallIndex(index));
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let (Some(trace), Some(&CallIndex(index))) =
            (Trace::current(), config.load::<CallIndex>())
        {
            let response = context.response();
            let body = response.and_then(|response| response.body().bytes());
            let status = response.map(|response| response.status().as_u16());
            let text = match (body, context.output_or_error()) {
                (Some(body), _) => String::from_utf8_lossy(body).into_owned(),
                (None, Some(Err(error))) => chain(error),
                (None, _) => String::new(),
            };
            trace.end_call(index, status, text);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::atomic::{AtomicBool, Ordering};

    use aws_sdk_dynamodb::config::http::HttpResponse;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;

    use super::*;
    use crate::embedded::Embedded;
    use crate::store::embedded_config;

    /// A connection that fails once, and then responds with `{}`.
    #[derive(Debug, Default)]
    struct FailsOnce(AtomicBool);

    impl HttpConnector for FailsOnce {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            HttpConnectorFuture::ready(if self.0.swap(true, Ordering::Relaxed) {
                let status = 200.try_into().expect("a status");
                Ok(HttpResponse::new(status, SdkBody::from("{}")))
            } else {
                let reset = io::Error::from(io::ErrorKind::ConnectionReset);
                Err(ConnectorError::io(reset.into()))
            })
        }
    }

    #[tokio::test]
    async fn every_attempt_is_a_call_of_its_own() {
        let connector = SharedHttpConnector::new(FailsOnce::default());
        let embedded = Embedded::in_memory().expect("a table");
        let config = embedded_config(&embedded).into_builder();
        let config = config.http_client(http_client_fn(move |_, _| connector.clone()));
        let client = function::client::client(&config.build());
        let config = client.config().to_builder().interceptor(TraceCalls);
        let client = aws_sdk_dynamodb::Client::from_conf(config.build());
        let get = || {
            let key = AttributeValue::S("a".to_owned());
            client.get_item().table_name("items").key("id", key).send()
        };

        let trace = Trace::default();
        let got = trace.clone().scope(get()).await;
        assert!(got.is_ok(), "{got:?}");
        get().await.expect("a call outside of the trace");
        let invocation = trace.invocation();
        let [failed, succeeded] = &invocation.calls[..] else {
            panic!("two calls: {invocation:?}");
        };
        for call in [failed, succeeded] {
            assert_eq!(call.operation, "GetItem");
            assert_eq!(
                call.request,
                r#"{"TableName":"items","Key":{"id":{"S":"a"}}}"#
            );
            assert!(call.milliseconds.is_some());
        }
        assert_eq!(
            (succeeded.status, succeeded.response.as_deref()),
            (Some(200), Some("{}"))
        );
        assert_eq!(failed.status, None);
        let reason = failed.response.as_deref().unwrap_or_default();
        assert!(reason.contains("connection reset"), "{reason}");
    }
}
