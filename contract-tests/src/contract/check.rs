//! The checks that compare a response with the contract: its status, its headers and its whole body.

use crate::contract::leaks::{self, PrivateNames};
use crate::contract::limits::MAX_CERTAIN_BODY_BYTES;
use crate::contract::messages::{
    OPERATOR_ERROR, READ_UNAVAILABLE, WRITE_AMBIGUOUS, WRITE_UNAVAILABLE,
};
use crate::contract::model::{Expected, ExpectedPage};
use crate::contract::openapi;
use crate::contract::profile::ApiProfile;
use crate::contract::reason::Reason;
use crate::request::concrete::Request;
use crate::request::url::GatewayProfile;
use crate::toolkit::http::response::Response;

/// Checks a response against the expected one and `openapi.json`, and that a message reveals nothing.
///
/// # Errors
/// The first difference from the contract.
pub fn check(
    expected: &Expected,
    response: &Response,
    request: &Request,
    api: &ApiProfile,
) -> Result<(), String> {
    check_form(response, request, api)?;
    match expected {
        Expected::Put(_, tolerated) | Expected::PreconditionFailed(_, tolerated)
            if tolerated.contains(&response.status) =>
        {
            check_fault_message(response, request, api.gateway)
        }
        Expected::Put(id, _) => check_text(response, &format!("Put item {id}")),
        Expected::Deleted(id) => check_text(response, &format!("Deleted item {id}")),
        Expected::Item(id, item) => {
            check_status(response, &[200])?;
            let (shown_id, shown) = response.item()?;
            if shown_id == *id && shown == *item {
                return Ok(());
            }
            Err(format!(
                "the item shown is {}, not {}",
                shown.shown(&shown_id),
                item.shown(id)
            ))
        }
        Expected::Page(page) => {
            check_status(response, &[200])?;
            check_page(page, response)
        }
        Expected::NotModified(_) => check_status(response, &[304]),
        Expected::PreconditionFailed(headers, _) => {
            let reasons = headers.iter().map(|name| Reason::Precondition(name));
            check_refusal(response, &reasons.collect::<Vec<_>>())
        }
        Expected::NotFound => check_message(response, "Item not found"),
        Expected::NoRoute => check_message(response, "Not Found"),
        Expected::Refused(_) if response.status == 413 && may_be_too_long(request) => Ok(()),
        Expected::Refused(reasons) => check_refusal(response, reasons),
    }
}

/// Returns `true` if the event of this request may be too large for the function.
fn may_be_too_long(request: &Request) -> bool {
    let body = request.body();
    body.is_some_and(|(body, _)| body.len() > MAX_CERTAIN_BODY_BYTES)
}

/// Checks that an error response has a message, and that the message leaks nothing.
///
/// # Errors
/// The first difference from the contract.
pub fn check_failure(
    response: &Response,
    request: &Request,
    private_names: &PrivateNames,
) -> Result<(), String> {
    let message = response.message()?;
    if message.is_empty() {
        return Err("the message is empty".to_owned());
    }
    leaks::check_message(&message, request, private_names)
}

/// Checks that a 500 or a 503 has the fixed message for its kind of request. An unknown gateway may answer with
/// messages of its own, so its messages are not checked. To be called after the check of the status.
///
/// # Errors
/// The difference from the contract.
pub fn check_fault_message(
    response: &Response,
    request: &Request,
    gateway: GatewayProfile,
) -> Result<(), String> {
    let allowed = match (response.status, request.is_write()) {
        _ if gateway == GatewayProfile::Unknown => return Ok(()),
        (500, _) => &[OPERATOR_ERROR][..],
        (503, false) => &[READ_UNAVAILABLE],
        (503, true) => &[WRITE_UNAVAILABLE, WRITE_AMBIGUOUS],
        _ => return Ok(()),
    };
    match response.message()? {
        message if allowed.contains(&message.as_str()) => Ok(()),
        message => Err(format!(
            "the message is {message:?}, not one of {allowed:?}"
        )),
    }
}

/// Checks what holds for every response: it is as `openapi.json` declares it, and a message reveals nothing.
///
/// # Errors
/// The first difference from the contract.
pub fn check_form(response: &Response, request: &Request, api: &ApiProfile) -> Result<(), String> {
    check_declared(response, request.route_key(), api.gateway)?;
    if response.status >= 400 {
        check_failure(response, request, &api.private_names)?;
    }
    Ok(())
}

/// Checks that a response is as `openapi.json` declares it.
///
/// # Errors
/// The first difference from the document.
pub fn check_declared(
    response: &Response,
    route: &str,
    gateway: GatewayProfile,
) -> Result<(), String> {
    check_head(response, route, gateway)?;
    openapi::check_body(response, route, gateway)
}

/// Checks the status and the headers of a response.
///
/// # Errors
/// The first difference from the contract.
pub fn check_head(response: &Response, route: &str, gateway: GatewayProfile) -> Result<(), String> {
    match response.headers.get("content-type").map(String::as_str) {
        Some("application/json") => {}
        // A proxy may remove it from a response without a body.
        None if response.status == 304 && gateway == GatewayProfile::Unknown => {}
        content_type => {
            let content_type = content_type.unwrap_or("missing");
            return Err(format!(
                "content-type is {content_type}, not application/json"
            ));
        }
    }
    let retry = response.headers.get("retry-after").map(String::as_str);
    if retry != (response.status == 503).then_some("1") && gateway == GatewayProfile::HttpApi {
        let retry = retry.unwrap_or("missing");
        return Err(format!(
            "retry-after is {retry} at status {}",
            response.status
        ));
    }
    openapi::check_head(response, route, gateway)
}

