//! The property of lost updates: several clients raise one price, each by GET, a PUT with `If-Match`, and again from
//! the start after a 412. Every raise counts once, even if answers are lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::concurrency::client::is_gateway_error;
use crate::contract::check::check_form;
use crate::contract::fields::{FIELDS, FieldValue, Kind};
use crate::contract::item::Item;
use crate::deployed::session::changed_nothing;
use crate::environments::environment::{Environment, Setup};
use crate::environments::recorder::RecordedClient;
use crate::environments::target::Target;
use crate::report::failure::Failure;
use crate::request::concrete::Request;
use crate::request::conditions::{SentConditions, SentTags};
use crate::toolkit::decimal::Decimal;
use crate::toolkit::dynamodb::fault::Fault;
use crate::toolkit::http::response::Response;
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::Outcome;
use crate::toolkit::progress::{Passed, Progress, REPORT_INTERVAL};

/// The number of clients.
const CLIENTS: usize = 8;

/// One answer in this number is lost.
const LOST_ONE_IN: usize = 5;

/// The maximum number of requests of one client that get no usable answer: more than any run loses.
const MAX_UNANSWERED: u64 = 10_000;

/// The number of raises of each client from which some raises must have been applied although their answer was lost.
const MIN_RAISES_WITH_LOSSES: u32 = 10;

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
) -> Outcome<Passed, Box<Failure>> {
    let all = raises * u32::try_from(CLIENTS).unwrap_or(u32::MAX);
    let progress =
        Progress::counting(test, Some(all), "raises", REPORT_INTERVAL).until(target.deadline());
    let environment = target.open(setup).await.map_err(Inconclusive)?;
    let mut failed_client = 0;
    let outcome = raise_by_all(&environment, lost, raises, &progress, &mut failed_client).await;
    let outcome = outcome.map_err(|not_passed| {
        not_passed.map(|reason| {
            let exchanges = environment.exchanges();
            let mut clients = exchanges.iter().map(|exchange| exchange.client);
            let wrong = clients.rposition(|client| client == failed_client);
            Box::new(Failure {
                wrong,
                ..Failure::of_exchanges(reason, exchanges)
            })
        })
    });
    environment.close().await;
    outcome?;
    Ok(progress.passed(None, None))
}

/// Raises the price by all clients. If a client fails, sets `failed_client` to its number: its last response is wrong.
async fn raise_by_all(
    environment: &Environment,
    lost: LostAnswers,
    raises: u32,
    progress: &Progress,
    failed_client: &mut usize,
) -> Outcome<()> {
    let stopped = Arc::new(AtomicBool::new(false));
    let client = |number| Client {
        number,
        stopped: Arc::clone(&stopped),
        recorded: environment.client(number),
        id: format!("{}price", environment.prefix()),
        raises: u64::from(raises),
        progress: progress.clone(),
        loses_answers: lost == LostAnswers::ToClient,
        may_fail: lost == LostAnswers::ToService || environment.api().session().is_some(),
        answers: [number; 2],
        unanswered: 0,
    };
    // Without a field: the first raises add the fields, and two of them would both be applied if only the attributes
    // that were read were compared.
    let create = SentConditions::if_none_match(SentTags::Any);
    let request = Item::default().put(&client(0).id).when(create);
    client(0).send_once(&request).await?;
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
            (number, client.raise().await)
        });
    }
    let (mut outcome, mut recovered) = (Ok(()), 0);
    while let Some(raised) = clients.join_next().await {
        match raised.expect("a client does not panic") {
            (_, Ok(more)) => recovered += more,
            (number, Err(not_passed)) => {
                // Not aborted: a PUT that was given up could be applied after its item was deleted.
                stopped.store(true, Ordering::Relaxed);
                if outcome.is_ok() {
                    *failed_client = number;
                    outcome = Err(not_passed);
                }
            }
        }
    }
    outcome?;
    if lost != LostAnswers::Nowhere && recovered == 0 && raises >= MIN_RAISES_WITH_LOSSES {
        return Err(Failed(
            "no raise was applied whose answer was lost, so the marks were not tested".to_owned(),
        ));
    }
    if let Some(proxy) = environment.proxy() {
        proxy.script().reset();
    }
    let response = client(0).send_once(&Request::get(&client(0).id)).await?;
    let (found, _) = Raised::in_response(&response)?;
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
    recorded: RecordedClient,
    id: String,
    /// `true` if another client did not pass, so that this one need not go on.
    stopped: Arc<AtomicBool>,
    /// The number of raises of each client.
    raises: u64,
    /// The progress of all clients.
    progress: Progress,
    /// `true` if one answer in five does not reach the client.
    loses_answers: bool,
    /// `true` if the service may be unavailable for a moment.
    may_fail: bool,
    /// The numbers of answers so far, to reads and to writes: counted apart, because a client that loses every fifth of
    /// both soon loses only reads. Each client begins with another number, so that they lose different answers.
    answers: [usize; 2],
    /// The number of requests without a usable answer so far.
    unanswered: u64,
}

