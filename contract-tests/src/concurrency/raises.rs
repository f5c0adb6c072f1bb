//! The property of lost updates: several clients raise one price, each by GET, a PUT with `If-Match`, and again from
//! the start after a 412. Every raise counts once, even if answers are lost.

use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::contract::check::{check_declared, check_failure};
use crate::contract::fields::{FIELDS, FieldValue, Kind};
use crate::contract::item::Item;
use crate::environments::client::Api;
use crate::environments::environment::{Environment, Setup};
use crate::environments::target::Target;
use crate::request::concrete::Request;
use crate::request::conditions::{SentConditions, SentTags};
use crate::toolkit::decimal::Decimal;
use crate::toolkit::dynamodb::fault::Fault;
use crate::toolkit::http::response::Response;
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::Outcome;
use crate::toolkit::progress::{Passed, Progress};

/// The number of clients.
const CLIENTS: usize = 8;

/// One answer in this number is lost.
const LOST_ONE_IN: usize = 5;

/// The number of requests to the table for which the script has faults: more than the clients send.
const MAX_TABLE_REQUESTS: usize = 200_000;

/// The place where answers are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostAnswers {
    /// None are lost.
    Nowhere,
    /// Between the API and the client, which learns nothing.
    ToClient,
    /// Between the table and the service, which then answers a write with 503. The environment needs a proxy.
    ToService,
}

/// The price, and the mark of each client: the number of its raises that the item contains. The price by itself does
/// not tell a client whether a raise of its own was applied, because another client may have written since.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Raised {
    price: u64,
    marks: Vec<u64>,
}

/// Checks that the price is the number of all raises, and each mark that of a client's raises, after each of eight
/// clients has raised the price this number of times.
///
/// # Errors
/// The first difference; or the reason why the check is inconclusive.
///
/// # Panics
/// If a client panics.
pub async fn no_update_is_lost(
    target: &Target,
    setup: &Setup,
    lost: LostAnswers,
    raises: u32,
    test: &str,
) -> Outcome<Passed> {
    let environment = target.open(setup).await.map_err(Inconclusive)?;
    let outcome = raise_by_all(&environment, lost, raises).await;
    environment.close().await;
    outcome?;
    let all = raises * u32::try_from(CLIENTS).unwrap_or(u32::MAX);
    let mut progress = Progress::new(test, all);
    progress.advance(all);
    Ok(progress.passed(None, None))
}

async fn raise_by_all(environment: &Environment, lost: LostAnswers, raises: u32) -> Outcome<()> {
    let client = |number| Client {
        number,
        api: environment.api().clone(),
        id: format!("{}price", environment.prefix()),
        loses_answers: lost == LostAnswers::ToClient,
        may_fail: lost == LostAnswers::ToService || environment.api().session().is_some(),
        answers: number,
    };
    let first = Raised {
        price: 0,
        marks: vec![0; CLIENTS],
    };
    let create = SentConditions::if_none_match(SentTags::Any);
    let request = first.item().put(&client(0).id).when(create);
    let created = client(0).send(&request).await?;
    if created.status != 200 {
        return Err(Failed(format!(
            "the first PUT was answered with {}",
            created.status
        )));
    }
    if lost == LostAnswers::ToService {
        let proxy = environment.proxy().expect("this environment has a proxy");
        let is_lost = |number: usize| number.is_multiple_of(LOST_ONE_IN);
        proxy
            .script()
            .enqueue((0..MAX_TABLE_REQUESTS).map(|number| {
                if is_lost(number) {
                    Fault::DropAfterApply
                } else {
                    Fault::Pass
                }
            }));
    }
    let start = Arc::new(Barrier::new(CLIENTS));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (client, start) = (client(number), Arc::clone(&start));
        clients.spawn(async move {
            start.wait().await;
            client.raise(raises).await
        });
    }
    let mut outcome = Ok(());
    while let Some(raised) = clients.join_next().await {
        outcome = outcome.and(raised.expect("a client does not panic"));
    }
    outcome?;
    if let Some(proxy) = environment.proxy() {
        proxy.script().reset();
    }
    let mut reader = client(0);
    reader.loses_answers = false;
    let Some((found, _)) = reader.read().await? else {
        return Err(Failed(
            "GET is not answered, although nothing is lost".to_owned(),
        ));
    };
    let raises = u64::from(raises);
    let expected = Raised {
        price: raises * CLIENTS as u64,
        marks: vec![raises; CLIENTS],
    };
    if found == expected {
        Ok(())
    } else {
        Err(Failed(format!(
            "after all raises there is {found:?}, not {expected:?}"
        )))
    }
}

