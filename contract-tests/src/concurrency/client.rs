//! A client of a history: sends its requests, and keeps what it saw of each item.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::concurrency::plan::{Action, Condition, MAX_ITEMS};
use crate::contract::check::{check_fault_message, check_form};
use crate::contract::id;
use crate::contract::item::Item;
use crate::contract::messages::GATEWAY_ERROR;
use crate::environments::environment::Environment;
use crate::environments::recorder::{Recorded, RecordedClient};
use crate::report::failure::HistoryOperation;
use crate::request::concrete::{Request, RequestKind};
use crate::request::conditions::{SentConditions, SentTags};
use crate::toolkit::http::response::Response;
use crate::toolkit::linearizability::register::{RegisterOperation, RegisterValue};
use crate::toolkit::outcome::NotPassed::Failed;
use crate::toolkit::outcome::{NotPassed, Outcome};

/// The maximum number of pages of a list without foreign items: more than the items of a plan.
const MAX_PAGES: usize = 50;

/// The minimum time after which the gateway stops the function. A response of the gateway that comes earlier has
/// another cause, such as a panic.
const MIN_TIME_OF_STOPPED: Duration = Duration::from_secs(2);

/// The history that a client saw.
pub(super) struct Seen {
    /// The operations on each item.
    pub(super) history: Vec<HistoryOperation>,
    /// The index of the client's last exchange. If the outcome is a failure, its response is wrong by itself.
    pub(super) last_exchange: Option<usize>,
    /// The outcome.
    pub(super) outcome: Outcome<()>,
}

/// A client, which keeps what it saw as operations of histories.
pub(super) struct Client {
    recorded: RecordedClient,
    prefix: String,
    /// `true` if the table may fail, so that 500 and 503 are expected responses.
    may_fail: bool,
    /// The latest value of each item that the client has seen, with its tag.
    seen: HashMap<usize, (u64, String)>,
    history: Vec<HistoryOperation>,
    last_exchange: Option<usize>,
}

/// A response that is right by itself, with its exchange.
struct Answer {
    response: Response,
    exchange: usize,
    invoked: u64,
    returned: u64,
}

impl Client {
    /// Returns the client with this number.
    pub(super) fn new(number: usize, environment: &Environment) -> Self {
        Self {
            recorded: environment.client(number),
            prefix: environment.prefix().to_owned(),
            may_fail: environment.proxy().is_some(),
            seen: HashMap::new(),
            history: Vec::new(),
            last_exchange: None,
        }
    }

    /// Executes the actions in order, until one fails.
    pub(super) async fn run(mut self, actions: Vec<Action>) -> Seen {
        let mut outcome = Ok(());
        for action in actions {
            outcome = match action {
                Action::Put(key, condition) => self.put(key, condition).await,
                Action::Delete(key, condition) => self.delete(key, condition).await,
                Action::Get(key, if_changed) => self.get(key, if_changed).await,
                Action::List(limit) => self.list(limit).await,
            };
            if outcome.is_err() {
                break;
            }
        }
        Seen {
            history: self.history,
            last_exchange: self.last_exchange,
            outcome,
        }
    }

    async fn put(&mut self, key: usize, condition: Condition) -> Outcome<()> {
        let value = self.recorded.now();
        let request = Item::from_write(value).put(&self.id(key));
        let condition = match condition {
            Condition::Unchanged if !self.seen.contains_key(&key) => Condition::Absent,
            Condition::Always | Condition::Unchanged | Condition::Absent | Condition::Present => {
                condition
            }
        };
        self.write(key, request, Some(value), condition).await
    }

    async fn delete(&mut self, key: usize, condition: Condition) -> Outcome<()> {
        let request = Request::delete(self.id(key));
        let condition = match condition {
            Condition::Unchanged if !self.seen.contains_key(&key) => Condition::Present,
            Condition::Always | Condition::Unchanged | Condition::Absent | Condition::Present => {
                condition
            }
        };
        self.write(key, request, None, condition).await
    }

