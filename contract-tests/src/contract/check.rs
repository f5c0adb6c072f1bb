//! The checks that hold an answer against the contract: its status, its headers and its whole body.

use crate::contract::limits::MAX_NAME_SHOWN;
use crate::contract::model::{Expected, Page};
use crate::contract::openapi;
use crate::contract::reason::Reason;
use crate::request::call::{Call, Gateway};
use crate::toolkit::http::answer::Answer;

/// From this length on, a stretch of the request in a message is no coincidence.
const STRETCH: usize = 12;

/// What gives away how the service is built, in lower case.
const TELL_TALE: [&str; 16] = [
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

/// Checks one answer.
///
/// # Errors
/// A sentence about the first thing that is wrong.
pub fn check(
    expected: &Expected,
    answer: &Answer,
    call: &Call,
    gateway: Gateway,
) -> Result<(), String> {
    declared(answer, call.route_key(), gateway)?;
    if answer.status != 200 {
        failure(answer, call)?;
    }
    match expected {
        Expected::Put(_, otherwise) if otherwise.contains(&answer.status) => Ok(()),
        Expected::Put(id, _) => text(answer, &format!("Put item {id}")),
        Expected::Deleted(id) => text(answer, &format!("Deleted item {id}")),
        Expected::Item(id, item) => {
            status(answer, &[200])?;
            let (shown_id, shown) = answer.item()?;
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
            status(answer, &[200])?;
            check_page(page, answer)
        }
        Expected::NotFound => message(answer, "Item not found"),
        Expected::NoRoute => message(answer, "Not Found"),
        Expected::Refused(reasons) => refused(answer, reasons),
    }
}

/// Checks what every failure has to be: a message, and one that gives nothing away.
///
/// # Errors
/// A sentence about the first thing that is wrong.
pub fn failure(answer: &Answer, call: &Call) -> Result<(), String> {
    let message = answer.message()?;
    if message.is_empty() {
        return Err("the message is empty".to_owned());
    }
    // The name of an unknown or a duplicate field may be repeated, up to a length.
    let quoted = message.split('"').nth(1).unwrap_or_default();
    let told = if quoted.chars().count() <= MAX_NAME_SHOWN && is_field(quoted, call) {
        message.replacen(quoted, "", 1)
    } else {
        message.clone()
    };
    tells_nothing(&told)?;
    if let Some(name) = call
        .field_names()
        .find(|name| starts_too_long(name, &message))
    {
        return Err(format!(
            "the message repeats more than {MAX_NAME_SHOWN} characters of the field {name:?}"
        ));
    }
    match call.secrets().find_map(|secret| stretch(secret, &told)) {
        Some(stretch) => Err(format!(
            "the message {message:?} repeats {stretch:?} of the request"
        )),
        None => Ok(()),
    }
}

/// Checks that a message does not tell how the service is built.
///
/// # Errors
/// The part that tells it.
pub fn tells_nothing(message: &str) -> Result<(), String> {
    let lower = message.to_lowercase();
    match TELL_TALE.iter().find(|tale| lower.contains(**tale)) {
        Some(tale) => Err(format!("the message {message:?} gives away {tale:?}")),
        None => Ok(()),
    }
}

fn is_field(quoted: &str, call: &Call) -> bool {
    call.field_names().any(|name| name.starts_with(quoted))
}

fn starts_too_long(name: &str, message: &str) -> bool {
    let end = name
        .char_indices()
        .nth(MAX_NAME_SHOWN + 1)
        .map(|(end, _)| end);
    end.is_some_and(|end| message.contains(&name[..end]))
}

/// A stretch of the secret that the message repeats. One character again and again says nothing.
fn stretch<'a>(secret: &'a str, message: &str) -> Option<&'a str> {
    let starts = secret.char_indices().map(|(at, _)| at).take(4096);
    starts
        .filter_map(|at| {
            let rest = &secret[at..];
            let end = rest.char_indices().nth(STRETCH).map(|(end, _)| end);
            end.map(|end| &rest[..end])
        })
        .find(|stretch| message.contains(stretch))
}

/// Checks that an answer is declared in `openapi.json`.
///
/// # Errors
/// A sentence about the first thing that is wrong.
pub fn declared(answer: &Answer, route: &str, gateway: Gateway) -> Result<(), String> {
    head(answer, route, gateway)?;
    openapi::body(answer, route, gateway)
}

/// Checks the status and the headers of an answer.
///
/// # Errors
/// A sentence about the first thing that is wrong.
pub fn head(answer: &Answer, route: &str, gateway: Gateway) -> Result<(), String> {
    match answer.headers.get("content-type").map(String::as_str) {
        Some("application/json") => {}
        other => return Err(format!("content-type is {other:?}, not application/json")),
    }
    let retry = answer.headers.get("retry-after").map(String::as_str);
    if retry != (answer.status == 503).then_some("1") && gateway == Gateway::DecodesTwice {
        return Err(format!(
            "retry-after is {retry:?} at status {}",
            answer.status
        ));
    }
    openapi::head(answer, route, gateway)
}

fn status(answer: &Answer, allowed: &[u16]) -> Result<(), String> {
    if allowed.contains(&answer.status) {
        Ok(())
    } else {
        Err(format!("the status is {}, not {allowed:?}", answer.status))
    }
}

fn text(answer: &Answer, expected: &str) -> Result<(), String> {
    status(answer, &[200])?;
    match answer.string()? {
        text if text == expected => Ok(()),
        text => Err(format!("the answer is {text:?}, not {expected:?}")),
    }
}

fn message(answer: &Answer, expected: &str) -> Result<(), String> {
    status(answer, &[404])?;
    match answer.message()? {
        message if message == expected => Ok(()),
        message => Err(format!("the message is {message:?}, not {expected:?}")),
    }
}

/// Checks that an answer has the status of one of these reasons, and a message that says where to look.
fn refused(answer: &Answer, reasons: &[Reason]) -> Result<(), String> {
    let statuses: Vec<_> = reasons.iter().map(Reason::status).collect();
    status(answer, &statuses)?;
    let message = answer.message()?;
    let told = |reason: &Reason| reason.status() == answer.status && reason.is_told_by(&message);
    if reasons.iter().any(told) {
        return Ok(());
    }
    let classes: Vec<_> = reasons.iter().map(Reason::class).collect();
    Err(format!(
        "the message {message:?} does not name what is wrong: {}",
        classes.join("; ")
    ))
}

/// Every item of a page must be one that there is, as it is; a page that is the whole list must
/// show them all.
fn check_page(page: &Page, answer: &Answer) -> Result<(), String> {
    let shown = answer.page(&page.prefix)?;
    if let Some(limit) = page.limit
        && shown.order.len() > limit
    {
        return Err(format!(
            "{} items are shown at a limit of {limit}",
            shown.order.len()
        ));
    }
    if let Some(start) = &page.start
        && shown.items.contains_key(start)
    {
        return Err(format!(
            "the page shows the item {start:?}, behind which it begins"
        ));
    }
    // Where others have items too, only those of our own namespace are any business of ours.
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
                    "the page shows the item {id:?}, which is not there"
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
