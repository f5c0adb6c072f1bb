//! The propagation of request ids: each request to the table has the id of the API's request that caused it, so that a
//! fault of the table can be assigned to that request.

use std::sync::Arc;

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use lambda_runtime::LambdaEvent;
use local::gateway::Handler;
use serde_json::Value;

use crate::toolkit::dynamodb::proxy::REQUEST_ID;

tokio::task_local! {
    /// The gateway's id of the request that the current task handles.
    static CURRENT: String;
}

/// Wraps a handler, so that [`SendRequestId`] knows the id of the request that is handled.
pub(super) fn with_request_id(handler: Handler) -> Handler {
    Arc::new(move |event: LambdaEvent<Value>| {
        let id = event.payload["requestContext"]["requestId"].as_str();
        let id = id.unwrap_or_default().to_owned();
        Box::pin(CURRENT.scope(id, handler(event)))
    })
}

/// The interceptor that adds the id of the API's request to each request to the table.
#[derive(Debug)]
pub(super) struct SendRequestId;

#[dyn_dispatch_hint]
impl Intercept for SendRequestId {
    fn name(&self) -> &'static str {
        "SendRequestId"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Ok(id) = CURRENT.try_with(String::clone) {
            context.request_mut().headers_mut().insert(REQUEST_ID, id);
        }
        Ok(())
    }
}
