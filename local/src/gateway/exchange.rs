//! One exchange: the whole way of a request and its response through the gateway.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::http::request;
use hyper::{Request, Response};

use super::error::GatewayError;
use super::event::{self, EventInput};
use super::invoke::{LambdaResponse, invoke};
use super::observer::Exchange;
use super::request_ids::RequestIds;
use super::route_match::RouteMatch;
use super::settings::Api;
use super::{body, host, response};

/// The response header with the gateway's id of the request.
pub(super) const REQUEST_ID: &str = "apigw-requestid";

/// Responds to a request, and calls the observer.
pub(super) async fn respond(
    api: &Api,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let started = Instant::now();
    let ids = RequestIds::generate();
    let (head, body) = request.into_parts();
    // The body is read before the head is checked: a connection that is closed with unread bytes is reset,
    // and the reset may overtake the response.
    let body = body::read(body, api.settings.client_timeout).await;
    let route_match = host::check(&head, api.port, &api.settings.allowed_hosts)
        .and_then(|()| RouteMatch::find(&head));
    let route = route_match
        .as_ref()
        .ok()
        .map(|route_match| route_match.route);

    let invoked = match (route_match, body) {
        (Ok(route_match), Ok(body)) => {
            invoke_function(api, peer, &ids, &head, &route_match, &body).await
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    let (converted, record) = match invoked {
        Ok(LambdaResponse { response, record }) => (response::to_http(&response), record),
        Err(error) => (Err(error), None),
    };
    let (response, error) = match converted {
        Ok(response) => (response, None),
        Err(error) => (error.to_http(), Some(error)),
    };
    let exchange = Exchange {
        request_id: &ids.request_id,
        method: Some(&head.method),
        route,
        status: response.status().as_u16(),
        elapsed: started.elapsed(),
        record: record.as_ref(),
        error: error.as_ref(),
    };
    observe(api, &exchange, response)
}

/// Responds to bytes that could not be read as a request, and calls the observer.
pub(super) fn reject(api: &Api, error: &GatewayError) -> Response<Full<Bytes>> {
    let response = error.to_http();
    let exchange = Exchange {
        request_id: &RequestIds::generate().request_id,
        method: None,
        route: None,
        status: response.status().as_u16(),
        elapsed: Duration::ZERO,
        record: None,
        error: Some(error),
    };
    observe(api, &exchange, response)
}

/// Calls the observer, and returns the response with the id of the request.
fn observe(
    api: &Api,
    exchange: &Exchange<'_>,
    mut response: Response<Full<Bytes>>,
) -> Response<Full<Bytes>> {
    if let Ok(id) = HeaderValue::from_str(exchange.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    (api.settings.observer)(exchange);
    response
}

/// Passes the event to the function, and waits for the response.
async fn invoke_function(
    api: &Api,
    peer: IpAddr,
    ids: &RequestIds,
    head: &request::Parts,
    route_match: &RouteMatch,
    body: &Bytes,
) -> Result<LambdaResponse, GatewayError> {
    let payload = event::build(&EventInput {
        head,
        route_match,
        body,
        peer,
        port: api.port,
        ids,
    })?;
    let function_timeout = api.settings.function_timeout;
    let event = event::lambda_event(payload, ids.context(function_timeout))?;
    invoke(&api.handler, event, function_timeout).await
}
