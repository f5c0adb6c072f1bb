//! The port of an embedded table, for a process that has its key.

use std::io;

use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::header::AUTHORIZATION;
use hyper::{Request, Response, StatusCode};
use tokio::sync::watch;
use uuid::Uuid;

use super::server::{self, Server};
use crate::embedded::Embedded;
use crate::gateway::json_response;
use crate::store::DEFAULT_REGION;
use crate::trace::Trace;

/// Starts a server of an embedded table, which adds its calls to the trace of the current invocation. Returns it with
/// the variables through which an SDK calls it.
pub(super) async fn start(
    embedded: Embedded,
    trace: watch::Receiver<Option<Trace>>,
) -> io::Result<(Server, Vec<(&'static str, String)>)> {
    // An access key id of letters and digits, as AWS's are. It is a secret here: a signature is not checked.
    let key = Uuid::new_v4().simple().to_string().to_uppercase();
    let scheme = format!("AWS4-HMAC-SHA256 Credential={key}/");
    let server = Server::start(move |request: Request<Incoming>| {
        let (embedded, trace) = (embedded.clone(), trace.borrow().clone());
        let authorization = request.headers().get(AUTHORIZATION);
        let is_authorized =
            authorization.is_some_and(|value| value.as_bytes().starts_with(scheme.as_bytes()));
        async move {
            if is_authorized {
                return execute(&embedded, trace, request).await;
            }
            let message = "The security token included in the request is invalid.";
            server::error(
                StatusCode::BAD_REQUEST,
                "UnrecognizedClientException",
                message,
            )
        }
    });
    let server = server.await?;
    let url = format!("http://{}", server.authority());
    let environment = vec![
        ("AWS_REGION", DEFAULT_REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", key),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", url),
    ];
    Ok((server, environment))
}

async fn execute(
    embedded: &Embedded,
    trace: Option<Trace>,
    request: Request<Incoming>,
) -> Response<Bytes> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return server::error(StatusCode::BAD_REQUEST, "SerializationException", "no body");
    };
    let body = body.to_bytes();
    let target = head.headers.get("x-amz-target");
    let target = target
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    let call = trace.map(|trace| (trace.begin_call(target, &body), trace));
    let (status, json) = embedded.execute(target, body).await;
    if let Some((index, trace)) = call {
        trace.end_call(index, Some(status), json.clone());
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json_response(status, json)
}
