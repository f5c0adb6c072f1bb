//! One request and its answer: the whole way through the gateway.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use function::Route;
use function::log::Record;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::http::request;
use hyper::{Method, Request, Response};

use super::event::{self, Call};
use super::head::Matched;
use super::invoke::{Reply, invoke};
use super::refusal::Refusal;
use super::server::Api;
use super::stamp::Stamp;
use super::{body, host, reply};

/// What there is to tell of a request that was answered; nothing of what an item holds.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// The gateway's id of the request, which the client sees as `Apigw-Requestid`.
    pub request_id: &'a str,
    /// The method, if there was a request that could be read.
    pub method: Option<&'a Method>,
    /// The route, if the request came as far as that.
    pub route: Option<Route>,
    /// The HTTP status that was answered.
    pub status: u16,
    /// How long it took, from the end of the request's head.
    pub elapsed: Duration,
    /// What the function tells of the request, if it was reached and replied.
    pub record: Option<&'a Record>,
    /// Why the gateway answered by itself, if it did.
    pub refusal: Option<&'a Refusal>,
}

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
        response.headers_mut().insert("apigw-requestid", id);
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
