//! The event and the response: an HTTP API's payload format 2.0, as far as the service has a use for it.
//!
//! `aws_lambda_events` has types for all of it, headers and authorisers included; reading and dropping
//! them would be a third of what the service itself takes for a request.

use serde::{Deserialize, Serialize};

/// A request to the API. A field with nothing to carry is left out of the event.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event {
    /// The key of the route that the request matched.
    pub route_key: Option<String>,
    /// The variables of the route's path, percent-decoded.
    pub path_parameters: Option<PathParameters>,
    /// The query's parameters, percent-decoded.
    pub query_string_parameters: Option<QueryStringParameters>,
    /// What the gateway knows of the request.
    pub request_context: Option<RequestContext>,
    /// The body, as text or in base64.
    pub body: Option<String>,
    /// Whether the body is in base64.
    pub is_base64_encoded: bool,
}

/// The variables in the paths of the routes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PathParameters {
    /// The `{id}` of the path.
    pub id: Option<String>,
}

/// The parameters that a query may have. The gateway joins repeated ones with a comma.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct QueryStringParameters {
    /// The most items to show.
    pub limit: Option<String>,
    /// The id after which to go on.
    pub exclusive_start_key: Option<String>,
}

/// What the gateway knows of a request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RequestContext {
    /// The gateway's id of the request.
    pub request_id: Option<String>,
}

/// What API Gateway sends to the client.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The HTTP status.
    pub status_code: u16,
    /// The headers.
    pub headers: Headers,
    /// The body, a JSON text.
    pub body: String,
    is_base64_encoded: bool,
    cookies: [(); 0],
}

/// The headers of a response.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Headers {
    content_type: &'static str,
    /// In how many seconds to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<&'static str>,
}

impl Response {
    /// A response with this status and JSON text; a 503 asks the client to try again in a second.
    #[must_use]
    pub fn new(status_code: u16, body: String) -> Self {
        Self {
            status_code,
            headers: Headers {
                content_type: "application/json",
                retry_after: (status_code == 503).then_some("1"),
            },
            body,
            is_base64_encoded: false,
            cookies: [],
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
    use serde_json::json;

    use super::*;

    #[test]
    fn null_and_unknown_fields_are_no_trouble() {
        let event = json!({
            "version": "2.0",
            "routeKey": "GET /items",
            "pathParameters": null,
            "queryStringParameters": {"limit": "1", "exclusiveStartKey": "a,b", "other": "x"},
            "requestContext": {"requestId": "id", "authorizer": {"jwt": {}}},
            "body": null,
        });
        let event: Event = serde_json::from_value(event).unwrap();
        assert_eq!(event.route_key.as_deref(), Some("GET /items"));
        assert!(event.path_parameters.is_none() && event.body.is_none());
        let query = event.query_string_parameters.unwrap();
        assert_eq!(query.limit.as_deref(), Some("1"));
        assert_eq!(query.exclusive_start_key.as_deref(), Some("a,b"));
        assert_eq!(
            event.request_context.unwrap().request_id.as_deref(),
            Some("id")
        );
    }

    #[test]
    fn a_response_is_written_as_the_gateway_reads_it() {
        for (status, retry_after) in [(200, None), (503, Some("1"))] {
            let response = Response::new(status, "\"\u{e9}\\\"".to_owned());
            let written = serde_json::to_string(&response).unwrap();
            let read: ApiGatewayV2httpResponse = serde_json::from_str(&written).unwrap();
            assert_eq!(read.status_code, i64::from(status));
            assert_eq!(read.body.as_deref(), Some("\"\u{e9}\\\"".as_bytes()));
            assert!(!read.is_base64_encoded);
            assert_eq!(read.headers["content-type"], "application/json");
            let read = read
                .headers
                .get("retry-after")
                .map(|it| it.to_str().unwrap());
            assert_eq!(read, retry_after);
        }
    }
}
