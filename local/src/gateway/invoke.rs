//! The invocation: runs the handler under the limits that Lambda and API Gateway set.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use function::Handled;
use function::log::RequestLog;
use lambda_runtime::LambdaEvent;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use super::error::GatewayError;

/// How long API Gateway waits for an integration (its quota, and the default).
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// What a gateway calls for every request that has a route, with all of the event. Make one with [`handler`].
pub type Handler = Arc<
    dyn Fn(LambdaEvent<Value>) -> Pin<Box<dyn Future<Output = LambdaResponse> + Send>>
        + Send
        + Sync,
>;

/// What a handler returns: the response, and what there is to log of it.
#[derive(Debug)]
pub struct LambdaResponse {
    /// What Lambda would hand to API Gateway.
    pub response: ApiGatewayV2httpResponse,
    /// What the function tells of the request, for the observer of the gateway.
    pub record: Option<RequestLog>,
}

impl From<Handled> for LambdaResponse {
    /// By way of the JSON that Lambda would get.
    fn from(handled: Handled) -> Self {
        Self {
            response: serde_json::from_str(handled.response.json())
                .expect("the function writes the payload format 2.0"),
            record: Some(handled.record),
        }
    }
}

impl From<ApiGatewayV2httpResponse> for LambdaResponse {
    fn from(response: ApiGatewayV2httpResponse) -> Self {
        Self {
            response,
            record: None,
        }
    }
}

/// Makes a [`Handler`] of an async function that takes as much of the event as it has a use for, and
/// returns the service's answer, a bare response, or a [`LambdaResponse`].
///
/// # Panics
/// The handler does, as a failed invocation, if the function's type of event cannot be read.
pub fn handler<E, F, R>(function: impl Fn(LambdaEvent<E>) -> F + Send + Sync + 'static) -> Handler
where
    E: DeserializeOwned,
    F: Future<Output = R> + Send + 'static,
    R: Into<LambdaResponse>,
{
    Arc::new(move |LambdaEvent { payload, context }| {
        let payload = serde_json::from_value(payload).expect("an event that can be read");
        let response = function(LambdaEvent { payload, context });
        Box::pin(async move { response.await.into() })
    })
}

/// Calls the handler, and stops it at its time limit.
///
/// It runs in a task of its own: a panic ends the invocation and not the server, and an invocation
/// goes on, as in Lambda, when the client has hung up or the gateway has given up waiting.
pub(super) async fn invoke(
    handler: &Handler,
    event: LambdaEvent<Value>,
    function_timeout: Duration,
) -> Result<LambdaResponse, GatewayError> {
    let handler = Arc::clone(handler);
    let running = async move { handler(event).await };
    let invocation = tokio::spawn(timeout(function_timeout, running));
    match timeout(INTEGRATION_TIMEOUT, invocation).await {
        Ok(Ok(Ok(response))) => Ok(response),
        Ok(Ok(Err(_))) => Err(GatewayError::FunctionTimeout(function_timeout)),
        Ok(Err(_)) => Err(GatewayError::Panicked),
        Err(_) => Err(GatewayError::IntegrationTimeout(INTEGRATION_TIMEOUT)),
    }
}

#[cfg(test)]
mod tests {
    use lambda_runtime::Context;
    use serde_json::json;
    use tokio::time::sleep;

    use super::*;

    /// The clock is Tokio's and stands still unless everything sleeps, so this takes no time.
    async fn invoke_error(handler: Handler, timeout_seconds: u64) -> GatewayError {
        let event = LambdaEvent::new(json!({}), Context::default());
        let function_timeout = Duration::from_secs(timeout_seconds);
        let result = invoke(&handler, event, function_timeout).await;
        result.expect_err("a failed invocation")
    }

    fn sleeper() -> Handler {
        handler(|_: LambdaEvent<Value>| async {
            sleep(Duration::from_hours(1)).await;
            ApiGatewayV2httpResponse::default()
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_past_its_time_limit_is_stopped() {
        let error = invoke_error(sleeper(), 10).await;
        assert!(
            matches!(error, GatewayError::FunctionTimeout(_)),
            "{error:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_gateway_waits_at_most_30_seconds() {
        let error = invoke_error(sleeper(), 60).await;
        assert!(
            matches!(error, GatewayError::IntegrationTimeout(_)),
            "{error:?}"
        );
    }

    #[tokio::test]
    async fn a_panic_is_a_failed_invocation() {
        fn broken(_: LambdaEvent<Value>) -> ApiGatewayV2httpResponse {
            panic!("a panic on purpose");
        }
        let later = handler(|event| async { broken(event) });
        assert!(matches!(
            invoke_error(later, 10).await,
            GatewayError::Panicked
        ));
        let immediate = handler(|event| std::future::ready(broken(event)));
        assert!(matches!(
            invoke_error(immediate, 10).await,
            GatewayError::Panicked
        ));
    }
}
