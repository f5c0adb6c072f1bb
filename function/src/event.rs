//! The event: an HTTP API's payload format 2.0, as far as the service has a use for it.
//!
//! `aws_lambda_events` has types for all of it; to read headers and authorisers and to drop them again
//! takes more than all the rest of what the service itself does for a request.

use serde::Deserialize;

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

#[cfg(test)]
mod tests {
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
}