impl Client {
    /// Raises the price. Returns the number of raises that were applied although their answers were lost.
    async fn raise(mut self) -> Outcome<u64> {
        // Between the GET and the PUT of a 412, the item was changed, which happens once for each raise.
        let changes = self.raises * CLIENTS as u64;
        let (mut done, mut may_have_raised, mut recovered, mut refused) = (0, false, 0, 0);
        while done < self.raises && !self.stopped.load(Ordering::Relaxed) {
            let Some(response) = self.send_with_losses(&Request::get(&self.id)).await? else {
                continue;
            };
            let (mut found, tag) = Raised::in_response(&response)?;
            let mark = &mut found.marks[self.number];
            if *mark == done + 1 && may_have_raised {
                done += 1;
                self.progress.advance(1);
                recovered += 1;
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
                    self.progress.advance(1);
                    may_have_raised = false;
                }
                // Another client was faster, or the raise whose answer was lost.
                Some(response) if response.status == 412 => {
                    refused += 1;
                    if refused > changes {
                        return Err(Failed(format!(
                            "a client was refused {refused} times, but the item changed at most {changes} times"
                        )));
                    }
                }
                Some(response) if response.may_have_been_applied() == Ok(false) => {}
                _ => may_have_raised = true,
            }
        }
        Ok(recovered)
    }

    /// Sends a request. Returns `None` if its answer was lost, or if a GET was not answered with an item.
    async fn send_with_losses(&mut self, request: &Request) -> Outcome<Option<Response>> {
        let response = self.send(request).await?;
        let is_write = request.is_write();
        let answers = &mut self.answers[usize::from(is_write)];
        *answers += 1;
        let is_lost = self.loses_answers && answers.is_multiple_of(LOST_ONE_IN);
        let is_usable = response.status == 200 || (is_write && response.status == 412);
        if is_lost || !is_usable {
            self.unanswered += 1;
            if self.unanswered > MAX_UNANSWERED {
                let reason = format!("{MAX_UNANSWERED} requests of one client were not answered");
                return Err(Inconclusive(reason));
            }
        }
        Ok(Some(response).filter(|_| !is_lost && (is_usable || is_write)))
    }

    /// Sends a request whose answer is not lost. A transient error of a deployed API is inconclusive.
    async fn send_once(&self, request: &Request) -> Outcome<Response> {
        let response = self.send(request).await?;
        let api = &self.recorded.api;
        api.require_response(&Ok(response.clone()))?;
        match response.status {
            200 => Ok(response),
            status => Err(Failed(format!(
                "{} was answered with {status}",
                request.method()
            ))),
        }
    }

    async fn send(&self, request: &Request) -> Outcome<Response> {
        let api = &self.recorded.api;
        let response = self.recorded.send(request).await.response;
        let response = api.require_answer(&response)?;
        // Every attempt had such a response: with more raises, the property would run into its time limit.
        if api.session().is_some() && changed_nothing(request, response) {
            let status = response.status;
            return Err(Inconclusive(format!(
                "the API is busy: it answered {status} to every attempt"
            )));
        }
        check_form(response, request, api.profile()).map_err(Failed)?;
        let is_expected = match response.status {
            200 => true,
            412 => request.is_write(),
            503 if api.session().is_none() && request.is_write() => {
                response.may_have_been_applied().map_err(Failed)?;
                self.may_fail
            }
            _ => self.may_fail && (response.is_transient() || is_gateway_error(response)),
        };
        if is_expected {
            Ok(response.clone())
        } else {
            let (method, status) = (request.method(), response.status);
            Err(Failed(format!("{method} was answered with {status}")))
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

    /// Returns the price and the marks in the response to a GET, and the tag.
    fn in_response(response: &Response) -> Outcome<(Self, String)> {
        let (id, item) = response.item().map_err(Failed)?;
        let tag = response.etag().map_err(Failed)?;
        let raised = Self::of(&item);
        let raised = raised.ok_or_else(|| Failed(format!("no client put {}", item.shown(&id))));
        Ok((raised?, tag))
    }

    /// Returns the price and the marks of an item; `None` if it is no such item.
    fn of(item: &Item) -> Option<Self> {
        if *item == Item::default() {
            let marks = vec![0; CLIENTS];
            return Some(Self { price: 0, marks });
        }
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