struct Client {
    number: usize,
    api: Api,
    id: String,
    /// `true` if one answer in five does not reach the client.
    loses_answers: bool,
    /// `true` if the service may be unavailable for a moment.
    may_fail: bool,
    /// The number of answers so far. Each client begins with another one, so that they lose different answers.
    answers: usize,
}

impl Client {
    /// Raises the price this number of times.
    async fn raise(mut self, raises: u32) -> Outcome<()> {
        let (mut done, mut may_have_raised) = (0, false);
        while done < u64::from(raises) {
            let Some((mut found, tag)) = self.read().await? else {
                continue;
            };
            let mark = &mut found.marks[self.number];
            if *mark == done + 1 && may_have_raised {
                // The raise whose answer was lost.
                done += 1;
                may_have_raised = false;
                continue;
            }
            if *mark != done {
                let client = self.number;
                return Err(Failed(format!(
                    "client {client} has the mark {mark} after {done} raises"
                )));
            }
            *mark += 1;
            found.price += 1;
            let unless_changed = SentConditions::if_match(SentTags::one(tag));
            let put = found.item().put(&self.id).when(unless_changed);
            match self.send_with_losses(&put).await? {
                Some(response) if response.status == 200 => {
                    done += 1;
                    may_have_raised = false;
                }
                // Another client was faster, or the raise whose answer was lost.
                Some(response) if response.status == 412 => {}
                Some(response) if response.may_have_been_applied() == Ok(false) => {}
                _ => may_have_raised = true,
            }
        }
        Ok(())
    }

    /// Returns the item and its tag; `None` if the answer was lost.
    async fn read(&mut self) -> Outcome<Option<(Raised, String)>> {
        let response = self.send_with_losses(&Request::get(&self.id)).await?;
        let Some(response) = response.filter(|response| response.status == 200) else {
            return Ok(None);
        };
        let (_, item) = response.item().map_err(Failed)?;
        let tag = response.etag().map_err(Failed)?;
        let raised = Raised::of(&item);
        let raised =
            raised.ok_or_else(|| Failed(format!("no client put {}", item.shown(&self.id))));
        Ok(Some((raised?, tag)))
    }

    /// Sends a request. Returns `None` if its answer was lost.
    async fn send_with_losses(&mut self, request: &Request) -> Outcome<Option<Response>> {
        let response = self.send(request).await?;
        self.answers += 1;
        let is_lost = self.loses_answers && self.answers.is_multiple_of(LOST_ONE_IN);
        Ok(Some(response).filter(|_| !is_lost))
    }

    async fn send(&self, request: &Request) -> Outcome<Response> {
        let response = self
            .api
            .send(request)
            .await
            .expect("such an id can be sent");
        let response = self.api.require_answer(&response)?;
        let profile = self.api.profile();
        check_declared(response, request.route_key(), profile.gateway).map_err(Failed)?;
        if response.status >= 400 {
            check_failure(response, request, &profile.private_names).map_err(Failed)?;
        }
        match response.status {
            200 | 412 => Ok(response.clone()),
            _ if self.may_fail && response.is_transient() => Ok(response.clone()),
            status => Err(Failed(format!(
                "{} was answered with {status}",
                request.method()
            ))),
        }
    }
}

impl Raised {
    fn item(&self) -> Item {
        let mut item = Item::default();
        for field in &FIELDS {
            item.set(
                field,
                match field.kind {
                    Kind::Number => FieldValue::Number(Decimal::from(self.price)),
                    Kind::Text => {
                        let marks: Vec<_> = self.marks.iter().map(u64::to_string).collect();
                        FieldValue::Text(marks.join(" "))
                    }
                },
            );
        }
        item
    }

    /// Returns the price and the marks of an item; `None` if it is no such item.
    fn of(item: &Item) -> Option<Self> {
        let marks = item
            .texts()
            .next()?
            .split(' ')
            .map(|mark| mark.parse().ok());
        let marks: Vec<u64> = marks.collect::<Option<_>>()?;
        let raised = Self {
            // Each raise sets a mark, so the marks say what the price must be.
            price: marks.iter().sum(),
            marks,
        };
        (raised.item() == *item && raised.marks.len() == CLIENTS).then_some(raised)
    }
}