    /// Writes this value on this condition.
    async fn write(
        &mut self,
        key: usize,
        request: Request,
        to: RegisterValue,
        condition: Condition,
    ) -> Outcome<()> {
        let seen = self.seen.get(&key);
        let (conditions, applied, refused) = match (condition, seen) {
            (Condition::Unchanged, Some((value, tag))) => {
                let from = Some(*value);
                let tags = SentTags::one(tag);
                (
                    SentConditions::if_match(tags),
                    RegisterOperation::Replace { from, to },
                    Some(RegisterOperation::ReadOther(from)),
                )
            }
            (Condition::Absent, _) => (
                SentConditions::if_none_match(SentTags::Any),
                RegisterOperation::Replace { from: None, to },
                Some(RegisterOperation::ReadOther(None)),
            ),
            (Condition::Present, _) => (
                SentConditions::if_match(SentTags::Any),
                RegisterOperation::Update(to),
                Some(RegisterOperation::Read(None)),
            ),
            (Condition::Always | Condition::Unchanged, _) => (
                SentConditions::default(),
                RegisterOperation::Write(to),
                None,
            ),
        };
        let answer = self.send(&request.when(conditions)).await?;
        let response = &answer.response;
        let (operation, returned) = match (response.status, refused) {
            (200, _) => (applied, Some(answer.returned)),
            (412, Some(refused)) => (refused, Some(answer.returned)),
            (503, _) if response.may_have_been_applied().map_err(failed)? => (applied, None),
            (500, _) if is_gateway_error(response) => (applied, None),
            // The write changed nothing, so it is not part of the history.
            _ => return Ok(()),
        };
        if let (200, Some(value)) = (response.status, to) {
            let tag = response.etag().map_err(failed)?;
            self.seen.insert(key, (value, tag));
        }
        self.record(
            key,
            operation,
            answer.invoked,
            returned,
            vec![answer.exchange],
        );
        Ok(())
    }

    /// Reads an item; with `if_changed` only if it does not have the latest tag that the client has seen.
    async fn get(&mut self, key: usize, if_changed: bool) -> Outcome<()> {
        let mut request = Request::get(self.id(key));
        let seen = self.seen.get(&key).filter(|_| if_changed).cloned();
        if let Some((_, tag)) = &seen {
            let tags = SentTags::one(tag);
            request = request.when(SentConditions::if_none_match(tags));
        }
        let answer = self.send(&request).await?;
        let response = &answer.response;
        let value = match (response.status, seen) {
            (200, _) => {
                let (id, item) = response.item().map_err(failed)?;
                if id != self.id(key) {
                    return Err(failed(format!("GET of {:?} shows {id:?}", self.id(key))));
                }
                let value = written_value(&item)?;
                let tag = response.etag().map_err(failed)?;
                self.seen.insert(key, (value, tag));
                Some(value)
            }
            (304, Some((value, tag))) => {
                let shown = response.etag().map_err(failed)?;
                if shown != tag {
                    return Err(failed(format!("a 304 shows {shown}, not {tag}")));
                }
                Some(value)
            }
            (404, _) => None,
            _ => return Ok(()),
        };
        self.record_read(key, value, &answer);
        Ok(())
    }

