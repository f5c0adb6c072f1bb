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

/// The maximum time that API Gateway waits for an integration (its quota, and the default).
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// The function that a gateway calls with the event of each request that has a route. [`handler`] creates one.
pub type Handler = Arc<
    dyn Fn(LambdaEvent<Value>) -> Pin<Box<dyn Future<Output = LambdaResponse> + Send>>
        + Send
        + Sync,
>;

/// The result of a handler: the response, and its log record.
#[derive(Debug)]
pub struct LambdaResponse {
    /// The response that Lambda would pass to API Gateway.
    pub response: ApiGatewayV2httpResponse,
    /// The function's log record of the request, which the gateway's observer gets.
    pub record: Option<RequestLog>,
    /// The reason why the invocation failed. The response is then not used.
    pub error: Option<GatewayError>,
}

impl From<Handled> for LambdaResponse {
    /// Parses the JSON that Lambda would get.
    fn from(handled: Handled) -> Self {
        Self {
            response: serde_json::from_str(handled.response.json())
                .expect("the function writes the payload format 2.0"),
            record: Some(handled.record),
            error: None,
        }
    }
}

impl From<ApiGatewayV2httpResponse> for LambdaResponse {
    fn from(response: ApiGatewayV2httpResponse) -> Self {
        Self {
            response,
            record: None,
            error: None,
        }
    }
}

impl From<Result<ApiGatewayV2httpResponse, GatewayError>> for LambdaResponse {
    fn from(result: Result<ApiGatewayV2httpResponse, GatewayError>) -> Self {
        match result {
            Ok(response) => response.into(),
            Err(error) => Self {
                error: Some(error),
                ..ApiGatewayV2httpResponse::default().into()
            },
        }
    }
}

/// Returns a [`Handler`] that calls an async function. The function chooses the type of the event, and returns
/// [`Handled`], a response without a log record or the reason why there is none, or a [`LambdaResponse`].
///
/// # Panics
/// If the event cannot be deserialized as that type, the handler panics, which is a failed invocation.
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

/// Calls the handler, and stops it at its timeout.
///
/// The handler runs in a separate task: a panic ends the invocation and not the server, and the invocation
/// continues, as in Lambda, if the client disconnects or the gateway stops waiting.
pub(super) async fn invoke(
    handler: &Handler,
    event: LambdaEvent<Value>,
    function_timeout: Duration,
) -> Result<LambdaResponse, GatewayError> {
    let handler = Arc::clone(handler);
    let running = async move { handler(event).await };
    let invocation = tokio::spawn(timeout(function_timeout, running));
    match timeout(INTEGRATION_TIMEOUT, invocation).await {
        Ok(Ok(Ok(mut response))) => match response.error.take() {
            Some(error) => Err(error),
            None => Ok(response),
        },
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

    /// Returns the error of an invocation. If Tokio's clock is paused, it jumps ahead while every task sleeps, so
    /// that the test takes no time.
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
