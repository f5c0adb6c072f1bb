//! The concurrent property: whatever several clients send at once, the history of each item is linearizable.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::{JoinSet, spawn_blocking};

use crate::concurrency::plan::{Action, Condition, MAX_ITEMS, Plan, plan};
use crate::contract::check::{check_declared, check_failure, check_fault_message};
use crate::contract::item::Item;
use crate::contract::messages::GATEWAY_ERROR;
use crate::coverage::buckets::{Bucket, FAULTS};
use crate::coverage::tracker;
use crate::environments::client::Api;
use crate::environments::environment::{Environment, Setup};
use crate::environments::target::Target;
use crate::request::concrete::{Request, RequestKind};
use crate::request::conditions::{SentConditions, SentTags};
use crate::toolkit::http::response::Response;
use crate::toolkit::linearizability::linearize::is_linearizable;
use crate::toolkit::linearizability::minimise::minimise;
use crate::toolkit::linearizability::register::{RegisterEntry, RegisterOperation, RegisterValue};
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::{NotPassed, Outcome};
use crate::toolkit::progress::{Passed, Progress};
use crate::toolkit::random::Sampling;

/// The maximum number of pages of a list without foreign items: more than the items of a plan.
const MAX_PAGES: usize = 50;

/// The number of cases that run at once.
const PARALLELISM: u32 = 4;

/// The number of cases that run at once with a failing table in this process: they mostly wait for time-outs.
const FAULTY_PARALLELISM: u32 = 16;

/// The minimum time after which the gateway stops the function. A response of the gateway that comes earlier has
/// another cause, such as a panic.
const MIN_TIME_OF_STOPPED: Duration = Duration::from_secs(2);

/// A history that is not linearizable, or a response that is wrong by itself.
#[derive(Debug)]
pub struct RejectedHistory {
    /// The number of the case, from one.
    pub case: u32,
    /// The reason of the rejection.
    pub reason: String,
    /// The minimised history; empty if one response is wrong by itself.
    pub entries: Vec<RegisterEntry>,
}

/// Checks as many plans as the sampling says or the budget allows, and at least one. Injects their faults if there is a
/// proxy.
///
/// # Errors
/// The first rejected history; or the reason why the check is inconclusive.
///
/// # Panics
/// If a case panics.
pub async fn check_cases(
    target: &Target,
    setup: &Setup,
    sampling: Sampling,
    test: &str,
) -> Outcome<Passed, RejectedHistory> {
    let parallelism = match target {
        Target::Deployed(..) => 1,
        Target::Embedded if setup.proxied => FAULTY_PARALLELISM,
        Target::Embedded | Target::DynamoDbLocal(_) => PARALLELISM,
    };
    let mut progress = Progress::new(test, sampling.cases);
    let mut next = 0;
    while next < sampling.cases {
        let cases = next..sampling.cases.min(next.saturating_add(parallelism));
        next = cases.end;
        let batch_size = cases.end - cases.start;
        if setup.is_original() && setup.proxied {
            let faults = cases
                .clone()
                .flat_map(|case| sampling.draw(&plan(), case).faults);
            tracker::record_drawn(faults.map(|fault| Bucket::new(FAULTS, fault.to_string())));
        }
        let cases: Vec<_> = cases
            .map(|case| {
                let (target, setup) = (target.clone(), setup.clone());
                tokio::spawn(async move { check_case(&target, &setup, sampling, case).await })
            })
            .collect();
        let mut outcome = Ok(());
        for case in cases {
            // Waits for every case, also after a failure, so that each one cleans up.
            outcome = outcome.and(case.await.expect("a case does not panic"));
        }
        match (outcome, target.exhausted()) {
            (Ok(()), _) => progress.advance(batch_size),
            (Err(Inconclusive(_)), Some(limit)) if progress.has_done_cases() => {
                return Ok(progress.passed(Some(limit), None));
            }
            (Err(not_passed), _) => return Err(not_passed),
        }
    }
    Ok(progress.passed(None, None))
}

/// Checks the plan of one case.
///
/// # Errors
/// The rejected history; or the reason why the check is inconclusive.
pub async fn check_case(
    target: &Target,
    setup: &Setup,
    sampling: Sampling,
    case: u32,
) -> Outcome<(), RejectedHistory> {
    let environment = target.open(setup).await.map_err(Inconclusive)?;
    let outcome = run_plan(&environment, sampling.draw(&plan(), case)).await;
    environment.close().await;
    outcome.map_err(|not_passed| {
        not_passed.map(|(reason, entries)| RejectedHistory {
            case: case + 1,
            reason,
            entries,
        })
    })
}

