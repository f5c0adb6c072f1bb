//! A write of another client between the read and the write of a conditional request: every change of a field is
//! noticed.

use serde_json::{Value, json};

use crate::contract::fields::{FIELDS, Field, Kind};
use crate::contract::id::ID;
use crate::contract::item::Item;
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
const ITEM: &str = "interleaved";

/// The attributes of the item besides its id, in DynamoDB's form.
type Attributes = Vec<(&'static str, Value)>;

/// Checks that a PUT and a DELETE with a tag are refused if another client adds or removes any field after the service
/// has read the item, and that they are applied if another writer adds an attribute that is not a field.
///
/// # Errors
/// The first wrong response; or the reason why the check is inconclusive.
pub async fn check_interleaved(target: &Target, test: &str) -> Outcome<Passed, Box<Failure>> {
    let whole = Attributes::from(FIELDS.map(|field| (field.name, value(&field))));
    let mut cases = Vec::new();
    for field in &FIELDS {
        let without = whole.iter().filter(|(name, _)| *name != field.name);
        let without: Attributes = without.cloned().collect();
        cases.push((without.clone(), whole.clone(), 412));
        cases.push((whole.clone(), without, 412));
    }
    let mut with_other = whole.clone();
    with_other.push(("other", json!({ "S": "x" })));
    cases.push((whole, with_other, 200));

    let environment = target.open(&proxied()).await.map_err(Inconclusive)?;
    let progress = Progress::new(test, 2 * u32::try_from(cases.len()).unwrap_or(u32::MAX));
    let mut outcome = Ok(());
    'cases: for (read, written, status) in cases {
        for request in [Item::from_write(1).put(ITEM), Request::delete(ITEM)] {
            outcome = check_case(&environment, &read, &written, request, status).await;
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

fn proxied() -> Setup {
    Setup {
        proxied: true,
        ..Setup::default()
    }
}

fn value(field: &Field) -> Value {
    match field.kind {
        Kind::Number => json!({ "N": "1" }),
        Kind::Text => json!({ "S": "x" }),
    }
}

/// Sends a request with the tag of the item `read`, which another client replaces by `written` before the service
/// writes. Checks the status of the response, and that a refused request changed nothing.
async fn check_case(
    environment: &Environment,
    read: &Attributes,
    written: &Attributes,
    request: Request,
    status: u16,
) -> Result<(), String> {
    let proxy = environment.proxy().expect("this environment has a proxy");
    // Any write brings the item into the table first.
    proxy.script().interleave(item(read));
    send(environment, &Request::delete("another item")).await?;
    let tag = SentTags::one(send(environment, &get()).await?.etag()?);
    proxy.script().interleave(item(written));
    let conditional = request.when(SentConditions::if_match(tag));
    let response = send(environment, &conditional).await?;
    if response.status != status {
        return Err(format!(
            "the status of a {} is {}, not {status}: the item was {read:?} when it was read, and {written:?} when it was \
             written",
            conditional.method(),
            response.status
        ));
    }
    if status == 412 {
        let shown = send(environment, &get()).await?.item()?.1;
        let mut expected: Vec<_> = written.iter().map(|(name, _)| *name).collect();
        expected.sort_unstable();
        if !shown.names().eq(expected) {
            return Err(format!("a refused request left {}", shown.shown(ITEM)));
        }
    }
    Ok(())
}

fn get() -> Request {
    Request::get(ITEM)
}

/// Returns the item of DynamoDB that has these attributes.
fn item(attributes: &Attributes) -> Value {
    let mut item = json!({ ID: { "S": ITEM } });
    for (name, value) in attributes {
        item[*name] = value.clone();
    }
    item
}

async fn send(environment: &Environment, request: &Request) -> Result<Response, String> {
    environment.client(0).send(request).await.response
}
