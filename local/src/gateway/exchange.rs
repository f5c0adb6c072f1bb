//! One exchange: the whole way of a request and its response through the gateway.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::http::request;
use hyper::{Request, Response, StatusCode};

use super::error::GatewayError;
use super::event::{self, EventInput};
use super::invoke::{LambdaResponse, invoke};
use super::observer::Exchange;
use super::pages;
use super::request_ids::RequestIds;
use super::route_match::RouteMatch;
use super::settings::Api;
use super::{body, cors, host, response};

/// The response header with the gateway's id of the request.
pub(super) const REQUEST_ID: &str = "apigw-requestid";

/// Responds to a request, and calls the observer if the request is for the API.
pub(super) async fn respond(
    api: &Api,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Response<Bytes> {
    let started = Instant::now();
    let ids = RequestIds::generate();
    let (head, body) = request.into_parts();
    // The body is read before the head is checked: a connection that is closed with unread bytes is reset,
    // and the reset may overtake the response.
    let body = body::read(body, api.settings.client_timeout).await;
    let host = host::check(&head, api.address, &api.settings.allowed_hosts);
    if host.is_ok()
        && let Some(pages) = pages::find(api.settings.pages.as_ref(), &head)
    {
        return with_request_id(pages(head).await, &ids);
    }
    let route_match = host.and_then(|()| RouteMatch::find(&head));
    let route = route_match
        .as_ref()
        .ok()
        .map(|route_match| route_match.route);

    let readable_body = body.as_ref().ok().cloned();
    let invoked = match (route_match, body) {
        (Ok(route_match), Ok(body)) => {
            invoke_function(api, peer, &ids, &head, &route_match, &body).await
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    let (converted, record) = match invoked {
        Ok(LambdaResponse {
            response, record, ..
        }) => (response::to_http(&response), record),
        Err(error) => (Err(error), None),
    };
    let cors = &api.settings.cors;
    let (mut response, error) = match converted {
        Ok(response) => (response, None),
        Err(GatewayError::NoRoute) if cors::is_preflight(cors, &head) => {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NO_CONTENT;
            (response, None)
        }
        Err(error) => (error.to_http(), Some(error)),
    };
    if !matches!(error, Some(GatewayError::ForbiddenHost)) {
        cors::set_headers(cors, &head, &mut response);
    }
    let response = with_request_id(response, &ids);
    (api.settings.observer)(&Exchange {
        request_id: &ids.request_id,
        head: Some(&head),
        body: readable_body.as_ref(),
        route,
        response: &response,
        elapsed: started.elapsed(),
        record: record.as_ref(),
        error: error.as_ref(),
    });
    response
}

/// Responds to bytes that could not be read as a request, and calls the observer.
pub(super) fn reject(api: &Api, error: &GatewayError) -> Response<Bytes> {
    let ids = RequestIds::generate();
    let response = with_request_id(error.to_http(), &ids);
    (api.settings.observer)(&Exchange {
        request_id: &ids.request_id,
        head: None,
        body: None,
        route: None,
        response: &response,
        elapsed: Duration::ZERO,
        record: None,
        error: Some(error),
    });
    response
}

fn with_request_id(mut response: Response<Bytes>, ids: &RequestIds) -> Response<Bytes> {
    if let Ok(id) = HeaderValue::from_str(&ids.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
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
        port: api.address.port(),
        ids,
    })?;
    let function_timeout = api.settings.function_timeout;
    let event = event::lambda_event(payload, ids.context(function_timeout))?;
    invoke(&api.handler, event, function_timeout).await
}