impl RejectedHistory {
    /// Returns the full report, with the seed that draws the same cases again.
    #[must_use]
    pub fn report(&self, seed: u64) -> String {
        let mut report = format!("{}\n\nFound in case {}.", self.reason, self.case);
        if !self.entries.is_empty() {
            report.push_str(" The smallest part of the history that is not linearizable:\n\n");
        }
        for entry in &self.entries {
            let _ = writeln!(report, "{entry}");
        }
        let _ = write!(
            report,
            "\nTo draw the same cases again: CONTRACT_SEED={seed}"
        );
        report
    }
}

/// The reason why a history is rejected, and its minimised entries.
type Rejection = (String, Vec<RegisterEntry>);

async fn run_plan(environment: &Environment, plan: Plan) -> Outcome<(), Rejection> {
    let clock = Arc::new(AtomicU64::new(1));
    let client = |number| Client {
        number,
        api: environment.api().clone(),
        prefix: environment.prefix().to_owned(),
        may_fail: environment.proxy().is_some(),
        clock: Arc::clone(&clock),
        seen: HashMap::new(),
        entries: Vec::new(),
    };
    let mut all_entries = client(0).run(plan.initial).await?;

    if let Some(proxy) = environment.proxy() {
        proxy.script().enqueue(plan.faults);
    }
    let mut clients = JoinSet::new();
    for (actions, number) in plan.clients.into_iter().zip(1..) {
        clients.spawn(client(number).run(actions));
    }
    let mut outcome = Ok(());
    // Waits for every client, also after a failure: then no request is in flight.
    while let Some(finished) = clients.join_next().await {
        match finished.expect("a client does not panic") {
            Ok(entries) => all_entries.extend(entries),
            Err(not_passed) => outcome = outcome.and(Err(not_passed)),
        }
    }
    outcome?;
    if let Some(proxy) = environment.proxy() {
        proxy.script().reset();
        proxy.apply_delayed().await;
    }
    let final_gets = (0..MAX_ITEMS).map(|key| Action::Get(key, false));
    let final_reads = final_gets.chain([Action::List(2)]);
    all_entries.extend(client(0).run(final_reads.collect()).await?);

    // Not on this thread, because a long search would delay the responses of the services.
    let minimal = spawn_blocking(move || {
        let mut histories = (0..MAX_ITEMS).map(|key| {
            let entries = all_entries
                .iter()
                .filter(|(entry_key, _)| *entry_key == key);
            entries.map(|(_, entry)| entry.clone()).collect::<Vec<_>>()
        });
        histories
            .find(|entries| !is_linearizable(entries))
            .map(minimise)
    });
    let Some(mut minimal) = minimal.await.expect("a search does not panic") else {
        return Ok(());
    };
    minimal.sort_by_key(|entry| entry.invoked);
    let reason = "the history of one item is not linearizable: no order of its operations explains the responses";
    Err(Failed((reason.to_owned(), minimal)))
}

type KeyedEntries = Vec<(usize, RegisterEntry)>;

struct Client {
    number: usize,
    api: Api,
    prefix: String,
    /// `true` if the table may fail, so that 500 and 503 are expected responses.
    may_fail: bool,
    clock: Arc<AtomicU64>,
    /// The latest value of each item that the client has seen, with its tag.
    seen: HashMap<usize, (u64, String)>,
    entries: KeyedEntries,
}

impl Client {
    async fn run(mut self, actions: Vec<Action>) -> Outcome<KeyedEntries, Rejection> {
        for action in actions {
            match action {
                Action::Put(key, condition) => self.put(key, condition).await?,
                Action::Delete(key, condition) => self.delete(key, condition).await?,
                Action::Get(key, if_changed) => self.get(key, if_changed).await?,
                Action::List(limit) => self.list(limit).await?,
            }
        }
        Ok(self.entries)
    }

    async fn put(&mut self, key: usize, condition: Condition) -> Outcome<(), Rejection> {
        let value = self.now();
        let request = Item::from_write(value).put(&self.id(key));
        let condition = match condition {
            Condition::Unchanged if !self.seen.contains_key(&key) => Condition::Absent,
            condition => condition,
        };
        self.write(key, request, Some(value), condition).await
    }