    /// Follows the list. A list is a read of every item: an item that it shows is read during the request of its page,
    /// and an item that it does not show is read as missing at some moment during the whole list.
    async fn list(&mut self, limit: u16) -> Outcome<()> {
        let started = self.recorded.now();
        let mut pages = Vec::new();
        let mut listed = Vec::new();
        let mut start = None;
        let session = self.recorded.api.session();
        let max_pages = session.map(|session| session.max_pages() as usize);
        for page in 0..max_pages.unwrap_or(MAX_PAGES) {
            // A deployed API may have many foreign items, so the later pages have no limit.
            let limit = Some(limit).filter(|_| max_pages.is_none_or(|pages| 2 * page < pages));
            let answer = self.send(&Request::page(limit, start)).await?;
            if answer.response.status != 200 {
                return Ok(());
            }
            let page = answer.response.page(&self.prefix).map_err(failed)?;
            pages.push(answer.exchange);
            for (id, item) in page.items {
                if listed.contains(&id) {
                    let id = id::shown(&id, &self.prefix);
                    return Err(failed(format!("a list shows {id} twice")));
                }
                if let Some(key) = (0..MAX_ITEMS).find(|key| self.id(*key) == id) {
                    let value = Some(written_value(&item)?);
                    self.record_read(key, value, &answer);
                }
                listed.push(id);
            }
            if page.last.is_none() {
                for key in 0..MAX_ITEMS {
                    if !listed.contains(&self.id(key)) {
                        self.record(
                            key,
                            RegisterOperation::Read(None),
                            started,
                            Some(answer.returned),
                            pages.clone(),
                        );
                    }
                }
                return Ok(());
            }
            start = page.last;
        }
        match max_pages {
            None => Err(failed("a list does not end".to_owned())),
            // An item that was not shown may be on a later page.
            Some(_) => Ok(()),
        }
    }

    async fn send(&mut self, request: &Request) -> Outcome<Answer> {
        let sent = Instant::now();
        let Recorded {
            response,
            exchange,
            invoked,
            returned,
        } = self.recorded.send(request).await;
        self.last_exchange = Some(exchange);
        let api = &self.recorded.api;
        let response = api.require_response(&response)?;
        let profile = api.profile();
        check_form(response, request, profile).map_err(failed)?;
        let is_expected = match response.status {
            200 => true,
            304 => {
                matches!(request.kind, RequestKind::Get(_))
                    && request.conditions.if_none_match.is_some()
            }
            404 => matches!(request.kind, RequestKind::Get(_)),
            412 => request.is_write() && request.conditions != SentConditions::default(),
            status => self.may_fail && matches!(status, 500 | 503),
        };
        if is_expected {
            let was_stopped = is_gateway_error(response) && sent.elapsed() >= MIN_TIME_OF_STOPPED;
            if !was_stopped {
                check_fault_message(response, request, profile.gateway).map_err(failed)?;
            }
            return Ok(Answer {
                response: response.clone(),
                exchange,
                invoked,
                returned,
            });
        }
        let (method, status) = (request.method(), response.status);
        Err(failed(format!("{method} was answered with {status}")))
    }

    fn id(&self, key: usize) -> String {
        format!("{}key {key}", self.prefix)
    }

    /// Records that a response shows this value of an item.
    fn record_read(&mut self, key: usize, value: RegisterValue, answer: &Answer) {
        self.record(
            key,
            RegisterOperation::Read(value),
            answer.invoked,
            Some(answer.returned),
            vec![answer.exchange],
        );
    }

    fn record(
        &mut self,
        key: usize,
        operation: RegisterOperation,
        invoked: u64,
        returned: Option<u64>,
        exchanges: Vec<usize>,
    ) {
        self.history.push(HistoryOperation {
            item: self.id(key),
            client: self.recorded.number,
            operation,
            invoked,
            returned,
            exchanges,
            contradicts: false,
        });
    }
}

/// Returns `true` if the 500 is the gateway's own. On a busy machine the gateway may stop a correct service; `faults`
/// detects a service that is always too late.
pub(super) fn is_gateway_error(response: &Response) -> bool {
    response.message().as_deref() == Ok(GATEWAY_ERROR)
}

fn failed(reason: String) -> NotPassed {
    Failed(reason)
}

/// Returns the number of the write that put the item.
fn written_value(item: &Item) -> Outcome<u64> {
    item.write_number().ok_or_else(|| {
        failed(format!(
            "a response shows {}, which no client put",
            item.shown("…")
        ))
    })
}
