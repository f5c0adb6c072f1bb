//! The page at `/_local`, which shows the items, tries the operations, and inspects every request.
//!
//! The page is one document: `page.html`, with the style and the scripts of this folder inside. It calls the API as any
//! client does. Its further data are below its own path, and only for the page itself: a request of another origin is
//! refused, and the inspector's data need the token that the document contains.

use std::sync::Arc;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use function::table::Table;
use hyper::body::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, HeaderValue,
    ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request;
use hyper::{HeaderMap, Method, Response, StatusCode};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::time::timeout;
use uuid::Uuid;

use crate::gateway::{PAGES, Pages, json_response};
use crate::inspector::{Inspector, MAX_REQUESTS};
use crate::json_lines;

const DOCUMENT: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(
    include_str!("common.js"),
    include_str!("items.js"),
    include_str!("dialogs.js"),
    include_str!("operations.js"),
    include_str!("path.js"),
    include_str!("inspector.js"),
    include_str!("page.js"),
);
const OPENAPI: &str = include_str!("../../../docs/openapi.json");

/// The maximum time that the list of requests waits for a new one. A connection that its client has closed stays open
/// until then, because the gateway allows half-closed connections.
const POLL_TIMEOUT: Duration = Duration::from_secs(20);

/// The header with the token of the page. A page of another origin cannot read the token.
const TOKEN: HeaderName = HeaderName::from_static("x-page-token");

/// The headers with which a browser says which origin sends a request, and what for. Source:
/// <https://www.w3.org/TR/fetch-metadata/>
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

const CROSS_ORIGIN_OPENER_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// The facts about an API that its page shows.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    /// The name of the table.
    pub table: String,
    /// The store of the table, in words.
    pub store: String,
    /// The binary of the function; `None` if the function runs in this process.
    pub bootstrap: Option<String>,
}

/// The page of one API.
#[derive(Debug)]
struct Page {
    about: About,
    table: Table,
    inspector: Inspector,
    document: String,
    policy: HeaderValue,
    token: String,
}

/// Returns the page of an API.
#[must_use]
pub fn pages(about: About, table: Table, inspector: Inspector) -> Pages {
    let token = Uuid::new_v4().simple().to_string();
    let page = Arc::new(Page {
        about,
        table,
        inspector,
        document: DOCUMENT
            .replace("{{style}}", STYLE)
            .replace("{{script}}", SCRIPT)
            .replace("{{token}}", &token),
        policy: content_security_policy(),
        token,
    });
    Arc::new(move |head| {
        let page = Arc::clone(&page);
        Box::pin(async move {
            let mut response = page.respond(&head).await;
            page.add_security_headers(response.headers_mut());
            response
        })
    })
}

/// Returns the policy that allows the style and the script of the page, and calls of its own origin.
fn content_security_policy() -> HeaderValue {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    let (script, style) = (hash(SCRIPT), hash(STYLE));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; connect-src 'self'; \
         img-src data:; require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("base64 is ASCII")
}

impl Page {
    async fn respond(&self, head: &request::Parts) -> Response<Bytes> {
        let path = head.uri.path().strip_prefix(PAGES).unwrap_or_default();
        if is_foreign(&head.headers, path) {
            let message = "The page and its data are not for other origins";
            return failure(StatusCode::FORBIDDEN, message);
        }
        if head.method != Method::GET {
            let mut response = failure(StatusCode::METHOD_NOT_ALLOWED, "Only GET is allowed");
            let allowed = HeaderValue::from_static("GET");
            response.headers_mut().insert(ALLOW, allowed);
            return response;
        }
        match path {
            "" | "/" => content("text/html; charset=utf-8", self.document.clone()),
            "/openapi.json" => content("application/json", OPENAPI),
            "/items.jsonl" => match json_lines::export(&self.table).await {
                Ok(lines) => content("application/jsonl", lines),
                Err(reason) => failure(StatusCode::SERVICE_UNAVAILABLE, &reason),
            },
            _ => match path.strip_prefix("/inspector/") {
                Some(_) if !self.has_token(&head.headers) => {
                    failure(StatusCode::FORBIDDEN, "Only the page may read this")
                }
                Some("about") => json(&self.about),
                Some("requests") => self.newer_requests(head.uri.query()).await,
                _ => match path.strip_prefix("/inspector/requests/") {
                    Some(number) => self.request(number),
                    None => failure(StatusCode::NOT_FOUND, "Not Found"),
                },
            },
        }
    }

    /// Waits for requests after the one in `after=NUMBER`.
    async fn newer_requests(&self, query: Option<&str>) -> Response<Bytes> {
        let after = query.and_then(|query| query.strip_prefix("after=")?.parse().ok());
        match after {
            Some(after) => {
                let newer = timeout(POLL_TIMEOUT, self.inspector.newer(after)).await;
                json(&newer.unwrap_or_default())
            }
            None => failure(StatusCode::BAD_REQUEST, "after must be a number"),
        }
    }

    fn request(&self, number: &str) -> Response<Bytes> {
        let number = number.parse().ok();
        let request = number.and_then(|number| self.inspector.request(number));
        request.map_or_else(
            || {
                let message = format!("Only the last {MAX_REQUESTS} requests are kept");
                failure(StatusCode::NOT_FOUND, &message)
            },
            |request| json(&*request),
        )
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        headers
            .get(TOKEN)
            .is_some_and(|token| token.as_bytes() == self.token.as_bytes())
    }

    fn add_security_headers(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        for (name, value) in [
            (CACHE_CONTROL, "no-store"),
            (REFERRER_POLICY, "no-referrer"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
            (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// Returns `true` if a web page of another origin sends the request. It may only open the page, in a tab of its own.
fn is_foreign(headers: &HeaderMap, path: &str) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(HeaderValue::as_bytes);
    let own_origin = [b"http://", text(&HOST).unwrap_or_default()].concat();
    let opens_page = ["", "/"].contains(&path) && text(&SEC_FETCH_DEST) == Some(b"document");
    text(&ORIGIN).is_some_and(|origin| origin != own_origin)
        || text(&SEC_FETCH_SITE)
            .is_some_and(|site| !["same-origin", "none"].map(str::as_bytes).contains(&site))
            && !opens_page
}

fn content(content_type: &'static str, content: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(content.into());
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn json(value: &impl Serialize) -> Response<Bytes> {
    match serde_json::to_vec(value) {
        Ok(json) => content("application/json", json),
        Err(_) => failure(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
    }
}

fn failure(status: StatusCode, message: &str) -> Response<Bytes> {
    json_response(status, json!({ "message": message }).to_string())
}