    async fn delete(&mut self, key: usize, condition: Condition) -> Outcome<(), Rejection> {
        let request = Request::delete(self.id(key));
        let condition = match condition {
            Condition::Unchanged if !self.seen.contains_key(&key) => Condition::Present,
            condition => condition,
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
    ) -> Outcome<(), Rejection> {
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
        let invoked = self.now();
        let response = self.send(&request.when(conditions)).await?;
        let (operation, returned) = match (response.status, refused) {
            (200, _) => (applied, Some(self.now())),
            (412, Some(refused)) => (refused, Some(self.now())),
            (503, _) if response.may_have_been_applied().map_err(failed)? => (applied, None),
            (500, _) if is_gateway_error(&response) => (applied, None),
            // The write changed nothing, so it is not part of the history.
            _ => return Ok(()),
        };
        if let (200, Some(value)) = (response.status, to) {
            let tag = response.etag().map_err(failed)?;
            self.seen.insert(key, (value, tag));
        }
        self.record(key, operation, invoked, returned);
        Ok(())
    }

    /// Reads an item; with `if_changed` only if it does not have the latest tag that the client has seen.
    async fn get(&mut self, key: usize, if_changed: bool) -> Outcome<(), Rejection> {
        let mut request = Request::get(self.id(key));
        let seen = self.seen.get(&key).filter(|_| if_changed).cloned();
        if let Some((_, tag)) = &seen {
            let tags = SentTags::one(tag);
            request = request.when(SentConditions::if_none_match(tags));
        }
        let invoked = self.now();
        let response = self.send(&request).await?;
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
            (304, Some((value, _))) => Some(value),
            (404, _) => None,
            _ => return Ok(()),
        };
        let returned = self.now();
        self.record(key, RegisterOperation::Read(value), invoked, Some(returned));
        Ok(())
    }

    /// Follows the list. A list is a read of every item: an item that it shows is read during the request of its page,
    /// and an item that it does not show is read as missing at some moment during the whole list.
    async fn list(&mut self, limit: u16) -> Outcome<(), Rejection> {
        let started = self.now();
        let mut listed = Vec::new();
        let mut start = None;
        let max_pages = self
            .api
            .session()
            .map(|session| session.max_pages() as usize);
        for page in 0..max_pages.unwrap_or(MAX_PAGES) {
            let invoked = self.now();
            // A deployed API may have many foreign items, so the later pages have no limit.
            let limit = Some(limit).filter(|_| max_pages.is_none_or(|pages| 2 * page < pages));
            let response = self.send(&Request::page(limit, start)).await?;
            if response.status != 200 {
                return Ok(());
            }
            let page = response.page(&self.prefix).map_err(failed)?;
            let returned = self.now();
            for (id, item) in page.items {
                if listed.contains(&id) {
                    return Err(failed(format!("a list shows {id:?} twice")));
                }
                if let Some(key) = (0..MAX_ITEMS).find(|key| self.id(*key) == id) {
                    let value = Some(written_value(&item)?);
                    self.record(key, RegisterOperation::Read(value), invoked, Some(returned));
                }
                listed.push(id);
            }
            if page.last.is_none() {
                for key in 0..MAX_ITEMS {
                    if !listed.contains(&self.id(key)) {
                        let returned = self.now();
                        self.record(key, RegisterOperation::Read(None), started, Some(returned));
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

    async fn send(&self, request: &Request) -> Outcome<Response, Rejection> {
        let sent = Instant::now();
        let response = self.api.send(request).await;
        let response = response.expect("such an id can always be sent");
        let answered = self.api.require_response(&response);
        let response =
            answered.map_err(|not_passed| not_passed.map(|reason| (reason, Vec::new())))?;
        let profile = self.api.profile();
        check_declared(response, request.route_key(), profile.gateway).map_err(failed)?;
        if response.status >= 400 {
            check_failure(response, request, &profile.private_names).map_err(failed)?;
        }
        let is_expected = match response.status {
            200 => true,
            304 => request.conditions.if_none_match.is_some(),
            404 => matches!(request.kind, RequestKind::Get(_)),
            412 => request.is_write() && request.conditions != SentConditions::default(),
            status => self.may_fail && matches!(status, 500 | 503),
        };
        if is_expected {
            let was_stopped = is_gateway_error(response) && sent.elapsed() >= MIN_TIME_OF_STOPPED;
            if !was_stopped {
                check_fault_message(response, request, profile.gateway).map_err(failed)?;
            }
            return Ok(response.clone());
        }
        let (method, status) = (request.method(), response.status);
        Err(failed(format!("{method} was answered with {status}")))
    }

    fn id(&self, key: usize) -> String {
        format!("{}key {key}", self.prefix)
    }

    fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    fn record(
        &mut self,
        key: usize,
        operation: RegisterOperation,
        invoked: u64,
        returned: Option<u64>,
    ) {
        let entry = RegisterEntry {
            client: self.number,
            operation,
            invoked,
            returned,
        };
        self.entries.push((key, entry));
    }
}

/// Returns `true` if the 500 is the gateway's own. On a busy machine the gateway may stop a correct service; `faults`
/// detects a service that is always too late.
fn is_gateway_error(response: &Response) -> bool {
    response.message().as_deref() == Ok(GATEWAY_ERROR)
}

fn failed(reason: String) -> NotPassed<Rejection> {
    Failed((reason, Vec::new()))
}

/// Returns the number of the write that put the item.
fn written_value(item: &Item) -> Outcome<u64, Rejection> {
    item.write_number().ok_or_else(|| {
        failed(format!(
            "a response shows {}, which no client put",
            item.shown("…")
        ))
    })
}
