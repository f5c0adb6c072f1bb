//! Conditional requests for items with as many attributes as one expression of `DynamoDB` can compare, and with one
//! more. Only another writer can store them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::contract::check::check_declared;
use crate::contract::id::ID;
use crate::contract::item::Item;
use crate::contract::limits::{MAX_COMPARED_ATTRIBUTES, MAX_ITEM_BYTES};
use crate::environments::environment::{Environment, Setup};
use crate::environments::target::Target;
use crate::report::failure::Failure;
use crate::request::concrete::Request;
use crate::request::conditions::{SentConditions, SentTags};
use crate::toolkit::http::response::Response;
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::Outcome;
use crate::toolkit::progress::{Passed, Progress};

/// The id of the item.
const ITEM: &str = "wide";

/// Checks that a PUT and a DELETE with the tag of a wide item are applied, or refused with 400 if the item has too many
/// attributes. The items are nearly as large as an item may be.
///
/// # Errors
/// The first wrong response; or the reason why the check is inconclusive.
pub async fn check_wide_items(target: &Target, test: &str) -> Outcome<Passed, Box<Failure>> {
    let environment = target.open(&Setup::default()).await.map_err(Inconclusive)?;
    let progress = Progress::new(test, 4);
    let mut outcome = Ok(());
    'cases: for (attributes, status) in [
        (MAX_COMPARED_ATTRIBUTES, 200),
        (MAX_COMPARED_ATTRIBUTES + 1, 400),
    ] {
        for request in [Item::from_write(1).put(ITEM), Request::delete(ITEM)] {
            outcome = check_request(&environment, attributes, request, status).await;
            if outcome.is_err() {
                break 'cases;
            }
            progress.advance(1);
        }
    }
    let outcome = outcome.map_err(|reason| Failure::of_exchanges(reason, environment.exchanges()));
    environment.close().await;
    outcome.map_err(|failure| Failed(Box::new(failure)))?;
    Ok(progress.passed(None, None))
}

/// Checks the status of a request with the tag of an item of this number of attributes.
async fn check_request(
    environment: &Environment,
    attributes: usize,
    request: Request,
    status: u16,
) -> Result<(), String> {
    store(environment, attributes).await?;
    let shown = send(environment, &Request::get(ITEM)).await?;
    let tag = SentTags::one(shown.etag()?);
    let response = send(environment, &request.when(SentConditions::if_match(tag))).await?;
    if response.status == status {
        return Ok(());
    }
    Err(format!(
        "for an item of {attributes} attributes the status is {}, not {status}",
        response.status
    ))
}

/// Stores an item of this number of attributes directly in the table.
async fn store(environment: &Environment, attributes: usize) -> Result<(), String> {
    let table = environment.table().ok_or("this environment has no table")?;
    let value = "x".repeat(MAX_ITEM_BYTES / attributes - 20);
    let mut item: HashMap<_, _> = (1..attributes)
        .map(|number| {
            (
                format!("attribute{number}"),
                AttributeValue::S(value.clone()),
            )
        })
        .collect();
    item.insert(ID.to_owned(), AttributeValue::S(ITEM.to_owned()));
    let put = table.client().put_item().table_name(table.name());
    let stored = put.set_item(Some(item)).send().await;
    stored
        .map(drop)
        .map_err(|error| format!("the item is not stored: {error:?}"))
}

async fn send(environment: &Environment, request: &Request) -> Result<Response, String> {
    let response = environment.client(0).send(request).await.response?;
    let gateway = environment.api().profile().gateway;
    check_declared(&response, request.route_key(), gateway)?;
    Ok(response)
}
