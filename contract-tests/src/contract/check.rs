//! The checks that compare a response with the contract: its status, its headers and its whole body.

use crate::contract::limits::MAX_NAME_SHOWN;
use crate::contract::model::{Expected, ExpectedPage};
use crate::contract::openapi;
use crate::contract::reason::Reason;
use crate::request::concrete::Request;
use crate::request::url::GatewayProfile;
use crate::toolkit::http::response::Response;

/// The length of a part of the request, in characters, that counts as leaked if a message repeats it, and not as a
/// coincidence.
const MIN_LEAKED_CHARS: usize = 12;

/// The words that reveal how the service is built, in lower case.
const LEAK_MARKERS: [&str; 16] = [
    "arn:",
    "aws",
    "dynamo",
    "127.0.0.1",
    "localhost",
    "http",
    "exception",
    "serde",
    "hyper",
    "sdk",
    "crate",
    "panic",
    "credential",
    "table",
    "src/",
    "123456789012",
];

/// Checks a response against the expected one and `openapi.json`, and that a message reveals nothing.
///
/// # Errors
/// The first difference from the contract.
pub fn check(
    expected: &Expected,
    response: &Response,
    request: &Request,
    gateway: GatewayProfile,
) -> Result<(), String> {
    check_declared(response, request.route_key(), gateway)?;
    if response.status != 200 {
        check_failure(response, request)?;
    }
    match expected {
        Expected::Put(_, tolerated) if tolerated.contains(&response.status) => Ok(()),
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
        Expected::NotFound => check_message(response, "Item not found"),
        Expected::NoRoute => check_message(response, "Not Found"),
        Expected::Refused(reasons) => check_refusal(response, reasons),
    }
}

/// Checks that an error response has a message, and that the message leaks nothing.
///
/// # Errors
/// The first difference from the contract.
pub fn check_failure(response: &Response, request: &Request) -> Result<(), String> {
    let message = response.message()?;
    if message.is_empty() {
        return Err("the message is empty".to_owned());
    }
    // The name of a field may be repeated, up to MAX_NAME_SHOWN characters, if it is the first text in quotes.
    let quoted = message.split('"').nth(1).unwrap_or_default();
    let redacted = if quoted.chars().count() <= MAX_NAME_SHOWN && is_field_name(quoted, request) {
        message.replacen(quoted, "", 1)
    } else {
        message.clone()
    };
    check_no_leak(&redacted)?;
    if let Some(name) = request
        .field_names()
        .find(|name| repeats_too_much(name, &message))
    {
        return Err(format!(
            "the message repeats more than {MAX_NAME_SHOWN} characters of the field {name:?}"
        ));
    }
    match request
        .client_strings()
        .find_map(|text| repeated_part(text, &redacted))
    {
        Some(part) => Err(format!(
            "the message {message:?} repeats {part:?} of the request"
        )),
        None => Ok(()),
    }
}

/// Checks that a message does not reveal how the service is built.
///
/// # Errors
/// The word that reveals it.
pub fn check_no_leak(message: &str) -> Result<(), String> {
    let lower = message.to_lowercase();
    match LEAK_MARKERS.iter().find(|marker| lower.contains(**marker)) {
        Some(marker) => Err(format!("the message {message:?} reveals {marker:?}")),
        None => Ok(()),
    }
}

fn is_field_name(quoted: &str, request: &Request) -> bool {
    request.field_names().any(|name| name.starts_with(quoted))
}

fn repeats_too_much(name: &str, message: &str) -> bool {
    let mut ends = name.char_indices().map(|(end, _)| end).chain([name.len()]);
    let end = ends.nth(MAX_NAME_SHOWN + 1);
    end.is_some_and(|end| message.contains(&name[..end]))
}

/// Returns a part of the text that the message repeats, if there is one. Tries only the first 4,096 characters, because
/// longer texts repeat one character.
fn repeated_part<'a>(text: &'a str, message: &str) -> Option<&'a str> {
    let starts = text.char_indices().map(|(at, _)| at).take(4096);
    starts
        .filter_map(|at| {
            let text = &text[at..];
            let mut ends = text.char_indices().map(|(end, _)| end).chain([text.len()]);
            ends.nth(MIN_LEAKED_CHARS).map(|end| &text[..end])
        })
        .find(|part| message.contains(part))
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

    #[test]
    fn a_message_may_repeat_64_characters_of_a_name_and_not_65() {
        let name = |length| "n".repeat(length);
        assert!(repeats_too_much(&name(65), &name(65)));
        assert!(!repeats_too_much(&name(64), &name(64)));
        assert!(!repeats_too_much(&name(65), &name(64)));
    }

    #[test]
    fn twelve_characters_of_a_value_are_a_leak_wherever_they_are() {
        let (text, message) = ("a secret wörd", "id: secret wörd");
        assert_eq!(repeated_part(text, message), Some(" secret wörd"));
        assert_eq!(repeated_part("secret wörd", message), None);
    }
}
