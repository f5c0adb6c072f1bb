//! One request and its answer: the whole way through the gateway.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::http::request;
use hyper::{Request, Response};

use super::event::{self, Call};
use super::head::Matched;
use super::invoke::{Reply, invoke};
use super::observer::Exchange;
use super::refusal::Refusal;
use super::settings::Api;
use super::stamp::Stamp;
use super::{body, host, reply};

/// The header with the gateway's id of the request.
pub(super) const REQUEST_ID: &str = "apigw-requestid";

/// Answers one request, and tells the observer of it.
pub(super) async fn answer(
    api: &Api,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let started = Instant::now();
    let stamp = Stamp::now();
    let (head, body) = request.into_parts();
    // The body comes before any check of the head: a connection that is closed with bytes unread
    // is reset, and the reset may overtake the answer.
    let body = body::read(body, api.settings.client_limit).await;
    let matched = host::check(&head, api.port, &api.settings.allowed_hosts)
        .and_then(|()| Matched::find(&head));
    let route = matched.as_ref().ok().map(|matched| matched.route);

    let invoked = match (matched, body) {
        (Ok(matched), Ok(body)) => run(api, peer, &stamp, &head, &matched, &body).await,
        (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
    };
    let (answered, record) = match invoked {
        Ok(Reply { response, record }) => (reply::to_http(&response), record),
        Err(refusal) => (Err(refusal), None),
    };
    let (response, refusal) = match answered {
        Ok(response) => (response, None),
        Err(refusal) => (refusal.to_http(), Some(refusal)),
    };
    let exchange = Exchange {
        request_id: &stamp.request_id,
        method: Some(&head.method),
        route,
        status: response.status().as_u16(),
        elapsed: started.elapsed(),
        record: record.as_ref(),
        refusal: refusal.as_ref(),
    };
    tell(api, &exchange, response)
}

/// Answers what could not be read as a request, and tells the observer of it.
pub(super) fn refuse(api: &Api, refusal: &Refusal) -> Response<Full<Bytes>> {
    let response = refusal.to_http();
    let exchange = Exchange {
        request_id: &Stamp::now().request_id,
        method: None,
        route: None,
        status: response.status().as_u16(),
        elapsed: Duration::ZERO,
        record: None,
        refusal: Some(refusal),
    };
    tell(api, &exchange, response)
}

/// Tells the observer of an exchange, and returns its response under the id of the request.
fn tell(
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

/// Hands the event to the function and waits for its reply.
async fn run(
    api: &Api,
    peer: IpAddr,
    stamp: &Stamp,
    head: &request::Parts,
    matched: &Matched,
    body: &Bytes,
) -> Result<Reply, Refusal> {
    let payload = event::payload(&Call {
        head,
        matched,
        body,
        peer,
        port: api.port,
        stamp,
    })?;
    let limit = api.settings.time_limit;
    let event = event::sent(payload, stamp.context(limit))?;
    invoke(&api.handler, event, limit).await
}