fn check_status(response: &Response, allowed: &[u16]) -> Result<(), String> {
    if allowed.contains(&response.status) {
        Ok(())
    } else {
        Err(format!(
            "the status is {}, not {allowed:?}",
            response.status
        ))
    }
}

fn check_text(response: &Response, expected: &str) -> Result<(), String> {
    check_status(response, &[200])?;
    match response.string()? {
        text if text == expected => Ok(()),
        text => Err(format!("the response is {text:?}, not {expected:?}")),
    }
}

fn check_message(response: &Response, expected: &str) -> Result<(), String> {
    check_status(response, &[404])?;
    match response.message()? {
        message if message == expected => Ok(()),
        message => Err(format!("the message is {message:?}, not {expected:?}")),
    }
}

/// Checks that a response has the status of one of these reasons, and a message that names the faulty part.
fn check_refusal(response: &Response, reasons: &[Reason]) -> Result<(), String> {
    let statuses: Vec<_> = reasons.iter().map(Reason::status).collect();
    check_status(response, &statuses)?;
    let message = response.message()?;
    let is_named =
        |reason: &Reason| reason.status() == response.status && reason.is_named_in(&message);
    if reasons.iter().any(is_named) {
        return Ok(());
    }
    let classes: Vec<_> = reasons.iter().map(Reason::class).collect();
    Err(format!(
        "the message {message:?} does not name the faulty part: {}",
        classes.join("; ")
    ))
}

/// Checks the items of the namespace on a page: each one exists and is shown unchanged, and a page that is the whole
/// list shows all of them. Also checks that the page keeps to its limit, and does not show its start key.
fn check_page(page: &ExpectedPage, response: &Response) -> Result<(), String> {
    let shown = response.page(&page.prefix)?;
    if let Some(limit) = page.limit
        && shown.order.len() > limit
    {
        return Err(format!(
            "the page shows {} items at a limit of {limit}",
            shown.order.len()
        ));
    }
    if let Some(start) = &page.start
        && shown.items.contains_key(start)
    {
        return Err(format!(
            "the page shows the item {start:?}, which is its start key"
        ));
    }
    // Foreign items are not checked, only those of this namespace.
    for (id, item) in shown
        .items
        .iter()
        .filter(|(id, _)| id.starts_with(&page.prefix))
    {
        match page.items.get(id) {
            Some(current) if current == item => {}
            Some(current) => {
                return Err(format!(
                    "the list shows {}, not {}",
                    item.shown(id),
                    current.shown(id)
                ));
            }
            None => {
                return Err(format!(
                    "the page shows the item {id:?}, which does not exist"
                ));
            }
        }
    }
    if page.start.is_none() && shown.last.is_none() {
        let missing = page.items.keys().find(|id| !shown.items.contains_key(*id));
        if let Some(id) = missing {
            return Err(format!("the list ends without the item {id:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::id;
    use crate::contract::messages::GATEWAY_ERROR;
    use crate::request::json::Json;
    use crate::request::operation::ContentType;

    #[test]
    fn a_body_that_is_too_long_for_an_event_may_have_other_faults() {
        let text = "x".repeat(MAX_CERTAIN_BODY_BYTES);
        let expected = Expected::Refused(vec![Reason::Part(id::ID, id::MISSING)]);
        let response = Response {
            status: 413,
            headers: [
                ("apigw-requestid", "a="),
                ("content-length", "38"),
                ("content-type", "application/json"),
                ("date", "Fri, 27 Nov 2026 08:00:00 GMT"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            body: br#"{"message":"Request Entity Too Large"}"#.to_vec(),
        };
        let api = ApiProfile {
            gateway: GatewayProfile::HttpApi,
            private_names: PrivateNames::default(),
        };
        for (text, passes) in [(text.as_str(), true), ("x", false)] {
            let field = ("name".to_owned(), Json::Text(text.to_owned()));
            let request = Request::put_fields(vec![field], ContentType::None);
            let checked = check(&expected, &response, &request, &api);
            assert_eq!(checked.is_ok(), passes, "{checked:?}");
        }
    }

    #[test]
    fn a_fault_has_the_message_for_its_kind_of_request_unless_the_gateway_is_unknown() {
        let check = |status, message: &str, request: &Request, gateway| {
            let response = Response {
                status,
                headers: [].into(),
                body: format!("{{\"message\":{message:?}}}").into_bytes(),
            };
            check_fault_message(&response, request, gateway).is_ok()
        };
        let (read, write) = (Request::get("a"), Request::delete("a"));
        for (status, message, read_passes, write_passes) in [
            (500, OPERATOR_ERROR, true, true),
            (500, GATEWAY_ERROR, false, false),
            (503, READ_UNAVAILABLE, true, false),
            (503, WRITE_UNAVAILABLE, false, true),
            (503, WRITE_AMBIGUOUS, false, true),
            (503, "Service Unavailable", false, false),
            (400, "Bad Request", true, true),
        ] {
            for (request, passes) in [(&read, read_passes), (&write, write_passes)] {
                let known = check(status, message, request, GatewayProfile::HttpApi);
                assert_eq!(known, passes, "{status} {message}");
                assert!(check(status, message, request, GatewayProfile::Unknown));
            }
        }
    }
}
